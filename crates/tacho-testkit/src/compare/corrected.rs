//! Corrections: log records that say how a span that was sent is understood by now. Pure.

use serde_json::Value;

use super::RunFacts;
use super::ends::subject;
use super::keys;
use super::served::Served;
use super::view::{SpanView, label};
use crate::anthropic::ServedCall;
use crate::otlp::{ReceivedLog, ReceivedSpan, SpanStatus};
use crate::scenario::Expect;

/// The name of the only log records that the recorder sends.
const CORRECTED: &str = "tachograph.span.corrected";

/// The spans as whoever reads all that arrived has to understand them.
pub fn corrected(spans: &[ReceivedSpan], logs: &[ReceivedLog]) -> Vec<ReceivedSpan> {
    let mut spans = spans.to_vec();
    for log in logs {
        if let Some(span) = spans.iter_mut().find(|span| is_about(log, span)) {
            correct(span, log);
        }
    }
    spans
}

/// Log records that belong to nothing that arrived, and corrections that the scenario does not expect: what is sent too
/// early is put right at a price, for few who read spans read the records as well.
pub fn correction_differences(
    truth: &[ServedCall],
    spans: &[ReceivedSpan],
    logs: &[ReceivedLog],
    run: &RunFacts<'_>,
) -> Vec<String> {
    let (served, view) = (Served::new(truth), SpanView::new(spans));
    let mut found = Vec::new();
    for log in logs {
        if log.event_name != CORRECTED {
            if !belongs(log, spans) {
                found.push(format!("log record {:?} belongs to no span that arrived", log.event_name));
            }
            continue;
        }
        let Some(span) = spans.iter().find(|span| is_about(log, span)) else {
            found.push(format!("log record {:?} is about no span that arrived", log.event_name));
            continue;
        };
        let names = subject(span, &served, &view);
        let Expect { corrected, perhaps_corrected, .. } = run.expect;
        if !names.iter().any(|name| corrected.contains(name) || perhaps_corrected.contains(name)) {
            found.push(format!("{}: was corrected after it had been sent", label(span)));
        }
    }
    for name in &run.expect.corrected {
        let corrected = |span: &&ReceivedSpan| logs.iter().any(|log| is_about(log, span));
        let mut corrected = spans.iter().filter(corrected);
        if !corrected.any(|span| subject(span, &served, &view).contains(name)) {
            found.push(format!("`{name}` was not corrected"));
        }
    }
    found
}

/// Whether the span that a record names arrived; one that names none belongs to its session.
fn belongs(log: &ReceivedLog, spans: &[ReceivedSpan]) -> bool {
    let (Some(trace), Some(id)) = (&log.trace_id, &log.span_id) else { return true };
    spans.iter().any(|span| span.trace_id == *trace && span.span_id == *id)
}

/// Whether the record corrects the span. A span keeps its trace: what lies in another one, no reader finds.
fn is_about(log: &ReceivedLog, span: &ReceivedSpan) -> bool {
    log.event_name == CORRECTED
        && log.span_id.as_ref() == Some(&span.span_id)
        && log.trace_id.as_ref() == Some(&span.trace_id)
}

fn correct(span: &mut ReceivedSpan, log: &ReceivedLog) {
    let mut attributes = log.attributes.clone();
    if let Some(name) = attributes.remove(keys::CORRECTED_NAME).as_ref().and_then(Value::as_str) {
        span.name = name.to_owned();
    }
    if let Some(start) = attributes.remove(keys::CORRECTED_START).as_ref().and_then(Value::as_u64) {
        span.start_ns = start;
    }
    if let Some(end) = attributes.remove(keys::CORRECTED_END).as_ref().and_then(Value::as_u64) {
        span.end_ns = end;
    }
    let failed = attributes.contains_key(keys::ERROR_TYPE);
    span.status = if failed { SpanStatus::Error } else { SpanStatus::Unset };
    span.attributes = attributes;
}
