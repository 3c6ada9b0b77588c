//! The shape of the tree: unique ids, names, statuses, and every span below the right parent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::RunFacts;
use super::keys;
use super::view::{Role, SpanView, expect_attribute, label, role_of, text};
use crate::anthropic::ServedCall;
use crate::otlp::{ReceivedSpan, SpanStatus};

/// Names of the spans that have no operation.
const OTHER_NAMES: [&str; 2] = ["claude_code.permission.wait", "claude_code.compaction"];

pub(super) fn check(
    served: &[&ServedCall],
    view: &SpanView<'_>,
    run: &RunFacts<'_>,
    found: &mut Vec<String>,
) {
    check_duplicates(view, found);
    for span in view.all() {
        expect_attribute(span, keys::SESSION_ID, &json!(run.session_id), found);
        check_name(span, found);
        check_status(span, found);
        check_parent(span, view, found);
    }
    let turns = view.with_role(Role::Turn).count();
    if turns != run.expect.turns {
        found.push(format!("{turns} turns, should be {}", run.expect.turns));
    }
    check_subagents(served, view, run, found);
    for call in served {
        check_place(call, view, found);
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

fn check_status(span: &ReceivedSpan, found: &mut Vec<String>) {
    match (span.status, text(span, keys::ERROR_TYPE)) {
        (SpanStatus::Error, None) => {
            found.push(format!("{}: status Error without {}", label(span), keys::ERROR_TYPE));
        }
        (SpanStatus::Unset | SpanStatus::Ok, Some(kind)) => {
            found.push(format!("{}: {} is {kind:?} without status Error", label(span), keys::ERROR_TYPE));
        }
        (SpanStatus::Error, Some(_)) | (SpanStatus::Unset | SpanStatus::Ok, None) => {}
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

fn check_subagents(served: &[&ServedCall], view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    let ids: BTreeSet<&str> = served.iter().filter_map(|call| call.agent_id.as_deref()).collect();
    for id in &ids {
        let spans = view.find(Role::Subagent, keys::SUBAGENT_ID, id).len();
        if spans != 1 {
            found.push(format!("subagent {id} has {spans} spans, should be 1"));
        }
    }
    for subagent in view.with_role(Role::Subagent) {
        if !text(subagent, keys::SUBAGENT_ID).is_some_and(|id| ids.contains(id)) {
            found.push(format!("{}: the API served no such subagent", label(subagent)));
        }
        let parent = view.parent(subagent).filter(|parent| role_of(parent) == Role::Tool);
        if parent.and_then(|tool| text(tool, keys::TOOL_NAME)) != Some("Agent") {
            found.push(format!("{}: the parent is no execute_tool Agent", label(subagent)));
        }
    }
    let mut types: Vec<_> =
        view.with_role(Role::Subagent).map(|span| text(span, keys::AGENT_NAME).unwrap_or_default()).collect();
    let mut expected: Vec<_> = run.expect.subagents.iter().map(String::as_str).collect();
    types.sort_unstable();
    expected.sort_unstable();
    if types != expected {
        found.push(format!("subagents are {types:?}, should be {expected:?}"));
    }
}

/// A served call's chat and tools lie below the subagent that asked, or else below the turn.
fn check_place(call: &ServedCall, view: &SpanView<'_>, found: &mut Vec<String>) {
    let chats = view.find(Role::Chat, keys::REQUEST_ID, &call.request_id);
    let tools = call.tool_uses.iter().flat_map(|tool| view.find(Role::Tool, keys::TOOL_CALL_ID, &tool.id));
    for span in chats.into_iter().chain(tools) {
        // Without a parent, the span has its line already.
        let Some(parent) = view.parent(span) else { continue };
        let (right, place) = match &call.agent_id {
            Some(id) => (
                role_of(parent) == Role::Subagent && text(parent, keys::SUBAGENT_ID) == Some(id),
                format!("subagent {id}"),
            ),
            None => (role_of(parent) == Role::Turn, "turn".to_owned()),
        };
        if !right {
            found.push(format!("{}: below {}, should be below the {place}", label(span), label(parent)));
        }
    }
}
