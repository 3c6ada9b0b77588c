//! A span as the trace API has it: texts in `meta`, numbers in `metrics`.

use super::Writer;
use super::values::{events_of, halves, id, text_of};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use std::collections::BTreeMap;

/// The attribute of the resource that is the service.
const SERVICE_NAME: &str = "service.name";
/// The upper half of a trace's id, which is no part of `trace_id`.
const UPPER_HALF: &str = "_dd.p.tid";
/// Says that a trace is to be kept.
const PRIORITY: &str = "_sampling_priority_v1";

/// Writes a span of this resource.
pub(super) fn write(writer: &mut Writer, resource: &[KeyValue], span: &Span) {
    let (meta, metrics) = sorted(resource, span);
    let (upper, trace) = halves(&span.trace_id);
    let is_error = span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error);
    let service = meta.get(SERVICE_NAME).cloned().unwrap_or_default();
    writer.map(if span.links.is_empty() { 12 } else { 13 });
    let text = |writer: &mut Writer, key: &str, value: &str| {
        writer.text(key);
        writer.text(value);
    };
    text(writer, "service", &service);
    // The operation is the first word of the name; the whole name says on what.
    text(writer, "name", span.name.split(' ').next().unwrap_or_default());
    text(writer, "resource", &span.name);
    text(writer, "type", "custom");
    for (key, id) in
        [("trace_id", trace), ("span_id", id(&span.span_id)), ("parent_id", id(&span.parent_span_id))]
    {
        writer.text(key);
        writer.unsigned(id);
    }
    let duration = span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano);
    for (key, time) in [("start", span.start_time_unix_nano), ("duration", duration)] {
        writer.text(key);
        writer.signed(time.cast_signed());
    }
    writer.text("error");
    writer.signed(i64::from(is_error));
    writer.text("meta");
    writer.map(meta.len() + 1);
    text(writer, UPPER_HALF, &format!("{upper:016x}"));
    meta.iter().for_each(|(key, value)| text(writer, key, value));
    writer.text("metrics");
    writer.map(metrics.len() + 1);
    writer.text(PRIORITY);
    writer.float(1.0);
    for (key, value) in &metrics {
        writer.text(key);
        writer.float(*value);
    }
    if !span.links.is_empty() {
        links(writer, span);
    }
}

fn links(writer: &mut Writer, span: &Span) {
    writer.text("span_links");
    writer.array(span.links.len());
    for link in &span.links {
        let (upper, trace) = halves(&link.trace_id);
        writer.map(3);
        for (key, id) in [("trace_id", trace), ("trace_id_high", upper), ("span_id", id(&link.span_id))] {
            writer.text(key);
            writer.unsigned(id);
        }
    }
}

/// What is said of a span and of its resource, by whether it is a number.
fn sorted(resource: &[KeyValue], span: &Span) -> (BTreeMap<String, String>, BTreeMap<String, f64>) {
    let (mut meta, mut metrics) = (BTreeMap::new(), BTreeMap::new());
    for pair in resource.iter().chain(&span.attributes) {
        let Some(value) = &pair.value else { continue };
        match &value.value {
            Some(Value::IntValue(number)) => drop(metrics.insert(pair.key.clone(), *number as f64)),
            Some(Value::DoubleValue(number)) => drop(metrics.insert(pair.key.clone(), *number)),
            Some(_) => drop(meta.insert(pair.key.clone(), text_of(value))),
            None => {}
        }
    }
    let kind = if span.kind() == SpanKind::Client { "client" } else { "internal" };
    meta.insert("span.kind".to_owned(), kind.to_owned());
    if let Some(events) = events_of(span) {
        meta.insert("events".to_owned(), events.to_string());
    }
    (meta, metrics)
}
