//! What a span that is over is told as, for destinations that take log records: one record a moment worth telling.

use super::{LogRecord, Severity};
use crate::attribute::{Attributes, Key};
use crate::semconv as key;
use crate::shape::LogShape;
use crate::span::{Span, SpanKind, Status};
use crate::time::UnixNanos;

/// What every record carries.
const COMMON: [Key; 3] = [key::SESSION_ID, key::CLAUDE_CODE_PROMPT_ID, key::CLAUDE_CODE_SUBAGENT_ID];

impl LogRecord {
    /// What is told of a span, in the order in which it happened.
    #[must_use]
    pub fn of_span(span: &Span, observed_at: UnixNanos) -> Vec<Self> {
        let end = span.end.unwrap_or(span.start);
        let tell = |name, at| record(span, name, at, observed_at);
        match span.kind {
            SpanKind::Turn => {
                vec![tell(key::EVENT_USER_PROMPT, span.start), tell(key::EVENT_RESPONSE, end)]
            }
            SpanKind::Subagent => {
                vec![tell(key::EVENT_SUBAGENT_START, span.start), tell(key::EVENT_SUBAGENT_STOP, end)]
            }
            SpanKind::Llm => {
                let failed = (span.status == Status::Error)
                    .then(|| tell(key::EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION, end));
                let retries = span.events.iter().filter(|event| event.name == key::EVENT_API_RETRY);
                let retries = retries.map(|event| {
                    let mut retry = tell(key::EVENT_API_ERROR, event.at);
                    retry.attributes.extend(event.attributes.clone());
                    retry
                });
                retries.chain(failed).chain([tell(key::EVENT_LLM_CALL, end)]).collect()
            }
            SpanKind::Tool => {
                let decided = span.attributes.get(key::CLAUDE_CODE_PERMISSION_DECISION).is_some();
                let waited_ms = span.attributes.int(key::TACHOGRAPH_PERMISSION_WAIT_MS).unwrap_or(0);
                let waited_ns = u64::try_from(waited_ms).unwrap_or(0).saturating_mul(1_000_000);
                let decision = decided
                    .then(|| tell(key::EVENT_TOOL_DECISION, span.start.plus_nanos(waited_ns).min(end)));
                decision.into_iter().chain([tell(key::EVENT_TOOL_CALL, end)]).collect()
            }
            SpanKind::Permission => vec![tell(key::EVENT_PERMISSION_REQUEST, span.start)],
            SpanKind::Elicitation => vec![tell(key::EVENT_ELICITATION, end)],
            SpanKind::Compaction => vec![tell(key::EVENT_COMPACTION, end)],
        }
    }
}

/// One record, with what the registry lists of it.
fn record(span: &Span, name: &'static str, at: UnixNanos, observed_at: UnixNanos) -> LogRecord {
    let listed = LogShape::of(name).map_or(&[][..], |shape| shape.attributes);
    let mut attributes = Attributes::with_capacity(COMMON.len() + listed.len());
    for key in COMMON.iter().chain(listed) {
        attributes.set_known(*key, span.attributes.get(*key).cloned());
    }
    if listed.contains(&key::TACHOGRAPH_LATENCY_MS)
        && let Some(end) = span.end
    {
        attributes.set(key::TACHOGRAPH_LATENCY_MS, end.nanos_since(span.start) / 1_000_000);
    }
    if listed.contains(&key::EXCEPTION_TYPE) {
        attributes.set_known(key::EXCEPTION_TYPE, span.attributes.get(key::ERROR_TYPE).cloned());
    }
    let is_bad = name == key::EVENT_API_ERROR
        || span.status == Status::Error && attributes.get(key::ERROR_TYPE).is_some();
    LogRecord {
        at,
        observed_at,
        name,
        severity: if is_bad { Severity::Warn } else { Severity::Info },
        span: Some((span.trace_id, span.span_id)),
        attributes,
    }
}
