//! Tools that ask a person for something.

use super::{assembled, check, hook, prompted, stopped};
use std::collections::BTreeSet;
use tacho_model::event::{Event, Fact, Json, ToolEnd, ToolStart};
use tacho_model::id::ToolUseId;

fn called(seconds: u64, tool: &str) -> Event {
    let (id, server) = (ToolUseId::from(tool), Some("server".to_owned()));
    let start =
        ToolStart { tool: id, name: tool.to_owned(), input: Json("{}".to_owned()), mcp_server: server };
    hook(seconds, "p", Fact::ToolStarted(start))
}

fn back(seconds: u64, tool: &str) -> Event {
    let end = ToolEnd {
        tool: ToolUseId::from(tool),
        name: tool.to_owned(),
        input: Json("{}".to_owned()),
        failure: None,
        duration_ms: None,
        result: None,
        started_subagent: None,
        mcp_server: Some("server".to_owned()),
    };
    hook(seconds, "p", Fact::ToolEnded(end))
}

fn asked(seconds: u64, server: &str) -> Event {
    let server = Some(server.to_owned());
    hook(seconds, "p", Fact::ElicitationAsked { server, mode: None, message: None })
}

fn answered(seconds: u64, server: &str) -> Event {
    let (server, action) = (Some(server.to_owned()), Some("accept".to_owned()));
    hook(seconds, "p", Fact::ElicitationAnswered { server, action })
}

#[test]
fn a_question_and_its_answer() {
    let events =
        [hook(1, "p", prompted()), called(2, "t"), asked(3, "server"), answered(7, "server"), back(8, "t")];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..open unsettled",
            "  execute_tool t 2..8",
            "    claude_code.elicitation.wait 3..7",
        ],
    );
}

#[test]
fn a_question_that_nobody_answered_ends_with_its_call() {
    let events = [hook(1, "p", prompted()), called(2, "t"), asked(3, "server"), back(8, "t")];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..open unsettled",
            "  execute_tool t 2..8",
            "    claude_code.elicitation.wait 3..8 by tool_end",
        ],
    );
    check(
        &events,
        9,
        &[
            "invoke_agent agent 1..open unsettled",
            "  execute_tool t 2..8 unsettled",
            "    claude_code.elicitation.wait 3..8 by tool_end unsettled",
        ],
    );
}

#[test]
fn a_question_is_open_as_long_as_its_call() {
    let events = [hook(1, "p", prompted()), called(2, "t"), asked(3, "server")];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..open unsettled",
            "  execute_tool t 2..open unsettled",
            "    claude_code.elicitation.wait 3..open unsettled",
        ],
    );
}

#[test]
fn several_questions_of_one_call_have_names_of_their_own() {
    let events = [
        hook(1, "p", prompted()),
        called(2, "t"),
        asked(3, "server"),
        asked(3, "server"),
        answered(4, "server"),
        answered(4, "server"),
        asked(5, "server"),
        answered(6, "server"),
        back(8, "t"),
        hook(9, "p", stopped()),
    ];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..9",
            "  execute_tool t 2..8",
            "    claude_code.elicitation.wait 3..4",
            "    claude_code.elicitation.wait 5..6",
        ],
    );
    let spans = assembled(&events, 20).spans;
    assert_eq!(spans.iter().map(|span| span.span_id).collect::<BTreeSet<_>>().len(), spans.len());
}

/// Two calls of the server run: the agent has not said which one asked.
#[test]
fn a_question_that_two_calls_fit_is_nobodys() {
    let events = [
        hook(1, "p", prompted()),
        called(2, "t"),
        called(2, "u"),
        asked(3, "server"),
        answered(7, "server"),
        asked(7, "another"),
    ];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..open unsettled",
            "  execute_tool t 2..open unsettled",
            "  execute_tool u 2..open unsettled",
        ],
    );
}
