//! Times: within the run, in order along the tree, and close to what the API saw.

use super::RunFacts;
use super::keys;
use super::view::{Role, SpanView, label};
use crate::anthropic::ServedCall;
use crate::otlp::ReceivedSpan;

const MS: u64 = 1_000_000;
/// How far a span may lie outside of the run: the clocks of two processes, read at different moments.
const RUN_SLACK_NS: u64 = 50 * MS;
/// How much earlier than its parent a child may start: sources with milliseconds beside sources with nanoseconds.
const PARENT_SLACK_NS: u64 = 2 * MS;
/// How far the recorded start of a call may lie from the moment when the API had its request.
const CALL_START_SLACK_NS: u64 = 60 * MS;

pub(super) fn check(
    served: &[&ServedCall],
    view: &SpanView<'_>,
    run: &RunFacts<'_>,
    found: &mut Vec<String>,
) {
    for span in view.all() {
        check_span(span, view, run, found);
    }
    for call in served {
        for chat in view.find(Role::Chat, keys::REQUEST_ID, &call.request_id) {
            check_chat(call, chat, found);
        }
    }
}

fn check_span(span: &ReceivedSpan, view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    if span.end_ns < span.start_ns {
        found.push(format!("{}: ends {} ms before it starts", label(span), ms(span.start_ns - span.end_ns)));
    }
    if span.start_ns + RUN_SLACK_NS < run.started_unix_ns {
        let early = run.started_unix_ns - span.start_ns;
        found.push(format!("{}: starts {} ms before the run", label(span), ms(early)));
    }
    if span.end_ns > run.ended_unix_ns + RUN_SLACK_NS {
        let late = span.end_ns - run.ended_unix_ns;
        found.push(format!("{}: ends {} ms after the run", label(span), ms(late)));
    }
    if let Some(parent) = view.parent(span)
        && span.start_ns + PARENT_SLACK_NS < parent.start_ns
    {
        let early = parent.start_ns - span.start_ns;
        found.push(format!("{}: starts {} ms before its parent {}", label(span), ms(early), label(parent)));
    }
}

fn check_chat(call: &ServedCall, chat: &ReceivedSpan, found: &mut Vec<String>) {
    let apart = chat.start_ns.abs_diff(call.started_unix_ns);
    if apart > CALL_START_SLACK_NS {
        let side = if chat.start_ns < call.started_unix_ns { "before" } else { "after" };
        found.push(format!("{}: starts {} ms {side} the API had the request", label(chat), ms(apart)));
    }
    if chat.end_ns < call.first_byte_unix_ns {
        let early = call.first_byte_unix_ns - chat.end_ns;
        found.push(format!("{}: ends {} ms before the API's first byte", label(chat), ms(early)));
    }
}

/// Milliseconds, with enough digits that a difference is never shown as zero.
fn ms(ns: u64) -> String {
    format!("{}.{:03}", ns / MS, ns % MS / 1000)
}
