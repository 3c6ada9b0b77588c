//! What the OTLP specification asks of spans and log records, whatever their encoding. Pure.
//!
//! Sources: the comments of the published `.proto` files, which are normative, and the data models of traces and logs.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span};

use super::value::hex;

const TRACE_ID_BYTES: usize = 16;
const SPAN_ID_BYTES: usize = 8;
/// The kinds that may be sent: `SPAN_KIND_UNSPECIFIED` may not.
const KINDS: std::ops::RangeInclusive<i32> = 1..=5;
const STATUS_CODES: std::ops::RangeInclusive<i32> = 0..=2;
const STATUS_ERROR: i32 = 2;
const SEVERITIES: std::ops::RangeInclusive<i32> = 0..=24;
/// Trace flags, and whether the parent or link is remote.
const SPAN_FLAGS: u32 = 0x3ff;
/// Trace flags.
const LOG_FLAGS: u32 = 0xff;

/// The breaches of a request with spans.
pub(super) fn in_traces(request: &ExportTraceServiceRequest) -> Vec<String> {
    let mut breaches = Breaches::default();
    breaches.demand(!request.resource_spans.is_empty(), "the request", "has no spans");
    for group in &request.resource_spans {
        breaches.check_resource(group.resource.as_ref());
        breaches.demand(!group.scope_spans.is_empty(), "a resource", "has no spans");
        for scope in &group.scope_spans {
            breaches.check_scope(scope.scope.as_ref());
            breaches.demand(!scope.spans.is_empty(), "a scope", "has no spans");
            scope.spans.iter().for_each(|span| breaches.check_span(span));
        }
    }
    breaches.0
}

/// The breaches of a request with log records.
pub(super) fn in_logs(request: &ExportLogsServiceRequest) -> Vec<String> {
    let mut breaches = Breaches::default();
    breaches.demand(!request.resource_logs.is_empty(), "the request", "has no log records");
    for group in &request.resource_logs {
        breaches.check_resource(group.resource.as_ref());
        breaches.demand(!group.scope_logs.is_empty(), "a resource", "has no log records");
        for scope in &group.scope_logs {
            breaches.check_scope(scope.scope.as_ref());
            breaches.demand(!scope.log_records.is_empty(), "a scope", "has no log records");
            scope.log_records.iter().for_each(|record| breaches.check_record(record));
        }
    }
    breaches.0
}

/// The breaches found so far, one line each.
#[derive(Default)]
struct Breaches(Vec<String>);

impl Breaches {
    fn demand(&mut self, holds: bool, place: &str, otherwise: &str) {
        if !holds {
            self.0.push(format!("{place} {otherwise}"));
        }
    }

    fn check_resource(&mut self, resource: Option<&Resource>) {
        self.demand(resource.is_some(), "an envelope", "has no resource");
        self.check_attributes(resource.map_or(&[], |resource| &resource.attributes), "the resource");
    }

    fn check_scope(&mut self, scope: Option<&InstrumentationScope>) {
        self.check_attributes(scope.map_or(&[], |scope| &scope.attributes), "the scope");
    }

    fn check_span(&mut self, span: &Span) {
        let place = format!("span {:?} [{}]", span.name, hex(&span.span_id));
        self.check_id(&span.trace_id, TRACE_ID_BYTES, &place, "trace id");
        self.check_id(&span.span_id, SPAN_ID_BYTES, &place, "span id");
        if !span.parent_span_id.is_empty() {
            self.check_id(&span.parent_span_id, SPAN_ID_BYTES, &place, "parent id");
            self.demand(span.parent_span_id != span.span_id, &place, "is its own parent");
        }
        self.demand(!span.name.is_empty(), &place, "has no name");
        self.demand(span.start_time_unix_nano > 0, &place, "has no start");
        self.demand(span.end_time_unix_nano > 0, &place, "has no end");
        self.demand(span.end_time_unix_nano >= span.start_time_unix_nano, &place, "ends before it starts");
        self.demand(KINDS.contains(&span.kind), &place, &format!("has the kind {}", span.kind));
        self.demand(span.flags <= SPAN_FLAGS, &place, "has reserved flags");
        self.check_status(span.status.as_ref(), &place);
        self.check_attributes(&span.attributes, &place);
        for event in &span.events {
            self.check_event(event, &place);
        }
        for link in &span.links {
            self.check_link(link, &place);
        }
    }

    fn check_status(&mut self, status: Option<&Status>, place: &str) {
        let Some(Status { code, message }) = status else { return };
        self.demand(STATUS_CODES.contains(code), place, &format!("has the status {code}"));
        let explains_error = message.is_empty() || *code == STATUS_ERROR;
        self.demand(explains_error, place, "has a status message without an error");
    }

    fn check_event(&mut self, event: &span::Event, place: &str) {
        let place = format!("event {:?} of {place}", event.name);
        self.demand(!event.name.is_empty(), &place, "has no name");
        self.demand(event.time_unix_nano > 0, &place, "has no time");
        self.check_attributes(&event.attributes, &place);
    }

    fn check_link(&mut self, link: &span::Link, place: &str) {
        let place = format!("a link of {place}");
        self.check_id(&link.trace_id, TRACE_ID_BYTES, &place, "trace id");
        self.check_id(&link.span_id, SPAN_ID_BYTES, &place, "span id");
        self.demand(link.flags <= SPAN_FLAGS, &place, "has reserved flags");
        self.check_attributes(&link.attributes, &place);
    }

    fn check_record(&mut self, record: &LogRecord) {
        let place = format!("log record {:?} at {}", record.event_name, record.time_unix_nano);
        self.demand(record.time_unix_nano > 0, &place, "has no time");
        self.demand(record.observed_time_unix_nano > 0, &place, "has no observed time");
        let severity = record.severity_number;
        self.demand(SEVERITIES.contains(&severity), &place, &format!("has the severity {severity}"));
        self.demand(record.flags <= LOG_FLAGS, &place, "has reserved flags");
        if !record.trace_id.is_empty() {
            self.check_id(&record.trace_id, TRACE_ID_BYTES, &place, "trace id");
        }
        if !record.span_id.is_empty() {
            self.check_id(&record.span_id, SPAN_ID_BYTES, &place, "span id");
            self.demand(!record.trace_id.is_empty(), &place, "has a span id without a trace id");
        }
        if let Some(body) = &record.body {
            self.check_value(body, &format!("the body of {place}"));
        }
        self.check_attributes(&record.attributes, &place);
    }

    fn check_id(&mut self, id: &[u8], bytes: usize, place: &str, name: &str) {
        let found = id.len();
        self.demand(found == bytes, place, &format!("has a {name} of {found} bytes instead of {bytes}"));
        let says_something = id.is_empty() || id.iter().any(|byte| *byte != 0);
        self.demand(says_something, place, &format!("has a {name} of zeros"));
    }

    fn check_attributes(&mut self, attributes: &[KeyValue], place: &str) {
        let mut keys = BTreeSet::new();
        for KeyValue { key, value, .. } in attributes {
            self.demand(!key.is_empty(), place, "has an attribute without a key");
            self.demand(keys.insert(key), place, &format!("has the attribute {key:?} twice"));
            match value {
                Some(value) => self.check_value(value, &format!("attribute {key:?} of {place}")),
                None => self.demand(false, place, &format!("has the attribute {key:?} without a value")),
            }
        }
    }

    fn check_value(&mut self, value: &AnyValue, place: &str) {
        match &value.value {
            None => self.demand(false, place, "is empty"),
            Some(Value::ArrayValue(array)) => {
                array.values.iter().for_each(|value| self.check_value(value, place));
            }
            Some(Value::KvlistValue(list)) => self.check_attributes(&list.values, place),
            Some(Value::StringValueStrindex(_)) => {
                self.demand(false, place, "points into a table that only profiles have");
            }
            Some(
                Value::StringValue(_)
                | Value::BoolValue(_)
                | Value::IntValue(_)
                | Value::DoubleValue(_)
                | Value::BytesValue(_),
            ) => {}
        }
    }
}
