//! Decisions: what of a session an audit is told, one statement each, read off its settled spans.
//!
//! A decision stands on its own: who or what decided what, how it came out, by which span it is found in telemetry. Words of
//! people, files and models are handed out apart, so that whoever writes decisions down can leave them out.

mod calls;
mod sessions;
mod tools;

use crate::facts::SessionFacts;
use crate::tree::Assembly;
use std::fmt;
use tacho_model::attribute::{Attributes, Key, Value};
use tacho_model::id::{SpanId, TraceId};
use tacho_model::semconv as key;
use tacho_model::span::{Span, SpanKind};
use tacho_model::time::UnixNanos;

/// What sort of decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionKind {
    /// The model decided to use a tool, and it ran.
    ToolCall,
    /// It did not run: denied, rejected, not to be run.
    ToolSkip,
    /// The model answered.
    ResponseGenerated,
    /// The model refused, or a guard stood in the way.
    SafetyBlock,
    /// A person was asked.
    PermissionRequested,
    /// Somebody or something said whether a tool may run.
    PermissionDecided,
    /// Settings of the agent were changed.
    ConfigChanged,
    /// The conversation went on with another model.
    ModelSwitched,
    /// The context was made shorter.
    Compaction,
    /// The agent handled files of the recorder.
    RecorderTouched,
    /// The session began.
    SessionStarted,
    /// The session ended.
    SessionEnded,
}

impl DecisionKind {
    /// Its name in entries.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ToolCall => "tool_call",
            Self::ToolSkip => "tool_skip",
            Self::ResponseGenerated => "response_generated",
            Self::SafetyBlock => "safety_block",
            Self::PermissionRequested => "permission_requested",
            Self::PermissionDecided => "permission_decided",
            Self::ConfigChanged => "config_changed",
            Self::ModelSwitched => "model_switched",
            Self::Compaction => "compaction",
            Self::RecorderTouched => "recorder_touched",
            Self::SessionStarted => "session_started",
            Self::SessionEnded => "session_ended",
        }
    }
}

/// What a decision is about. Another understanding of the same thing is about the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Which of the things that a span, a moment or a session has.
    pub part: &'static str,
    /// Whose it is.
    pub of: SubjectOf,
}

/// By what the subject of a decision is told from others of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectOf {
    /// A span.
    Span(SpanId),
    /// A time.
    Moment(UnixNanos),
    /// The session, which has one such thing.
    Session,
}

/// As entries have it.
impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            SubjectOf::Span(span) => write!(formatter, "{}:{span}", self.part),
            SubjectOf::Moment(at) => write!(formatter, "{}:{}", self.part, at.0),
            SubjectOf::Session => formatter.write_str(self.part),
        }
    }
}

/// One decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<'a> {
    /// What sort.
    pub kind: DecisionKind,
    /// What it is about.
    pub about: Subject,
    /// When it was made.
    pub at: UnixNanos,
    /// The span that has it in telemetry.
    pub span: Option<(TraceId, SpanId)>,
    /// What turn of its session it belongs to, counted from 0.
    pub turn: Option<u64>,
    /// What is said of it in names, by the names of an entry's fields.
    pub names: Vec<(&'static str, &'a str)>,
    /// What is said of it in numbers.
    pub numbers: Vec<(&'static str, u64)>,
    /// What it was decided on: arguments, messages. Content.
    pub input: Option<&'a str>,
    /// What came of it: a result, an answer. Content.
    pub output: Option<&'a str>,
    /// What the model thought before, whole. Content.
    pub reasoning: Option<&'a str>,
}

/// The decisions of the settled spans for which `is_news` is told yes, by their place in the assembly, and those of the
/// session itself, in the order in which they were made. `own` are words by which the recorder's own files are known.
#[must_use]
pub fn decisions<'a>(
    facts: &'a SessionFacts,
    assembly: &'a Assembly,
    own: &[String],
    is_news: impl Fn(usize) -> bool,
) -> Vec<Decision<'a>> {
    let mut decisions = sessions::decisions(facts, &assembly.session);
    // What belongs to a turn stands behind it. Its trace does not tell: several turns may lie in one of another's.
    let mut turn: Option<Turn<'_>> = None;
    for (place, span) in assembly.spans.iter().enumerate() {
        if span.kind == SpanKind::Turn {
            let number = turn.map_or(0, |before| before.number + 1);
            turn = Some(Turn { number, mode: text(&span.attributes, key::CLAUDE_CODE_PERMISSION_MODE) });
        }
        if !span.settled || !is_news(place) {
            continue;
        }
        let made = Made { facts, span, turn };
        match span.kind {
            SpanKind::Tool => tools::decisions(&mut decisions, made, own),
            SpanKind::Permission => decisions.extend(tools::asked(made)),
            SpanKind::Llm => calls::decisions(&mut decisions, made),
            SpanKind::Compaction => decisions.push(calls::compaction(made)),
            SpanKind::Turn | SpanKind::Subagent | SpanKind::Elicitation => {}
        }
    }
    decisions.sort_by_key(|decision| decision.at);
    decisions
}

/// A turn, as its decisions name it.
#[derive(Clone, Copy)]
struct Turn<'a> {
    number: u64,
    /// The permission mode in force.
    mode: Option<&'a str>,
}

/// A span in which something was decided.
#[derive(Clone, Copy)]
struct Made<'a> {
    facts: &'a SessionFacts,
    span: &'a Span,
    turn: Option<Turn<'a>>,
}

impl<'a> Made<'a> {
    /// A decision of the span, with what all of them have.
    fn decision(self, kind: DecisionKind, part: &'static str, at: UnixNanos) -> Decision<'a> {
        let span = self.span;
        let mut decision = Decision {
            kind,
            about: Subject { part, of: SubjectOf::Span(span.span_id) },
            at,
            span: Some((span.trace_id, span.span_id)),
            turn: self.turn.map(|turn| turn.number),
            names: Vec::with_capacity(12),
            numbers: Vec::new(),
            input: None,
            output: None,
            reasoning: None,
        };
        self.name(&mut decision, "subagent", key::CLAUDE_CODE_SUBAGENT_ID);
        decision
    }

    /// Says a name that the span has.
    fn name(self, decision: &mut Decision<'a>, field: &'static str, key: Key) {
        decision.names.extend(text(&self.span.attributes, key).map(|name| (field, name)));
    }

    fn text(self, key: Key) -> Option<&'a str> {
        text(&self.span.attributes, key)
    }
}

fn text(attributes: &Attributes, key: Key) -> Option<&str> {
    match attributes.get(key)? {
        Value::String(text) => Some(text),
        Value::Int(_) | Value::Double(_) | Value::Boolean(_) | Value::StringList(_) => None,
    }
}

fn number(attributes: &Attributes, key: Key) -> Option<u64> {
    match attributes.get(key)? {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::String(_) | Value::Double(_) | Value::Boolean(_) | Value::StringList(_) => None,
    }
}
