//! Subagents: one span each, below the very tool call that started it.

use serde_json::json;

use super::RunFacts;
use super::keys;
use super::served::Served;
use super::view::{Role, SpanView, expect_attribute, expect_no_attribute, label, role_of, text};
use crate::otlp::ReceivedSpan;

pub(super) fn check(served: &Served<'_>, view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    for (launcher, first_call, depth) in served.subagents() {
        let id = &launcher.tool.id;
        let is_below = |subagent: &&ReceivedSpan| starting_tool(subagent, view) == Some(id);
        match view.with_role(Role::Subagent).filter(is_below).collect::<Vec<_>>().as_slice() {
            [subagent] => {
                if let Some(agent_id) = &first_call.agent_id {
                    expect_attribute(subagent, keys::SUBAGENT_ID, &json!(agent_id), found);
                }
                if run.cli.writes_depth {
                    expect_attribute(subagent, keys::SUBAGENT_DEPTH, &json!(depth), found);
                } else {
                    expect_no_attribute(subagent, keys::SUBAGENT_DEPTH, found);
                }
            }
            spans => found.push(format!("tool call {id} started {} subagents, should be 1", spans.len())),
        }
    }
    let started = |id: &str| served.subagents().any(|(launcher, ..)| launcher.tool.id == id);
    for subagent in view.with_role(Role::Subagent) {
        if !starting_tool(subagent, view).is_some_and(started) {
            found.push(format!("{}: below nothing that starts a subagent", label(subagent)));
        }
    }
    check_types(view, run, found);
}

/// The id of the tool call that a subagent is below.
pub(super) fn starting_tool<'a>(subagent: &ReceivedSpan, view: &SpanView<'a>) -> Option<&'a str> {
    let tool = view.parent(subagent).filter(|parent| role_of(parent) == Role::Tool)?;
    text(tool, keys::TOOL_CALL_ID)
}

fn check_types(view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    let mut types: Vec<_> =
        view.with_role(Role::Subagent).map(|span| text(span, keys::AGENT_NAME).unwrap_or_default()).collect();
    let mut expected: Vec<_> = run.expect.subagents.iter().map(String::as_str).collect();
    types.sort_unstable();
    expected.sort_unstable();
    if types != expected {
        found.push(format!("subagents are {types:?}, should be {expected:?}"));
    }
}
