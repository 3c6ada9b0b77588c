//! What is read from transcript rows.

use super::observation;
use crate::claude_code::AGENT;
use crate::{TranscriptPlace, UsageRow};
use serde_json::{Value as Json, json};
use tacho_model::event::{
    AnswerPart, AnsweredTool, Decider, Fact, FailureCause, Json as JsonText, Refusal, Source, ToolRecord,
};
use tacho_model::id::ToolUseId;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{Iteration, Terms};

fn facts(row: &Json) -> Vec<Fact> {
    let decoded = (AGENT.decode)(&observation(Source::Transcript, Some(0), row.to_string().as_bytes()));
    assert_eq!(decoded.warnings, [], "{row}");
    decoded.events.into_iter().map(|event| event.fact).collect()
}

#[test]
fn rows_of_types_that_are_not_read() {
    for row_type in ["cost-state", "attachment", "system", "custom-title"] {
        assert_eq!(facts(&json!({ "type": row_type, "subtype": "anything" })), [Fact::Nothing]);
    }
}

/// Of the hooks that ran at the end of a turn, ours says how long it took.
#[test]
fn the_end_of_a_turn() {
    let ours = r#""${CLAUDE_PLUGIN_ROOT}"/bin/tacho-hook"#;
    let summary =
        |hooks: Json| json!({ "type": "system", "subtype": "stop_hook_summary", "hookInfos": hooks });
    for (row, hook_ms) in [
        (
            summary(
                json!([{ "command": "/bin/true", "durationMs": 50 }, { "command": ours, "durationMs": 24 }]),
            ),
            Some(24),
        ),
        (
            summary(json!([{ "command": ours, "durationMs": 24 }, { "command": ours, "durationMs": 31 }])),
            Some(31),
        ),
        (
            summary(
                json!([{ "command": "/bin/true", "durationMs": 50 }, { "command": ours, "durationMs": "long" }]),
            ),
            None,
        ),
        (json!({ "type": "system", "subtype": "stop_hook_summary" }), None),
        (json!({ "type": "system", "subtype": "turn_duration", "durationMs": 900 }), None),
    ] {
        assert_eq!(facts(&row), [Fact::TurnRecorded { hook_ms }], "{row}");
    }
}

#[test]
fn a_row_of_an_unknown_type() {
    assert_eq!(facts(&json!({ "type": "future-type" })), [Fact::Unknown]);
}

/// The text of a prompt row, as its user would know it.
#[test]
fn prompts_as_they_were_typed() {
    for (written, typed) in [
        ("go on", "go on"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("<command-name>/compact</command-name>\n  <command-args></command-args>", "/compact"),
        (
            "<command-message>greet</command-message>\n<command-name>/greet</command-name>\n<command-args>a b</command-args>",
            "/greet a b",
        ),
        ("<bash-input>echo hi</bash-input>", "!echo hi"),
    ] {
        let row = json!({ "type": "user", "promptId": "p", "message": { "content": written } });
        let prompt =
            Fact::Prompted { text: Some(typed.to_owned()), permission_mode: None, agent_version: None };
        assert_eq!(facts(&row), [prompt]);
    }
}

/// Who kept a call from running, as far as the row says.
#[test]
fn calls_that_did_not_go_well() {
    let hook_error = "PreToolUse:Bash hook error: [check]: no";
    for (content, denial, cause) in [
        ("Exit code 3\nout", None, FailureCause::Exit(3)),
        ("Exit code 143\nCommand timed out after 1s", None, FailureCause::Timeout),
        ("[Request interrupted by user for tool use]", None, FailureCause::Interrupted),
        ("The user doesn't want to proceed", Some("user-rejected"), FailureCause::Denied),
        ("Permission to use Bash with command x has been denied.", None, FailureCause::Denied),
        (hook_error, Some("permission-rule"), FailureCause::Refused(Refusal::Hook)),
        (hook_error, None, FailureCause::Refused(Refusal::Hook)),
        (
            "<tool_use_error>Error: No such tool available: X</tool_use_error>",
            None,
            FailureCause::Refused(Refusal::UnknownTool),
        ),
        (
            "<tool_use_error>InputValidationError: Read failed</tool_use_error>",
            None,
            FailureCause::Refused(Refusal::InvalidInput),
        ),
        (
            "<tool_use_error>Blocked: standalone sleep</tool_use_error>",
            None,
            FailureCause::Refused(Refusal::Blocked),
        ),
        ("File does not exist.", None, FailureCause::Other),
    ] {
        let block =
            json!({ "type": "tool_result", "tool_use_id": "t", "is_error": true, "content": content });
        let row = json!({ "type": "user", "message": { "content": [block] }, "toolDenialKind": denial });
        let found = facts(&row);
        let [Fact::ToolRecorded(ToolRecord { failure: Some(failure), .. })] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(failure.cause, cause, "{content}");
    }
}

/// The blocks of an answer, and the result of a tool that the API ran.
#[test]
fn parts_of_an_answer() {
    let call = json!({ "type": "tool_use", "id": "t", "name": "Bash", "input": { "command": "ls" } });
    let search =
        json!({ "type": "server_tool_use", "id": "s", "name": "web_search", "input": { "query": "q" } });
    let result =
        json!({ "type": "web_search_tool_result", "tool_use_id": "s", "content": [{ "title": "a" }] });
    let blocks = json!([
        { "type": "thinking", "thinking": "hm" },
        { "type": "thinking", "thinking": "" },
        { "type": "text", "text": "so" },
        call,
        search,
        result,
        { "type": "future" },
    ]);
    let row = json!({ "type": "assistant", "message": { "id": "m", "stop_reason": "tool_use", "content": blocks } });
    let (mut parts, mut records) = (Vec::new(), Vec::new());
    for fact in facts(&row) {
        if let Fact::ModelAnswered(answer) = fact {
            parts.push((answer.block, answer.part));
        } else if let Fact::ToolRecorded(record) = fact {
            records.push((record.tool.to_string(), record.response));
        }
    }
    let tool = |id: &str, name: &str, input: &str, on_server| {
        let (tool, input) = (ToolUseId::from(id), JsonText(input.to_owned()));
        AnswerPart::ToolCall(AnsweredTool { tool, name: name.to_owned(), input, on_server })
    };
    let result = JsonText(r#"[{"title":"a"}]"#.to_owned());
    let expected = [
        Some(AnswerPart::Reasoning("hm".to_owned())),
        None,
        Some(AnswerPart::Text("so".to_owned())),
        Some(tool("t", "Bash", r#"{"command":"ls"}"#, false)),
        Some(tool("s", "web_search", r#"{"query":"q"}"#, true)),
        Some(AnswerPart::ToolResult { tool: ToolUseId::from("s"), result: result.clone() }),
        None,
    ];
    assert_eq!(parts, (0..).zip(expected).collect::<Vec<_>>());
    assert_eq!(records, [("s".to_owned(), Some(result))]);
}

/// How an answer was served: as it is said, and what of it stands in the list of what was used.
#[test]
fn terms_of_an_answer() {
    let words = |speed: &str, geo: &str, tier: &str| {
        let word = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        Terms {
            speed: word(speed),
            inference_geo: word(geo),
            service_tier: word(tier),
            web_searches: Some(2),
            iterations: Vec::new(),
        }
    };
    let usage = |speed: &str, geo: &str, tier: &str| {
        let searches = json!({ "web_search_requests": 2, "web_fetch_requests": 1 });
        json!({ "speed": speed, "inference_geo": geo, "service_tier": tier, "server_tool_use": searches })
    };
    let part = json!({ "type": "advisor_message", "model": "a", "input_tokens": 3, "output_tokens": 4 });
    let advice = Usage { input: Some(3), output: Some(4), ..Usage::default() };
    let iterations =
        vec![Iteration { kind: "advisor_message".to_owned(), model: Some("a".to_owned()), usage: advice }];
    let advised = Terms { iterations, ..Terms::default() };
    for (said, terms, used) in [
        (json!({}), Terms::default(), Terms::default()),
        (
            usage("standard", "not_available", "standard"),
            words("standard", "", "standard"),
            words("", "", ""),
        ),
        (usage("", "", ""), words("", "", ""), words("", "", "")),
        (
            usage("standard", "global", "priority"),
            words("standard", "global", "priority"),
            words("", "", "priority"),
        ),
        (usage("fast", "us", "batch"), words("fast", "us", "batch"), words("fast", "us", "batch")),
        (json!({ "iterations": [part] }), advised.clone(), advised),
    ] {
        let row = json!({ "type": "assistant", "message": { "id": "m", "usage": said } });
        let [Fact::ModelAnswered(answer)] = &facts(&row)[..] else { panic!("{said}") };
        assert_eq!(answer.terms, terms, "{said}");
        let place = TranscriptPlace { session: "s".into(), subagent: None, subagent_kind: None };
        let UsageRow::Call(record, None) = (AGENT.usage_row)(row.to_string().as_bytes(), &place) else {
            panic!("{said}");
        };
        assert_eq!(record.terms, used, "{said}");
    }
}

/// Who decided over a call, by the words that version 2.1.330 has.
#[test]
fn who_decided_over_a_call() {
    let decided = |fields: Json| {
        let block = json!({ "type": "tool_result", "tool_use_id": "t", "content": "" });
        let mut row = json!({ "type": "user", "message": { "content": [block] } });
        row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let [Fact::ToolRecorded(record)] = &facts(&row)[..] else { panic!("{fields}") };
        record.decision.as_ref().map(|said| (said.decision.clone(), said.decider.map(Decider::word)))
    };
    let said = |source: &str, kind: &str, code: &str| {
        let said = json!({ "decision": "accept", "source": source, "reasonType": kind, "reasonCode": code });
        decided(json!({ "permissionDecision": said })).unwrap().1
    };
    assert_eq!(said("user_temporary", "", "unknown"), Some("person"));
    assert_eq!(said("user_abort", "rule", "rule:session"), Some("person"));
    assert_eq!(said("hook", "hook", "hook:PermissionRequest"), Some("hook"));
    assert_eq!(said("config", "hook", "hook:PreToolUse"), Some("hook"));
    assert_eq!(said("classifier", "classifier", "classifier:auto-mode:unavailable"), Some("classifier"));
    assert_eq!(said("config", "rule", "rule:policySettings"), Some("rule"));
    assert_eq!(said("config", "mode", ""), Some("mode"));
    assert_eq!(said("config", "asyncAgent", ""), Some("mode"));
    assert_eq!(said("config", "other", "safetyCheck"), Some("safety_check"));
    assert_eq!(said("config", "", "sandboxOverride"), Some("sandbox"));
    assert_eq!(said("config", "subcommandResults", "subcommands:rule:session"), Some("rule"));
    assert_eq!(said("config", "", "subcommands:rule:session+rule:cliArg"), Some("rule"));
    assert_eq!(said("config", "", "subcommands:mode:plan+rule:cliArg"), None);
    assert_eq!(said("config", "", "unknown"), None);
    assert_eq!(said("unknown", "unknown", "of a later version"), None);
    let denied = |kind: &str| decided(json!({ "toolDenialKind": kind }));
    let rejected = |decider| Some(("reject".to_owned(), decider));
    assert_eq!(denied("user-rejected"), rejected(Some("person")));
    assert_eq!(denied("permission-rule"), rejected(Some("rule")));
    assert_eq!(denied("automode-unavailable"), rejected(Some("classifier")));
    assert_eq!(denied("of-a-later-version"), rejected(None));
    assert_eq!(decided(json!({})), None);
}
