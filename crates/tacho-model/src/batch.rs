//! What goes to a destination together.

use crate::attribute::{Attributes, Key};
use crate::log::LogRecord;
use crate::span::Span;
use std::collections::BTreeMap;

/// Spans and log records of one resource, before anything is decided about what may leave the machine.
#[derive(Clone, Debug, Default)]
pub struct Draft<'a> {
    /// Who made them.
    pub resource: Attributes,
    /// What the project says of itself, by names that are sent behind `project.`.
    pub project: BTreeMap<String, String>,
    /// The spans, as they stand in their session.
    pub spans: Vec<&'a Span>,
    /// The log records.
    pub logs: Vec<LogRecord>,
    /// What the resource says, so that it need not stand on each span.
    pub lifted: &'static [Key],
}

/// Spans and log records of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Who made them.
    pub resource: Attributes,
    /// What the project says of itself, by names that are sent behind `project.`.
    pub project: BTreeMap<String, String>,
    /// The spans.
    pub spans: Vec<Span>,
    /// The log records.
    pub logs: Vec<LogRecord>,
}
