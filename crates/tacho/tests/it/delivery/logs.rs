//! Log records: everything that happened is told once, under a name that stays, with the ids of its span.

use super::{drain_all_to, home_with, ran};
use crate::fixture;
use crate::home::Home;
use std::collections::BTreeSet;
use tacho_testkit::otlp::{ReceivedLog, Receiver};

/// What is told of sessions, in the order in which it happened.
fn told(home: &Home, receiver: &Receiver) -> Vec<ReceivedLog> {
    assert_eq!(drain_all_to(home, receiver), ran(0, ""));
    let mut logs = receiver.logs();
    logs.sort_by_key(|log| (log.time_ns, log.event_name.clone()));
    logs
}

/// A record as a line, without what is another one each time.
fn line(log: &ReceivedLog, spans: &BTreeSet<String>) -> String {
    let attributes = log.attributes.iter().filter(|(name, _)| {
        ![
            "session.id",
            "claude_code.prompt.id",
            "gen_ai.tool.call.id",
            "gen_ai.response.id",
            "claude_code.request.id",
        ]
        .contains(&name.as_str())
    });
    let attributes: Vec<String> = attributes.map(|(name, value)| format!("{name}={value}")).collect();
    let is_sent = log.span_id.as_ref().is_none_or(|span| spans.contains(span));
    assert!(is_sent, "{log:?} belongs to no span that was sent");
    let place = if log.span_id.is_some() { "in a span" } else { "no span" };
    format!("{} {} ({place}) {}\n", log.severity_text, log.event_name, attributes.join(" "))
}

#[test]
fn what_happened_is_told() {
    for name in ["denied", "elicitation", "rate_limited", "compacted", "subagent", "tasks", "interactive"] {
        let (home, receiver) = (home_with(&[name]), Receiver::start().unwrap());
        let logs = told(&home, &receiver);
        let spans: BTreeSet<String> = receiver.spans().into_iter().map(|span| span.span_id).collect();
        let text: String = logs.iter().map(|log| line(log, &spans)).collect();
        insta::assert_snapshot!(format!("told_of_{name}"), text);
        assert_eq!(receiver.problems(), Vec::<String>::new());
    }
}

/// Neither a second look nor a rebuild tells anything again.
#[test]
fn what_was_told_is_not_told_again() {
    let home = Home::with(fixture::all().into_iter().map(fixture::Fixture::an_hour_ago));
    let receiver = Receiver::start().unwrap();
    let before = told(&home, &receiver).len();
    assert_eq!(home.run(&["rebuild"]).code, Some(0));
    assert_eq!(told(&home, &receiver).len(), before);
}

/// At the level `metadata` nothing of what was said leaves in a record.
#[test]
fn nothing_that_was_said_is_told() {
    let home = Home::with(fixture::all().into_iter().map(fixture::Fixture::an_hour_ago));
    let receiver = Receiver::start().unwrap();
    let names: BTreeSet<String> =
        told(&home, &receiver).into_iter().flat_map(|log| log.attributes.into_keys()).collect();
    let content = tacho_model::semconv::ALL
        .iter()
        .filter(|key| key.class() == tacho_model::attribute::Class::Content && names.contains(key.name()));
    assert_eq!(content.map(|key| key.name()).collect::<Vec<_>>(), Vec::<&str>::new());
}
