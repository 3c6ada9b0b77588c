//! What is read from results and arguments of what a call did.

use super::observation;
use crate::claude_code::AGENT;
use serde_json::{Value as Json, json};
use tacho_model::event::{Fact, LineChange, Makes, Printed, ShellCommand, Source, ToolDeed, WebLink};

/// What is read from a payload or a row, the call and its end aside.
fn deeds(source: Source, offset: Option<u64>, said: &Json) -> Vec<ToolDeed> {
    let decoded = (AGENT.decode)(&observation(source, offset, said.to_string().as_bytes()));
    let facts = decoded.events.into_iter().map(|event| event.fact);
    facts.filter_map(|fact| if let Fact::ToolDid { deed, .. } = fact { Some(deed) } else { None }).collect()
}

fn after(tool: &str, input: &Json, response: &Json) -> Vec<ToolDeed> {
    let payload = json!({
        "hook_event_name": "PostToolUse", "tool_name": tool, "tool_use_id": "t", "tool_input": input,
        "tool_response": response,
    });
    deeds(Source::Hook, None, &payload)
}

/// The same result as the transcript has it, without the call's name and arguments.
fn in_a_row(response: &Json) -> Vec<ToolDeed> {
    let block = json!({ "type": "tool_result", "tool_use_id": "t", "content": "done" });
    let row = json!({ "type": "user", "message": { "content": [block] }, "toolUseResult": response });
    deeds(Source::Transcript, Some(0), &row)
}

fn lines(added: u64, removed: u64) -> Vec<ToolDeed> {
    vec![ToolDeed::ChangedLines(LineChange { added, removed })]
}

#[test]
fn lines_by_results() {
    let patch =
        json!([{ "lines": [" a", "-b", "+c", "+d", "\\ No newline at end of file"] }, { "lines": ["-x"] }]);
    let long = "line\n".repeat(9_000);
    let cut =
        json!({ "type": "create", "content": format!("{}\u{2026}[30000 bytes cut]", "line\n".repeat(3)) });
    for (response, expected) in [
        (json!({ "structuredPatch": patch, "oldString": "b", "newString": "c" }), lines(2, 2)),
        (json!({ "type": "create", "content": "a\nb\n", "structuredPatch": [] }), lines(2, 0)),
        (json!({ "type": "create", "content": "a\nb", "structuredPatch": [] }), lines(2, 0)),
        (json!({ "type": "create", "content": long, "structuredPatch": [] }), lines(9_000, 0)),
        (json!({ "type": "update", "content": "a", "structuredPatch": [] }), lines(0, 0)),
        (json!({ "oldString": "a\nb\nc", "newString": "a\nx\ny\nc" }), lines(2, 1)),
        (json!({ "oldString": "a", "newString": "b", "replaceAll": true }), vec![]),
        (json!({ "edit_mode": "insert", "new_source": "a\nb" }), lines(2, 0)),
        (json!({ "edit_mode": "delete", "old_source": "a\nb", "new_source": "" }), lines(0, 2)),
        (json!({ "edit_mode": "replace", "old_source": "a\nb", "new_source": "a" }), lines(0, 1)),
        (json!({ "edit_mode": "replace", "new_source": "a" }), vec![]),
        (cut, vec![]),
        (
            json!({ "structuredPatch": [{ "lines": ["+a", "\u{2026}[7 bytes cut]"] }, { "lines": ["-x"] }] }),
            vec![],
        ),
        (json!({ "structuredPatch": [{ "lines": ["+a", "+\u{2026}[7 bytes cut]"] }] }), lines(2, 0)),
        (json!({ "type": "text", "file": { "content": "a\nb" } }), vec![]),
        (json!("Error: no"), vec![]),
    ] {
        assert_eq!(in_a_row(&response), expected, "{response}");
        assert_eq!(after("Write", &json!({}), &response), expected, "{response}");
    }
}

#[test]
fn lines_by_arguments_where_the_result_has_none() {
    let edit = json!({ "old_string": "a\nb", "new_string": "a\nc\nd" });
    for (tool, input, expected) in [
        ("Edit", edit.clone(), lines(2, 1)),
        ("MultiEdit", json!({ "edits": [edit, { "old_string": "x", "new_string": "" }] }), lines(2, 2)),
        ("Edit", json!({ "old_string": "a", "new_string": "b", "replace_all": true }), vec![]),
        ("Other", edit.clone(), vec![]),
    ] {
        assert_eq!(after(tool, &input, &json!("done")), expected, "{tool} {input}");
    }
}

fn link(url: &str, number: u64) -> Option<WebLink> {
    Some(WebLink { url: url.to_owned(), number })
}

#[test]
fn what_output_has() {
    let (pull, issue) = ("https://github.com/a/b/pull/17", "https://github.com/a/b/issues/18");
    let merge = "https://gitlab.example.com/g/s/b/-/merge_requests/5";
    let revision = |text: &str| Some(text.to_owned());
    let nothing = Printed::default();
    for (output, expected) in [
        (
            "[main 0a1b2c3] Subject\n 1 file changed",
            Printed { revision: revision("0a1b2c3"), ..nothing.clone() },
        ),
        ("[main (root-commit) 0a1b2c3d] x", Printed { revision: revision("0a1b2c3d"), ..nothing.clone() }),
        ("[detached HEAD 0a1b2c3] x", Printed { revision: revision("0a1b2c3"), ..nothing.clone() }),
        ("[a 1111111] x\n[a 2222222] y", Printed { revision: revision("2222222"), ..nothing.clone() }),
        (
            "Creating\n\nhttps://github.com/a/b/pull/17\n",
            Printed { change: link(pull, 17), ..nothing.clone() },
        ),
        (
            "!5 x\n https://gitlab.example.com/g/s/b/-/merge_requests/5",
            Printed { change: link(merge, 5), ..nothing.clone() },
        ),
        ("https://github.com/a/b/issues/18", Printed { issue: link(issue, 18), ..nothing.clone() }),
    ] {
        assert_eq!(in_a_row(&json!({ "stdout": output })), [ToolDeed::Printed(expected)], "{output}");
    }
    for output in [
        "see https://github.com/a/b/pull/17",
        "https://github.com/a/b/pull/new/branch",
        "https://github.com/a/b/pull/17?token=x",
        "https://user:secret@github.com/a/b/pull/17",
        "https://github.com/pull/17",
        "https://github.com/a/b/pull/",
        "[main] x",
        "[main 0a1b2] x",
        "[main 0A1B2C3D] x",
        "commit 0a1b2c3d4e5f",
    ] {
        assert_eq!(in_a_row(&json!({ "stdout": output })), [], "{output}");
    }
}

/// What the agent itself made of the output comes first, as far as something was made.
#[test]
fn what_the_agent_made_of_output() {
    let result = |action: &str| {
        json!({
            "stdout": "[main 1111111] x\nhttps://github.com/a/b/pull/1",
            "gitOperation": {
                "commit": { "sha": "2222222", "kind": "committed" },
                "pr": { "number": 2, "url": "https://github.com/a/b/pull/2", "action": action },
            },
        })
    };
    let printed = |change: Option<WebLink>| {
        [ToolDeed::Printed(Printed { revision: Some("2222222".to_owned()), change, issue: None })]
    };
    assert_eq!(in_a_row(&result("created")), printed(link("https://github.com/a/b/pull/2", 2)));
    assert_eq!(in_a_row(&result("merged")), printed(link("https://github.com/a/b/pull/1", 1)));
}

#[test]
fn calls_by_their_arguments() {
    let command = |line: &str| json!({ "command": line });
    let ran = |family, makes| vec![ToolDeed::Ran(ShellCommand { family, makes })];
    for (tool, input, expected) in [
        ("Bash", command("cd x && make -j8"), ran("make", Makes::NOTHING)),
        ("Bash", command("git commit -m x"), ran("git", Makes::COMMIT)),
        ("Bash", command(""), vec![]),
        ("Bash", json!({}), vec![]),
        ("Skill", json!({ "skill": "greet" }), vec![ToolDeed::UsedSkill("greet".to_owned())]),
        ("Read", command("make"), vec![]),
    ] {
        let before = json!({ "hook_event_name": "PreToolUse", "tool_name": tool, "tool_use_id": "t", "tool_input": input });
        assert_eq!(deeds(Source::Hook, None, &before), expected, "{tool} {input}");
        let block = json!({ "type": "tool_use", "id": "t", "name": tool, "input": input });
        let row = json!({ "type": "assistant", "message": { "id": "m", "content": [block] } });
        assert_eq!(deeds(Source::Transcript, Some(0), &row), expected, "{tool} {input}");
    }
}

/// A commit is made although the command behind it fails.
#[test]
fn what_a_call_that_failed_printed() {
    let payload = json!({
        "hook_event_name": "PostToolUseFailure", "tool_name": "Bash", "tool_use_id": "t",
        "tool_input": { "command": "git commit -m x && false" },
        "error": "Exit code 1\n[main 0a1b2c3] x",
    });
    let printed = Printed { revision: Some("0a1b2c3".to_owned()), ..Printed::default() };
    let command = ShellCommand { family: "git", makes: Makes::COMMIT };
    assert_eq!(deeds(Source::Hook, None, &payload), [ToolDeed::Ran(command), ToolDeed::Printed(printed)]);
}

/// What was there before is named in the same way as what is made.
#[test]
fn what_there_was_before() {
    let payload = json!({
        "hook_event_name": "PostToolUseFailure", "tool_name": "Bash", "tool_use_id": "t",
        "tool_input": { "command": "gh pr create --fill" },
        "error": "Exit code 1\na pull request for branch \"b\" into branch \"main\" already exists:\nhttps://github.com/a/b/pull/1",
    });
    let command = ShellCommand { family: "gh", makes: Makes::CHANGE };
    assert_eq!(deeds(Source::Hook, None, &payload), [ToolDeed::Ran(command)]);
}

/// A person who refuses may name an address.
#[test]
fn what_a_person_said() {
    let block = json!({
        "type": "tool_result", "tool_use_id": "t", "is_error": true,
        "content": "The user doesn't want to proceed:\nhttps://github.com/a/b/pull/1",
    });
    let row = json!({ "type": "user", "toolDenialKind": "user-rejected", "message": { "content": [block] } });
    assert_eq!(deeds(Source::Transcript, Some(0), &row), []);
}
