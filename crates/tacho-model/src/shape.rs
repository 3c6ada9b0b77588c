//! What a span of each kind looks like, as the registry states it.

use crate::attribute::{Attributes, Key, Value};
use crate::span::SpanKind;

/// The span kind of OpenTelemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtlpKind {
    /// Work inside the process.
    Internal,
    /// A call to a remote service.
    Client,
}

/// The shape of the spans of one kind.
#[derive(Clone, Copy, Debug)]
pub struct SpanShape {
    /// The kind it describes.
    pub kind: SpanKind,
    /// The name, with `{attribute}` for the value of an attribute.
    pub name: &'static str,
    /// The kind on the wire.
    pub otlp_kind: OtlpKind,
    /// Value of `gen_ai.operation.name`, where the conventions have one.
    pub operation: Option<&'static str>,
    /// Attributes that are always there.
    pub required: &'static [Key],
    /// Attributes that are there when known.
    pub optional: &'static [Key],
}

impl SpanShape {
    /// The shape of spans of this kind.
    #[must_use]
    pub fn of(kind: SpanKind) -> Option<&'static Self> {
        crate::semconv::SPANS.iter().find(|shape| shape.kind == kind)
    }

    /// The name of a span of this shape with these attributes.
    #[must_use]
    pub fn name_with(&self, attributes: &Attributes) -> String {
        let Some((before, rest)) = self.name.split_once('{') else { return self.name.to_owned() };
        let (key, after) = rest.split_once('}').unwrap_or((rest, ""));
        match Key::named(key).and_then(|key| attributes.get(key)) {
            Some(Value::String(value)) => format!("{before}{value}{after}"),
            _ => self.name.to_owned(),
        }
    }
}

/// What log records of one name carry.
#[derive(Clone, Copy, Debug)]
pub struct LogShape {
    /// The name of the event.
    pub name: &'static str,
    /// Attributes that are there when known.
    pub attributes: &'static [Key],
}

impl LogShape {
    /// The shape of records of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        crate::semconv::LOGS.iter().find(|shape| shape.name == name)
    }
}
