//! What goes to a destination together.

use crate::attribute::Attributes;
use crate::log::LogRecord;
use crate::span::Span;

/// Spans and log records of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Who made them.
    pub resource: Attributes,
    /// The spans.
    pub spans: Vec<Span>,
    /// The log records.
    pub logs: Vec<LogRecord>,
}
