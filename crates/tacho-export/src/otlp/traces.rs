//! Spans as an OTLP request.

use super::request::Request;
use super::values::attributes;
use super::{SCHEMA_URL, resource, scope};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind as WireKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span as WireSpan, Status as WireStatus,
};
use tacho_model::batch::Batch;
use tacho_model::shape::{OtlpKind, SpanShape};
use tacho_model::span::{Span, SpanKind, Status};

/// Says of a parent that it is of another process (`SpanFlags`: known whether, and that it is).
const PARENT_IS_REMOTE: u32 = 0x300;

impl Request for ExportTraceServiceRequest {
    fn of(batches: &[&Batch]) -> Self {
        let resource_spans = batches.iter().map(|batch| ResourceSpans {
            resource: Some(resource(batch)),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope()),
                spans: batch.spans.iter().map(span).collect(),
                schema_url: SCHEMA_URL.to_owned(),
            }],
            schema_url: SCHEMA_URL.to_owned(),
        });
        Self { resource_spans: resource_spans.collect() }
    }

    fn count(&self) -> usize {
        let scopes = self.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        scopes.map(|scope| scope.spans.len()).sum()
    }

    fn retain(&mut self, keeps: &mut dyn FnMut() -> bool) {
        for resource in &mut self.resource_spans {
            for scope in &mut resource.scope_spans {
                scope.spans.retain(|_| keeps());
            }
            resource.scope_spans.retain(|scope| !scope.spans.is_empty());
        }
        self.resource_spans.retain(|resource| !resource.scope_spans.is_empty());
    }

    fn retain_attributes(&mut self, keeps: &dyn Fn(&KeyValue) -> bool) {
        for of_resource in &mut self.resource_spans {
            of_resource.resource.iter_mut().for_each(|resource| resource.attributes.retain(keeps));
            for span in of_resource.scope_spans.iter_mut().flat_map(|scope| &mut scope.spans) {
                span.attributes.retain(keeps);
                span.events.iter_mut().for_each(|event| event.attributes.retain(keeps));
            }
        }
    }
}

/// The kind of a span on the wire.
pub(super) fn kind(span: &Span) -> WireKind {
    match SpanShape::of(span.kind).map_or(OtlpKind::Internal, |shape| shape.otlp_kind) {
        OtlpKind::Internal => WireKind::Internal,
        OtlpKind::Client => WireKind::Client,
    }
}

/// Whether its parent is of another process.
pub(super) fn flags(span: &Span) -> u32 {
    if span.kind == SpanKind::Turn && span.parent_span_id.is_some() { PARENT_IS_REMOTE } else { 0 }
}

fn span(span: &Span) -> WireSpan {
    let status = match span.status {
        Status::Unset => None,
        Status::Error => Some(WireStatus { code: StatusCode::Error.into(), ..WireStatus::default() }),
    };
    WireSpan {
        trace_id: span.trace_id.0.to_vec(),
        span_id: span.span_id.0.to_vec(),
        parent_span_id: span.parent_span_id.map(|parent| parent.0.to_vec()).unwrap_or_default(),
        flags: flags(span),
        name: span.name.clone(),
        kind: kind(span).into(),
        start_time_unix_nano: span.start.0,
        end_time_unix_nano: span.end.unwrap_or(span.start).0,
        attributes: attributes(&span.attributes),
        events: span.events.iter().map(event).collect(),
        links: span.links.iter().map(link).collect(),
        status,
        ..WireSpan::default()
    }
}

fn event(event: &tacho_model::span::SpanEvent) -> Event {
    Event {
        time_unix_nano: event.at.0,
        name: event.name.to_owned(),
        attributes: attributes(&event.attributes),
        ..Event::default()
    }
}

fn link(link: &tacho_model::span::Link) -> Link {
    Link { trace_id: link.trace_id.0.to_vec(), span_id: link.span_id.0.to_vec(), ..Link::default() }
}
