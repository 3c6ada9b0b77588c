//! Parts of JSON answers, by their pointers (`/data/result`). What is not there is nothing, and never an error.

use serde_json::Value;

/// The items of a list.
pub(super) fn list<'a>(answer: &'a Value, pointer: &str) -> &'a [Value] {
    answer.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text; empty where there is none.
pub(super) fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A number.
pub(super) fn number(answer: &Value, pointer: &str) -> Option<f64> {
    answer.pointer(pointer).and_then(Value::as_f64)
}
