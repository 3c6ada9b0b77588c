//! A destination that asks for a pause has it, and one that only a person can mend is left alone until somebody did.

use super::arrivals::all_arrived;
use super::{configure, destination_status, drain_to, home_with, notice, ran, row, until};
use crate::fixture;
use crate::resident::Resident;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tacho_model::time::UnixNanos;
use tacho_store::Store;
use tacho_store::outbox::Delivery;
use tacho_testkit::otlp::{Answer, ReceivedRequest, Receiver, Signal};
use tacho_testkit::tls::{Clients, TlsFront, certificate};

const MILLISECOND_NS: u64 = 1_000_000;
const SECOND_NS: u64 = 1000 * MILLISECOND_NS;
const HOUR_NS: u64 = 3600 * SECOND_NS;

fn unix_ns(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64
}

/// When both requests came that one drain makes of a first that is answered so.
#[track_caller]
fn arrivals(answer: Answer) -> [u64; 2] {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, answer);
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    all_arrived(&home, &receiver);
    let times: Vec<u64> = receiver.item_requests().iter().map(|request| request.received_unix_ns).collect();
    times.try_into().unwrap()
}

#[test]
fn a_pause_in_seconds_is_kept() {
    let [first, second] = arrivals(Answer::retry_after(429, 2));
    assert!(second >= first + 2 * SECOND_NS);
}

#[test]
fn a_pause_until_a_date_is_kept() {
    let date = SystemTime::now() + Duration::from_secs(3);
    let [_, second] = arrivals(Answer::retry_at(503, date));
    assert!(second >= unix_ns(date) / SECOND_NS * SECOND_NS);
}

/// Half a second is the shortest pause there is.
#[test]
fn a_pause_of_nothing_is_a_pause_all_the_same() {
    let passed = SystemTime::now() - Duration::from_secs(3600);
    let unknown = Answer::error(503).with_header("retry-after", "soon");
    for answer in [Answer::retry_after(429, 0), Answer::retry_at(503, passed), unknown] {
        let [first, second] = arrivals(answer);
        assert!(second >= first + 500 * MILLISECOND_NS);
    }
}

#[test]
fn no_pause_is_longer_than_an_hour() {
    let day = Answer::retry_after(429, 86_400);
    let number_that_is_none = Answer::error(429).with_header("retry-after", &"9".repeat(30));
    let far_away = Answer::retry_at(503, UNIX_EPOCH + Duration::from_secs(253_000_000_000));
    for answer in [day, number_that_is_none, far_away] {
        let home = home_with(&["bash"]);
        let receiver = Receiver::start().unwrap();
        receiver.answer_next(Signal::Traces, answer);
        let before = unix_ns(SystemTime::now());
        assert_eq!(drain_to(&home, &receiver).code, Some(1));
        let row = row(&home, &receiver).unwrap();
        assert!(row.is_asked);
        assert!((before + HOUR_NS..=unix_ns(SystemTime::now()) + HOUR_NS).contains(&row.retry_at.0));
    }
}

/// Neither a person who wants it now nor a drainer that was not there when it was asked for.
#[test]
fn a_pause_that_was_asked_for_is_cut_short_by_nobody() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::retry_after(503, 3600));
    let endpoint = [("TACHO_OTLP_ENDPOINT", receiver.url())];
    let endpoint = endpoint.each_ref().map(|(name, value)| (*name, value.as_str()));
    let resident = Resident::start(&home, &endpoint);
    until(|| row(&home, &receiver).is_some_and(|row| row.failures == 1));
    resident.kill();
    home.record(fixture::load("denied").an_hour_ago());
    let resident = Resident::start(&home, &endpoint);
    until(|| row(&home, &receiver).is_some_and(|row| row.waiting > 4));
    assert_eq!(drain_to(&home, &receiver).code, Some(1));
    resident.kill();
    assert_eq!(drain_to(&home, &receiver).code, Some(1));
    assert_eq!(receiver.item_requests().len(), 1);
}

/// The clock was ahead when the pause began, and was set right since.
#[test]
fn a_pause_that_is_longer_than_any_is_over() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::retry_after(503, 3600));
    assert_eq!(drain_to(&home, &receiver).code, Some(1));
    let mut store = Store::open(&home.store_file()).unwrap();
    let parcel = store.read().next_parcel(row(&home, &receiver).unwrap().key).unwrap().unwrap();
    let now = UnixNanos(unix_ns(SystemTime::now()));
    let retry_at = now.plus_nanos(8 * HOUR_NS);
    let changes = store.change().unwrap();
    let postponed = Delivery::Postponed { retry_at, is_asked: true, error: "busy" };
    changes.settle_delivery(&parcel, &postponed, now).unwrap();
    changes.commit().unwrap();
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    all_arrived(&home, &receiver);
}

#[test]
fn a_receiver_that_does_not_know_us_loses_nothing() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(401));
    let drained = drain_to(&home, &receiver);
    assert_eq!((drained.code, receiver.item_requests().len()), (Some(1), 1));
    insta::assert_snapshot!(destination_status(&home, &receiver), @r#"[{"name":"[receiver]","configured":true,"delivered":0,"waiting":4,"rejected":0,"failures_in_a_row":1,"last_error":"HTTP 401: the token is missing or wrong"},[]]"#);
}

/// Answers so as long as it is not told the right token. Its owner is told once, nothing is lost, and nobody asks
/// again before the pause has passed or the token was changed.
#[track_caller]
fn is_left_alone_until_mended(answer: Answer, why: &str) {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_when(|request| request.header("authorization") != Some("Bearer right"), answer);
    configure(&home, &receiver, "token = \"wrong\"\n");
    let resident = Resident::start(&home, &[]);
    until(|| row(&home, &receiver).is_some_and(|row| row.failures == 1));
    let expected =
        format!("tachograph: [receiver] takes nothing ({why}); nothing is lost: see tacho status\n");
    until(|| notice(&home, &receiver) == expected);
    resident.kill();
    home.record(fixture::load("denied").an_hour_ago());
    let resident = Resident::start(&home, &[]);
    until(|| row(&home, &receiver).is_some_and(|row| row.waiting > 4));
    home.record(fixture::load("parallel").an_hour_ago());
    let waiting = row(&home, &receiver).unwrap().waiting;
    until(|| row(&home, &receiver).is_some_and(|row| row.waiting > waiting));
    resident.kill();
    assert_eq!(notice(&home, &receiver), expected);
    assert_eq!(receiver.item_requests().len(), 1);
    configure(&home, &receiver, "token = \"right\"\n");
    let resident = Resident::start(&home, &[]);
    until(|| row(&home, &receiver).is_some_and(|row| row.waiting == 0));
    resident.kill();
    assert_eq!(notice(&home, &receiver), "");
    all_arrived(&home, &receiver);
}

#[test]
fn a_receiver_that_takes_nothing_is_left_alone_until_mended() {
    for (status, why) in [
        (401, "HTTP 401: the token is missing or wrong"),
        (403, "HTTP 403: the token may not write here"),
        (404, "HTTP 404: there is no receiver for this signal at this path"),
        (407, "HTTP 407: the endpoint leads elsewhere"),
        (415, "HTTP 415: it takes no requests in this encoding; another protocol may do"),
        (501, "HTTP 501: what answers there is no receiver of telemetry"),
    ] {
        is_left_alone_until_mended(Answer::error(status), why);
    }
}

/// What waits was encoded before, and is sent in the other encoding all the same.
#[test]
fn another_protocol_holds_for_what_waits() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    let is_json = |request: &ReceivedRequest| request.header("content-type") == Some("application/json");
    receiver.answer_when(move |request| !is_json(request), Answer::error(415));
    configure(&home, &receiver, "");
    assert_eq!(home.run(&["drain", "--once"]).code, Some(1));
    configure(&home, &receiver, "protocol = \"http/json\"\n");
    home.drain();
    all_arrived(&home, &receiver);
}

/// A redirect could lead credentials and data somewhere else.
#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let answer = Answer::redirect(status, &format!("{}/v1/traces", elsewhere.url()));
        is_left_alone_until_mended(answer, &format!("HTTP {status}: the endpoint leads elsewhere"));
    }
    assert_eq!(elsewhere.item_requests().len(), 0);
}

#[test]
fn nobody_is_told_of_a_destination_that_is_named_no_more() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(401));
    assert_eq!(drain_to(&home, &receiver).code, Some(1));
    assert!(!notice(&home, &receiver).is_empty());
    assert_eq!(home.run(&["drain", "--once"]).code, Some(1));
    assert!(!notice(&home, &receiver).contains("[receiver]"));
}

#[test]
fn a_running_drainer_takes_up_what_it_is_told_meanwhile() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver
        .answer_when(|request| request.header("authorization") != Some("Bearer right"), Answer::error(401));
    configure(&home, &receiver, "token = \"wrong\"\n");
    let _resident = Resident::start(&home, &[]);
    until(|| row(&home, &receiver).is_some_and(|row| row.failures == 1));
    configure(&home, &receiver, "token = \"right\"\n");
    home.drain();
    all_arrived(&home, &receiver);
}

/// Tokens that run out are replaced in their file, and nobody starts a session for that.
#[test]
fn a_running_drainer_reads_a_token_that_was_replaced() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver
        .answer_when(|request| request.header("authorization") != Some("Bearer right"), Answer::error(401));
    let file = home.path().join("token");
    fs::write(&file, "wrong\n").unwrap();
    configure(&home, &receiver, &format!("token_file = {file:?}\n"));
    let _resident = Resident::start(&home, &[]);
    until(|| row(&home, &receiver).is_some_and(|row| row.failures == 1));
    fs::write(&file, "right\n").unwrap();
    home.drain();
    all_arrived(&home, &receiver);
}

/// Nor for a certificate.
#[test]
fn a_running_drainer_reads_a_certificate_that_was_replaced() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    let front = TlsFront::start(receiver.address(), Clients::All).unwrap().url();
    let file = home.path().join("authority.pem");
    fs::copy(certificate("stranger.pem"), &file).unwrap();
    home.configure(&format!(
        "[[destination]]\nendpoint = {front:?}\nsignals = [\"traces\"]\ncertificate = {file:?}\n"
    ));
    let _resident = Resident::start(&home, &[]);
    until(|| home.json_of(&["status", "--json"])["destinations"][0]["failures_in_a_row"].as_u64() >= Some(1));
    fs::copy(certificate("authority.pem"), &file).unwrap();
    home.drain();
    all_arrived(&home, &receiver);
}
