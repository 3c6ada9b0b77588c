//! Spans as an OTLP request in protobuf, written from where they lie: nothing else is sent in such numbers, and messages
//! in between would take most of the time. What stands in a request is what `traces.rs` says of it.

use super::protobuf::{LONG, MEDIUM, SHORT, Writer, delimited_length, varint_length};
use super::request::Portion;
use super::traces::{flags, kind};
use super::{EncodeError, REQUEST_BYTES_MAX, SCHEMA_URL, SCOPE, SCOPE_VERSION};
use crate::destination::Protocol;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use tacho_model::attribute::{Attributes, Value};
use tacho_model::batch::Batch;
use tacho_model::span::{Link, Span, SpanEvent, Status};

/// More than a span takes on average, so that what is written is seldom moved.
const SPAN_BYTES: usize = 2048;

/// Numbers of fields, as the protocol's definition has them.
mod field {
    pub(super) const RESOURCE_SPANS: u8 = 1;

    pub(super) const RESOURCE: u8 = 1;
    pub(super) const SCOPE_SPANS: u8 = 2;
    pub(super) const RESOURCE_SCHEMA_URL: u8 = 3;

    pub(super) const RESOURCE_ATTRIBUTES: u8 = 1;

    pub(super) const SCOPE: u8 = 1;
    pub(super) const SPANS: u8 = 2;
    pub(super) const SCOPE_SCHEMA_URL: u8 = 3;

    pub(super) const SCOPE_NAME: u8 = 1;
    pub(super) const SCOPE_VERSION: u8 = 2;

    pub(super) const TRACE_ID: u8 = 1;
    pub(super) const SPAN_ID: u8 = 2;
    pub(super) const PARENT_SPAN_ID: u8 = 4;
    pub(super) const NAME: u8 = 5;
    pub(super) const KIND: u8 = 6;
    pub(super) const START: u8 = 7;
    pub(super) const END: u8 = 8;
    pub(super) const ATTRIBUTES: u8 = 9;
    pub(super) const EVENTS: u8 = 11;
    pub(super) const LINKS: u8 = 13;
    pub(super) const STATUS: u8 = 15;
    pub(super) const FLAGS: u8 = 16;

    pub(super) const EVENT_TIME: u8 = 1;
    pub(super) const EVENT_NAME: u8 = 2;
    pub(super) const EVENT_ATTRIBUTES: u8 = 3;

    pub(super) const LINK_TRACE_ID: u8 = 1;
    pub(super) const LINK_SPAN_ID: u8 = 2;

    pub(super) const STATUS_CODE: u8 = 3;

    pub(super) const KEY: u8 = 1;
    pub(super) const VALUE: u8 = 2;

    pub(super) const STRING: u8 = 1;
    pub(super) const BOOL: u8 = 2;
    pub(super) const INT: u8 = 3;
    pub(super) const DOUBLE: u8 = 4;
    pub(super) const ARRAY: u8 = 5;

    pub(super) const ARRAY_VALUES: u8 = 1;
}

/// Spans as they lie in their batches.
pub(super) struct Spans<'a>(Vec<(&'a Batch, &'a [Span])>);

impl<'a> Spans<'a> {
    /// All that are in these batches.
    pub(super) fn of(batches: &[&'a Batch]) -> Self {
        Self(batches.iter().map(|batch| (*batch, batch.spans.as_slice())).collect())
    }
}

impl Portion for Spans<'_> {
    fn items(&self) -> usize {
        self.0.iter().map(|(_, spans)| spans.len()).sum()
    }

    /// In protobuf, whichever protocol it is for.
    fn body(&self, _: Protocol) -> Result<Vec<u8>, EncodeError> {
        let mut writer = Writer::with_capacity((self.items() * SPAN_BYTES).min(REQUEST_BYTES_MAX));
        for (batch, spans) in &self.0 {
            writer.message(field::RESOURCE_SPANS, LONG, |writer| resource_spans(writer, batch, spans));
        }
        Ok(writer.into_bytes())
    }

    fn halves(self) -> [Self; 2] {
        let mut left = self.items() / 2;
        let (mut front, mut back) = (Vec::new(), Vec::new());
        for (batch, spans) in self.0 {
            let (before, behind) = spans.split_at(left.min(spans.len()));
            left -= before.len();
            front.extend((!before.is_empty()).then_some((batch, before)));
            back.extend((!behind.is_empty()).then_some((batch, behind)));
        }
        [Self(front), Self(back)]
    }
}

fn resource_spans(writer: &mut Writer, batch: &Batch, spans: &[Span]) {
    writer.message(field::RESOURCE, MEDIUM, |writer| {
        attributes(writer, field::RESOURCE_ATTRIBUTES, &batch.resource);
        for (name, value) in &batch.declared {
            pair(writer, field::RESOURCE_ATTRIBUTES, name, &value.as_str().into());
        }
    });
    writer.message(field::SCOPE_SPANS, LONG, |writer| {
        writer.message(field::SCOPE, SHORT, |writer| {
            writer.bytes(field::SCOPE_NAME, SCOPE.as_bytes());
            writer.bytes(field::SCOPE_VERSION, SCOPE_VERSION.as_bytes());
        });
        for span in spans {
            writer.message(field::SPANS, MEDIUM, |writer| span_fields(writer, span));
        }
        writer.bytes(field::SCOPE_SCHEMA_URL, SCHEMA_URL.as_bytes());
    });
    writer.bytes(field::RESOURCE_SCHEMA_URL, SCHEMA_URL.as_bytes());
}

fn span_fields(writer: &mut Writer, span: &Span) {
    writer.bytes(field::TRACE_ID, &span.trace_id.0);
    writer.bytes(field::SPAN_ID, &span.span_id.0);
    if let Some(parent) = span.parent_span_id {
        writer.bytes(field::PARENT_SPAN_ID, &parent.0);
    }
    writer.bytes(field::NAME, span.name.as_bytes());
    writer.chosen_varint(field::KIND, kind(span) as u64);
    writer.fixed64(field::START, span.start.0);
    writer.fixed64(field::END, span.end.unwrap_or(span.start).0);
    attributes(writer, field::ATTRIBUTES, &span.attributes);
    for event in &span.events {
        writer.message(field::EVENTS, SHORT, |writer| event_fields(writer, event));
    }
    for link in &span.links {
        writer.message(field::LINKS, SHORT, |writer| link_fields(writer, link));
    }
    match span.status {
        Status::Unset => {}
        Status::Error => writer.message(field::STATUS, SHORT, |writer| {
            writer.chosen_varint(field::STATUS_CODE, StatusCode::Error as u64);
        }),
    }
    writer.fixed32(field::FLAGS, flags(span));
}

fn event_fields(writer: &mut Writer, event: &SpanEvent) {
    writer.fixed64(field::EVENT_TIME, event.at.0);
    writer.bytes(field::EVENT_NAME, event.name.as_bytes());
    attributes(writer, field::EVENT_ATTRIBUTES, &event.attributes);
}

fn link_fields(writer: &mut Writer, link: &Link) {
    writer.bytes(field::LINK_TRACE_ID, &link.trace_id.0);
    writer.bytes(field::LINK_SPAN_ID, &link.span_id.0);
}

fn attributes(writer: &mut Writer, field: u8, attributes: &Attributes) {
    attributes.iter().for_each(|(key, value)| pair(writer, field, key.name(), value));
}

/// An attribute, whose name is never empty. Most of a request are such pairs, so how long they are is known before they
/// are written.
fn pair(writer: &mut Writer, field: u8, name: &str, value: &Value) {
    let value_bytes = length(value);
    let pair_bytes = delimited_length(name.len()) + delimited_length(value_bytes);
    writer.heads((field, pair_bytes), (field::KEY, name.len()));
    writer.rest(name.as_bytes());
    match value {
        Value::String(text) => {
            writer.heads((field::VALUE, value_bytes), (field::STRING, text.len()));
            writer.rest(text.as_bytes());
        }
        Value::Int(number) => {
            writer.head(field::VALUE, value_bytes);
            writer.chosen_varint(field::INT, number.cast_unsigned());
        }
        Value::Double(number) => {
            writer.head(field::VALUE, value_bytes);
            writer.chosen_fixed64(field::DOUBLE, number.to_bits());
        }
        Value::Boolean(truth) => {
            writer.head(field::VALUE, value_bytes);
            writer.chosen_varint(field::BOOL, u64::from(*truth));
        }
        Value::StringList(texts) => {
            writer.heads((field::VALUE, value_bytes), (field::ARRAY, array_length(texts)));
            for text in texts {
                let text_bytes = delimited_length(text.len());
                writer.heads((field::ARRAY_VALUES, text_bytes), (field::STRING, text.len()));
                writer.rest(text.as_bytes());
            }
        }
    }
}

/// How many bytes a value takes.
fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => delimited_length(text.len()),
        Value::Int(number) => 1 + varint_length(number.cast_unsigned()),
        Value::Double(_) => 1 + size_of::<u64>(),
        Value::Boolean(truth) => 1 + varint_length(u64::from(*truth)),
        Value::StringList(texts) => delimited_length(array_length(texts)),
    }
}

fn array_length(texts: &[String]) -> usize {
    texts.iter().map(|text| delimited_length(delimited_length(text.len()))).sum()
}
