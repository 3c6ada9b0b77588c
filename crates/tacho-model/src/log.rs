//! Log records: what is said about one moment, to destinations that take logs.

use crate::attribute::Attributes;
use crate::id::{SpanId, TraceId};
use crate::time::UnixNanos;

/// One log record.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// When it happened.
    pub at: UnixNanos,
    /// When the recorder came to know it.
    pub observed_at: UnixNanos,
    /// Its event name, one of the registry's.
    pub name: &'static str,
    /// How much it should worry somebody.
    pub severity: Severity,
    /// The span it is about.
    pub span: Option<(TraceId, SpanId)>,
    /// What is said.
    pub attributes: Attributes,
}

/// How much a record should worry somebody (OTel log data model, "Severity").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Not at all.
    Info,
    /// A little.
    Warn,
}
