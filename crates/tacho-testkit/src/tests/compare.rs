//! Each kind of difference between the truth and the spans is found, and nothing else. Here are a truth and spans
//! without a fault, for others to break.

mod calls;
mod times;
mod tree;

use std::collections::BTreeMap;

use serde_json::json;

use crate::anthropic::{ServedCall, ServedTerms, ServedToolUse, ServedUsage};
use crate::claude::CURRENT;
use crate::compare::{RunFacts, differences};
use crate::otlp::{ReceivedEvent, ReceivedLink, ReceivedSpan, SpanKind, SpanStatus};
use crate::scenario::Expect;

const MS: u64 = 1_000_000;
const TRACE: &str = "trace";
static NO_HOOKS: BTreeMap<String, u64> = BTreeMap::new();

/// A call of the model that began at `start_ms` and took 10 ms.
pub(super) fn call(number: u64, start_ms: u64, agent: Option<&str>, tools: &[(&str, &str)]) -> ServedCall {
    let tool_use = |(id, name): &(&str, &str)| ServedToolUse {
        id: (*id).to_owned(),
        name: (*name).to_owned(),
        starts: (*name == "Agent").then(|| "child".to_owned()),
        on_server: false,
    };
    let stop_reason = if tools.is_empty() { "end_turn" } else { "tool_use" };
    ServedCall {
        request_id: format!("req{number}"),
        message_id: Some(format!("msg{number}")),
        label: format!("{}#{number}", if agent.is_some() { "child" } else { "s" }),
        model: "claude-opus-5-5".to_owned(),
        agent_id: agent.map(str::to_owned),
        session_id: Some("session".to_owned()),
        traceparent: None,
        streamed: true,
        status: 200,
        started_unix_ns: start_ms * MS,
        first_byte_unix_ns: (start_ms + 5) * MS,
        done_unix_ns: (start_ms + 10) * MS,
        whole: true,
        cut: false,
        unwritten: false,
        stop_reason: Some(stop_reason.to_owned()),
        opens_with: Some("thinking".to_owned()),
        usage: ServedUsage {
            input: number,
            cache_read: 10,
            cache_write_5m: 200,
            cache_write_1h: 3000,
            output: 7,
        },
        terms: ServedTerms::default(),
        tool_uses: tools.iter().map(tool_use).collect(),
    }
}

/// A turn whose first call starts a subagent, which has a call with a tool and a call without. The first call needs
/// a second attempt.
pub(super) fn truth() -> Vec<ServedCall> {
    let mut failed = call(9, 980, None, &[]);
    (failed.status, failed.whole, failed.label) = (529, false, "s#1".to_owned());
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

/// What call `number` costs at $4 per million tokens, $0.20 for reads, $5 and $8 for writes, $20 for output.
pub(super) const fn cost_nanos(number: u64) -> u64 {
    4000 * number + 200 * 10 + 5000 * 200 + 8000 * 3000 + 20_000 * 7
}

fn chat(number: u64, parent: &str, start_ms: u64, stop_reason: &str) -> ReceivedSpan {
    let attributes = json!({
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-opus-5-5",
        "claude_code.request.id": format!("req{number}"), "gen_ai.response.id": format!("msg{number}"),
        "gen_ai.response.finish_reasons": [stop_reason],
        "claude_code.usage.uncached_input_tokens": number,
        "gen_ai.usage.cache_read.input_tokens": 10,
        "claude_code.usage.cache_creation_5m_input_tokens": 200,
        "claude_code.usage.cache_creation_1h_input_tokens": 3000,
        "gen_ai.usage.input_tokens": number + 3210,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.cost.amount": cost_nanos(number) as f64 / 1e9,
        "gen_ai.usage.cost.currency": "USD",
        "tachograph.cost.nanos": cost_nanos(number),
        "gen_ai.response.time_to_first_chunk": 0.005,
        "claude_code.request.attempts": 1,
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

fn retry(request_id: &str, status: &str) -> ReceivedEvent {
    let attributes = json!({ "claude_code.request.id": request_id, "error.type": status });
    ReceivedEvent {
        time_ns: 985 * MS,
        name: "claude_code.api_retry".to_owned(),
        attributes: serde_json::from_value(attributes).unwrap(),
    }
}

/// What a recorder without a fault makes of [`truth`].
pub(super) fn faultless() -> Vec<ReceivedSpan> {
    let agent = |name: &str| json!({ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name });
    let mut turn = span("turn", None, (970, 1310), agent("claude-code"));
    turn.attributes.insert("gen_ai.conversation_root".to_owned(), json!(true));
    turn.attributes.insert("tachograph.hook.duration_ms".to_owned(), json!(4));
    let mut subagent = span("sub", Some("tool-t1"), (1050, 1220), agent("general-purpose"));
    subagent.attributes.insert("claude_code.subagent.id".to_owned(), json!("a1"));
    subagent.attributes.insert("claude_code.subagent.depth".to_owned(), json!(1));
    let mut repeated = chat(1, "turn", 980, "tool_use");
    repeated.end_ns = 1010 * MS;
    repeated.attributes.insert("claude_code.request.attempts".to_owned(), json!(2));
    repeated.events.push(retry("req9", "529"));
    vec![
        turn,
        repeated,
        tool("t1", "Agent", "turn", (1040, 1290), "chat1"),
        subagent,
        chat(2, "sub", 1100, "tool_use"),
        tool("t2", "Bash", "sub", (1120, 1190), "chat2"),
        chat(3, "sub", 1200, "end_turn"),
        chat(4, "turn", 1300, "end_turn"),
    ]
}

pub(super) fn expect() -> Expect {
    Expect { subagents: vec!["general-purpose".to_owned()], ..Expect::default() }
}

pub(super) fn facts(expect: &Expect) -> RunFacts<'_> {
    RunFacts {
        session_id: "session",
        started_unix_ns: 900 * MS,
        ended_unix_ns: 1500 * MS,
        stalled_ns: 0,
        hooks: Some(&NO_HOOKS),
        turns: 1,
        cli: CURRENT,
        expect,
    }
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
