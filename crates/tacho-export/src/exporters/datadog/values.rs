//! Ids and values, as both of Datadog's protocols want them.

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Map, Value as Json, json};

/// A value as JSON; what has no form there is null.
pub(super) fn json_of(value: Option<&AnyValue>) -> Json {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => json!(text),
        Some(Value::BoolValue(truth)) => json!(truth),
        Some(Value::IntValue(number)) => json!(number),
        Some(Value::DoubleValue(number)) => json!(number),
        Some(Value::ArrayValue(list)) => list.values.iter().map(|value| json_of(Some(value))).collect(),
        Some(Value::KvlistValue(_) | Value::BytesValue(_) | Value::StringValueStrindex(_)) | None => {
            json!(null)
        }
    }
}

/// A value as a text: as it is, or its JSON.
pub(super) fn text_of(value: &AnyValue) -> String {
    if let Some(Value::StringValue(text)) = &value.value {
        return text.clone();
    }
    json_of(Some(value)).to_string()
}

/// What happened during a span; `None` where nothing did.
pub(super) fn events_of(span: &Span) -> Option<Json> {
    let events = span.events.iter().map(|event| {
        let attributes = event.attributes.iter().map(|pair| (pair.key.clone(), json_of(pair.value.as_ref())));
        json!({
            "name": event.name,
            "time_unix_nano": event.time_unix_nano,
            "attributes": attributes.collect::<Map<_, _>>(),
        })
    });
    (!span.events.is_empty()).then(|| events.collect())
}

/// The upper and the lower half of a trace's id.
pub(super) fn halves(trace: &[u8]) -> (u64, u64) {
    let (upper, lower) = trace.split_at_checked(8).unwrap_or_default();
    (id(upper), id(lower))
}

/// An id as a number; 0 for none.
pub(super) fn id(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |id, byte| id << 8 | u64::from(*byte))
}
