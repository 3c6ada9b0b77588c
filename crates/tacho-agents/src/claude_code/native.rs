//! The variables by which Claude Code sends its log events here.
//!
//! It takes them from its user's settings; of a project's it ignores them with a warning, and a plugin's cannot hold any. What
//! is said of logs alone leaves alone where the user sends metrics and traces.

use crate::native::{NativeTelemetry, NativeVariable};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const NATIVE: NativeTelemetry = NativeTelemetry {
    member: "env",
    variables,
    set: &[
        needed("CLAUDE_CODE_ENABLE_TELEMETRY", "1"),
        needed("OTEL_LOGS_EXPORTER", "otlp"),
        NativeVariable {
            or: &["http/json", "grpc"],
            ..needed("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf")
        },
        needed("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://127.0.0.1:{port}/v1/logs"),
        needed("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "Authorization=Bearer%20{token}"),
        // Else a call is known five seconds late, by when it would have settled without.
        NativeVariable { is_needed: false, ..needed("OTEL_LOGS_EXPORT_INTERVAL", "1000") },
    ],
    address: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    exporter: "OTEL_LOGS_EXPORTER",
    switch: "CLAUDE_CODE_ENABLE_TELEMETRY",
    other_exporters: &["OTEL_METRICS_EXPORTER", "OTEL_TRACES_EXPORTER"],
};

const fn needed(name: &'static str, value: &'static str) -> NativeVariable {
    NativeVariable { name, value, or: &[], is_needed: true }
}

/// Of two members of one name the last counts, as it does for the CLI; what is no text is spelt as JSON.
fn variables(settings: &str) -> BTreeMap<String, String> {
    let settings: Value = serde_json::from_str(settings).unwrap_or_default();
    let variables = settings.get(NATIVE.member).and_then(Value::as_object).into_iter().flatten();
    let spelt = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    variables.map(|(name, value)| (name.clone(), spelt(value))).collect()
}
