//! A span is sent once, when it has settled. What turns out otherwise later follows as a log record, once too.

use super::arrivals::{all_arrived, is_metadata, reported_spans, sorted};
use super::{ALL_SIGNALS, dead_letters, drain_all_to, home_with, notice, ran, until};
use crate::fixture::{self, Fixture};
use crate::home::Home;
use crate::resident::Resident;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;
use tacho_testkit::compare::corrected;
use tacho_testkit::otlp::{Answer, ReceivedLog, ReceivedRequest, ReceivedSpan, Receiver, Signal};

#[test]
fn what_was_sent_is_not_sent_again() {
    let home = home_with(&["bash", "killed"]);
    let receiver = Receiver::start().unwrap();
    assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
    let sent = receiver.item_requests().len();
    assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
    let rebuilt = home.run_with(&["rebuild"], &[("TACHO_OTLP_ENDPOINT", &receiver.url()), ALL_SIGNALS]);
    assert_eq!(rebuilt.code, Some(0));
    assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
    assert_eq!(receiver.item_requests().len(), sent);
}

/// A session that is heard of twice: before its agent wrote down what it had done, and as it went on.
fn in_two_parts() -> [Fixture; 2] {
    let mut whole = fixture::load("bash").an_hour_ago();
    let (path, text) = whole.transcripts.first().unwrap();
    // Nothing of the model's answers yet.
    let rows: Vec<&str> = text.lines().take(11).collect();
    let transcripts = vec![(path.clone(), rows.join("\n") + "\n")];
    let last_hooks = whole.hooks.split_off(5);
    let (name, session, truth) = (whole.name.clone(), whole.session.clone(), None);
    let first = Fixture { hooks: whole.hooks, name, session, transcripts, truth };
    [first, Fixture { hooks: last_hooks, ..whole }]
}

/// A receiver that has got the first part, and the home in which the second was recorded.
fn with_something_to_correct() -> (Home, Receiver) {
    let receiver = Receiver::start().unwrap();
    (with_something_to_correct_at(&receiver), receiver)
}

fn with_something_to_correct_at(receiver: &Receiver) -> Home {
    let [first, second] = in_two_parts();
    let home = Home::with([first]);
    assert_eq!(drain_all_to(&home, receiver), ran(0, ""));
    all_arrived(&home, receiver);
    assert_eq!(corrections(receiver), []);
    home.record(second);
    home
}

/// The corrections that arrived, among all else that is told.
fn corrections(receiver: &Receiver) -> Vec<ReceivedLog> {
    let logs = receiver.logs().into_iter();
    logs.filter(|log| log.event_name == "tachograph.span.corrected").collect()
}

/// Spans without their links, for which a log record has no place.
fn unlinked(mut spans: Vec<ReceivedSpan>) -> Vec<ReceivedSpan> {
    spans.iter_mut().for_each(|span| span.links.clear());
    sorted(spans)
}

/// Who reads all that arrived understands what is reported, and was told of each correction once.
#[track_caller]
fn all_is_corrected(home: &Home, receiver: &Receiver) {
    let (spans, logs) = (receiver.spans(), corrections(receiver));
    let names: BTreeSet<&str> = logs.iter().map(|log| log.event_name.as_str()).collect();
    assert_eq!(names, ["tachograph.span.corrected"].into());
    let corrections: BTreeSet<_> = logs.iter().map(|log| (&log.trace_id, &log.span_id)).collect();
    assert_eq!(corrections.len(), logs.len());
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.span_id.as_str()).collect();
    assert_eq!(ids.len(), spans.len());
    assert_eq!(unlinked(corrected(&spans, &logs)), unlinked(reported_spans(home, is_metadata)));
}

#[test]
fn what_is_learnt_later_corrects_what_was_sent() {
    let (home, receiver) = with_something_to_correct();
    assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
    all_is_corrected(&home, &receiver);
    let requests = receiver.item_requests().len();
    assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
    let rebuilt = home.run_with(&["rebuild"], &[("TACHO_OTLP_ENDPOINT", &receiver.url()), ALL_SIGNALS]);
    assert_eq!(rebuilt.code, Some(0));
    assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
    assert_eq!(receiver.item_requests().len(), requests);
}

/// Whoever looks in between, and knows of no destination, takes nothing from those that there are.
#[test]
fn what_somebody_saw_before_is_still_corrected() {
    let (home, receiver) = with_something_to_correct();
    home.reports();
    assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
    all_is_corrected(&home, &receiver);
}

#[test]
fn a_correction_is_sent_again_as_it_was() {
    let (home, receiver) = with_something_to_correct();
    receiver.answer_next(Signal::Logs, Answer::slow(Duration::from_secs(9)));
    let is_meant = |request: &ReceivedRequest| {
        request.logs.iter().any(|log| log.event_name == "tachograph.span.corrected")
    };
    let logs = || receiver.item_requests().into_iter().filter(is_meant);
    let resident = Resident::start(&home, &[("TACHO_OTLP_ENDPOINT", &receiver.url()), ALL_SIGNALS]);
    until(|| logs().count() == 1);
    resident.kill();
    assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
    let [first, second] = logs().map(|request| request.body).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(first, second);
}

/// A price that changed makes amounts others, of which a receiver hears; a table that changed elsewhere does not.
#[test]
fn an_amount_that_changed_is_corrected_and_a_table_that_changed_is_not() {
    let home = home_with(&["bash"]);
    home.configure("");
    let receiver = Receiver::start().unwrap();
    assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
    for (multiplier, model, expected) in [(0.5, "house-1", 0), (0.5, "claude-opus-5-5", 2)] {
        let own = format!("[[price]]\nmodel = {model:?}\nmultiplier = {multiplier}\n");
        fs::write(home.config_file().with_file_name("prices.toml"), own).unwrap();
        let rebuilt = home.run_with(&["rebuild"], &[("TACHO_OTLP_ENDPOINT", &receiver.url()), ALL_SIGNALS]);
        assert_eq!(rebuilt.code, Some(0));
        assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
        assert_eq!(corrections(&receiver).len(), expected, "{model}");
    }
    all_is_corrected(&home, &receiver);
}

/// Some take spans and nothing else. What they have no place for is kept aside, and holds up nothing.
#[test]
fn a_receiver_without_a_place_for_corrections_gets_every_span() {
    for status in [404, 405] {
        let receiver = Receiver::start().unwrap();
        receiver.answer_when(|request| request.signal == Signal::Logs, Answer::error(status));
        let home = with_something_to_correct_at(&receiver);
        assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
        home.record(fixture::load("denied").an_hour_ago());
        assert_eq!(drain_all_to(&home, &receiver), ran(0, ""));
        let ids = |spans: Vec<ReceivedSpan>| -> Vec<String> {
            sorted(spans).into_iter().map(|span| span.span_id).collect()
        };
        assert_eq!(ids(receiver.spans()), ids(reported_spans(&home, is_metadata)));
        let letters = dead_letters(&home, &receiver);
        let error = format!("HTTP {status}: there is no receiver for this signal at this path");
        let said = |letter: &Json| ["destination", "error", "signal"].map(|name| letter[name].clone());
        let said: BTreeSet<_> = letters.iter().map(|letter| format!("{:?}", said(letter))).collect();
        assert_eq!(said, [format!("{:?}", ["[receiver]", &*error, "logs"].map(Json::from))].into());
        let told =
            "tachograph: [receiver] has no place for logs, which are not sent there: see tacho status\n";
        assert_eq!(notice(&home, &receiver), told);
    }
}
