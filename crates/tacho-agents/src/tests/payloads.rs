//! What is read from one payload of every event.

use super::{files, fixtures, observation};
use crate::claude_code::AGENT;
use serde_json::json;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tacho_model::event::{Event, Fact, Source};

/// The hook events of version 2.1.330.
const EVENTS: [&str; 33] = [
    "ConfigChange",
    "CwdChanged",
    "DirectoryAdded",
    "Elicitation",
    "ElicitationResult",
    "FileChanged",
    "InstructionsLoaded",
    "MessageDisplay",
    "Notification",
    "PermissionDenied",
    "PermissionRequest",
    "PostCompact",
    "PostModelSwitch",
    "PostToolBatch",
    "PostToolUse",
    "PostToolUseFailure",
    "PreCompact",
    "PreModelSwitch",
    "PreToolUse",
    "SessionEnd",
    "SessionStart",
    "Setup",
    "Stop",
    "StopFailure",
    "SubagentStart",
    "SubagentStop",
    "TaskCompleted",
    "TaskCreated",
    "TeammateIdle",
    "UserPromptExpansion",
    "UserPromptSubmit",
    "WorktreeCreate",
    "WorktreeRemove",
];

fn events(payload: &str) -> Vec<Event> {
    let decoded = (AGENT.decode)(&observation(Source::Hook, None, payload.as_bytes()));
    assert_eq!(decoded.warnings, [], "{payload}");
    decoded.events
}

/// All that is read from the payloads of a directory.
fn read(directory: &Path) -> (Vec<String>, String) {
    let (mut names, mut text) = (Vec::new(), String::new());
    let payloads = files(directory).into_iter().filter(|path| path.parent() == Some(directory));
    for path in payloads.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for event in events(&fs::read_to_string(&path).unwrap()) {
            assert_eq!(event.name, name);
            let (prompt, subagent) = (event.prompt.is_some(), event.subagent.is_some());
            writeln!(text, "{name} (prompt: {prompt}, subagent: {subagent})\n{:#?}\n", event.fact).unwrap();
        }
        names.push(name);
    }
    (names, text)
}

#[test]
fn every_event() {
    let (names, text) = read(&fixtures("payloads"));
    assert_eq!(names, EVENTS);
    insta::assert_snapshot!(text);
}

#[test]
fn events_of_the_oldest_version() {
    let (_, text) = read(&fixtures("payloads/2.1.119"));
    insta::assert_snapshot!(text);
}

/// An event of a name that no version knew is kept as data.
#[test]
fn an_unknown_event() {
    let payload = json!({ "hook_event_name": "FutureEvent", "prompt_id": "prompt", "tool_name": "Bash" });
    let found: Vec<(String, Fact)> =
        events(&payload.to_string()).into_iter().map(|event| (event.name, event.fact)).collect();
    assert_eq!(found, [("FutureEvent".to_owned(), Fact::Unknown)]);
}

/// It is counted as the event it is, and as something that was not understood.
#[test]
fn a_tool_event_that_names_no_call() {
    let payload = json!({ "hook_event_name": "PreToolUse", "tool_name": "Bash" }).to_string();
    let decoded = (AGENT.decode)(&observation(Source::Hook, None, payload.as_bytes()));
    let found: Vec<(String, Fact)> =
        decoded.events.into_iter().map(|event| (event.name, event.fact)).collect();
    assert_eq!(found, [("PreToolUse".to_owned(), Fact::Nothing)]);
    let warnings: Vec<String> = decoded.warnings.into_iter().map(|warning| warning.0).collect();
    assert_eq!(warnings, ["PreToolUse lacks what makes it a statement"]);
}

/// What an agent calls a kind of thing leaves the machine, so a text in its place must not.
#[test]
fn a_text_where_a_word_should_be() {
    let payload = json!({ "hook_event_name": "SessionEnd", "reason": "because I said so" }).to_string();
    let facts: Vec<Fact> = events(&payload).into_iter().map(|event| event.fact).collect();
    assert_eq!(facts, [Fact::SessionEnded { reason: Some("other".to_owned()) }]);
}
