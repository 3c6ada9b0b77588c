//! Every kind of answer, as it comes over the wire.

use std::io::Read;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::json;

use super::super::client::post;
use super::{JSON, PROTOBUF, REQUEST_JSON, expected, request, send};
use crate::otlp::{Answer, AnswerBody, Encoding, Receiver, Signal};

/// The answer to a request with spans, by its status and the named header.
fn answered(answer: Answer, header: &str) -> (u16, Option<String>) {
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, answer);
    let response = send(&receiver, &[PROTOBUF], &request().encode_to_vec()).unwrap();
    assert!(response.whole);
    (response.status, response.header(header).map(str::to_owned))
}

#[test]
fn plays_scripted_answers_before_the_default() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::retry_after(429, 1));
    receiver.answer_next(Signal::Traces, Answer::error(503));
    receiver.answer_next(Signal::Traces, Answer::HangUp { delay: Duration::ZERO });
    receiver.answer_next(Signal::Logs, Answer::error(401));
    let body = request().encode_to_vec();
    let statuses = [(); 4].map(|()| send(&receiver, &[PROTOBUF], &body).map(|response| response.status));
    assert_eq!(statuses, [Some(429), Some(503), None, Some(200)]);
    assert_eq!(receiver.spans(), expected(), "accepted once");
    let remembered: Vec<_> = receiver.requests().iter().map(|request| request.answered).collect();
    assert_eq!(remembered, statuses);
}

#[test]
fn retry_after_has_two_forms() {
    let date = UNIX_EPOCH + Duration::from_millis(784_111_777_900);
    assert_eq!(answered(Answer::retry_after(429, 7), "retry-after"), (429, Some("7".to_owned())));
    let formatted = "Sun, 06 Nov 1994 08:49:37 GMT".to_owned();
    assert_eq!(answered(Answer::retry_at(503, date), "retry-after"), (503, Some(formatted)));
}

#[test]
fn a_redirect_says_where_to() {
    let elsewhere = "http://127.0.0.1:1/elsewhere";
    assert_eq!(answered(Answer::redirect(307, elsewhere), "location"), (307, Some(elsewhere.to_owned())));
}

#[test]
fn a_partial_success_speaks_the_language_of_the_request() {
    let receiver = Receiver::start().unwrap();
    for signal in [Signal::Traces, Signal::Traces, Signal::Logs, Signal::Metrics] {
        receiver.answer_next(signal, Answer::partial_success(2, "too old"));
    }
    let protobuf = send(&receiver, &[PROTOBUF], &request().encode_to_vec()).unwrap();
    let partial =
        ExportTraceServiceResponse::decode(protobuf.body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (2, "too old"));
    let json = send(&receiver, &[JSON], REQUEST_JSON.as_bytes()).unwrap();
    assert_eq!(json.json(), json!({ "partialSuccess": { "rejectedSpans": "2", "errorMessage": "too old" } }));
    for (path, key) in [("/v1/logs", "rejectedLogRecords"), ("/v1/metrics", "rejectedDataPoints")] {
        let json = post(&receiver.url(), path, &[JSON], b"{}").unwrap().json();
        assert_eq!(json, json!({ "partialSuccess": { key: "2", "errorMessage": "too old" } }));
    }
}

#[test]
fn an_answer_may_speak_another_language_than_the_request() {
    let receiver = Receiver::start().unwrap();
    let answer = Answer::partial_success(1, "x").in_encoding(Encoding::Json);
    receiver.answer_next(Signal::Traces, answer);
    receiver.answer_next(Signal::Traces, Answer::ok().in_encoding(Encoding::Json));
    let body = request().encode_to_vec();
    let partial = send(&receiver, &[PROTOBUF], &body).unwrap();
    assert_eq!(partial.header("content-type"), Some("application/json"));
    assert_eq!(partial.json(), json!({ "partialSuccess": { "rejectedSpans": "1", "errorMessage": "x" } }));
    assert_eq!(send(&receiver, &[PROTOBUF], &body).unwrap().json(), json!({}));
}

#[test]
fn rules_hold_for_every_request_that_meets_them() {
    let receiver = Receiver::start().unwrap();
    let (whole, half) = (request(), {
        let mut half = request();
        half.resource_spans[0].scope_spans[0].spans.remove(0);
        half
    });
    let limit = half.encoded_len();
    receiver.answer_next(Signal::Traces, Answer::error(503));
    receiver.answer_when(|request| request.has_span("0102030405060708"), Answer::error(400));
    receiver.answer_when(|request| request.spans.iter().any(|span| span.name == "full"), Answer::error(422));
    receiver.answer_when(move |request| request.wire_bytes >= limit, Answer::error(413));
    receiver.answer_when(|request| request.signal == Signal::Logs, Answer::error(405));
    let mut renamed = request();
    renamed.resource_spans[0].scope_spans[0].spans[0].span_id = vec![9; 8];
    let statuses = [&whole, &whole, &whole, &renamed, &half]
        .map(|message| send(&receiver, &[PROTOBUF], &message.encode_to_vec()).unwrap().status);
    assert_eq!(statuses, [503, 400, 400, 422, 413]);
    assert_eq!(post(&receiver.url(), "/v1/logs", &[JSON], b"{}").unwrap().status, 405);
    assert_eq!(post(&receiver.url(), "/v1/metrics", &[JSON], b"{}").unwrap().status, 200);
}

#[test]
fn answers_come_late_or_in_drops() {
    let receiver = Receiver::start().unwrap();
    let pause = Duration::from_millis(20);
    receiver.answer_next(Signal::Traces, Answer::slow(4 * pause));
    let drops = AnswerBody::Drops { drops: 4, pause };
    receiver.answer_next(Signal::Traces, Answer::error(503).with_body(drops));
    for (status, length) in [(200, 0), (503, 4)] {
        let begun = Instant::now();
        let response = send(&receiver, &[PROTOBUF], &request().encode_to_vec()).unwrap();
        assert!(begun.elapsed() >= 4 * pause);
        assert_eq!((response.status, response.body.len(), response.whole), (status, length, true));
    }
}

#[test]
fn bodies_may_be_far_too_large() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(500).with_body(AnswerBody::Zeros(10_000_000)));
    receiver.answer_next(Signal::Traces, Answer::ok().with_body(AnswerBody::GzipBomb(10_000_001)));
    let body = request().encode_to_vec();
    let huge = send(&receiver, &[PROTOBUF], &body).unwrap();
    assert_eq!((huge.status, huge.body), (500, vec![0; 10_000_000]));
    let bomb = send(&receiver, &[PROTOBUF], &body).unwrap();
    assert_eq!((bomb.status, bomb.header("content-encoding")), (200, Some("gzip")));
    assert!(bomb.body.len() < 100_000, "{} bytes are no bomb", bomb.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(bomb.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, vec![0; 10_000_001]);
}

#[test]
fn hangs_up_before_the_body() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::HangUpUnread);
    let body = request().encode_to_vec();
    let mut client = super::super::client::Client::connect(&receiver.url());
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    assert_eq!(client.exchange(head.as_bytes()), None);
    let requests = receiver.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((request.answered, request.wire_bytes), (None, 0));
    assert_eq!(send(&receiver, &[PROTOBUF], &body).unwrap().status, 200);
}

#[test]
fn a_rule_that_hangs_up_has_read_the_body() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_when(|request| !request.spans.is_empty(), Answer::HangUpUnread);
    assert_eq!(send(&receiver, &[PROTOBUF], &request().encode_to_vec()), None);
}

#[test]
fn a_black_hole_answers_nothing_until_it_is_gone() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::Silence);
    let (url, (answered, answer)) = (receiver.url(), mpsc::channel());
    let waiting = thread::spawn(move || {
        let headers = [("Content-Type", "application/json")];
        answered.send(post(&url, "/v1/traces", &headers, REQUEST_JSON.as_bytes())).unwrap();
    });
    while receiver.requests().is_empty() {
        thread::yield_now();
    }
    assert_eq!(answer.recv_timeout(Duration::from_millis(50)), Err(mpsc::RecvTimeoutError::Timeout));
    assert_eq!(receiver.requests()[0].answered, None);
    drop(receiver);
    assert_eq!(answer.recv().unwrap(), None);
    waiting.join().unwrap();
}
