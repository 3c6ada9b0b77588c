//! Each kind of difference between the truth and the spans is found, and nothing else.

use std::collections::BTreeMap;

use serde_json::json;

use crate::anthropic::{ServedCall, ServedToolUse, ServedUsage};
use crate::compare::{RunFacts, differences, without_resends};
use crate::otlp::{ReceivedLink, ReceivedSpan, SpanKind, SpanStatus};
use crate::scenario::Expect;

const MS: u64 = 1_000_000;
const TRACE: &str = "trace";

/// A call of the model that began at `start_ms` and took 10 ms.
pub(super) fn call(number: u64, start_ms: u64, agent: Option<&str>, tools: &[(&str, &str)]) -> ServedCall {
    let tool_use =
        |(id, name): &(&str, &str)| ServedToolUse { id: (*id).to_owned(), name: (*name).to_owned() };
    let stop_reason = if tools.is_empty() { "end_turn" } else { "tool_use" };
    ServedCall {
        request_id: format!("req{number}"),
        message_id: Some(format!("msg{number}")),
        label: format!("s#{number}"),
        model: "m".to_owned(),
        agent_id: agent.map(str::to_owned),
        session_id: Some("session".to_owned()),
        status: 200,
        started_unix_ns: start_ms * MS,
        first_byte_unix_ns: (start_ms + 5) * MS,
        done_unix_ns: (start_ms + 10) * MS,
        whole: true,
        stop_reason: Some(stop_reason.to_owned()),
        usage: ServedUsage {
            input: number,
            cache_read: 10,
            cache_write_5m: 200,
            cache_write_1h: 3000,
            output: 7,
        },
        tool_uses: tools.iter().map(tool_use).collect(),
    }
}

/// A turn whose first call starts a subagent, which has a call with a tool and a call without.
pub(super) fn truth() -> Vec<ServedCall> {
    let mut failed = call(9, 1000, None, &[]);
    (failed.status, failed.whole) = (529, false);
    vec![
        failed,
        call(1, 1000, None, &[("t1", "Agent")]),
        call(2, 1100, Some("a1"), &[("t2", "Bash")]),
        call(3, 1200, Some("a1"), &[]),
        call(4, 1300, None, &[]),
    ]
}

fn span(id: &str, parent: Option<&str>, times_ms: (u64, u64), attributes: serde_json::Value) -> ReceivedSpan {
    let mut attributes: BTreeMap<String, _> = serde_json::from_value(attributes).unwrap();
    attributes.insert("session.id".to_owned(), json!("session"));
    let operation = attributes["gen_ai.operation.name"].as_str().unwrap().to_owned();
    let subject = ["gen_ai.request.model", "gen_ai.tool.name", "gen_ai.agent.name"];
    let subject = subject.iter().find_map(|key| attributes.get(*key)).unwrap();
    ReceivedSpan {
        trace_id: TRACE.to_owned(),
        span_id: id.to_owned(),
        parent_span_id: parent.map(str::to_owned),
        name: format!("{operation} {}", subject.as_str().unwrap()),
        kind: SpanKind::Internal,
        start_ns: times_ms.0 * MS,
        end_ns: times_ms.1 * MS,
        status: SpanStatus::Unset,
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        resource: BTreeMap::new(),
    }
}

fn chat(number: u64, parent: &str, start_ms: u64, stop_reason: &str) -> ReceivedSpan {
    let attributes = json!({
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "m",
        "claude_code.request.id": format!("req{number}"), "gen_ai.response.id": format!("msg{number}"),
        "gen_ai.response.finish_reasons": [stop_reason],
        "claude_code.usage.uncached_input_tokens": number,
        "gen_ai.usage.cache_read.input_tokens": 10,
        "claude_code.usage.cache_creation_5m_input_tokens": 200,
        "claude_code.usage.cache_creation_1h_input_tokens": 3000,
        "gen_ai.usage.input_tokens": number + 3210,
        "gen_ai.usage.output_tokens": 7,
    });
    span(&format!("chat{number}"), Some(parent), (start_ms, start_ms + 10), attributes)
}

fn tool(id: &str, name: &str, parent: &str, times_ms: (u64, u64), decided_by: &str) -> ReceivedSpan {
    let attributes = json!({
        "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": id,
        "claude_code.tool.outcome": "ok",
    });
    let mut tool = span(&format!("tool-{id}"), Some(parent), times_ms, attributes);
    tool.links.push(ReceivedLink {
        trace_id: TRACE.to_owned(),
        span_id: decided_by.to_owned(),
        attributes: BTreeMap::new(),
    });
    tool
}

/// What a recorder without a fault makes of [`truth`].
pub(super) fn faultless() -> Vec<ReceivedSpan> {
    let agent = |name: &str| json!({ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name });
    let mut turn = span("turn", None, (990, 1310), agent("claude-code"));
    turn.attributes.insert("gen_ai.conversation_root".to_owned(), json!(true));
    let mut subagent = span("sub", Some("tool-t1"), (1050, 1220), agent("general-purpose"));
    subagent.attributes.insert("claude_code.subagent.id".to_owned(), json!("a1"));
    vec![
        turn,
        chat(1, "turn", 1000, "tool_use"),
        tool("t1", "Agent", "turn", (1040, 1290), "chat1"),
        subagent,
        chat(2, "sub", 1100, "tool_use"),
        tool("t2", "Bash", "sub", (1120, 1190), "chat2"),
        chat(3, "sub", 1200, "end_turn"),
        chat(4, "turn", 1300, "end_turn"),
    ]
}

pub(super) fn expect() -> Expect {
    Expect { turns: 1, tool_outcomes: BTreeMap::new(), subagents: vec!["general-purpose".to_owned()] }
}

pub(super) fn facts(expect: &Expect) -> RunFacts<'_> {
    RunFacts { session_id: "session", started_unix_ns: 900 * MS, ended_unix_ns: 1400 * MS, expect }
}

/// Breaks the faultless spans and compares what is found, whole.
fn check(expected: &[&str], fault: impl FnOnce(&mut Vec<ReceivedSpan>)) {
    let mut spans = faultless();
    fault(&mut spans);
    assert_eq!(differences(&truth(), &spans, &facts(&expect())), expected);
}

fn find<'a>(spans: &'a mut [ReceivedSpan], id: &str) -> &'a mut ReceivedSpan {
    spans.iter_mut().find(|span| span.span_id == id).unwrap()
}

/// Sets one attribute of one span; `null` removes it.
fn check_attribute(id: &str, key: &str, value: serde_json::Value, expected: &[&str]) {
    check(expected, |spans| {
        let attributes = &mut find(spans, id).attributes;
        if value.is_null() {
            attributes.remove(key);
        } else {
            attributes.insert(key.to_owned(), value);
        }
    });
}

#[test]
fn the_truth_has_no_differences() {
    check(&[], |_| {});
}

#[test]
fn calls_are_complete_and_known() {
    check(&["call req4 (s#4) has no chat span"], |spans| spans.retain(|span| span.span_id != "chat4"));
    check(&["call req4 (s#4) has 2 chat spans"], |spans| {
        let mut copy = find(spans, "chat4").clone();
        copy.span_id = "copy".to_owned();
        spans.push(copy);
    });
    check_attribute(
        "chat4",
        "claude_code.request.id",
        json!("req9"),
        &["call req4 (s#4) has no chat span", "chat m [chat4]: the API served no call req9"],
    );
    check_attribute(
        "chat4",
        "claude_code.request.id",
        json!(null),
        &["call req4 (s#4) has no chat span", "chat m [chat4]: claude_code.request.id is absent"],
    );
}

#[test]
fn calls_have_the_ids_and_tokens_that_were_served() {
    let table = [
        ("gen_ai.response.id", json!("msg5"), "is \"msg5\", should be \"msg4\""),
        ("gen_ai.response.finish_reasons", json!(["x"]), "is [\"x\"], should be [\"end_turn\"]"),
        ("claude_code.usage.uncached_input_tokens", json!(5), "is 5, should be 4"),
        ("gen_ai.usage.cache_read.input_tokens", json!(null), "is absent, should be 10"),
        ("claude_code.usage.cache_creation_5m_input_tokens", json!(0), "is 0, should be 200"),
        ("claude_code.usage.cache_creation_1h_input_tokens", json!("3000"), "is \"3000\", should be 3000"),
        ("gen_ai.usage.input_tokens", json!(4), "is 4, should be 3214"),
        ("gen_ai.usage.output_tokens", json!(8), "is 8, should be 7"),
    ];
    for (key, value, difference) in table {
        check_attribute("chat4", key, value, &[&format!("chat m [chat4]: {key} {difference}")]);
    }
}

#[test]
fn tools_are_complete_and_known() {
    check(&["tool call t2 (Bash) has no span"], |spans| spans.retain(|span| span.span_id != "tool-t2"));
    check(&["tool call t2 (Bash) has 2 spans"], |spans| {
        let mut copy = find(spans, "tool-t2").clone();
        copy.span_id = "copy".to_owned();
        spans.push(copy);
    });
    check_attribute(
        "tool-t2",
        "gen_ai.tool.call.id",
        json!("t9"),
        &["tool call t2 (Bash) has no span", "execute_tool Bash [tool-t2]: the API served no tool call t9"],
    );
    check_attribute(
        "tool-t2",
        "gen_ai.tool.call.id",
        json!(null),
        &["tool call t2 (Bash) has no span", "execute_tool Bash [tool-t2]: gen_ai.tool.call.id is absent"],
    );
}

#[test]
fn tools_have_their_outcome_and_the_call_that_decided_them() {
    check_attribute(
        "tool-t2",
        "claude_code.tool.outcome",
        json!("denied"),
        &["execute_tool Bash [tool-t2]: claude_code.tool.outcome is \"denied\", should be \"ok\""],
    );
    check(&["execute_tool Read [tool-t2]: gen_ai.tool.name is \"Read\", should be \"Bash\""], |spans| {
        let tool = find(spans, "tool-t2");
        tool.name = "execute_tool Read".to_owned();
        tool.attributes.insert("gen_ai.tool.name".to_owned(), json!("Read"));
    });
    let no_link = "execute_tool Bash [tool-t2]: no link to the chat req2 that decided it";
    check(&[no_link], |spans| find(spans, "tool-t2").links.clear());
    check(&[no_link], |spans| find(spans, "tool-t2").links[0].span_id = "chat1".to_owned());
    check(&[no_link], |spans| find(spans, "tool-t2").links[0].trace_id = "other".to_owned());
}

#[test]
fn statuses_and_error_types_go_together() {
    check(&["execute_tool Bash [tool-t2]: status Error without error.type"], |spans| {
        find(spans, "tool-t2").status = SpanStatus::Error;
    });
    check_attribute(
        "tool-t2",
        "error.type",
        json!("x"),
        &["execute_tool Bash [tool-t2]: error.type is \"x\" without status Error"],
    );
    check(&[], |spans| {
        let tool = find(spans, "tool-t2");
        tool.status = SpanStatus::Error;
        tool.attributes.insert("error.type".to_owned(), json!("x"));
    });
}

#[test]
fn spans_have_their_names_and_their_session() {
    check(&["chat x [chat4]: the name should be \"chat m\""], |spans| {
        find(spans, "chat4").name = "chat x".to_owned();
    });
    check(&["agent [sub]: the name should be \"invoke_agent general-purpose\""], |spans| {
        find(spans, "sub").name = "agent".to_owned();
    });
    check_attribute(
        "turn",
        "session.id",
        json!("other"),
        &["invoke_agent claude-code [turn]: session.id is \"other\", should be \"session\""],
    );
    check(&["strange [strange]: nobody knows such a span"], |spans| {
        let mut strange = find(spans, "tool-t2").clone();
        strange.attributes.remove("gen_ai.operation.name");
        (strange.span_id, strange.name) = ("strange".to_owned(), "strange".to_owned());
        spans.push(strange);
    });
    check(&[], |spans| {
        let mut wait = find(spans, "tool-t2").clone();
        wait.attributes.remove("gen_ai.operation.name");
        (wait.span_id, wait.name) = ("wait".to_owned(), "claude_code.permission.wait".to_owned());
        spans.push(wait);
    });
}

#[test]
fn spans_are_received_once() {
    check(&["span id turn was received 2 times", "2 turns, should be 1"], |spans| {
        let copy = spans[0].clone();
        spans.push(copy);
    });
    let mut twice = faultless();
    twice.extend(faultless());
    assert_eq!(without_resends(&twice), faultless());
    twice[0].end_ns += 1;
    assert_eq!(without_resends(&twice).len(), faultless().len() + 1);
}

#[test]
fn spans_lie_below_the_right_parent() {
    check(&["chat m [chat4]: no parent"], |spans| find(spans, "chat4").parent_span_id = None);
    check(&["chat m [chat4]: the parent gone was not received in its trace"], |spans| {
        find(spans, "chat4").parent_span_id = Some("gone".to_owned());
    });
    check(&["chat m [chat4]: the parent turn was not received in its trace"], |spans| {
        find(spans, "chat4").trace_id = "other".to_owned();
    });
    check(
        &["chat m [chat3]: below invoke_agent claude-code [turn], should be below the subagent a1"],
        |spans| find(spans, "chat3").parent_span_id = Some("turn".to_owned()),
    );
    check(&["execute_tool Bash [tool-t2]: below chat m [chat2], should be below the subagent a1"], |spans| {
        find(spans, "tool-t2").parent_span_id = Some("chat2".to_owned())
    });
    check(&["chat m [chat4]: below invoke_agent general-purpose [sub], should be below the turn"], |spans| {
        find(spans, "chat4").parent_span_id = Some("sub".to_owned())
    });
    check(&["invoke_agent claude-code [turn]: a turn has the parent other"], |spans| {
        find(spans, "turn").parent_span_id = Some("other".to_owned());
    });
}

#[test]
fn turns_and_subagents_are_counted() {
    check(&["2 turns, should be 1"], |spans| {
        let mut turn = spans[0].clone();
        turn.span_id = "turn2".to_owned();
        spans.push(turn);
    });
    check(
        &[
            "invoke_agent Explore [sub2]: the API served no such subagent",
            "invoke_agent Explore [sub2]: the parent is no execute_tool Agent",
            "subagents are [\"Explore\", \"general-purpose\"], should be [\"general-purpose\"]",
        ],
        |spans| {
            let mut other = find(spans, "sub").clone();
            (other.span_id, other.name) = ("sub2".to_owned(), "invoke_agent Explore".to_owned());
            other.parent_span_id = Some("turn".to_owned());
            other.attributes.insert("gen_ai.agent.name".to_owned(), json!("Explore"));
            other.attributes.insert("claude_code.subagent.id".to_owned(), json!("a2"));
            spans.push(other);
        },
    );
    check(
        &[
            "subagent a1 has 0 spans, should be 1",
            "invoke_agent general-purpose [sub]: the API served no such subagent",
            "chat m [chat2]: below invoke_agent general-purpose [sub], should be below the subagent a1",
            "execute_tool Bash [tool-t2]: below invoke_agent general-purpose [sub], should be below the subagent a1",
            "chat m [chat3]: below invoke_agent general-purpose [sub], should be below the subagent a1",
        ],
        |spans| drop(find(spans, "sub").attributes.remove("claude_code.subagent.id")),
    );
}

#[test]
fn times_are_possible() {
    let times = |id: &'static str, start_ms: u64, end_ms: u64| {
        move |spans: &mut Vec<ReceivedSpan>| {
            let span = find(spans, id);
            (span.start_ns, span.end_ns) = (start_ms * MS, end_ms * MS);
        }
    };
    check(&["execute_tool Bash [tool-t2]: ends 20.000 ms before it starts"], times("tool-t2", 1120, 1100));
    check(&["invoke_agent claude-code [turn]: starts 51.000 ms before the run"], times("turn", 849, 1310));
    check(&["invoke_agent claude-code [turn]: ends 51.000 ms after the run"], times("turn", 990, 1451));
    check(&[], times("turn", 850, 1450));
    check(
        &[
            "execute_tool Bash [tool-t2]: starts 3.000 ms before its parent invoke_agent general-purpose [sub]",
        ],
        times("tool-t2", 1047, 1190),
    );
    check(&[], times("tool-t2", 1048, 1190));
    check(&["chat m [chat4]: starts 61.000 ms after the API had the request"], times("chat4", 1361, 1390));
    check(&["chat m [chat4]: starts 61.000 ms before the API had the request"], times("chat4", 1239, 1310));
    check(&["chat m [chat4]: ends 1.000 ms before the API's first byte"], times("chat4", 1300, 1304));
}
