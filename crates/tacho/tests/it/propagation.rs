//! Trace context: turns below spans of others, and how hooks get to know what is to be handed on.

use crate::fixture;
use crate::home::Home;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;
use tacho_testkit::otlp::{ReceivedSpan, Receiver};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const OWN_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const OWN_SPAN: &str = "00f067aa0ba902b7";

fn traceparent(trace: &str, span: &str) -> String {
    format!("00-{trace}-{span}-01")
}

/// A session whose prompts were announced with this around, sent to a receiver.
fn sent(fixture: &str, parent: &str) -> (Home, Receiver) {
    let receiver = Receiver::start().unwrap();
    let home = Home::new();
    let own = traceparent(OWN_TRACE, OWN_SPAN);
    home.record_below(parent, &own, fixture::load(fixture).an_hour_ago());
    home.configure(&format!("[[destination]]\nendpoint = {:?}\nsignals = [\"traces\"]\n", receiver.url()));
    home.drain();
    assert_eq!(receiver.problems(), Vec::<String>::new());
    (home, receiver)
}

/// The turns, each with its parent and the spans it is linked to.
fn turns(spans: &[ReceivedSpan]) -> Vec<(Option<&str>, Vec<&str>)> {
    let mut turns: Vec<_> =
        spans.iter().filter(|span| span.name.starts_with("invoke_agent claude")).collect();
    turns.sort_by_key(|turn| turn.start_ns);
    let turns = turns.into_iter().map(|turn| {
        let links = turn.links.iter().map(|link| link.span_id.as_str());
        (turn.parent_span_id.as_deref(), links.collect())
    });
    turns.collect()
}

#[test]
fn turns_lie_below_the_span_that_their_agent_was_started_for() {
    for (name, count) in [("bash", 1), ("bash_in_background", 2), ("oldest_version", 1)] {
        let (home, receiver) = sent(name, &traceparent(TRACE, PARENT));
        let spans = receiver.spans();
        let traces: BTreeSet<&str> = spans.iter().map(|span| span.trace_id.as_str()).collect();
        assert_eq!(traces, [TRACE].into(), "{name}");
        let turns = turns(&spans);
        assert_eq!(turns.len(), count, "{name}");
        for (parent, links) in turns {
            assert_eq!((parent, links.last().copied()), (Some(PARENT), Some(OWN_SPAN)), "{name}");
        }
        let (reports, tree) = (home.reports(), home.stdout_of(&["show", "last"]));
        assert!(tree.contains("turn 1  "), "{tree}");
        home.stdout_of(&["rebuild"]);
        assert_eq!(home.reports(), reports);
        fs::remove_file(home.store_file()).unwrap();
        home.drain();
        assert_eq!(home.reports(), reports);
    }
}

/// What is wrong is counted as what nobody understood, and the turn is a trace of its own.
#[test]
fn a_parent_that_is_none_is_told() {
    let (_home, receiver) = sent("bash", "00-1-2-01");
    let spans = receiver.spans();
    assert_eq!(turns(&spans), [(None, vec![OWN_SPAN])]);
    assert!(spans.iter().all(|span| ![TRACE, OWN_TRACE].contains(&span.trace_id.as_str())));
}

#[test]
fn hooks_know_what_was_set_before_any_drainer_runs() {
    let home = Home::new();
    let terms = || fs::read_to_string(home.state().join("propagation/terms")).ok();
    let set = |words: &[&str]| assert_eq!(home.run(&[&["config"], words].concat()).code, Some(0));
    set(&["set", "team", "a-team"]);
    assert_eq!(terms(), None);
    set(&["set", "propagation.commands", "true"]);
    assert_eq!(terms().as_deref(), Some("1 claude-code 00000000000000 commands\n"));
    set(&["set", "propagation.inbound", "true"]);
    assert_eq!(terms().as_deref(), Some("1 claude-code 00000000000000 commands inbound\n"));
    let file = fs::read_to_string(home.config_file()).unwrap();
    assert_eq!(file, "team = \"a-team\"\n\n[propagation]\ncommands = true\ninbound = true\n");
    set(&["unset", "propagation.commands"]);
    set(&["set", "propagation.inbound", "false"]);
    assert_eq!((terms(), home.state().join("propagation").exists()), (None, false));
}

/// A variable may be of a repository's making: it counts while nobody known is sent to, as names to report do.
#[test]
fn what_variables_wish_for() {
    let home = Home::new();
    let commands = || {
        let variables = [("TACHO_PROPAGATION_COMMANDS", "true")];
        let ran = home.run_with(&["config", "show", "--json"], &variables);
        let report: Json = serde_json::from_str(&ran.stdout).unwrap();
        let settings = report["settings"].as_array().unwrap();
        let setting = settings.iter().find(|setting| setting["key"] == "propagation.commands").unwrap();
        [&setting["value"], &setting["origin"]].map(|said| said.as_str().unwrap().to_owned())
    };
    assert_eq!(commands(), ["true", "TACHO_PROPAGATION_COMMANDS"]);
    home.configure("[[destination]]\nendpoint = \"http://localhost:1\"\n");
    assert_eq!(commands(), ["false", "default"]);
}
