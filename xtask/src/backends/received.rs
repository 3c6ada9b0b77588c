//! What a backend has, in one form, whoever said it: spans, log records and the last value of each counter. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Attributes by name, as JSON has their values.
pub(super) type Attributes = BTreeMap<String, Value>;

/// The name of a metric, and the labels of one of its series.
pub(super) type Series = (String, Vec<(String, String)>);

/// A span as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Span {
    pub(super) trace_id: String,
    pub(super) parent_id: String,
    pub(super) name: String,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) attributes: Attributes,
}

impl Span {
    /// What is not as it should be.
    pub(super) fn differences(&self, expected: &Self) -> Vec<String> {
        let names = self.attributes.keys().chain(expected.attributes.keys());
        let names: BTreeSet<&String> = names.collect();
        let of = |name| (self.attributes.get(name), expected.attributes.get(name));
        let differ = names.into_iter().map(|name| (name, of(name))).filter(|(_, (is, should))| is != should);
        let mut found: Vec<String> =
            differ.map(|(name, (is, should))| format!("{name}: {is:?}, should be {should:?}")).collect();
        let bare = |span: &Self| Self { attributes: Attributes::new(), ..span.clone() };
        if bare(self) != bare(expected) {
            found.push(format!("{:?}, should be {:?}", bare(self), bare(expected)));
        }
        found
    }
}

/// All that arrived.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// By their ids.
    pub(super) spans: BTreeMap<String, Span>,
    /// How many records of each name.
    pub(super) records: BTreeMap<String, usize>,
    /// Sums as they were last, and when that was, by name and attributes.
    pub(super) sums: BTreeMap<Series, (u64, f64)>,
}

impl Received {
    /// Adds messages in the JSON of the protocol, or in what protobuf's own libraries make of one.
    pub(super) fn add(&mut self, messages: &Value) {
        let messages = &with_names_of_json(messages);
        for resource in each(messages, "resourceSpans") {
            let shared = resource.get("resource").map(attributes).unwrap_or_default();
            for span in each(&resource, "scopeSpans").iter().flat_map(|scope| each(scope, "spans")) {
                self.spans.insert(id(&span, "spanId"), span_of(&span, &shared));
            }
        }
        for resource in each(messages, "resourceLogs") {
            for record in each(&resource, "scopeLogs").iter().flat_map(|scope| each(scope, "logRecords")) {
                *self.records.entry(text(&record, "eventName")).or_default() += 1;
            }
        }
        for resource in each(messages, "resourceMetrics") {
            for metric in each(&resource, "scopeMetrics").iter().flat_map(|scope| each(scope, "metrics")) {
                self.add_sum(&metric);
            }
        }
    }

    fn add_sum(&mut self, metric: &Value) {
        for point in metric.get("sum").map_or_else(Vec::new, |sum| each(sum, "dataPoints")) {
            let labels = attributes(&point).into_iter().map(|(name, value)| (name, shown(&value))).collect();
            let value = point.get("asDouble").or_else(|| point.get("asInt")).map_or(0.0, number);
            let at = point.get("timeUnixNano").map_or(0, whole);
            let last = self.sums.entry((text(metric, "name"), labels)).or_default();
            if at >= last.0 {
                *last = (at, value);
            }
        }
    }

    /// The sum of all series of a metric, those with this label alone if one is said.
    pub(super) fn sum(&self, name: &str, label: Option<(&str, &str)>) -> f64 {
        let has = |labels: &[(String, String)]| {
            label.is_none_or(|(name, value)| labels.iter().any(|one| one.0 == name && one.1 == value))
        };
        let of_metric = self.sums.iter().filter(|((metric, labels), _)| metric == name && has(labels));
        of_metric.map(|(_, (_, value))| value).sum()
    }
}

/// Attributes of spans that stand on the resource, as all spans of a batch share them.
const SHARED: &str = "vcs.";

fn span_of(span: &Value, shared: &Attributes) -> Span {
    let shared = shared.iter().filter(|(name, _)| name.contains(SHARED));
    let mut all: Attributes = shared.map(|(name, value)| (name.clone(), value.clone())).collect();
    all.extend(attributes(span));
    Span {
        trace_id: id(span, "traceId"),
        parent_id: id(span, "parentSpanId"),
        name: text(span, "name"),
        start_ns: span.get("startTimeUnixNano").map_or(0, whole),
        end_ns: span.get("endTimeUnixNano").map_or(0, whole),
        attributes: all,
    }
}

/// The items of a list with this name, of one message or of a list of them.
fn each(value: &Value, name: &str) -> Vec<Value> {
    match value {
        Value::Array(messages) => messages.iter().flat_map(|message| each(message, name)).collect(),
        Value::Object(object) => object.get(name).and_then(Value::as_array).cloned().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

pub(super) fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn attributes(value: &Value) -> Attributes {
    let pair = |attribute: &Value| Some((text(attribute, "key"), plain(attribute.get("value")?)));
    each(value, "attributes").iter().filter_map(pair).collect()
}

/// The same with names as JSON has them: `resourceSpans`, not `resource_spans`.
fn with_names_of_json(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(with_names_of_json).collect(),
        Value::Object(fields) => {
            let renamed = fields.iter().map(|(name, value)| (camel(name), with_names_of_json(value)));
            Value::Object(renamed.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        all + &head.to_ascii_uppercase() + tail
    })
}

/// An id in hex digits: JSON has it so, protobuf's own libraries as Base64.
fn id(value: &Value, name: &str) -> String {
    let said = text(value, name);
    if matches!(said.len(), 0 | 16 | 32) && said.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return said;
    }
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let letters: Vec<u8> = said.bytes().filter(|letter| *letter != b'=').map(digit).collect();
    let bits: String = letters.iter().map(|digit| format!("{digit:06b}")).collect();
    let bytes = bits.as_bytes().chunks_exact(8).filter_map(|byte| std::str::from_utf8(byte).ok());
    bytes.filter_map(|byte| u8::from_str_radix(byte, 2).ok()).map(|byte| format!("{byte:02x}")).collect()
}

/// A value without the name of its type.
fn plain(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|object: &Map<String, Value>| object.iter().next())
    else {
        return Value::Null;
    };
    match kind.as_str() {
        "intValue" => whole(inner).into(),
        "doubleValue" => number(inner).into(),
        "arrayValue" => each(inner, "values").iter().map(plain).collect(),
        _ => inner.clone(),
    }
}

/// Integers of 64 bits are texts in JSON.
fn whole(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(f64::NAN)
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_are_the_same() {
        let read = |message: Value| {
            let mut received = Received::default();
            received.add(&message);
            received.spans
        };
        let of_json = json!([{ "resourceSpans": [{ "scopeSpans": [{ "spans": [{
            "traceId": "7821b2b8d22cfc77c5d563ac64ac0f1d", "spanId": "6518f6402da8d373", "name": "a",
            "attributes": [{ "key": "n", "value": { "intValue": "7" } }],
        }] }] }] }]);
        let of_protobuf = json!([{ "resource_spans": [{ "scope_spans": [{ "spans": [{
            "trace_id": "eCGyuNIs/HfF1WOsZKwPHQ==", "span_id": "ZRj2QC2o03M=", "name": "a",
            "attributes": [{ "key": "n", "value": { "int_value": "7" } }],
        }] }] }] }]);
        let spans = read(of_json);
        assert_eq!(spans.get("6518f6402da8d373").map(|span| span.attributes["n"].clone()), Some(7.into()));
        assert_eq!(read(of_protobuf), spans);
    }
}
