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
        check_parent(span, view, found);
    }
    check_turns(view, run, found);
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

fn check_parent(span: &ReceivedSpan, view: &SpanView<'_>, found: &mut Vec<String>) {
    match (role_of(span), &span.parent_span_id) {
        (Role::Turn, None) => {}
        (Role::Turn, Some(parent)) => {
            found.push(format!("{}: a turn has the parent {parent}", label(span)));
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

/// There are as many turns as there should be, each with a trace of its own and a link to the one before.
fn check_turns(view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    let mut turns: Vec<&ReceivedSpan> = view.with_role(Role::Turn).collect();
    if turns.len() != run.turns {
        found.push(format!("{} turns, should be {}", turns.len(), run.turns));
    }
    turns.sort_by_key(|turn| turn.start_ns);
    let mut before: Option<&ReceivedSpan> = None;
    for turn in turns {
        let expected: Vec<_> =
            before.map(|before| (before.trace_id.as_str(), before.span_id.as_str())).into_iter().collect();
        let actual: Vec<_> =
            turn.links.iter().map(|link| (link.trace_id.as_str(), link.span_id.as_str())).collect();
        if actual != expected {
            found.push(format!("{}: the links are {actual:?}, should be {expected:?}", label(turn)));
        }
        if before.is_some_and(|before| before.trace_id == turn.trace_id) {
            found.push(format!("{}: shares its trace with the turn before", label(turn)));
        }
        before = Some(turn);
    }
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
