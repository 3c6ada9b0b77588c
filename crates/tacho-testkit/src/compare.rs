//! Compares the spans that arrived with what the API served. Pure: no clock, no files.
//!
//! The expectations follow from the API's record wherever they can; [`Expect`] adds what the API cannot know, and
//! [`Version`] takes away what this version of the CLI does not write down. It must not be lenient: a value that should
//! be there and is absent is a difference, even where it is 0.

mod calls;
mod corrected;
mod costs;
mod ends;
mod keys;
mod served;
mod subagents;
mod times;
mod tools;
mod tree;
mod view;

use std::collections::BTreeMap;

use crate::anthropic::ServedCall;
use crate::claude::Version;
use crate::otlp::{ReceivedLog, ReceivedSpan, SpanStatus};
use crate::scenario::Expect;

use view::{Role, SpanView, label, text};

pub use corrected::{corrected, correction_differences};

pub(crate) use costs::nanos as cost_nanos;
pub(crate) use served::Served;

/// What is known of a session beside what the API served.
#[derive(Debug, Clone, Copy)]
pub struct RunFacts<'a> {
    /// The session's id.
    pub session_id: &'a str,
    /// Just before the start of the CLI, the first one where there were several.
    pub started_unix_ns: u64,
    /// Just after the end of the CLI, the last one where there were several.
    pub ended_unix_ns: u64,
    /// For how long, meanwhile, work on this machine had to wait for a processor.
    pub stalled_ns: u64,
    /// How often each event's hook ended in time for the CLI to say so. Of hooks at the end of a session it does not;
    /// at a terminal it says nothing of any.
    pub hooks: Option<&'a BTreeMap<String, u64>>,
    /// How many turns there were.
    pub turns: usize,
    /// The CLI.
    pub cli: &'a Version,
    /// What the scenario expects.
    pub expect: &'a Expect,
}

/// All differences between the truth about a session and its spans, one line each; none where the spans tell the
/// truth.
pub fn differences(truth: &[ServedCall], spans: &[ReceivedSpan], run: &RunFacts<'_>) -> Vec<String> {
    let view = SpanView::new(spans);
    let served = Served::new(truth);
    let mut found = Vec::new();
    tree::check(&served, &view, run, &mut found);
    subagents::check(&served, &view, run, &mut found);
    calls::check(&served, &view, run, &mut found);
    tools::check(&served, &view, run.expect, &mut found);
    ends::check(&served, &view, run.expect, &mut found);
    times::check(&served, &view, run, &mut found);
    found
}

/// How far the recorded start of each call lies from the moment when the API had its request. As a rule, not each: a
/// single call says little about a recorder on a busy machine, all calls of many runs say much.
pub fn start_gaps_ns(truth: &[ServedCall], spans: &[ReceivedSpan]) -> Vec<u64> {
    let view = SpanView::new(spans);
    Served::new(truth).calls.iter().filter_map(|call| times::start_gap_ns(call, &view)).collect()
}

/// The calls of one session.
pub fn calls_of(session_id: &str, truth: &[ServedCall]) -> Vec<ServedCall> {
    truth.iter().filter(|call| call.session_id.as_deref() == Some(session_id)).cloned().collect()
}

/// The spans of one session.
pub fn spans_of(session_id: &str, spans: &[ReceivedSpan]) -> Vec<ReceivedSpan> {
    spans.iter().filter(|span| text(span, keys::SESSION_ID) == Some(session_id)).cloned().collect()
}

/// The log records of one session.
pub fn logs_of(session_id: &str, logs: &[ReceivedLog]) -> Vec<ReceivedLog> {
    let id = |log: &ReceivedLog| {
        log.attributes.get(keys::SESSION_ID).and_then(|id| id.as_str().map(str::to_owned))
    };
    logs.iter().filter(|log| id(log).as_deref() == Some(session_id)).cloned().collect()
}

/// Calls and spans that belong to none of these sessions, one line each.
pub fn strangers(session_ids: &[String], truth: &[ServedCall], spans: &[ReceivedSpan]) -> Vec<String> {
    let is_known = |id: Option<&str>| id.is_some_and(|id| session_ids.iter().any(|known| known == id));
    let calls = truth.iter().filter(|call| !is_known(call.session_id.as_deref()));
    let calls = calls.map(|call| format!("call {} ({}) is of no session", call.request_id, call.label));
    let spans = spans.iter().filter(|span| !is_known(text(span, keys::SESSION_ID)));
    calls.chain(spans.map(|span| format!("{}: is of no session", label(span)))).collect()
}

/// The items without exact copies of an earlier one. A sender that was killed between a delivery and its note of it
/// may deliver again, as long as it delivers the same.
pub fn without_resends<Item: Clone + PartialEq>(items: &[Item]) -> Vec<Item> {
    let mut kept: Vec<Item> = Vec::new();
    for item in items {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    kept
}

/// How many tool calls among the spans ended in an error.
pub fn failed_tools(spans: &[ReceivedSpan]) -> usize {
    SpanView::new(spans).with_role(Role::Tool).filter(|tool| tool.status == SpanStatus::Error).count()
}
