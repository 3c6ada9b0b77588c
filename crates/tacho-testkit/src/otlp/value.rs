//! Attribute values and ids in the flat forms that tests compare. Pure.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Map, Value};

/// The attributes of a resource; none where there is no resource.
pub(super) fn of_resource(resource: Option<Resource>) -> BTreeMap<String, Value> {
    resource.map(|resource| attributes(resource.attributes)).unwrap_or_default()
}

pub(super) fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, Value> {
    pairs.into_iter().map(|pair| (pair.key, json_of(pair.value.and_then(|any| any.value)))).collect()
}

pub(super) fn json_of(value: Option<AnyValue>) -> Value {
    match value {
        None => Value::Null,
        Some(AnyValue::StringValue(text)) => text.into(),
        Some(AnyValue::BoolValue(yes)) => yes.into(),
        Some(AnyValue::IntValue(number)) => number.into(),
        Some(AnyValue::DoubleValue(number)) => number.into(),
        Some(AnyValue::BytesValue(bytes)) => hex(&bytes).into(),
        Some(AnyValue::ArrayValue(ArrayValue { values })) => {
            values.into_iter().map(|any| json_of(any.value)).collect()
        }
        Some(AnyValue::KvlistValue(KeyValueList { values })) => {
            Value::Object(Map::from_iter(attributes(values)))
        }
        // An index into a string table, which only profiles have.
        Some(AnyValue::StringValueStrindex(index)) => index.into(),
    }
}

/// An id that may be left out.
pub(super) fn optional_id(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| hex(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
