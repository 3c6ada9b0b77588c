//! Log records in a flat form that tests can compare, and how they come out of an OTLP message. Pure.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde::Serialize;
use serde_json::Value;

use super::value::{attributes, json_of, of_resource, optional_id};

/// A log record as it arrived.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReceivedLog {
    /// Unix time of what it tells; 0 where it was not said.
    pub time_ns: u64,
    /// Unix time at which the sender learnt of it; 0 where it was not said.
    pub observed_ns: u64,
    /// The severity number, 1 to 24; 0 where it was not said.
    pub severity: i32,
    /// The severity in the sender's words; may be empty.
    pub severity_text: String,
    /// The name of the event; empty on a record that is no event.
    pub event_name: String,
    /// The body.
    pub body: Option<Value>,
    /// Attributes by name.
    pub attributes: BTreeMap<String, Value>,
    /// 32 hex digits.
    pub trace_id: Option<String>,
    /// 16 hex digits.
    pub span_id: Option<String>,
    /// Attributes of the resource.
    pub resource: BTreeMap<String, Value>,
}

/// The records of an export request, in order.
pub(super) fn flat(request: ExportLogsServiceRequest) -> Vec<ReceivedLog> {
    let mut logs = Vec::new();
    for group in request.resource_logs {
        let resource = of_resource(group.resource);
        let inside = group.scope_logs.into_iter().flat_map(|scope| scope.log_records);
        logs.extend(inside.map(|record| flat_record(record, &resource)));
    }
    logs
}

fn flat_record(record: LogRecord, resource: &BTreeMap<String, Value>) -> ReceivedLog {
    ReceivedLog {
        time_ns: record.time_unix_nano,
        observed_ns: record.observed_time_unix_nano,
        severity: record.severity_number,
        severity_text: record.severity_text,
        event_name: record.event_name,
        body: record.body.map(|body| json_of(body.value)),
        attributes: attributes(record.attributes),
        trace_id: optional_id(&record.trace_id),
        span_id: optional_id(&record.span_id),
        resource: resource.clone(),
    }
}
