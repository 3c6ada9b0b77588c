//! Every breach of the specification is a problem, and changes no answer.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value as Any,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use prost::Message;
use serde_json::{Value, json};

use super::super::client::post;
use super::{JSON, PROTOBUF, REQUEST_JSON, logs, pair, request, text};
use crate::otlp::Receiver;

/// Sends the body, which is answered 200, and returns the problems.
fn problems(path: &str, header: (&str, &str), body: &[u8]) -> Vec<String> {
    let receiver = Receiver::start().unwrap();
    assert_eq!(post(&receiver.url(), path, &[header], body).unwrap().status, 200);
    receiver.problems()
}

#[track_caller]
fn check_traces(expected: &[&str], fault: impl FnOnce(&mut ExportTraceServiceRequest)) {
    let mut message = request();
    fault(&mut message);
    let expected: Vec<_> = expected.iter().map(|breach| format!("/v1/traces: {breach}")).collect();
    assert_eq!(problems("/v1/traces", PROTOBUF, &message.encode_to_vec()), expected);
}

#[track_caller]
fn check_span(expected: &[&str], fault: impl FnOnce(&mut Span)) {
    check_traces(expected, |message| fault(&mut message.resource_spans[0].scope_spans[0].spans[0]));
}

#[track_caller]
fn check_logs(expected: &[&str], fault: impl FnOnce(&mut ExportLogsServiceRequest)) {
    let mut message = logs::request();
    fault(&mut message);
    let expected: Vec<_> = expected.iter().map(|breach| format!("/v1/logs: {breach}")).collect();
    assert_eq!(problems("/v1/logs", PROTOBUF, &message.encode_to_vec()), expected);
}

#[track_caller]
fn check_record(expected: &[&str], fault: impl FnOnce(&mut LogRecord)) {
    check_logs(expected, |message| fault(&mut message.resource_logs[0].scope_logs[0].log_records[0]));
}

#[test]
fn envelopes_have_content() {
    check_traces(&["the request has no spans"], |message| message.resource_spans.clear());
    check_traces(&["an envelope has no resource", "a resource has no spans"], |message| {
        message.resource_spans.push(ResourceSpans::default());
    });
    check_traces(&["a scope has no spans"], |message| {
        message.resource_spans[0].scope_spans.push(ScopeSpans::default());
    });
    check_logs(&["the request has no log records"], |message| message.resource_logs.clear());
    check_logs(&["a resource has no log records"], |message| {
        let resource = Some(Resource::default());
        message.resource_logs.push(ResourceLogs { resource, ..ResourceLogs::default() });
    });
    check_logs(&["a scope has no log records"], |message| {
        message.resource_logs[0].scope_logs.push(ScopeLogs::default());
    });
}

#[test]
fn spans_have_ids_names_and_times() {
    const SPAN: &str = "span \"full\" [0102030405060708]";
    check_span(&[&format!("{SPAN} has a trace id of 15 bytes instead of 16")], |span| {
        span.trace_id.pop();
    });
    check_span(&[&format!("{SPAN} has a trace id of zeros")], |span| span.trace_id = vec![0; 16]);
    check_span(&["span \"full\" [] has a span id of 0 bytes instead of 8"], |span| span.span_id.clear());
    check_span(&["span \"full\" [0000000000000000] has a span id of zeros"], |span| {
        span.span_id = vec![0; 8]
    });
    check_span(&[&format!("{SPAN} has a parent id of zeros")], |span| span.parent_span_id = vec![0; 8]);
    check_span(&[&format!("{SPAN} is its own parent")], |span| span.parent_span_id = span.span_id.clone());
    check_span(&["span \"\" [0102030405060708] has no name"], |span| span.name.clear());
    check_span(&[&format!("{SPAN} has no start")], |span| span.start_time_unix_nano = 0);
    check_span(&[&format!("{SPAN} has no end"), &format!("{SPAN} ends before it starts")], |span| {
        span.end_time_unix_nano = 0;
    });
    check_span(&[&format!("{SPAN} has the kind 0")], |span| span.kind = 0);
    check_span(&[&format!("{SPAN} has the kind 6")], |span| span.kind = 6);
    check_span(&[&format!("{SPAN} has reserved flags")], |span| span.flags = 0x400);
    check_span(&[], |span| span.flags = 0x3ff);
    check_span(&[&format!("{SPAN} has the status 3")], |span| {
        span.status = Some(Status { code: 3, message: String::new() });
    });
    check_span(&[&format!("{SPAN} has a status message without an error")], |span| {
        span.status = Some(Status { code: 1, message: "fine".to_owned() });
    });
}

#[test]
fn events_and_links_have_what_they_need() {
    const SPAN: &str = "span \"full\" [0102030405060708]";
    check_span(
        &[&format!("event \"\" of {SPAN} has no name"), &format!("event \"\" of {SPAN} has no time")],
        |span| {
            span.events = vec![span::Event::default()];
        },
    );
    let twice = format!("event \"event\" of {SPAN} has the attribute \"n\" twice");
    check_span(&[&twice], |span| {
        let again = span.events[0].attributes[0].clone();
        span.events[0].attributes.push(again);
    });
    check_span(&[&format!("a link of {SPAN} has a trace id of 4 bytes instead of 16")], |span| {
        span.links[0].trace_id = vec![1; 4];
    });
    check_span(&[&format!("a link of {SPAN} has a span id of zeros")], |span| {
        span.links[0].span_id = vec![0; 8]
    });
    check_span(&[&format!("a link of {SPAN} has reserved flags")], |span| span.links[0].flags = u32::MAX);
}

#[test]
fn attributes_have_one_key_and_a_value() {
    const SPAN: &str = "span \"full\" [0102030405060708]";
    check_span(&[&format!("{SPAN} has an attribute without a key")], |span| {
        span.attributes.push(pair("", text("x")));
    });
    check_span(&[&format!("{SPAN} has the attribute \"text\" twice")], |span| {
        span.attributes.push(pair("text", text("x")));
    });
    check_span(&[&format!("{SPAN} has the attribute \"none\" without a value")], |span| {
        span.attributes.push(KeyValue { key: "none".to_owned(), ..KeyValue::default() });
    });
    let empty = AnyValue { value: None };
    let holders = [
        Any::ArrayValue(ArrayValue { values: vec![empty.clone()] }),
        Any::KvlistValue(KeyValueList {
            values: vec![KeyValue { key: "k".to_owned(), value: Some(empty.clone()), ..KeyValue::default() }],
        }),
    ];
    check_span(&[&format!("attribute \"e\" of {SPAN} is empty")], |span| {
        span.attributes.push(KeyValue { value: Some(empty), ..pair("e", text("")) });
    });
    let [array, map] = holders;
    check_span(&[&format!("attribute \"e\" of {SPAN} is empty")], |span| {
        span.attributes.push(pair("e", array))
    });
    check_span(&[&format!("attribute \"k\" of attribute \"e\" of {SPAN} is empty")], |span| {
        span.attributes.push(pair("e", map));
    });
    let index = format!("attribute \"e\" of {SPAN} points into a table that only profiles have");
    check_span(&[&index], |span| span.attributes.push(pair("e", Any::StringValueStrindex(1))));
    check_traces(&["the resource has the attribute \"service.name\" twice"], |message| {
        let resource = message.resource_spans[0].resource.as_mut().unwrap();
        resource.attributes.push(pair("service.name", text("t")));
    });
}

#[test]
fn log_records_have_times_and_whole_ids() {
    const RECORD: &str = "log record \"an.event\" at 1795286557309122801";
    check_record(&["log record \"an.event\" at 0 has no time"], |record| record.time_unix_nano = 0);
    check_record(&[&format!("{RECORD} has no observed time")], |record| record.observed_time_unix_nano = 0);
    check_record(&[&format!("{RECORD} has the severity 25")], |record| record.severity_number = 25);
    check_record(&[&format!("{RECORD} has reserved flags")], |record| record.flags = 0x100);
    check_record(&[&format!("{RECORD} has a trace id of 8 bytes instead of 16")], |record| {
        record.trace_id.truncate(8);
    });
    check_record(&[&format!("{RECORD} has a span id of zeros")], |record| record.span_id = vec![0; 8]);
    check_record(&[&format!("{RECORD} has a span id without a trace id")], |record| record.trace_id.clear());
    check_record(&[], |record| (record.trace_id, record.span_id) = (Vec::new(), Vec::new()));
    check_record(&[&format!("the body of {RECORD} is empty")], |record| {
        record.body = Some(AnyValue { value: None });
    });
    check_record(&[&format!("{RECORD} has the attribute \"n\" twice")], |record| {
        record.attributes.push(pair("n", text("x")));
    });
}

/// Sets one field of the first span of the JSON sample.
#[track_caller]
fn check_json(field: &str, value: Value, expected: &[&str]) {
    let mut body: Value = serde_json::from_str(REQUEST_JSON).unwrap();
    body["resourceSpans"][0]["scopeSpans"][0]["spans"][0][field] = value;
    let found = problems("/v1/traces", JSON, body.to_string().as_bytes());
    let place = format!("/v1/traces: the body.resourceSpans[0].scopeSpans[0].spans[0].{field}");
    let expected: Vec<_> = expected.iter().map(|breach| format!("{place}{breach}")).collect();
    assert_eq!(found, expected);
}

#[test]
fn json_has_the_names_and_forms_of_the_mapping() {
    check_json("trace_state", json!("x"), &[" is no name of OTLP"]);
    check_json("startTimeUnixNano", json!(5), &[" should be an integer as text, not 5"]);
    check_json("droppedEventsCount", json!(0), &[]);
    let attribute = |value: Value| json!([{ "key": "k", "value": value }]);
    check_json(
        "attributes",
        attribute(json!({ "intValue": 5 })),
        &["[0].value.intValue should be an integer as text, not 5"],
    );
    check_json("attributes", attribute(json!({ "doubleValue": 5 })), &[]);
    check_json("attributes", attribute(json!({ "bytesValue": "aGk=" })), &[]);
    check_json(
        "attributes",
        attribute(json!({ "stringValue": "x", "string_value": "x" })),
        &["[0].value.string_value is no name of OTLP"],
    );
    check_json("status", json!(null), &[]);
}

#[test]
fn json_of_logs_is_looked_at_too() {
    let body = json!({ "resourceLogs": [{ "resource": {}, "scopeLogs": [{ "logRecords": [
        { "timeUnixNano": "1", "observedTimeUnixNano": 2, "severityNumber": 9 },
    ] }] }] });
    assert_eq!(
        problems("/v1/logs", JSON, body.to_string().as_bytes()),
        [
            "/v1/logs: the body.resourceLogs[0].scopeLogs[0].logRecords[0].observedTimeUnixNano should be an integer \
          as text, not 2"
        ]
    );
}
