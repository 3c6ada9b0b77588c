//! Tests of what no recorded session has: messages of every kind, and more than is taken at once.

use super::messages::{whole, words};
use super::{BODY_BYTES_MAX, LlmObs, encode};
use crate::delivery::{Outcome, Status};
use crate::destination::{Destination, Protocol};
use crate::exporters::{Export as _, Kind, Request};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use serde_json::{Value as Json, json};
use tacho_privacy::CaptureLevel;

#[test]
fn messages_are_put_into_the_words_of_llm_observability() {
    let check = |said: &Json, as_messages: Json, as_words: &str| {
        let json = |io| serde_json::to_value(io).unwrap();
        assert_eq!(json(whole(said.to_string())), json!({ "messages": as_messages }));
        assert_eq!(json(words(said.to_string())), json!({ "value": as_words }));
    };
    check(&json!([]), json!([]), "");
    check(
        &json!([{ "role": "user", "parts": [{ "type": "text", "content": "hello" }, { "type": "text", "content": "you" }] }]),
        json!([{ "role": "user", "content": "hello\nyou" }]),
        "hello\nyou",
    );
    check(
        &json!([{ "role": "assistant", "finish_reason": "tool_call", "parts": [
            { "type": "reasoning", "content": "hm" },
            { "type": "text", "content": "I look" },
            { "type": "tool_call", "id": "1", "name": "Read", "arguments": { "path": "a" } },
            { "type": "tool_call", "id": "2", "name": "Read", "arguments": "{\"pa\u{2026}" },
            { "type": "server_tool_call", "id": "3", "name": "web_search",
              "server_tool_call": { "type": "web_search", "arguments": { "query": "b" } } },
            { "type": "server_tool_call_response", "id": "3",
              "server_tool_call_response": { "type": "web_search", "response": ["c"] } },
        ] }]),
        json!([
            { "role": "reasoning", "content": "hm" },
            { "role": "assistant", "content": "I look",
              "tool_calls": [
                { "name": "Read", "arguments": { "path": "a" }, "tool_id": "1", "type": "tool_use" },
                { "name": "Read", "arguments": { "value": "{\"pa\u{2026}" }, "tool_id": "2", "type": "tool_use" },
                { "name": "web_search", "arguments": { "query": "b" }, "tool_id": "3", "type": "tool_use" },
              ],
              "tool_results": [{ "result": "[\"c\"]", "tool_id": "3", "type": "tool_result" }] },
        ]),
        "I look",
    );
    check(
        &json!([{ "role": "tool", "parts": [{ "type": "tool_call_response", "id": "1", "response": "done" }] }]),
        json!([{ "role": "tool", "content": "",
                 "tool_results": [{ "result": "done", "tool_id": "1", "type": "tool_result" }] }]),
        "",
    );
}

/// Whoever redacts may leave no JSON behind.
#[test]
fn what_are_no_messages_stays_a_text() {
    for text in ["[redacted]", "", r#"[{"role":"user"}]"#, r#"[{"role":"user","parts":[{"type":"new"}]}]"#] {
        let expected = json!({ "value": text });
        assert_eq!(serde_json::to_value(whole(text.to_owned())).unwrap(), expected);
        assert_eq!(serde_json::to_value(words(text.to_owned())).unwrap(), expected);
    }
}

/// Each span of one resource says all that is said of that, so a request may be many times as large as JSON.
#[test]
fn what_is_too_large_is_not_sent_but_parted() {
    let value = AnyValue { value: Some(Value::StringValue("x".repeat(20_000))) };
    let said = KeyValue { key: "said".to_owned(), value: Some(value), ..KeyValue::default() };
    let spans =
        (1..=512_u64).map(|number| Span { span_id: number.to_be_bytes().to_vec(), ..Span::default() });
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: vec![said], ..Resource::default() }),
            scope_spans: vec![ScopeSpans { spans: spans.collect(), ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    };
    let body = request.encode_to_vec();
    let bytes = encode(&body).unwrap().len();
    let nowhere =
        Destination::new("http://127.0.0.1:1", Protocol::HttpProtobuf, Vec::new(), CaptureLevel::Metadata);
    let nowhere = nowhere.unwrap().of_kind(Kind::named("datadog-llmobs").unwrap());
    let request = Request { name: "traces", content_type: "application/x-protobuf", body: &body };
    let message = format!("{bytes} bytes as JSON; LLM Observability takes {BODY_BYTES_MAX}");
    assert_eq!(
        LlmObs::default().send(&nowhere, request),
        Outcome::Refused { status: Status::Http(413), message: Some(message) }
    );
}
