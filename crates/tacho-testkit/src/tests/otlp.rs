//! The receiver, fed in both encodings; `answers` plays every kind of answer, `breaches` breaks every rule.

mod answers;
mod breaches;
mod logs;

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value as Any,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use prost::Message;
use serde_json::json;

use super::client::{Response, post};
use crate::otlp::{ReceivedEvent, ReceivedLink, ReceivedSpan, Receiver, Signal, SpanKind, SpanStatus};

type Headers = &'static [(&'static str, &'static str)];

const JSON: (&str, &str) = ("Content-Type", "application/json");
const PROTOBUF: (&str, &str) = ("Content-Type", "application/x-protobuf");
const GZIP: (&str, &str) = ("Content-Encoding", "gzip");

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn text(text: &str) -> Any {
    Any::StringValue(text.to_owned())
}

/// A request with two spans, of which the first has everything that a span can have.
fn request() -> ExportTraceServiceRequest {
    let array = ArrayValue { values: vec![AnyValue { value: Some(text("a")) }] };
    let full = Span {
        trace_id: (0..16).collect(),
        span_id: (1..9).collect(),
        parent_span_id: (2..10).collect(),
        name: "full".to_owned(),
        kind: span::SpanKind::Client.into(),
        start_time_unix_nano: 1_795_286_557_309_122_801,
        end_time_unix_nano: 1_795_286_557_309_122_802,
        attributes: vec![
            pair("text", text("t")),
            pair("yes", Any::BoolValue(true)),
            pair("int", Any::IntValue(-7)),
            pair("double", Any::DoubleValue(0.5)),
            pair("array", Any::ArrayValue(array)),
            pair("map", Any::KvlistValue(KeyValueList { values: vec![pair("k", text("v"))] })),
        ],
        events: vec![span::Event {
            time_unix_nano: 5,
            name: "event".to_owned(),
            attributes: vec![pair("n", Any::IntValue(1))],
            ..span::Event::default()
        }],
        links: vec![span::Link {
            trace_id: vec![255; 16],
            span_id: vec![254; 8],
            attributes: vec![pair("l", text("x"))],
            ..span::Link::default()
        }],
        status: Some(Status { code: 2, message: String::new() }),
        ..Span::default()
    };
    let bare = Span {
        trace_id: vec![3; 16],
        span_id: vec![4; 8],
        name: "bare".to_owned(),
        kind: span::SpanKind::Internal.into(),
        start_time_unix_nano: 7,
        end_time_unix_nano: 7,
        ..Span::default()
    };
    let resource = Resource { attributes: vec![pair("service.name", text("s"))], ..Resource::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans { spans: vec![full, bare], ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}

fn expected() -> Vec<ReceivedSpan> {
    let map = |pairs: serde_json::Value| serde_json::from_value::<BTreeMap<_, _>>(pairs).unwrap();
    let resource = map(json!({ "service.name": "s" }));
    let full = ReceivedSpan {
        trace_id: "000102030405060708090a0b0c0d0e0f".to_owned(),
        span_id: "0102030405060708".to_owned(),
        parent_span_id: Some("0203040506070809".to_owned()),
        name: "full".to_owned(),
        kind: SpanKind::Client,
        start_ns: 1_795_286_557_309_122_801,
        end_ns: 1_795_286_557_309_122_802,
        status: SpanStatus::Error,
        attributes: map(json!({
            "text": "t", "yes": true, "int": -7, "double": 0.5, "array": ["a"], "map": { "k": "v" },
        })),
        events: vec![ReceivedEvent {
            time_ns: 5,
            name: "event".to_owned(),
            attributes: map(json!({ "n": 1 })),
        }],
        links: vec![ReceivedLink {
            trace_id: "ff".repeat(16),
            span_id: "fe".repeat(8),
            attributes: map(json!({ "l": "x" })),
        }],
        resource: resource.clone(),
    };
    let bare = ReceivedSpan {
        trace_id: "03".repeat(16),
        span_id: "04".repeat(8),
        parent_span_id: None,
        name: "bare".to_owned(),
        kind: SpanKind::Internal,
        start_ns: 7,
        end_ns: 7,
        status: SpanStatus::Unset,
        attributes: BTreeMap::new(),
        events: Vec::new(),
        links: Vec::new(),
        resource,
    };
    vec![full, bare]
}

/// The same as [`request`], in the JSON that the specification prescribes.
const REQUEST_JSON: &str = r#"{"resourceSpans":[{
    "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},
    "scopeSpans":[{"spans":[
        {"traceId":"000102030405060708090A0B0C0D0E0F","spanId":"0102030405060708","parentSpanId":"0203040506070809",
         "name":"full","kind":3,"startTimeUnixNano":"1795286557309122801","endTimeUnixNano":"1795286557309122802",
         "attributes":[
            {"key":"text","value":{"stringValue":"t"}},{"key":"yes","value":{"boolValue":true}},
            {"key":"int","value":{"intValue":"-7"}},{"key":"double","value":{"doubleValue":0.5}},
            {"key":"array","value":{"arrayValue":{"values":[{"stringValue":"a"}]}}},
            {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}}],
         "events":[{"timeUnixNano":"5","name":"event","attributes":[{"key":"n","value":{"intValue":"1"}}]}],
         "links":[{"traceId":"ffffffffffffffffffffffffffffffff","spanId":"fefefefefefefefe",
            "attributes":[{"key":"l","value":{"stringValue":"x"}}]}],
         "status":{"code":2}},
        {"traceId":"03030303030303030303030303030303","spanId":"0404040404040404","name":"bare",
         "kind":1,"startTimeUnixNano":"7","endTimeUnixNano":"7"}
    ]}]}]}"#;

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn send(receiver: &Receiver, headers: &[(&str, &str)], body: &[u8]) -> Option<Response> {
    post(&receiver.url(), "/v1/traces", headers, body)
}

#[test]
fn both_encodings_give_the_same_spans() {
    let protobuf = request().encode_to_vec();
    let library_json = serde_json::to_vec(&request()).unwrap();
    let json_text = REQUEST_JSON.as_bytes();
    let bodies: [(Headers, Vec<u8>); 5] = [
        (&[PROTOBUF], protobuf.clone()),
        (&[PROTOBUF, GZIP], gzipped(&protobuf)),
        (&[JSON], json_text.to_vec()),
        (&[("Content-Type", "application/json; charset=utf-8"), GZIP], gzipped(json_text)),
        (&[JSON], library_json),
    ];
    for (headers, body) in bodies {
        let receiver = Receiver::start().unwrap();
        let response = send(&receiver, headers, &body).unwrap();
        assert_eq!(receiver.problems(), [""; 0]);
        assert_eq!(response.status, 200);
        assert_eq!(receiver.spans(), expected());
    }
}

#[test]
fn remembers_requests_and_keeps_metrics_as_bytes() {
    let receiver = Receiver::start().unwrap();
    let headers = [PROTOBUF, GZIP, ("Authorization", "Bearer t")];
    let body = gzipped(b"raw");
    post(&receiver.url(), "/v1/metrics", &headers, &body).unwrap();
    let requests = receiver.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(
        (request.signal, request.content_type.as_str(), request.body.as_slice(), request.answered),
        (Signal::Metrics, "application/x-protobuf", &b"raw"[..], Some(200))
    );
    assert_eq!((request.header("authorization"), request.wire_bytes), (Some("Bearer t"), body.len()));
}

#[test]
fn what_cannot_be_read_is_a_problem() {
    let table: [(&str, Headers, &[u8], &str); 5] = [
        (
            "/v1/traces",
            &[JSON],
            b"{",
            "decode application/json traces: EOF while parsing an object at line 1 column 1",
        ),
        ("/v1/traces", &[("Content-Type", "text/plain")], b"", "content type \"text/plain\" is not OTLP"),
        ("/v1/traces", &[PROTOBUF, GZIP], b"no gzip", "uncompress /v1/traces: unexpected end of file"),
        (
            "/v1/traces",
            &[JSON, ("Content-Encoding", "br")],
            b"",
            "uncompress /v1/traces: content encoding \"br\" is not supported",
        ),
        ("/other", &[JSON], b"", "no signal has the path /other"),
    ];
    for (path, headers, body, problem) in table {
        let receiver = Receiver::start().unwrap();
        assert_eq!(post(&receiver.url(), path, headers, body).unwrap().status, 400);
        assert_eq!(receiver.problems(), [problem]);
        assert!(receiver.requests().is_empty());
    }
}
