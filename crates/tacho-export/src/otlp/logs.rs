//! Log records as an OTLP request.

use super::request::Request;
use super::values::attributes;
use super::{SCHEMA_URL, resource, scope};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::{
    LogRecord as WireRecord, ResourceLogs, ScopeLogs, SeverityNumber,
};
use tacho_model::batch::Batch;
use tacho_model::log::{LogRecord, Severity};

impl Request for ExportLogsServiceRequest {
    fn of(batches: &[&Batch]) -> Self {
        let resource_logs = batches.iter().map(|batch| ResourceLogs {
            resource: Some(resource(batch)),
            scope_logs: vec![ScopeLogs {
                scope: Some(scope()),
                log_records: batch.logs.iter().map(record).collect(),
                schema_url: SCHEMA_URL.to_owned(),
            }],
            schema_url: SCHEMA_URL.to_owned(),
        });
        Self { resource_logs: resource_logs.collect() }
    }

    fn count(&self) -> usize {
        let scopes = self.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
        scopes.map(|scope| scope.log_records.len()).sum()
    }

    fn retain(&mut self, keeps: &mut dyn FnMut() -> bool) {
        for resource in &mut self.resource_logs {
            for scope in &mut resource.scope_logs {
                scope.log_records.retain(|_| keeps());
            }
            resource.scope_logs.retain(|scope| !scope.log_records.is_empty());
        }
        self.resource_logs.retain(|resource| !resource.scope_logs.is_empty());
    }

    fn retain_attributes(&mut self, keeps: &dyn Fn(&KeyValue) -> bool) {
        for of_resource in &mut self.resource_logs {
            of_resource.resource.iter_mut().for_each(|resource| resource.attributes.retain(keeps));
            let records = of_resource.scope_logs.iter_mut().flat_map(|scope| &mut scope.log_records);
            records.for_each(|record| record.attributes.retain(keeps));
        }
    }
}

/// How much a record should worry somebody, on the wire.
pub(super) const fn severity(record: &LogRecord) -> (SeverityNumber, &'static str) {
    match record.severity {
        Severity::Info => (SeverityNumber::Info, "INFO"),
        Severity::Warn => (SeverityNumber::Warn, "WARN"),
    }
}

fn record(record: &LogRecord) -> WireRecord {
    let (number, text) = severity(record);
    let (trace_id, span_id) =
        record.span.map(|(trace, span)| (trace.0.to_vec(), span.0.to_vec())).unwrap_or_default();
    WireRecord {
        time_unix_nano: record.at.0,
        observed_time_unix_nano: record.observed_at.0,
        severity_number: number.into(),
        severity_text: text.to_owned(),
        event_name: record.name.to_owned(),
        attributes: attributes(&record.attributes),
        trace_id,
        span_id,
        ..WireRecord::default()
    }
}
