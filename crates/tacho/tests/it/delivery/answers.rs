//! What a receiver answers decides whether the same is sent again: four statuses and no answer at all say so, and
//! nothing else does.

use super::arrivals::all_arrived;
use super::{bodies, dead_letters, destination_status, drain_to, home_with, ran, refused, sizes, spans_in};
use crate::home::{Home, Ran};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tacho_testkit::otlp::{Answer, AnswerBody, Encoding, Receiver, Signal};

/// Answers the first request so; the same bytes must follow and arrive, all within one drain.
#[track_caller]
fn is_sent_again_after(answer: Answer) {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, answer);
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    let [first, second] = bodies(&receiver).try_into().unwrap();
    assert_eq!(first, second);
    all_arrived(&home, &receiver);
    assert_eq!(dead_letters(&home, &receiver), [Json::Null; 0]);
}

#[test]
fn a_busy_receiver_gets_it_again() {
    [429, 502, 503, 504].into_iter().for_each(|status| is_sent_again_after(Answer::error(status)));
}

#[test]
fn a_receiver_that_hangs_up_gets_it_again() {
    is_sent_again_after(Answer::HangUp { delay: Duration::ZERO });
}

#[test]
fn a_receiver_that_hangs_up_in_the_middle_gets_it_again() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::HangUpUnread);
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(sizes(&receiver), [0, 4]);
    all_arrived(&home, &receiver);
}

/// Every other error is final (OTLP specification, "OTLP/HTTP Response"): what it was about is kept aside and counted.
#[test]
fn a_request_that_failed_otherwise_is_a_dead_letter() {
    for status in [402, 408, 410, 418, 500, 599] {
        let home = home_with(&["bash"]);
        let receiver = Receiver::start().unwrap();
        receiver.answer_next(Signal::Traces, Answer::error(status));
        let error = format!("HTTP {status}: scripted {status}");
        assert_eq!(drain_to(&home, &receiver), refused(&home, &receiver, "4 items", &error));
        assert_eq!(drain_to(&home, &receiver), ran(0, ""));
        let requests = receiver.item_requests();
        let [request] = requests.as_slice() else { panic!("{} requests after {status}", requests.len()) };
        let [mut letter] = dead_letters(&home, &receiver).try_into().unwrap();
        let kept = letter.as_object_mut().unwrap().remove("request").unwrap();
        let sent: BTreeSet<String> = request.spans.iter().map(|span| span.span_id.clone()).collect();
        assert_eq!(spans_in(&kept), sent);
        let expected = json!({ "destination": "[receiver]", "error": error, "signal": "traces", "items": 4 });
        assert_eq!(letter, expected);
        let expected = json!([
            { "name": "[receiver]", "configured": true, "delivered": 0, "waiting": 0, "rejected": 4,
              "failures_in_a_row": 0, "last_error": error },
            [{ "reason": "refused by [receiver]", "count": 4 }],
        ]);
        assert_eq!(serde_json::from_str::<Json>(&destination_status(&home, &receiver)).unwrap(), expected);
    }
}

/// Answers the one request so; nothing is sent again, and this is what is said about it.
#[track_caller]
fn is_answered_with(answer: Answer, drained: impl Fn(&Home, &Receiver) -> Ran, status: &str) -> Vec<Json> {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, answer);
    assert_eq!(drain_to(&home, &receiver), drained(&home, &receiver));
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(receiver.item_requests().len(), 1);
    assert_eq!(destination_status(&home, &receiver), status);
    dead_letters(&home, &receiver)
}

#[track_caller]
fn is_taken_with(answer: Answer, status: &str) {
    assert_eq!(is_answered_with(answer, |_, _| ran(0, ""), status), [Json::Null; 0]);
}

#[track_caller]
fn is_taken_but_for_one_with(answer: Answer) {
    let drained = |home: &Home, receiver: &Receiver| refused(home, receiver, "1 item", "one is too old");
    assert_eq!(is_answered_with(answer, drained, ONE_REFUSED), [Json::Null; 0]);
}

const ONE_REFUSED: &str = r#"[{"name":"[receiver]","configured":true,"delivered":3,"waiting":0,"rejected":1,"failures_in_a_row":0,"last_error":"one is too old"},[{"reason":"refused by [receiver]","count":1}]]"#;
const ALL_REFUSED: &str = r#"[{"name":"[receiver]","configured":true,"delivered":0,"waiting":0,"rejected":4,"failures_in_a_row":0,"last_error":"all are too old"},[{"reason":"refused by [receiver]","count":4}]]"#;
const ONLY_WARNED: &str = r#"[{"name":"[receiver]","configured":true,"delivered":4,"waiting":0,"rejected":0,"failures_in_a_row":0,"last_error":"send less"},[]]"#;
const ALL_TAKEN: &str = r#"[{"name":"[receiver]","configured":true,"delivered":4,"waiting":0,"rejected":0,"failures_in_a_row":0,"last_error":null},[]]"#;

#[test]
fn a_receiver_that_refuses_some_is_not_asked_again() {
    is_taken_but_for_one_with(Answer::partial_success(1, "one is too old"));
}

#[test]
fn a_receiver_that_refuses_nothing_only_warns() {
    is_taken_with(Answer::partial_success(0, "send less"), ONLY_WARNED);
}

#[test]
fn a_receiver_cannot_refuse_more_than_it_got() {
    is_taken_with(Answer::partial_success(-1, "send less"), ONLY_WARNED);
    let answer = Answer::partial_success(i64::MAX, "all are too old");
    let drained = |home: &Home, receiver: &Receiver| refused(home, receiver, "4 items", "all are too old");
    let [mut letter] = is_answered_with(answer, drained, ALL_REFUSED).try_into().unwrap();
    letter.as_object_mut().unwrap().remove("request").unwrap();
    let expected =
        json!({ "destination": "[receiver]", "error": "all are too old", "signal": "traces", "items": 4 });
    assert_eq!(letter, expected);
}

#[test]
fn an_answer_in_another_encoding_is_understood() {
    let answer = Answer::partial_success(1, "one is too old").in_encoding(Encoding::Json);
    is_taken_but_for_one_with(answer);
}

#[test]
fn an_answer_that_cannot_be_understood_says_nothing_but_its_status() {
    for text in ["", "taken", "{\"partialSuccess\":", "<html>"] {
        is_taken_with(Answer::ok().with_body(AnswerBody::Text(text.to_owned())), ALL_TAKEN);
    }
    // Five zero bytes are no message of protobuf, and no JSON.
    is_taken_with(Answer::ok().with_body(AnswerBody::Zeros(5)), ALL_TAKEN);
    let in_json = Answer::ok().with_body(AnswerBody::Zeros(5)).in_encoding(Encoding::Json);
    is_taken_with(in_json, ALL_TAKEN);
}
