//! A log record in protobuf, without a message in between.

use super::items::{Item, attributes};
use super::logs::severity;
use super::protobuf::Writer;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use tacho_model::batch::Batch;
use tacho_model::log::LogRecord;

/// Numbers of fields, as the protocol's definition has them.
mod field {
    pub(super) const TIME: u8 = 1;
    pub(super) const SEVERITY_NUMBER: u8 = 2;
    pub(super) const SEVERITY_TEXT: u8 = 3;
    pub(super) const ATTRIBUTES: u8 = 6;
    pub(super) const TRACE_ID: u8 = 9;
    pub(super) const SPAN_ID: u8 = 10;
    pub(super) const OBSERVED_TIME: u8 = 11;
    pub(super) const EVENT_NAME: u8 = 12;
}

impl Item for LogRecord {
    type Request = ExportLogsServiceRequest;

    const USUAL_BYTES: usize = 1024;

    fn of(batch: &Batch) -> &[Self] {
        &batch.logs
    }

    fn write(&self, writer: &mut Writer) {
        let (number, text) = severity(self);
        writer.fixed64(field::TIME, self.at.0);
        writer.chosen_varint(field::SEVERITY_NUMBER, number as u64);
        writer.bytes(field::SEVERITY_TEXT, text.as_bytes());
        attributes(writer, field::ATTRIBUTES, &self.attributes);
        if let Some((trace, span)) = self.span {
            writer.bytes(field::TRACE_ID, &trace.0);
            writer.bytes(field::SPAN_ID, &span.0);
        }
        writer.fixed64(field::OBSERVED_TIME, self.observed_at.0);
        writer.bytes(field::EVENT_NAME, self.name.as_bytes());
    }
}
