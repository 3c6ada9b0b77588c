//! Tests of the encoder: what is written without messages is what messages would have been.

use super::items::Items;
use super::request::{Portion, Request};
use super::{Encoded, REQUEST_BYTES_MAX, REQUEST_ITEMS_MAX, encode_all};
use crate::destination::{Compression, Protocol};
use crate::gzip::in_form;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tacho_model::attribute::{Attributes, Value};
use tacho_model::batch::Batch;
use tacho_model::id::{SpanId, TraceId};
use tacho_model::log::{LogRecord, Severity};
use tacho_model::semconv as key;
use tacho_model::span::{Link, Span, SpanEvent, SpanKind, Status};
use tacho_model::time::UnixNanos;

/// A span of which nothing is known but its name.
fn span(number: u64) -> Span {
    Span {
        trace_id: TraceId(u128::from(number).to_be_bytes()),
        span_id: SpanId(number.to_be_bytes()),
        parent_span_id: None,
        links: Vec::new(),
        kind: SpanKind::Turn,
        name: format!("span {number}"),
        start: UnixNanos(number),
        end: None,
        status: Status::Unset,
        attributes: Attributes::default(),
        events: Vec::new(),
        settled: true,
    }
}

/// A span that has everything, with a text of so many bytes.
fn full_span(number: u64, text_bytes: usize) -> Span {
    let text = "x".repeat(text_bytes);
    let mut attributes = Attributes::default();
    attributes.set(key::GEN_AI_REQUEST_MODEL, text.as_str());
    attributes.set(key::GEN_AI_USAGE_INPUT_TOKENS, -1_i64);
    attributes.set(key::GEN_AI_USAGE_OUTPUT_TOKENS, 0_i64);
    attributes.set(key::CLAUDE_CODE_CONTEXT_USED_PERCENT, 0.0);
    attributes.set(key::GEN_AI_REQUEST_STREAM, false);
    attributes.set(key::GEN_AI_RESPONSE_FINISH_REASONS, Value::StringList(vec![String::new(), text]));
    Span {
        parent_span_id: Some(SpanId([7; 8])),
        links: vec![Link { trace_id: TraceId([1; 16]), span_id: SpanId([2; 8]) }],
        kind: SpanKind::Llm,
        end: Some(UnixNanos(u64::MAX)),
        status: Status::Error,
        events: vec![SpanEvent { at: UnixNanos(3), name: "event", attributes: attributes.clone() }],
        attributes,
        ..span(number)
    }
}

fn batch(spans: Vec<Span>) -> Batch {
    let mut resource = Attributes::default();
    resource.set(key::SERVICE_NAME, "agent");
    Batch { resource, spans, ..Batch::default() }
}

#[test]
fn spans_are_written_as_their_messages_would_be() {
    // Around the lengths whose own length takes a byte more, of a span and of all that holds it.
    for text_bytes in [0, 1, 60, 100, 120, 127, 128, 129, 4_000, 8_000, 16_383, 16_384, 1_000_000, 3_000_000]
    {
        let below_another = Span { parent_span_id: Some(SpanId([9; 8])), ..span(3) };
        let mut one = batch(vec![span(1), full_span(2, text_bytes), below_another]);
        one.declared.insert("tier".to_owned(), "x".repeat(text_bytes.min(300)));
        let other = batch(vec![full_span(4, text_bytes)]);
        let batches = [&one, &Batch::default(), &other];
        let written = Items::<Span>::of(&batches).body(Protocol::HttpProtobuf).unwrap();
        let message = ExportTraceServiceRequest::of(&batches).body(Protocol::HttpProtobuf).unwrap();
        assert!(written == message, "with texts of {text_bytes} bytes");
    }
}

#[test]
fn log_records_are_written_as_their_messages_would_be() {
    let record = |number: u64, text_bytes: usize| LogRecord {
        at: UnixNanos(number),
        observed_at: UnixNanos(number * 2),
        name: key::EVENT_LLM_CALL,
        severity: if number == 0 { Severity::Info } else { Severity::Warn },
        span: (number > 0).then_some((TraceId([7; 16]), SpanId([8; 8]))),
        attributes: full_span(number, text_bytes).attributes,
    };
    for text_bytes in [0, 60, 128, 16_384, 1_000_000] {
        let logs = (0..3).map(|number| record(number, text_bytes)).collect();
        let batches = [&Batch { logs, ..batch(Vec::new()) }, &Batch::default()];
        let written = Items::<LogRecord>::of(&batches).body(Protocol::HttpProtobuf).unwrap();
        let message = ExportLogsServiceRequest::of(&batches).body(Protocol::HttpProtobuf).unwrap();
        assert!(written == message, "with texts of {text_bytes} bytes");
    }
}

#[test]
fn a_request_that_is_too_large_is_parted_without_loss() {
    let many: Vec<Span> = (0..700).map(span).collect();
    let large: Vec<Span> = (700..703).map(|number| full_span(number, 600_000)).collect();
    let batches = [&batch(many), &batch(large)];
    let all = Items::<Span>::of(&batches);
    let requests = encode_all(all, Protocol::HttpProtobuf, Compression::None).unwrap();
    let mut numbers = Vec::new();
    for Encoded { bytes, items } in requests {
        let request = ExportTraceServiceRequest::decode_body(&bytes, Protocol::HttpProtobuf).unwrap();
        assert_eq!(request.count(), items);
        assert!(items == 1 || items <= REQUEST_ITEMS_MAX && bytes.len() <= REQUEST_BYTES_MAX);
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        numbers.extend(scopes.flat_map(|scope| &scope.spans).map(|span| span.start_time_unix_nano));
    }
    assert_eq!(numbers, (0..703).collect::<Vec<u64>>());
}

#[test]
fn a_body_is_brought_into_either_form() {
    let body = b"{\"resourceSpans\":[]}".repeat(100);
    let gzipped = in_form(&body, Compression::Gzip).unwrap();
    assert!(gzipped.len() < body.len());
    for from in [body.as_slice(), &gzipped] {
        assert_eq!(in_form(from, Compression::None).unwrap(), body);
        assert_eq!(in_form(from, Compression::Gzip).unwrap(), gzipped);
    }
}
