//! Attributes as OTLP spells them.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Wire;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use tacho_model::attribute::{Attributes, Class, Key, Value};
use tacho_model::event::PROJECT_PREFIX;

pub(super) fn attributes(attributes: &Attributes) -> Vec<KeyValue> {
    let pair = |(key, value): (Key, &Value)| KeyValue {
        key: key.name().to_owned(),
        value: Some(AnyValue { value: Some(wire_value(value)) }),
        ..KeyValue::default()
    };
    attributes.iter().map(pair).collect()
}

/// What somebody says of who sends.
pub(super) fn declared(name: &str, value: &str) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue { value: Some(Wire::StringValue(value.to_owned())) }),
        ..KeyValue::default()
    }
}

/// What may become of an attribute. One that is not known is taken for content.
pub(super) fn class_of(pair: &KeyValue) -> Class {
    let is_of_project = || pair.key.starts_with(PROJECT_PREFIX);
    match Key::named(&pair.key) {
        Some(key) => key.class(),
        None if is_of_project() => Class::Metadata,
        None => Class::Content,
    }
}

fn wire_value(value: &Value) -> Wire {
    match value {
        Value::String(text) => Wire::StringValue(text.to_string()),
        Value::Int(number) => Wire::IntValue(*number),
        Value::Double(number) => Wire::DoubleValue(*number),
        Value::Boolean(truth) => Wire::BoolValue(*truth),
        Value::StringList(texts) => {
            let text = |text: &String| AnyValue { value: Some(Wire::StringValue(text.clone())) };
            Wire::ArrayValue(ArrayValue { values: texts.iter().map(text).collect() })
        }
    }
}
