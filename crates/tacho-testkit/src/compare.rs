//! Compares the spans that arrived with what the API served. Pure: no clock, no files.
//!
//! The expectations follow from the API's record wherever they can; [`Expect`] adds what the API cannot know. It must
//! not be lenient: a value that should be there and is absent is a difference, even where it is 0.

mod calls;
mod keys;
mod times;
mod tools;
mod tree;
mod view;

use crate::anthropic::ServedCall;
use crate::otlp::{ReceivedSpan, SpanStatus};
use crate::scenario::Expect;

use view::{Role, SpanView};

/// What is known of a run beside what the API served.
#[derive(Debug, Clone, Copy)]
pub struct RunFacts<'a> {
    /// The session's id.
    pub session_id: &'a str,
    /// Just before the CLI's start.
    pub started_unix_ns: u64,
    /// Just after the CLI's end.
    pub ended_unix_ns: u64,
    /// What the scenario expects.
    pub expect: &'a Expect,
}

/// All differences between the truth and the spans, one line each; none where the spans tell the truth.
pub fn differences(truth: &[ServedCall], spans: &[ReceivedSpan], run: &RunFacts<'_>) -> Vec<String> {
    let view = SpanView::new(spans);
    let served: Vec<&ServedCall> = truth.iter().filter(|call| call.succeeded()).collect();
    let mut found = Vec::new();
    tree::check(&served, &view, run, &mut found);
    calls::check(&served, &view, &mut found);
    tools::check(&served, &view, run.expect, &mut found);
    times::check(&served, &view, run, &mut found);
    found
}

/// The spans without exact copies of an earlier one. A sender that was killed between a delivery and its note of it
/// may deliver again, as long as it delivers the same.
pub fn without_resends(spans: &[ReceivedSpan]) -> Vec<ReceivedSpan> {
    let mut kept: Vec<ReceivedSpan> = Vec::new();
    for span in spans {
        if !kept.contains(span) {
            kept.push(span.clone());
        }
    }
    kept
}

/// How many tool calls among the spans ended in an error.
pub fn failed_tools(spans: &[ReceivedSpan]) -> usize {
    SpanView::new(spans).with_role(Role::Tool).filter(|tool| tool.status == SpanStatus::Error).count()
}
