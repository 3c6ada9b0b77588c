//! A signal for which a destination has no place is switched off for it, and said; its address may also be wrong.

use super::arrivals::all_arrived;
use super::{configure, dead_letters, home_with, notice, row, spans_in};
use crate::home::Home;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tacho_testkit::otlp::{Answer, Receiver, Signal};

const SPANS_AND_METRICS: &str = "signals = [\"traces\", \"metrics\"]\n";

/// Receivers of which one signal is answered so.
fn receiver_without(signal: Signal, status: u16) -> Receiver {
    let receiver = Receiver::start().unwrap();
    receiver.answer_when(move |request| request.signal == signal, Answer::error(status));
    receiver
}

/// How often each signal was answered with each status.
fn answers(receiver: &Receiver) -> BTreeMap<(Signal, u16), usize> {
    let mut answers = BTreeMap::new();
    for request in receiver.requests() {
        *answers.entry((request.signal, request.answered.unwrap())).or_default() += 1;
    }
    answers
}

/// What `tacho status` says of the receiver and of what was lost.
fn status(home: &Home, receiver: &Receiver) -> String {
    let status = home.stdout_of(&["status"]).replace(&receiver.url(), "[receiver]");
    let (_, of_destinations) = status.split_once("sends to   ").unwrap();
    of_destinations.to_owned()
}

#[test]
fn metrics_are_switched_off_where_there_is_no_place_for_them() {
    for code in [404, 405, 501] {
        let home = home_with(&["bash"]);
        let receiver = receiver_without(Signal::Metrics, code);
        configure(&home, &receiver, SPANS_AND_METRICS);
        for _ in 0..3 {
            home.drain();
        }
        assert_eq!(
            answers(&receiver),
            BTreeMap::from([((Signal::Traces, 200), 1), ((Signal::Metrics, code), 1)])
        );
        all_arrived(&home, &receiver);
        let advice = if code == 501 {
            "what answers there is no receiver of telemetry"
        } else {
            "there is no receiver for this signal at this path"
        };
        assert_eq!(
            status(&home, &receiver),
            format!(
                "[receiver]: 4 delivered, 0 waiting, 0 rejected\n           metrics are not sent there: HTTP {code}: {advice}\n"
            )
        );
        assert_eq!(
            notice(&home, &receiver),
            "tachograph: [receiver] has no place for metrics, which are not sent there: see tacho status\n"
        );
    }
}

/// Other terms may mend it.
#[test]
fn a_signal_is_tried_again_on_other_terms() {
    let home = home_with(&["bash"]);
    let receiver = receiver_without(Signal::Metrics, 405);
    configure(&home, &receiver, SPANS_AND_METRICS);
    home.drain();
    configure(&home, &receiver, &format!("{SPANS_AND_METRICS}token = \"a-token\"\n"));
    home.drain();
    assert_eq!(answers(&receiver), BTreeMap::from([((Signal::Traces, 200), 1), ((Signal::Metrics, 405), 2)]));
}

/// A receiver of metrics alone: spans are tried first, and it is told from the answer to metrics that its address is right.
#[test]
fn spans_do_not_hold_up_a_receiver_of_metrics() {
    let home = home_with(&["bash"]);
    let receiver = receiver_without(Signal::Traces, 404);
    configure(&home, &receiver, SPANS_AND_METRICS);
    let ran = home.run(&["drain", "--once"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(answers(&receiver), BTreeMap::from([((Signal::Traces, 404), 1), ((Signal::Metrics, 200), 1)]));
    let [letter] = dead_letters(&home, &receiver).try_into().unwrap();
    assert_eq!(spans_in(&letter["request"]).len(), 4);
    let [row] = [row(&home, &receiver).unwrap()];
    assert_eq!((row.waiting, row.declines("traces").is_some()), (0, true));
}

/// Where nothing is taken the address is wrong, and all waits until it is mended.
#[test]
fn everything_waits_where_there_is_a_place_for_nothing() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_when(|_| true, Answer::error(404));
    configure(&home, &receiver, SPANS_AND_METRICS);
    let ran = home.run(&["drain", "--once", "--timeout", "5"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let row = row(&home, &receiver).unwrap();
    assert_eq!((row.waiting, row.failures, row.declines("traces")), (4, 1, None));
    assert_eq!(dead_letters(&home, &receiver), [Json::Null; 0]);
}

/// What was taken once is not a place that is missing: somebody broke it.
#[test]
fn a_signal_that_was_taken_before_is_not_switched_off() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    configure(&home, &receiver, "signals = [\"traces\"]\n");
    home.drain();
    receiver.answer_next(Signal::Traces, Answer::error(404));
    home.record(crate::fixture::load("nested").an_hour_ago());
    assert_eq!(home.run(&["drain", "--once", "--timeout", "2"]).code, Some(1));
    home.drain();
    all_arrived(&home, &receiver);
    assert_eq!(dead_letters(&home, &receiver), [Json::Null; 0]);
}
