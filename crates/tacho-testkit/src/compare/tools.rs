//! Tool calls: one span for each tool use that the API served, with its outcome and a link to the deciding call.

use serde_json::json;

use super::keys;
use super::served::Served;
use super::view::{Role, SpanView, expect_attribute, label, text};
use crate::anthropic::{ServedCall, ServedToolUse};
use crate::otlp::ReceivedSpan;
use crate::scenario::Expect;

pub(super) fn check(served: &Served<'_>, view: &SpanView<'_>, expect: &Expect, found: &mut Vec<String>) {
    for call in served.answers() {
        for tool_use in &call.tool_uses {
            let ServedToolUse { id, name, .. } = tool_use;
            match view.find(Role::Tool, keys::TOOL_CALL_ID, id).as_slice() {
                [] => found.push(format!("tool call {id} ({name}) has no span")),
                [tool] => check_tool(call, tool_use, tool, view, expect, found),
                tools => found.push(format!("tool call {id} ({name}) has {} spans", tools.len())),
            }
        }
    }
    let is_served =
        |id: &str| served.answers().flat_map(|call| &call.tool_uses).any(|tool_use| tool_use.id == id);
    for tool in view.with_role(Role::Tool) {
        match text(tool, keys::TOOL_CALL_ID) {
            None => found.push(format!("{}: {} is absent", label(tool), keys::TOOL_CALL_ID)),
            Some(id) if !is_served(id) => {
                found.push(format!("{}: the API served no tool call {id}", label(tool)));
            }
            Some(_) => {}
        }
    }
}

fn check_tool(
    call: &ServedCall,
    tool_use: &ServedToolUse,
    tool: &ReceivedSpan,
    view: &SpanView<'_>,
    expect: &Expect,
    found: &mut Vec<String>,
) {
    expect_attribute(tool, keys::TOOL_NAME, &json!(tool_use.name), found);
    let end = expect.end_of(&[&tool_use.id, &tool_use.name]);
    expect_attribute(tool, keys::TOOL_OUTCOME, &json!(end.outcome.as_str()), found);
    if let Some(decider) = end.decider {
        expect_attribute(tool, keys::PERMISSION_DECIDER, &json!(decider), found);
    }
    let chats = view.find(Role::Chat, keys::REQUEST_ID, &call.request_id);
    let linked = |chat: &&ReceivedSpan| {
        tool.links.iter().any(|link| link.span_id == chat.span_id && link.trace_id == chat.trace_id)
    };
    if !chats.iter().any(linked) {
        found.push(format!("{}: no link to the chat {} that decided it", label(tool), call.request_id));
    }
}
