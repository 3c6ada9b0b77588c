//! What goes to a destination together.

use crate::attribute::Attributes;
use crate::log::LogRecord;
use crate::span::Span;
use std::collections::BTreeMap;

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
