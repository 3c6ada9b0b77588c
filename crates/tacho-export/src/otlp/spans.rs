//! A span in protobuf, without a message in between.

use super::items::{Item, attributes};
use super::protobuf::{SHORT, Writer};
use super::traces::{flags, kind};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use tacho_model::batch::Batch;
use tacho_model::span::{Link, Span, SpanEvent, Status};

/// Numbers of fields, as the protocol's definition has them.
mod field {
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
}

impl Item for Span {
    type Request = ExportTraceServiceRequest;

    const USUAL_BYTES: usize = 2048;

    fn of(batch: &Batch) -> &[Self] {
        &batch.spans
    }

    fn write(&self, writer: &mut Writer) {
        writer.bytes(field::TRACE_ID, &self.trace_id.0);
        writer.bytes(field::SPAN_ID, &self.span_id.0);
        if let Some(parent) = self.parent_span_id {
            writer.bytes(field::PARENT_SPAN_ID, &parent.0);
        }
        writer.bytes(field::NAME, self.name.as_bytes());
        writer.chosen_varint(field::KIND, kind(self) as u64);
        writer.fixed64(field::START, self.start.0);
        writer.fixed64(field::END, self.end.unwrap_or(self.start).0);
        attributes(writer, field::ATTRIBUTES, &self.attributes);
        for event in &self.events {
            writer.message(field::EVENTS, SHORT, |writer| event_fields(writer, event));
        }
        for link in &self.links {
            writer.message(field::LINKS, SHORT, |writer| link_fields(writer, link));
        }
        match self.status {
            Status::Unset => {}
            Status::Error => writer.message(field::STATUS, SHORT, |writer| {
                writer.chosen_varint(field::STATUS_CODE, StatusCode::Error as u64);
            }),
        }
        writer.fixed32(field::FLAGS, flags(self));
    }
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
