//! Receivers that answer too much, too slowly or not at all; and requests that are never too large.

use super::arrivals::{all_arrived, reported_spans, sorted};
use super::{bodies, configure, home_with, row, sizes, until};
use crate::fixture::{self, Fixture, HookCall};
use crate::home::Home;
use crate::resident::Resident;
use std::time::Duration;
use tacho_testkit::otlp::{Answer, AnswerBody, Receiver, Signal};

const MIB: usize = 1024 * 1024;
/// The drainer takes no more memory than this as tests build it, which is more than as it is released (`docs/benchmarks.md`), and
/// less than one of these answers.
const RESIDENT_KIB_MAX: u64 = 96 * 1024;
/// What a request may hold.
const REQUEST_ITEMS_MAX: usize = 512;
const REQUEST_BYTES_MAX: usize = 2 * MIB;

/// The status of an answer counts, however much follows it, and however slowly.
#[test]
fn an_answer_is_not_read_without_end() {
    let endless = AnswerBody::Drops { drops: usize::MAX, pause: Duration::from_millis(5) };
    for body in [AnswerBody::Zeros(100 * MIB), AnswerBody::GzipBomb(100 * MIB), endless] {
        let home = home_with(&["bash"]);
        let receiver = Receiver::start().unwrap();
        receiver.answer_next(Signal::Traces, Answer::error(503).with_body(body.clone()));
        receiver.answer_next(Signal::Traces, Answer::ok().with_body(body));
        let resident = Resident::start(&home, &[("TACHO_OTLP_ENDPOINT", &receiver.url())]);
        until(|| row(&home, &receiver).is_some_and(|row| row.delivered == 4));
        let peak_kib = resident.peak_kib();
        resident.kill();
        assert!(peak_kib <= RESIDENT_KIB_MAX, "{peak_kib} KiB");
        assert_eq!(sizes(&receiver), [4, 4]);
    }
}

#[test]
fn a_receiver_that_is_silent_holds_up_nobody_else() {
    let home = home_with(&["bash"]);
    let [silent, other] = [Receiver::start().unwrap(), Receiver::start().unwrap()];
    silent.answer_next(Signal::Traces, Answer::Silence);
    let config = [&silent, &other].map(|to| format!("[[destination]]\nendpoint = {:?}\n", to.url()));
    home.configure(&config.concat());
    let resident = Resident::start(&home, &[]);
    until(|| silent.item_requests().len() == 1);
    home.record(fixture::load("denied").an_hour_ago());
    until(|| row(&home, &other).is_some_and(|row| row.delivered > 4 && row.waiting == 0));
    assert_eq!(silent.item_requests().len(), 1);
    until(|| row(&home, &silent).is_some_and(|row| row.delivered > 4 && row.waiting == 0));
    resident.kill();
    [&silent, &other].into_iter().for_each(|receiver| all_arrived(&home, receiver));
    let bodies = bodies(&silent);
    assert_eq!(bodies[0], bodies[1]);
}

/// A session in which one tool was called so often, each time with a result of this size.
fn session_with_calls(calls: usize, result_bytes: usize) -> Fixture {
    let mut fixture = fixture::load("bash").an_hour_ago();
    let call: Vec<HookCall> = fixture.hooks.drain(2..4).collect();
    for number in 0..calls {
        let id = format!("toolu_{number}");
        let result = format!(r#""stdout":"{}"#, "x".repeat(result_bytes));
        let hooks = call.iter().map(|hook| {
            let payload = hook.payload.replace("toolu_mock043a6100000001", &id);
            HookCall { t_ns: hook.t_ns, payload: payload.replace(r#""stdout":""#, &result) }
        });
        let hooks: Vec<HookCall> = hooks.collect();
        fixture.hooks.splice(2..2, hooks);
    }
    fixture
}

#[test]
fn no_request_is_too_large() {
    for (calls, result_bytes) in [(1500, 0), (500, 10_000)] {
        let home = Home::with([session_with_calls(calls, result_bytes)]);
        let receiver = Receiver::start().unwrap();
        configure(&home, &receiver, "level = \"full\"\n");
        home.drain();
        let largest = sizes(&receiver).into_iter().max().unwrap();
        assert!((2..=REQUEST_ITEMS_MAX).contains(&largest), "{largest} items");
        let largest = bodies(&receiver).iter().map(Vec::len).max().unwrap();
        assert!(largest <= REQUEST_BYTES_MAX, "{largest} bytes");
        assert_eq!(sorted(receiver.spans()), reported_spans(&home, |_| true));
    }
}
