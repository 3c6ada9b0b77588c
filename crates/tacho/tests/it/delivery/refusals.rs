//! A request that is refused is tried in smaller parts, until only what the receiver cannot take is left out.

use super::arrivals::{all_arrived, is_metadata, reported_spans, sorted};
use super::{configure, dead_letters, drain_to, home_with, ran, sizes, spans_in};
use crate::home::Home;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use tacho_testkit::otlp::{Answer, ReceivedRequest, ReceivedSpan, Receiver, Signal};

/// The ids of the spans that a session has.
fn span_ids(home: &Home) -> Vec<String> {
    home.drain();
    reported_spans(home, is_metadata).into_iter().map(|span| span.span_id).collect()
}

/// The sizes of the requests in which the item at this position is found: every half of what held it, in the order in
/// which they are sent.
fn sizes_around(items: usize, position: usize) -> Vec<usize> {
    let (mut found, mut left, mut position) = (vec![items], items, position);
    while left > 1 {
        let front = left / 2;
        found.extend([front, left - front]);
        (left, position) =
            if position < front { (front, position) } else { (left - front, position - front) };
    }
    found
}

/// The ids of the spans in dead letters, each of which must hold one and say this about it.
#[track_caller]
fn dead_spans(home: &Home, receiver: &Receiver, error: &str) -> BTreeSet<String> {
    let one = |mut letter: Json| {
        let request = letter.as_object_mut().unwrap().remove("request").unwrap();
        let expected = json!({ "destination": "[receiver]", "error": error, "signal": "traces", "items": 1 });
        assert_eq!(letter, expected);
        spans_in(&request)
    };
    dead_letters(home, receiver).into_iter().flat_map(one).collect()
}

/// All arrived but these.
#[track_caller]
fn all_but_these_arrived(home: &Home, receiver: &Receiver, missing: &BTreeSet<String>) {
    let mut expected = reported_spans(home, is_metadata);
    expected.retain(|span| !missing.contains(&span.span_id));
    assert_eq!(sorted(receiver.spans()), expected);
}

#[test]
fn a_receiver_that_refuses_the_whole_gets_the_halves() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(400));
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(sizes(&receiver), [4, 2, 2]);
    all_arrived(&home, &receiver);
}

/// Two requests more for every time that it can be halved: for four spans 5 in all, for 38 at most 13.
#[test]
fn only_the_one_bad_span_is_left_out() {
    for (name, protocol, status) in [("bash", "http/protobuf", 400), ("bash", "http/json", 422)] {
        for position in 0..4 {
            is_found(name, protocol, status, position);
        }
    }
    is_found("interactive", "http/protobuf", 400, 0);
    is_found("interactive", "http/protobuf", 400, 17);
}

#[track_caller]
fn is_found(name: &str, protocol: &str, status: u16, position: usize) {
    let home = home_with(&[name]);
    let bad = span_ids(&home).swap_remove(position);
    let receiver = Receiver::start().unwrap();
    let poison = bad.clone();
    receiver.answer_when(move |request| request.has_span(&poison), Answer::error(status));
    configure(&home, &receiver, &format!("protocol = {protocol:?}\n"));
    home.drain();
    let requests = receiver.requests();
    let whole = requests.first().unwrap();
    let position = whole.spans.iter().position(|span| span.span_id == bad).unwrap();
    assert_eq!(sizes(&receiver), sizes_around(whole.spans.len(), position));
    assert_eq!(
        dead_spans(&home, &receiver, &format!("HTTP {status}: scripted {status}")),
        [bad.clone()].into()
    );
    all_but_these_arrived(&home, &receiver, &[bad].into());
}

#[test]
fn every_bad_span_is_left_out_and_no_other() {
    let home = home_with(&["interactive"]);
    let bad: BTreeSet<String> = span_ids(&home).into_iter().step_by(7).collect();
    let receiver = Receiver::start().unwrap();
    let poison = bad.clone();
    receiver.answer_when(
        move |request| request.spans.iter().any(|span| poison.contains(&span.span_id)),
        Answer::error(400),
    );
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(dead_spans(&home, &receiver, "HTTP 400: scripted 400"), bad);
    all_but_these_arrived(&home, &receiver, &bad);
}

#[test]
fn a_receiver_of_small_requests_gets_small_ones() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_when(|request| request.spans.len() > 1, Answer::error(413));
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(sizes(&receiver), [4, 2, 2, 1, 1, 1, 1]);
    all_arrived(&home, &receiver);
    assert_eq!(dead_letters(&home, &receiver), [Json::Null; 0]);
}

/// Whether what people, files and models said is in a request.
fn holds_content(request: &ReceivedRequest) -> bool {
    let has_content = |span: &ReceivedSpan| {
        span.attributes.keys().any(|name| !is_metadata(tacho_model::attribute::Key::named(name).unwrap()))
    };
    request.spans.iter().any(has_content)
}

#[test]
fn a_span_that_is_too_large_alone_goes_without_what_was_said() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_when(holds_content, Answer::error(413));
    configure(&home, &receiver, "level = \"full\"\n");
    home.drain();
    all_arrived(&home, &receiver);
    assert_eq!(dead_letters(&home, &receiver), [Json::Null; 0]);
}

#[test]
fn a_span_that_is_too_large_even_so_is_a_dead_letter() {
    for level in ["full", "metadata"] {
        let home = home_with(&["bash"]);
        let bad = span_ids(&home).swap_remove(1);
        let receiver = Receiver::start().unwrap();
        let poison = bad.clone();
        receiver.answer_when(move |request| request.has_span(&poison), Answer::error(413));
        configure(&home, &receiver, &format!("level = {level:?}\n"));
        home.drain();
        let bad = BTreeSet::from([bad]);
        assert_eq!(dead_spans(&home, &receiver, "HTTP 413: scripted 413"), bad);
        let mut expected = reported_spans(&home, if level == "full" { |_| true } else { is_metadata });
        expected.retain(|span| !bad.contains(&span.span_id));
        assert_eq!(sorted(receiver.spans()), expected);
    }
}
