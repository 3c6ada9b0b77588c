//! A request that is refused is tried in smaller parts, until only what the receiver cannot take is left out.

use super::arrivals::{all_arrived, is_metadata, reported_spans, sorted};
use super::{
    bodies, configure, dead_letters, destination_status, drain_to, home_with, notice, ran, refused, sizes,
    spans_in, until,
};
use crate::fixture;
use crate::home::Home;
use crate::resident::Resident;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tacho_testkit::otlp::{Answer, ReceivedRequest, ReceivedSpan, Receiver, Signal};

/// The ids of the spans that a session has.
fn span_ids(home: &Home) -> Vec<String> {
    home.drain();
    reported_spans(home, is_metadata).into_iter().map(|span| span.span_id).collect()
}

/// The sizes of the requests in which the item at this position is found, in the order in which they are sent: every
/// half of what held it, and of the front half all before the back half.
fn sizes_around(items: usize, position: usize) -> Vec<usize> {
    let front = items / 2;
    let back = items - front;
    match items {
        1 => vec![1],
        _ if position < front => [vec![items], sizes_around(front, position), vec![back]].concat(),
        _ => [vec![items, front], sizes_around(back, position - front)].concat(),
    }
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
    let error = format!("HTTP {status}: scripted {status}");
    assert_eq!(home.run(&["drain", "--once"]), refused(&home, &receiver, "1 item", &error));
    let requests = receiver.item_requests();
    let whole = requests.first().unwrap();
    let position = whole.spans.iter().position(|span| span.span_id == bad).unwrap();
    assert_eq!(sizes(&receiver), sizes_around(whole.spans.len(), position));
    assert_eq!(dead_spans(&home, &receiver, &error), [bad.clone()].into());
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
    let items = format!("{} items", bad.len());
    assert_eq!(drain_to(&home, &receiver), refused(&home, &receiver, &items, "HTTP 400: scripted 400"));
    assert_eq!(dead_spans(&home, &receiver, "HTTP 400: scripted 400"), bad);
    all_but_these_arrived(&home, &receiver, &bad);
}

#[test]
fn a_receiver_of_small_requests_gets_small_ones() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_when(|request| request.spans.len() > 1, Answer::error(413));
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(sizes(&receiver), [4, 2, 1, 1, 2, 1, 1]);
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
        let drained = home.run(&["drain", "--once"]);
        assert_eq!(drained, refused(&home, &receiver, "1 item", "HTTP 413: scripted 413"));
        let bad = BTreeSet::from([bad]);
        assert_eq!(dead_spans(&home, &receiver, "HTTP 413: scripted 413"), bad);
        let mut expected = reported_spans(&home, if level == "full" { |_| true } else { is_metadata });
        expected.retain(|span| !bad.contains(&span.span_id));
        assert_eq!(sorted(receiver.spans()), expected);
    }
}

/// A receiver that answers everything so until it is mended.
fn receiver_that_refuses(status: u16) -> (Receiver, Arc<AtomicBool>) {
    let receiver = Receiver::start().unwrap();
    let is_mended = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_mended);
    receiver.answer_when(move |_| !seen.load(Ordering::SeqCst), Answer::error(status));
    (receiver, is_mended)
}

/// What goes wrong three times in a row does so for other reasons than what is sent: nothing more is thrown away, other
/// requests are tried, and then there is a pause.
#[test]
fn a_receiver_that_refuses_everything_is_left_alone() {
    let home = home_with(&["interactive", "bash", "nested"]);
    let (receiver, is_mended) = receiver_that_refuses(400);
    let drained = drain_to(&home, &receiver).stderr.replace(&receiver.url(), "[receiver]");
    insta::assert_snapshot!(home.without_place(&drained), @r"
    error: [receiver] refused 3 items for good: HTTP 400: scripted 400; 58 items could not be delivered yet
      hint: requests that were refused whole lie in [home]/state/dead-letters.jsonl; `tacho drain --once --dead-letters` sends them again
      hint: what waits stays in the store and is tried again; `tacho status` says what holds it up
    ");
    assert_eq!(sizes(&receiver), [61, 30, 15, 7, 3, 1, 2, 1, 1, 4, 8, 15]);
    insta::assert_snapshot!(destination_status(&home, &receiver), @r#"[{"name":"[receiver]","configured":true,"delivered":0,"waiting":58,"rejected":3,"failures_in_a_row":3,"last_error":"HTTP 400: scripted 400"},[{"reason":"refused by [receiver]","count":3}]]"#);
    insta::assert_snapshot!(notice(&home, &receiver), @"tachograph: [receiver] takes nothing (HTTP 400: scripted 400); see tacho doctor");
    let (asked, kept) = (receiver.item_requests().len(), dead_letters(&home, &receiver).len());
    assert_eq!(drain_to(&home, &receiver).code, Some(1));
    assert_eq!((receiver.item_requests().len(), dead_letters(&home, &receiver).len()), (asked + 1, kept));
    is_mended.store(true, Ordering::SeqCst);
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    let missing = dead_spans(&home, &receiver, "HTTP 400: scripted 400");
    assert_eq!(missing.len(), 3);
    all_but_these_arrived(&home, &receiver, &missing);
    assert_eq!(notice(&home, &receiver), "");
    dead_letters_arrive(&home, &receiver, 3);
}

/// Three sessions are three requests, and what comes afterwards waits.
#[test]
fn a_receiver_that_fails_at_everything_is_left_alone() {
    let home = Home::new();
    let (receiver, is_mended) = receiver_that_refuses(500);
    for name in ["bash", "denied", "files", "nested", "parallel"] {
        home.record(fixture::load(name).an_hour_ago());
        assert_eq!(drain_to(&home, &receiver).code, Some(1));
    }
    assert_eq!(sizes(&receiver), [4, 4, 19, 12, 12, 12, 12]);
    insta::assert_snapshot!(destination_status(&home, &receiver), @r#"[{"name":"[receiver]","configured":true,"delivered":0,"waiting":19,"rejected":27,"failures_in_a_row":4,"last_error":"HTTP 500: scripted 500"},[{"reason":"refused by [receiver]","count":27}]]"#);
    is_mended.store(true, Ordering::SeqCst);
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(dead_letters(&home, &receiver).len(), 3);
    dead_letters_arrive(&home, &receiver, 3);
}

/// What was kept aside is sent after all, and nothing is lost then.
#[track_caller]
fn dead_letters_arrive(home: &Home, receiver: &Receiver, requests: usize) {
    let drain = ["drain", "--once", "--dead-letters"];
    let note = format!("{requests} requests are in line again\n");
    let to = [("TACHO_OTLP_ENDPOINT", receiver.url())];
    let to = to.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(home.run_with(&drain, &to), ran(0, &note));
    all_arrived(home, receiver);
    assert!(!home.state().join("dead-letters.jsonl").exists());
    let status: Json = serde_json::from_str(&destination_status(home, receiver)).unwrap();
    assert_eq!(status[1], json!([]));
    assert_eq!(home.run_with(&drain, &to), ran(0, "0 requests are in line again\n"));
}

/// Of destinations that are named no more, and what nobody can read, stays where it is; the running drainer makes way.
#[test]
fn only_dead_letters_that_can_be_sent_are_sent() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(500));
    assert_eq!(drain_to(&home, &receiver).code, Some(1));
    let file = home.state().join("dead-letters.jsonl");
    let letter = fs::read_to_string(&file).unwrap();
    let others = letter.replace(&receiver.url(), "http://127.0.0.1:1") + "{\"destination\":\n";
    fs::write(&file, format!("{others}{letter}")).unwrap();
    let to = [("TACHO_OTLP_ENDPOINT", receiver.url())];
    let to = to.each_ref().map(|(name, value)| (*name, value.as_str()));
    let _resident = Resident::start(&home, &to);
    until(|| home.state().join("drain.sock").exists());
    let drained = home.run_with(&["drain", "--once", "--dead-letters"], &to);
    assert_eq!(drained, ran(0, "1 request is in line again\n"));
    let mut bodies = bodies(&receiver);
    assert_eq!(bodies.pop(), bodies.pop());
    assert_eq!(fs::read_to_string(&file).unwrap(), others);
}
