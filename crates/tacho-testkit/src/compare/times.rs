//! Times: within the run, in order along the tree, and close to what the API saw.

use serde_json::Value;

use super::RunFacts;
use super::keys;
use super::served::{LogicalCall, Served};
use super::view::{Role, SpanView, label, role_of, text};
use crate::anthropic::ServedCall;
use crate::otlp::ReceivedSpan;

const MS: u64 = 1_000_000;
/// How far a span may lie outside of the run: the clocks of two processes, read at different moments.
const RUN_SLACK_NS: u64 = 50 * MS;
/// How much earlier than its parent a child may start: sources with milliseconds beside sources with nanoseconds.
const PARENT_SLACK_NS: u64 = 2 * MS;
/// How far a time of a call may lie from what the API saw: the CLI writes its times down between other work.
const CALL_SLACK_NS: u64 = 60 * MS;
/// How much later than the API sent it the CLI may have read the last block of an answer.
const CALL_END_SLACK_NS: u64 = 250 * MS;
/// How much more it may be, at most, where the machine was too busy to let the CLI run. A single time says little then;
/// [`start_gap_ns`] is for what times are as a rule.
const STALL_NS_MAX: u64 = 1000 * MS;
/// The first blocks whose time the CLI writes down, so that the first chunk's is known.
const TIMED_BLOCKS: [&str; 2] = ["thinking", "tool_use"];

pub(super) fn check(served: &Served<'_>, view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    for span in view.all() {
        check_span(span, view, run, found);
    }
    for turn in view.with_role(Role::Turn) {
        check_hook(turn, view, run, found);
    }
    for call in &served.calls {
        for chat in view.find(Role::Chat, keys::REQUEST_ID, &call.last.request_id) {
            check_start(call.first(), chat, run, found);
            if let Some(answer) = call.answer() {
                check_answer(answer, chat, run, found);
            }
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
    let Some(parent) = view.parent(span) else { return };
    if span.start_ns + PARENT_SLACK_NS < parent.start_ns {
        let early = parent.start_ns - span.start_ns;
        found.push(format!("{}: starts {} ms before its parent {}", label(span), ms(early), label(parent)));
    }
    if role_of(parent) == Role::Turn && span.start_ns > parent.end_ns + PARENT_SLACK_NS {
        let late = span.start_ns - parent.end_ns;
        found.push(format!(
            "{}: starts {} ms after its turn {} had ended",
            label(span),
            ms(late),
            label(parent)
        ));
    }
}

/// How long our hook took at the end of a turn stands on each that ended well, by the word of the CLI. No hook ends one in
/// which a person had the context compacted.
fn check_hook(turn: &ReceivedSpan, view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    let ended_well = [keys::ERROR_TYPE, keys::END_INFERRED].iter().all(|key| text(turn, key).is_none());
    let mut by_hand = view.find(Role::Other, keys::COMPACTION_TRIGGER, "manual").into_iter();
    let is_compaction = by_hand.any(|span| span.parent_span_id.as_deref() == Some(&*turn.span_id));
    match turn.attributes.get(keys::HOOK_DURATION).and_then(Value::as_u64) {
        None if ended_well && !is_compaction && run.cli.writes_hook_times => {
            found.push(format!("{}: {} is absent", label(turn), keys::HOOK_DURATION))
        }
        Some(took) if took * MS > run.ended_unix_ns - run.started_unix_ns => {
            found.push(format!("{}: {} is {took}, longer than the run", label(turn), keys::HOOK_DURATION));
        }
        None | Some(_) => {}
    }
}

/// A CLI that writes no request down leaves no more than a time before which the call cannot have begun.
fn check_start(first: &ServedCall, chat: &ReceivedSpan, run: &RunFacts<'_>, found: &mut Vec<String>) {
    let apart = chat.start_ns.abs_diff(first.started_unix_ns);
    let is_before = chat.start_ns < first.started_unix_ns;
    if apart > CALL_SLACK_NS + stall_ns(run) && (run.cli.writes_requests || !is_before) {
        let side = if is_before { "before" } else { "after" };
        found.push(format!("{}: starts {} ms {side} the API had the request", label(chat), ms(apart)));
    }
}

fn check_answer(answer: &ServedCall, chat: &ReceivedSpan, run: &RunFacts<'_>, found: &mut Vec<String>) {
    let (early, late) =
        (answer.done_unix_ns.saturating_sub(chat.end_ns), chat.end_ns.saturating_sub(answer.done_unix_ns));
    if early > CALL_SLACK_NS + stall_ns(run) {
        found.push(format!("{}: ends {} ms before the API had answered", label(chat), ms(early)));
    }
    if late > CALL_END_SLACK_NS + stall_ns(run) {
        found.push(format!("{}: ends {} ms after the API had answered", label(chat), ms(late)));
    }
    let is_timed = answer.opens_with.as_deref().is_some_and(|block| TIMED_BLOCKS.contains(&block));
    match chat.attributes.get(keys::TIME_TO_FIRST_CHUNK).and_then(Value::as_f64) {
        None if is_timed && run.cli.writes_requests => {
            found.push(format!("{}: {} is absent", label(chat), keys::TIME_TO_FIRST_CHUNK));
        }
        None => {}
        Some(seconds) => {
            let served = (answer.first_byte_unix_ns - answer.started_unix_ns) as f64 / 1e9;
            let slack = (CALL_SLACK_NS + stall_ns(run)) as f64 / 1e9;
            if (seconds - served).abs() > slack {
                found.push(format!(
                    "{}: {} is {seconds}, but the API took {served:.3} s",
                    label(chat),
                    keys::TIME_TO_FIRST_CHUNK
                ));
            }
        }
    }
}

fn stall_ns(run: &RunFacts<'_>) -> u64 {
    run.stalled_ns.min(STALL_NS_MAX)
}

/// How far the recorded start of a call lies from the moment when the API had its first request; `None` where there is
/// no span of it.
pub(super) fn start_gap_ns(call: &LogicalCall<'_>, view: &SpanView<'_>) -> Option<u64> {
    let chats = view.find(Role::Chat, keys::REQUEST_ID, &call.last.request_id);
    Some(chats.first()?.start_ns.abs_diff(call.first().started_unix_ns))
}

/// Milliseconds, with enough digits that a difference is never shown as zero.
fn ms(ns: u64) -> String {
    format!("{}.{:03}", ns / MS, ns % MS / 1000)
}
