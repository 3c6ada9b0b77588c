//! How much a destination gets is its owner's to say, and can be taken back while something waits.

use super::arrivals::{all_arrived, reported_spans, sorted};
use super::{bodies, configure, dead_letters, destination_status, home_with, row};
use crate::home::Home;
use serde_json::{Value as Json, json};
use tacho_export::destination::Protocol;
use tacho_export::otlp::{as_json, from_json};
use tacho_store::Store;
use tacho_store::outbox::Parcel;
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

/// What waits was encoded while its owner meant people's names to leave: it goes out as if that had never been so.
#[test]
fn names_that_are_taken_back_do_not_leave_with_what_waits() {
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson] {
        let home = home_with(&["bash"]);
        let receiver = Receiver::start().unwrap();
        receiver.answer_next(Signal::Traces, Answer::error(401));
        configure(&home, &receiver, &format!("protocol = {:?}\n", protocol.name()));
        assert_eq!(home.run(&["drain", "--once"]).code, Some(1));
        put_names_into_what_waits(&home, &receiver, protocol);
        home.drain();
        let [first, second] = bodies(&receiver).try_into().unwrap();
        assert_eq!(first, second);
        all_arrived(&home, &receiver);
    }
}

/// Only a file below a home that the system knows may let names leave; so they are put into the one request by hand.
fn put_names_into_what_waits(home: &Home, receiver: &Receiver, protocol: Protocol) {
    let key = row(home, receiver).unwrap().key;
    let mut store = Store::open(&home.store_file()).unwrap();
    let parcel = store.read().next_parcel(key).unwrap().unwrap();
    assert!(!parcel.has_names);
    let text = as_json(&parcel.bytes, tacho_export::otlp::Signal::Traces, protocol).unwrap();
    let mut request: Json = serde_json::from_str(&text).unwrap();
    let resource = request["resourceSpans"][0]["resource"]["attributes"].as_array_mut().unwrap();
    for (name, value) in [("user.name", "Augusta Byron"), ("user.email", "augusta@example.com")] {
        resource.push(json!({ "key": name, "value": { "stringValue": value } }));
    }
    let with_names = from_json(&request.to_string(), tacho_export::otlp::Signal::Traces, protocol).unwrap();
    let changes = store.change().unwrap();
    changes.replace_parcel(&Parcel { bytes: with_names.bytes, has_names: true, ..parcel }).unwrap();
    changes.commit().unwrap();
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

/// What waits is not sent where its owner wants none of it any more, and is counted.
#[test]
fn a_signal_that_is_left_out_is_not_sent_though_it_waits() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(401));
    configure(&home, &receiver, "");
    assert_eq!(home.run(&["drain", "--once", "--timeout", "2"]).code, Some(1));
    configure(&home, &receiver, "signals = [\"logs\"]\n");
    home.drain();
    assert_eq!(receiver.spans(), []);
    insta::assert_snapshot!(destination_status(&home, &receiver), @r#"[{"name":"[receiver]","configured":true,"delivered":0,"waiting":0,"rejected":0,"failures_in_a_row":0,"last_error":"what waits is not to be sent any more"},[{"reason":"refused by [receiver]","count":4}]]"#);
}
