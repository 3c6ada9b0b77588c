//! Log records, decoded from both encodings.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use serde_json::json;

use super::super::client::post;
use super::{GZIP, Headers, JSON, PROTOBUF, gzipped, pair, text};
use crate::otlp::{Answer, ReceivedLog, Receiver, Signal};

/// A request with two records, of which the first has everything that a record can have.
pub(super) fn request() -> ExportLogsServiceRequest {
    let full = LogRecord {
        time_unix_nano: 1_795_286_557_309_122_801,
        observed_time_unix_nano: 1_795_286_557_309_122_802,
        severity_number: 17,
        severity_text: "ERROR".to_owned(),
        event_name: "an.event".to_owned(),
        body: Some(AnyValue { value: Some(text("said")) }),
        attributes: vec![pair("n", Any::IntValue(1))],
        flags: 1,
        trace_id: (0..16).collect(),
        span_id: (1..9).collect(),
        ..LogRecord::default()
    };
    let bare = LogRecord { time_unix_nano: 5, observed_time_unix_nano: 6, ..LogRecord::default() };
    let resource = Resource { attributes: vec![pair("service.name", text("s"))], ..Resource::default() };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource),
            scope_logs: vec![ScopeLogs { log_records: vec![full, bare], ..ScopeLogs::default() }],
            ..ResourceLogs::default()
        }],
    }
}

fn expected() -> Vec<ReceivedLog> {
    let map = |pairs: serde_json::Value| serde_json::from_value::<BTreeMap<_, _>>(pairs).unwrap();
    let full = ReceivedLog {
        time_ns: 1_795_286_557_309_122_801,
        observed_ns: 1_795_286_557_309_122_802,
        severity: 17,
        severity_text: "ERROR".to_owned(),
        event_name: "an.event".to_owned(),
        body: Some(json!("said")),
        attributes: map(json!({ "n": 1 })),
        trace_id: Some("000102030405060708090a0b0c0d0e0f".to_owned()),
        span_id: Some("0102030405060708".to_owned()),
        resource: map(json!({ "service.name": "s" })),
    };
    let bare = ReceivedLog {
        time_ns: 5,
        observed_ns: 6,
        severity: 0,
        severity_text: String::new(),
        event_name: String::new(),
        body: None,
        attributes: BTreeMap::new(),
        trace_id: None,
        span_id: None,
        resource: full.resource.clone(),
    };
    vec![full, bare]
}

/// The same as [`request`], in the JSON that the specification prescribes.
const REQUEST_JSON: &str = r#"{"resourceLogs":[{
    "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},
    "scopeLogs":[{"logRecords":[
        {"timeUnixNano":"1795286557309122801","observedTimeUnixNano":"1795286557309122802","severityNumber":17,
         "severityText":"ERROR","eventName":"an.event","body":{"stringValue":"said"},"flags":1,
         "attributes":[{"key":"n","value":{"intValue":"1"}}],
         "traceId":"000102030405060708090a0b0c0d0e0f","spanId":"0102030405060708"},
        {"timeUnixNano":"5","observedTimeUnixNano":"6"}
    ]}]}]}"#;

#[test]
fn both_encodings_give_the_same_records() {
    let protobuf = request().encode_to_vec();
    let bodies: [(Headers, Vec<u8>); 3] = [
        (&[PROTOBUF], protobuf.clone()),
        (&[PROTOBUF, GZIP], gzipped(&protobuf)),
        (&[JSON], REQUEST_JSON.as_bytes().to_vec()),
    ];
    for (headers, body) in bodies {
        let receiver = Receiver::start().unwrap();
        receiver.answer_next(Signal::Logs, Answer::error(503));
        assert_eq!(post(&receiver.url(), "/v1/logs", headers, &body).unwrap().status, 503);
        assert_eq!(receiver.logs(), [], "nothing was accepted yet");
        assert_eq!(post(&receiver.url(), "/v1/logs", headers, &body).unwrap().status, 200);
        assert_eq!(receiver.problems(), [""; 0]);
        assert_eq!(receiver.logs(), expected());
    }
}
