//! Log records: what is said about one moment, to destinations that take logs.

mod of_span;

use crate::attribute::Attributes;
use crate::id::{SpanId, TraceId};
use crate::semconv as key;
use crate::span::Span;
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

impl LogRecord {
    /// Says how a span that was sent is understood now.
    #[must_use]
    pub fn correction(span: Span, observed_at: UnixNanos) -> Self {
        let end = span.end.unwrap_or(span.start);
        let mut attributes = span.attributes;
        attributes.set(key::TACHOGRAPH_SPAN_NAME, span.name);
        attributes.set(key::TACHOGRAPH_SPAN_START_UNIX_NS, span.start.0);
        attributes.set(key::TACHOGRAPH_SPAN_END_UNIX_NS, end.0);
        Self {
            at: end,
            observed_at,
            name: key::EVENT_SPAN_CORRECTED,
            severity: Severity::Info,
            span: Some((span.trace_id, span.span_id)),
            attributes,
        }
    }

    /// Says how large the audit log is and what its root is, as it is signed.
    #[must_use]
    pub fn checkpoint(checkpoint: &str, size: u64, at: UnixNanos) -> Self {
        let mut attributes = Attributes::default();
        attributes.set(key::TACHOGRAPH_AUDIT_CHECKPOINT, checkpoint);
        attributes.set(key::TACHOGRAPH_AUDIT_SIZE, size);
        let (name, severity) = (key::EVENT_AUDIT_CHECKPOINT, Severity::Info);
        Self { at, observed_at: at, name, severity, span: None, attributes }
    }
}

/// How much a record should worry somebody (OTel log data model, "Severity").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Not at all.
    Info,
    /// A little.
    Warn,
}

/// What is told of a session once, beside its spans.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Unique over all sessions and over all spans, derived like the ids of spans, so that it is told once.
    pub id: SpanId,
    /// What is told.
    pub record: LogRecord,
}
