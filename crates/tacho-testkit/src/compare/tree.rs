//! The shape of the tree: unique ids, names, and every span below the right parent.

use std::collections::BTreeMap;

use serde_json::json;

use super::RunFacts;
use super::keys;
use super::served::{LogicalCall, Served};
use super::subagents::starting_tool;
use super::view::{Role, SpanView, expect_attribute, label, role_of, text};
use crate::otlp::ReceivedSpan;

/// Names of the spans that have no operation.
const OTHER_NAMES: [&str; 3] =
    ["claude_code.permission.wait", "claude_code.elicitation.wait", "claude_code.compaction"];

pub(super) fn check(served: &Served<'_>, view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    check_duplicates(view, found);
    for span in view.all() {
        expect_attribute(span, keys::SESSION_ID, &json!(run.session_id), found);
        check_name(span, found);
        check_parent(span, view, run, found);
    }
    check_turns(served, view, run, found);
    for name in OTHER_NAMES {
        let count = view.with_role(Role::Other).filter(|span| span.name == name).count();
        let expected = run.expect.waits.get(name).copied().unwrap_or(0);
        if count != expected {
            found.push(format!("{count} spans {name}, should be {expected}"));
        }
    }
    for call in &served.calls {
        check_place(call, served, view, found);
    }
}

fn check_duplicates(view: &SpanView<'_>, found: &mut Vec<String>) {
    let mut times_seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for span in view.all() {
        *times_seen.entry((&span.trace_id, &span.span_id)).or_default() += 1;
    }
    for ((_, span_id), times) in times_seen {
        if times > 1 {
            found.push(format!("span id {span_id} was received {times} times"));
        }
    }
}

fn check_name(span: &ReceivedSpan, found: &mut Vec<String>) {
    let (prefix, key) = match role_of(span) {
        Role::Turn | Role::Subagent => ("invoke_agent", keys::AGENT_NAME),
        Role::Chat => ("chat", keys::REQUEST_MODEL),
        Role::Tool => ("execute_tool", keys::TOOL_NAME),
        Role::Other => {
            if !OTHER_NAMES.contains(&span.name.as_str()) {
                found.push(format!("{}: nobody knows such a span", label(span)));
            }
            return;
        }
    };
    let expected = format!("{prefix} {}", text(span, key).unwrap_or_default());
    if span.name != expected {
        found.push(format!("{}: the name should be {expected:?}", label(span)));
    }
}

fn check_parent(span: &ReceivedSpan, view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    match (role_of(span), &span.parent_span_id) {
        (Role::Turn, parent) => {
            let expected = outside(run).map(|(_, span)| span);
            if parent.as_deref() != expected {
                let label = label(span);
                found.push(format!("{label}: the parent of a turn is {parent:?}, should be {expected:?}"));
            }
        }
        (Role::Subagent | Role::Chat | Role::Tool | Role::Other, None) => {
            found.push(format!("{}: no parent", label(span)));
        }
        (Role::Subagent | Role::Chat | Role::Tool | Role::Other, Some(parent)) => {
            if view.parent(span).is_none() {
                found.push(format!("{}: the parent {parent} was not received in its trace", label(span)));
            }
        }
    }
}

/// Trace and span that every turn lies below.
fn outside<'a>(run: &RunFacts<'a>) -> Option<(&'a str, &'a str)> {
    ids(run.expect.parent.as_deref()?)
}

/// Trace and span of a `traceparent`.
fn ids(traceparent: &str) -> Option<(&str, &str)> {
    let mut fields = traceparent.split('-').skip(1);
    Some((fields.next()?, fields.next()?))
}

/// There are as many turns as there should be, each with a trace of its own, unless all lie below a span of another, and with
/// links to the one before and to the CLI's own trace.
fn check_turns(served: &Served<'_>, view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    let mut turns: Vec<&ReceivedSpan> = view.with_role(Role::Turn).collect();
    if turns.len() != run.turns {
        found.push(format!("{} turns, should be {}", turns.len(), run.turns));
    }
    turns.sort_by_key(|turn| turn.start_ns);
    let mut before: Option<&ReceivedSpan> = None;
    for turn in turns {
        let expected: Vec<_> =
            before.map(|before| (before.trace_id.as_str(), before.span_id.as_str())).into_iter().collect();
        let mut actual: Vec<_> =
            turn.links.iter().map(|link| (link.trace_id.as_str(), link.span_id.as_str())).collect();
        let own = own_trace(turn, served, view);
        if own.is_some() != run.expect.traced {
            found.push(format!("{}: the API was told of the trace {own:?}", label(turn)));
        }
        if let Some(own) = own.filter(|own| *own != turn.trace_id) {
            // Which span of it, the API is not told.
            let linked = actual.pop().map(|(trace, _)| trace);
            if linked != Some(own) {
                found.push(format!("{}: is linked to the trace {linked:?}, should be to {own}", label(turn)));
            }
        }
        if actual != expected {
            found.push(format!("{}: the links are {actual:?}, should be {expected:?}", label(turn)));
        }
        match outside(run) {
            Some((trace, _)) if trace != turn.trace_id => {
                found.push(format!("{}: is not in the trace {trace}", label(turn)));
            }
            None if before.is_some_and(|before| before.trace_id == turn.trace_id) => {
                found.push(format!("{}: shares its trace with the turn before", label(turn)));
            }
            Some(_) | None => {}
        }
        before = Some(turn);
    }
}

/// The trace of the CLI's own in which it asked for the calls of a turn.
fn own_trace<'a>(turn: &ReceivedSpan, served: &Served<'a>, view: &SpanView<'_>) -> Option<&'a str> {
    let is_below = |call: &LogicalCall<'_>| {
        let chats = view.find(Role::Chat, keys::REQUEST_ID, &call.last.request_id);
        chats.into_iter().filter_map(|chat| view.parent(chat)).any(|parent| parent.span_id == turn.span_id)
    };
    let call = served.calls.iter().find(|call| is_below(call))?;
    ids(call.last.traceparent.as_deref()?).map(|(trace, _)| trace)
}

/// A served call's chat and tools lie below the subagent that asked, or else below the turn.
fn check_place(call: &LogicalCall<'_>, served: &Served<'_>, view: &SpanView<'_>, found: &mut Vec<String>) {
    let chats = view.find(Role::Chat, keys::REQUEST_ID, &call.last.request_id);
    let used = call.answer().map_or(&[][..], |answer| &answer.tool_uses);
    let tools = used.iter().flat_map(|tool| view.find(Role::Tool, keys::TOOL_CALL_ID, &tool.id));
    for span in chats.into_iter().chain(tools) {
        // Without a parent, the span has its line already.
        let Some(parent) = view.parent(span) else { continue };
        let (right, place) = match served.launcher_of(call.last) {
            Some(launcher) => (
                role_of(parent) == Role::Subagent && starting_tool(parent, view) == Some(&launcher.tool.id),
                format!("subagent of tool call {}", launcher.tool.id),
            ),
            None => (role_of(parent) == Role::Turn, "turn".to_owned()),
        };
        if !right {
            found.push(format!("{}: below {}, should be below the {place}", label(span), label(parent)));
        }
    }
}
