//! How much a destination gets is its owner's to say, and can be taken back while something waits.

use super::arrivals::{all_arrived, reported_spans, sorted};
use super::{configure, dead_letters, destination_status, home_with};
use serde_json::Value as Json;
use tacho_testkit::otlp::{Answer, Receiver, Signal};

#[test]
fn a_level_of_the_owner_sends_content() {
    let home = home_with(&["bash", "nested"]);
    let receiver = Receiver::start().unwrap();
    configure(&home, &receiver, "level = \"full\"\n");
    home.drain();
    assert_eq!(sorted(receiver.spans()), reported_spans(&home, |_| true));
}

/// What waits was encoded while its owner meant to send it all: it goes out, and what was said stays here.
#[test]
fn a_level_that_is_lowered_holds_for_what_waits() {
    for protocol in ["http/protobuf", "http/json"] {
        let home = home_with(&["bash", "nested"]);
        let receiver = Receiver::start().unwrap();
        receiver.answer_next(Signal::Traces, Answer::error(401));
        configure(&home, &receiver, &format!("protocol = {protocol:?}\nlevel = \"full\"\n"));
        assert_eq!(home.run(&["drain", "--once"]).code, Some(1));
        configure(&home, &receiver, &format!("protocol = {protocol:?}\nlevel = \"metadata\"\n"));
        home.drain();
        home.drain();
        all_arrived(&home, &receiver);
        assert_eq!(dead_letters(&home, &receiver), [Json::Null; 0]);
        insta::allow_duplicates!(
            insta::assert_snapshot!(destination_status(&home, &receiver), @r#"[{"name":"[receiver]","configured":true,"delivered":16,"waiting":0,"rejected":0,"failures_in_a_row":0,"last_error":"HTTP 401: the token is missing or wrong"},[]]"#)
        );
    }
}

/// What was not captured for a destination is not there to be sent.
#[test]
fn a_level_that_is_raised_holds_for_what_comes() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(401));
    configure(&home, &receiver, "level = \"metadata\"\n");
    assert_eq!(home.run(&["drain", "--once"]).code, Some(1));
    configure(&home, &receiver, "level = \"full\"\n");
    home.drain();
    all_arrived(&home, &receiver);
}
