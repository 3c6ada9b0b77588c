//! Spans in a flat form that tests can compare, and how they come out of an OTLP message. Pure.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{self as wire, span::SpanKind as WireKind, status::StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::value::{attributes, hex, of_resource, optional_id};

/// A span as it arrived.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReceivedSpan {
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// 16 hex digits; absent on a root.
    pub parent_span_id: Option<String>,
    /// The span's name.
    pub name: String,
    /// The OTLP kind.
    pub kind: SpanKind,
    /// Unix time of the start.
    pub start_ns: u64,
    /// Unix time of the end.
    pub end_ns: u64,
    /// The status code.
    pub status: SpanStatus,
    /// Attributes by name.
    pub attributes: BTreeMap<String, Value>,
    /// Events in order.
    pub events: Vec<ReceivedEvent>,
    /// Links in order.
    pub links: Vec<ReceivedLink>,
    /// Attributes of the resource.
    pub resource: BTreeMap<String, Value>,
}

/// The OTLP kind of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanKind {
    /// Not said.
    Unspecified,
    /// Work inside the process.
    Internal,
    /// A request served.
    Server,
    /// A request made.
    Client,
    /// A message sent.
    Producer,
    /// A message taken.
    Consumer,
}

/// The status of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanStatus {
    /// Not said.
    Unset,
    /// Success, as said by a person.
    Ok,
    /// Failure.
    Error,
}

/// An event on a span.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReceivedEvent {
    /// Unix time.
    pub time_ns: u64,
    /// The event's name.
    pub name: String,
    /// Attributes by name.
    pub attributes: BTreeMap<String, Value>,
}

/// A link to another span.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReceivedLink {
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// Attributes by name.
    pub attributes: BTreeMap<String, Value>,
}

/// The spans of an export request, in order.
pub(super) fn flat(request: ExportTraceServiceRequest) -> Vec<ReceivedSpan> {
    let mut spans = Vec::new();
    for group in request.resource_spans {
        let resource = of_resource(group.resource);
        let inside = group.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.extend(inside.map(|span| flat_span(span, &resource)));
    }
    spans
}

fn flat_span(span: wire::Span, resource: &BTreeMap<String, Value>) -> ReceivedSpan {
    ReceivedSpan {
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.span_id),
        parent_span_id: optional_id(&span.parent_span_id),
        kind: kind_of(span.kind()),
        status: span.status.as_ref().map_or(SpanStatus::Unset, |status| status_of(status.code())),
        name: span.name,
        start_ns: span.start_time_unix_nano,
        end_ns: span.end_time_unix_nano,
        attributes: attributes(span.attributes),
        events: span.events.into_iter().map(flat_event).collect(),
        links: span.links.into_iter().map(flat_link).collect(),
        resource: resource.clone(),
    }
}

fn flat_event(event: wire::span::Event) -> ReceivedEvent {
    let attributes = attributes(event.attributes);
    ReceivedEvent { time_ns: event.time_unix_nano, name: event.name, attributes }
}

fn flat_link(link: wire::span::Link) -> ReceivedLink {
    let attributes = attributes(link.attributes);
    ReceivedLink { trace_id: hex(&link.trace_id), span_id: hex(&link.span_id), attributes }
}

fn kind_of(kind: WireKind) -> SpanKind {
    match kind {
        WireKind::Unspecified => SpanKind::Unspecified,
        WireKind::Internal => SpanKind::Internal,
        WireKind::Server => SpanKind::Server,
        WireKind::Client => SpanKind::Client,
        WireKind::Producer => SpanKind::Producer,
        WireKind::Consumer => SpanKind::Consumer,
    }
}

fn status_of(code: StatusCode) -> SpanStatus {
    match code {
        StatusCode::Unset => SpanStatus::Unset,
        StatusCode::Ok => SpanStatus::Ok,
        StatusCode::Error => SpanStatus::Error,
    }
}
