//! Spans as the assembler makes them and every view and destination shows them.

use crate::attribute::Attributes;
use crate::id::{SpanId, TraceId};
use crate::time::UnixNanos;

/// What a span stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanKind {
    /// One prompt of the user until it settles; the root of a trace, unless it lies below a span of another's.
    Turn,
    /// One logical call of the model.
    Llm,
    /// One tool call.
    Tool,
    /// One subagent.
    Subagent,
    /// The wait of a tool call for a person.
    Permission,
    /// The wait of a tool call for what it asked a person.
    Elicitation,
    /// A compaction of the context.
    Compaction,
}

impl SpanKind {
    /// Every kind, parents before the children they usually have.
    pub const ALL: [Self; 7] = [
        Self::Turn,
        Self::Llm,
        Self::Tool,
        Self::Subagent,
        Self::Permission,
        Self::Elicitation,
        Self::Compaction,
    ];

    /// The name of the kind in JSON, tables and derived ids, where it enters the hash and so never changes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Llm => "llm",
            Self::Tool => "tool",
            Self::Subagent => "subagent",
            Self::Permission => "permission",
            Self::Elicitation => "elicitation",
            Self::Compaction => "compaction",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Whether a span ended well. `Ok` is left to people, as the specification asks of instrumentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// No error was seen.
    Unset,
    /// The operation failed; `error.type` says how.
    Error,
}

/// A span that another one points to without being its child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// Trace of the span pointed to.
    pub trace_id: TraceId,
    /// The span pointed to.
    pub span_id: SpanId,
}

/// Something that happened at one moment of a span.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct SpanEvent {
    /// When.
    pub at: UnixNanos,
    /// A name of the registry's `span_events`.
    pub name: &'static str,
    /// What is known of it.
    pub attributes: Attributes,
}

/// One span of a trace.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Span {
    /// The trace, which is one turn, unless that lies below a span of another's.
    pub trace_id: TraceId,
    /// Unique over all sessions.
    pub span_id: SpanId,
    /// Absent on a turn, unless that lies below a span of another's; present on all else.
    pub parent_span_id: Option<SpanId>,
    /// The previous turn and the agent's own span for it on a turn; the deciding call on a tool call.
    pub links: Vec<Link>,
    /// What the span stands for.
    pub kind: SpanKind,
    /// Name as the conventions want it.
    pub name: String,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended; absent while it is open.
    pub end: Option<UnixNanos>,
    /// Whether it ended well.
    pub status: Status,
    /// What is known of it.
    pub attributes: Attributes,
    /// What happened during it.
    pub events: Vec<SpanEvent>,
    /// Whether nothing is expected to change any more, so that it may be exported.
    pub settled: bool,
}
