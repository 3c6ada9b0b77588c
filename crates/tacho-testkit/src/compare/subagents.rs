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
                let teammate = first_call.agent_id.as_deref().and_then(teammate);
                match (&first_call.agent_id, teammate) {
                    (_, Some(name)) => check_teammate(name, subagent, found),
                    (Some(id), None) => expect_attribute(subagent, keys::SUBAGENT_ID, &json!(id), found),
                    (None, None) => {}
                }
                if run.cli.writes_depth {
                    // A teammate works beside the one that starts it.
                    let depth = if teammate.is_some() { 0 } else { depth };
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

/// The name of a teammate: the API is told of `NAME@TEAM` where it is told the id of any other subagent.
fn teammate(agent_id: &str) -> Option<&str> {
    agent_id.split_once('@').map(|(name, _)| name)
}

/// The id that the CLI writes of a teammate is not the one that the API is told, but has its name in it.
fn check_teammate(name: &str, subagent: &ReceivedSpan, found: &mut Vec<String>) {
    let id = text(subagent, keys::SUBAGENT_ID).unwrap_or_default();
    if !id.starts_with(&format!("a{name}-")) {
        found.push(format!("{}: {} is {id:?}, should be of {name:?}", label(subagent), keys::SUBAGENT_ID));
    }
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
