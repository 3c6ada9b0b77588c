//! The form of OTLP in JSON: which names there are and how their values are written. Pure.
//!
//! A receiver must ignore names that it does not know, and may read an integer where the mapping writes a text; so a
//! sender's mistake there shows nowhere but here. Sources: OTLP, "JSON Protobuf Encoding", and the mapping of proto3.

use serde_json::Value;

use super::Signal;

/// How a field is written.
enum Form {
    Text,
    Bool,
    /// A number, or one of the three texts for what JSON has no number for.
    Double,
    /// 64 bits: a decimal number as text.
    Long,
    /// 32 bits: a number.
    Int,
    /// A number, never the name of the value.
    Enumeration,
    /// Hex digits, not base64.
    Id,
    Base64,
    Message(&'static Message),
    List(&'static Message),
    Texts,
}

/// The fields of a message by their names in lowerCamelCase.
struct Message(&'static [(&'static str, Form)]);

static TRACES: Message = Message(&[("resourceSpans", Form::List(&RESOURCE_SPANS))]);
static RESOURCE_SPANS: Message = Message(&[
    ("resource", Form::Message(&RESOURCE)),
    ("scopeSpans", Form::List(&SCOPE_SPANS)),
    ("schemaUrl", Form::Text),
]);
static SCOPE_SPANS: Message =
    Message(&[("scope", Form::Message(&SCOPE)), ("spans", Form::List(&SPAN)), ("schemaUrl", Form::Text)]);
static SPAN: Message = Message(&[
    ("traceId", Form::Id),
    ("spanId", Form::Id),
    ("traceState", Form::Text),
    ("parentSpanId", Form::Id),
    ("flags", Form::Int),
    ("name", Form::Text),
    ("kind", Form::Enumeration),
    ("startTimeUnixNano", Form::Long),
    ("endTimeUnixNano", Form::Long),
    ("attributes", Form::List(&KEY_VALUE)),
    ("droppedAttributesCount", Form::Int),
    ("events", Form::List(&EVENT)),
    ("droppedEventsCount", Form::Int),
    ("links", Form::List(&LINK)),
    ("droppedLinksCount", Form::Int),
    ("status", Form::Message(&STATUS)),
]);
static EVENT: Message = Message(&[
    ("timeUnixNano", Form::Long),
    ("name", Form::Text),
    ("attributes", Form::List(&KEY_VALUE)),
    ("droppedAttributesCount", Form::Int),
]);
static LINK: Message = Message(&[
    ("traceId", Form::Id),
    ("spanId", Form::Id),
    ("traceState", Form::Text),
    ("attributes", Form::List(&KEY_VALUE)),
    ("droppedAttributesCount", Form::Int),
    ("flags", Form::Int),
]);
static STATUS: Message = Message(&[("message", Form::Text), ("code", Form::Enumeration)]);

static LOGS: Message = Message(&[("resourceLogs", Form::List(&RESOURCE_LOGS))]);
static RESOURCE_LOGS: Message = Message(&[
    ("resource", Form::Message(&RESOURCE)),
    ("scopeLogs", Form::List(&SCOPE_LOGS)),
    ("schemaUrl", Form::Text),
]);
static SCOPE_LOGS: Message = Message(&[
    ("scope", Form::Message(&SCOPE)),
    ("logRecords", Form::List(&LOG_RECORD)),
    ("schemaUrl", Form::Text),
]);
static LOG_RECORD: Message = Message(&[
    ("timeUnixNano", Form::Long),
    ("observedTimeUnixNano", Form::Long),
    ("severityNumber", Form::Enumeration),
    ("severityText", Form::Text),
    ("body", Form::Message(&ANY_VALUE)),
    ("attributes", Form::List(&KEY_VALUE)),
    ("droppedAttributesCount", Form::Int),
    ("flags", Form::Int),
    ("traceId", Form::Id),
    ("spanId", Form::Id),
    ("eventName", Form::Text),
]);

static RESOURCE: Message = Message(&[
    ("attributes", Form::List(&KEY_VALUE)),
    ("droppedAttributesCount", Form::Int),
    ("entityRefs", Form::List(&ENTITY_REF)),
]);
static ENTITY_REF: Message = Message(&[
    ("schemaUrl", Form::Text),
    ("type", Form::Text),
    ("idKeys", Form::Texts),
    ("descriptionKeys", Form::Texts),
]);
static SCOPE: Message = Message(&[
    ("name", Form::Text),
    ("version", Form::Text),
    ("attributes", Form::List(&KEY_VALUE)),
    ("droppedAttributesCount", Form::Int),
]);
static KEY_VALUE: Message = Message(&[("key", Form::Text), ("value", Form::Message(&ANY_VALUE))]);
static ANY_VALUE: Message = Message(&[
    ("stringValue", Form::Text),
    ("boolValue", Form::Bool),
    ("intValue", Form::Long),
    ("doubleValue", Form::Double),
    ("arrayValue", Form::Message(&ARRAY_VALUE)),
    ("kvlistValue", Form::Message(&KEY_VALUE_LIST)),
    ("bytesValue", Form::Base64),
]);
static ARRAY_VALUE: Message = Message(&[("values", Form::List(&ANY_VALUE))]);
static KEY_VALUE_LIST: Message = Message(&[("values", Form::List(&KEY_VALUE))]);

/// The breaches of a request of `signal` whose body is `body`. Metrics are not looked at.
pub(super) fn breaches(signal: Signal, body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match signal {
        Signal::Traces => TRACES.check(body, "the body", &mut found),
        Signal::Logs => LOGS.check(body, "the body", &mut found),
        Signal::Metrics => {}
    }
    found
}

impl Message {
    fn check(&self, value: &Value, place: &str, found: &mut Vec<String>) {
        let Some(fields) = value.as_object() else {
            found.push(format!("{place} is no JSON object"));
            return;
        };
        for (name, value) in fields {
            let place = format!("{place}.{name}");
            match self.0.iter().find(|(known, _)| known == name) {
                // The mapping reads it as the default.
                Some(_) if value.is_null() => {}
                Some((_, form)) => form.check(value, &place, found),
                None => found.push(format!("{place} is no name of OTLP")),
            }
        }
    }
}

impl Form {
    fn check(&self, value: &Value, place: &str, found: &mut Vec<String>) {
        match self {
            Self::Message(message) => message.check(value, place, found),
            Self::List(message) => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                for (index, item) in items.iter().enumerate() {
                    message.check(item, &format!("{place}[{index}]"), found);
                }
            }
            Self::Text
            | Self::Bool
            | Self::Double
            | Self::Long
            | Self::Int
            | Self::Enumeration
            | Self::Id
            | Self::Base64
            | Self::Texts => {}
        }
        if !self.fits(value) {
            found.push(format!("{place} should be {}, not {value}", self.wording()));
        }
    }

    fn fits(&self, value: &Value) -> bool {
        let text_of =
            |allowed: fn(char) -> bool| value.as_str().is_some_and(|text| text.chars().all(allowed));
        match self {
            Self::Text => value.is_string(),
            Self::Bool => value.is_boolean(),
            Self::Double => {
                value.is_number() || matches!(value.as_str(), Some("NaN" | "Infinity" | "-Infinity"))
            }
            Self::Long => value.as_str().is_some_and(is_integer),
            Self::Int => value.as_u64().is_some_and(|number| u32::try_from(number).is_ok()),
            Self::Enumeration => value.is_u64(),
            Self::Id => text_of(|digit| digit.is_ascii_hexdigit()),
            Self::Base64 => {
                text_of(|digit| digit.is_ascii_alphanumeric() || matches!(digit, '+' | '/' | '='))
            }
            // Said where the message is looked at.
            Self::Message(_) => true,
            Self::List(_) => value.is_array(),
            Self::Texts => value.as_array().is_some_and(|texts| texts.iter().all(Value::is_string)),
        }
    }

    const fn wording(&self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Bool => "true or false",
            Self::Double => "a number",
            Self::Long => "an integer as text",
            Self::Int => "an integer of 32 bits",
            Self::Enumeration => "the number of an enumeration",
            Self::Id => "hex digits",
            Self::Base64 => "base64",
            Self::Message(_) => "an object",
            Self::List(_) => "a list",
            Self::Texts => "a list of texts",
        }
    }
}

fn is_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()
}
