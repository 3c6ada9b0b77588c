//! A share of the traces: decided by their ids, whole, and with every one in which something failed.

use super::{configure, home_with};
use crate::fixture::{self, Fixture};
use crate::home::Home;
use jiff::Timestamp;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use tacho_export::sampling::Sampling;
use tacho_model::id::TraceId;
use tacho_testkit::otlp::Receiver;

/// Sessions with many turns, in some of which something fails.
const SESSIONS: [&str; 6] = ["bash", "bash_fails", "nested", "parallel", "denied", "subagent"];

/// What an agent was started for, and what it has of its own.
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OWN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Every trace that was recorded, and whether something failed in it.
fn recorded(home: &Home) -> Vec<(String, bool)> {
    let sessions = home.json_of(&["sessions", "--json"]);
    let ids = sessions["sessions"].as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap());
    let mut traces = std::collections::BTreeMap::new();
    for id in ids {
        let report = home.json_of(&["show", id, "--json"]);
        for span in report["spans"].as_array().unwrap() {
            let failed = traces.entry(span["trace_id"].as_str().unwrap().to_owned()).or_insert(false);
            *failed |= span["status"] == "error";
        }
    }
    traces.into_iter().collect()
}

fn is_kept(share: f64, trace: &str) -> bool {
    let bytes = u128::from_str_radix(trace, 16).unwrap().to_be_bytes();
    Sampling::of(share, true).unwrap().keeps(TraceId(bytes))
}

#[test]
fn a_share_of_the_traces_is_sent_whole() {
    for (share, keeps_errors) in [(0.0, true), (0.0, false), (0.5, true), (0.5, false), (1.0, false)] {
        let home = home_with(&SESSIONS);
        let receiver = Receiver::start().unwrap();
        configure(&home, &receiver, &format!("sampling = {share:?}\nsample_errors = {keeps_errors}\n"));
        home.drain();
        let (kept, left_out): (Vec<_>, Vec<_>) = recorded(&home)
            .into_iter()
            .partition(|(trace, failed)| keeps_errors && *failed || is_kept(share, trace));
        let arrived: BTreeSet<String> = receiver.spans().into_iter().map(|span| span.trace_id).collect();
        let kept: BTreeSet<String> = kept.into_iter().map(|(trace, _)| trace).collect();
        assert_eq!(arrived, kept, "{share} {keeps_errors}");
        let told: BTreeSet<String> = receiver.logs().into_iter().filter_map(|log| log.trace_id).collect();
        assert!(told.is_subset(&kept), "{told:?}");
        assert!(share > 0.5 || !left_out.is_empty());
        // What was left out is not asked about again, and is shown here all the same.
        let before = receiver.item_requests().len();
        home.stdout_of(&["rebuild"]);
        home.drain();
        assert_eq!(receiver.item_requests().len(), before);
    }
}

/// What had happened when a hook ran, and all that happened.
fn parted(whole: Fixture, at: usize) -> [Fixture; 2] {
    let until = Timestamp::from_nanosecond(whole.hooks[at].t_ns.into()).unwrap();
    let is_written = |row: &&str| {
        let row: Json = serde_json::from_str(row).unwrap();
        row["timestamp"].as_str().is_none_or(|at| at.parse::<Timestamp>().unwrap() < until)
    };
    let begun = |text: &str| text.split_inclusive('\n').take_while(is_written).collect();
    let transcripts = whole.transcripts.iter().map(|(path, text)| (path.clone(), begun(text))).collect();
    let mut hooks = whole.hooks;
    let later = hooks.split_off(at);
    let first =
        Fixture { name: whole.name.clone(), session: whole.session.clone(), hooks, transcripts, truth: None };
    [first, Fixture { hooks: later, ..whole }]
}

/// Turns below one span are one trace: it may fail after some of it was left out.
#[test]
fn what_was_left_out_is_sent_once_its_trace_fails() {
    let arrived = |parts: Vec<Fixture>| {
        let (home, receiver) = (Home::new(), Receiver::start().unwrap());
        configure(&home, &receiver, "signals = [\"traces\", \"logs\"]\nsampling = 0.0\n");
        let told = || receiver.logs().into_iter().filter(|log| log.trace_id.is_some());
        let mut before = 0;
        for part in parts {
            before = receiver.spans().len() + told().count();
            home.record_below(PARENT, OWN, part);
            home.drain();
        }
        let mut spans: Vec<_> = receiver.spans().into_iter().map(|span| span.span_id).collect();
        let mut logs: Vec<_> = told().map(|log| (log.event_name, log.span_id)).collect();
        spans.sort();
        logs.sort();
        (before, spans, logs)
    };
    let whole = || fixture::load("interactive").an_hour_ago();
    // The first three turns, in the last of which the agent notifies somebody.
    let third_stop = 13;
    let at_once = arrived(vec![whole()]);
    let (before, spans, logs) = arrived(parted(whole(), third_stop + 1).into());
    assert_eq!((before, spans, logs), (0, at_once.1, at_once.2));
}

/// Metrics count all of it.
#[test]
fn metrics_are_not_sampled() {
    let metrics = |share: &str| {
        let home = home_with(&["bash"]);
        let receiver = Receiver::start().unwrap();
        configure(
            &home,
            &receiver,
            &format!("signals = [\"traces\", \"metrics\"]\nsampling = {share}\nsample_errors = false\n"),
        );
        home.drain();
        let is_metrics = |request: &&tacho_testkit::otlp::ReceivedRequest| {
            request.signal == tacho_testkit::otlp::Signal::Metrics
        };
        let sent = receiver.requests().iter().filter(is_metrics).count();
        (receiver.spans().len(), sent)
    };
    assert_eq!([metrics("0.0"), metrics("1.0")], [(0, 1), (4, 1)]);
}
