//! What the recorder prints of a session is held against the truth as well.

use serde_json::{Value, json};

use super::compare::{cost_nanos, expect, facts, faultless, truth};
use crate::compare::RunFacts;
use crate::otlp::{ReceivedSpan, SpanStatus};
use crate::reports::{session_list_differences, show_differences, status_differences};

fn row() -> Value {
    json!({
        "id": "session", "agent": "claude-code", "started_ns": 950_000_000_u64, "ended_ns": 1_350_000_000_u64,
        "end_inferred": false, "turns": 1, "llm_calls": 4, "tool_calls": 2, "tool_errors": 0, "tool_denials": 0,
        "subagents": 1, "not_understood": 0, "open_spans": 0, "hook_events": {}, "unknown": {}, "input_tokens": 10, "output_tokens": 28,
        "cache_read_tokens": 40, "cache_write_5m_tokens": 800, "cache_write_1h_tokens": 12000,
        "cost_usd_nanos": (1..=4).map(cost_nanos).sum::<u64>(), "unpriced_calls": 0,
    })
}

fn listed(rows: Value) -> Vec<String> {
    let json = json!({ "schema_version": 1, "sessions": rows }).to_string();
    session_list_differences(&json, 1, &truth(), &faultless(), &facts(&expect()))
}

fn shown_span(span: &ReceivedSpan) -> Value {
    let operation = span.attributes["gen_ai.operation.name"].as_str().unwrap();
    json!({
        "trace_id": span.trace_id, "span_id": span.span_id, "parent_span_id": span.parent_span_id,
        "links": span.links.iter().map(|link| json!({ "trace_id": link.trace_id, "span_id": link.span_id })).collect::<Vec<_>>(),
        "name": span.name, "kind": if operation == "chat" { "llm" } else { "tool" },
        "start_ns": span.start_ns, "end_ns": span.end_ns,
        "events": span.events.iter().map(|event| {
            json!({ "at_ns": event.time_ns, "name": event.name, "attributes": event.attributes })
        }).collect::<Vec<_>>(),
        "status": if span.status == SpanStatus::Error { "error" } else { "unset" },
        "attributes": span.attributes,
    })
}

fn shown(spans: &[ReceivedSpan]) -> Vec<String> {
    let spans: Vec<_> = spans.iter().map(shown_span).collect();
    let json = json!({ "schema_version": 1, "session": row(), "spans": spans }).to_string();
    show_differences(&json, &truth(), &faultless(), &facts(&expect()))
}

#[test]
fn the_truth_has_no_differences() {
    assert_eq!(listed(json!([row()])), [""; 0]);
    assert_eq!(shown(&faultless()), [""; 0]);
}

#[test]
fn wrong_figures_are_found() {
    let mut wrong = row();
    wrong["end_inferred"] = json!(true);
    wrong["input_tokens"] = json!(3250);
    wrong["tool_errors"] = json!(null);
    wrong["ended_ns"] = json!(1_600_000_000_u64);
    assert_eq!(
        listed(json!([wrong])),
        [
            "tacho sessions: tool_errors is absent, should be 0",
            "tacho sessions: input_tokens is 3250, should be 10",
            "tacho sessions: end_inferred is Some(true), should be false",
            "tacho sessions: the session lasts from 950000000 to 1600000000, which is not within the run",
        ]
    );
    assert_eq!(
        listed(json!([])),
        ["tacho sessions: 0 sessions, should be 1", "tacho sessions: session is missing"]
    );
}

#[test]
fn hooks_are_counted() {
    let expect = expect();
    let hooks = [("PreToolUse", 2), ("Stop", 1), ("StopFailure", 1)];
    let hooks = hooks.map(|(event, count)| (event.to_owned(), count)).into();
    let run = RunFacts { hooks: Some(&hooks), ..facts(&expect) };
    let found = |counted: Value, unknown: Value| {
        let mut row = row();
        (row["hook_events"], row["unknown"]) = (counted, unknown);
        let json = json!({ "schema_version": 1, "sessions": [row] }).to_string();
        session_list_differences(&json, 1, &truth(), &faultless(), &run)
    };
    let right = json!({ "PreToolUse": 2, "Stop": 1, "StopFailure": 1, "SessionEnd": 1 });
    assert_eq!(found(right, json!({})), [""; 0]);
    assert_eq!(
        found(json!({ "PreToolUse": 4, "SessionStart": 1 }), json!({ "row x": 3 })),
        [
            "tacho sessions: 4 hooks PreToolUse, should be 2",
            "tacho sessions: 1 hooks SessionStart, should be 0",
            "tacho sessions: 0 hooks Stop, should be 1",
            "tacho sessions: 0 hooks StopFailure, should be 1",
            "tacho sessions: unknown are {\"row x\": Number(3)}",
        ]
    );
}

#[test]
fn text_of_another_form_is_found() {
    let facts_of = expect();
    let found = session_list_differences("no", 1, &truth(), &faultless(), &facts(&facts_of));
    assert_eq!(found, ["tacho sessions: expected ident at line 1 column 2"]);
    let json = json!({ "schema_version": 2, "sessions": [row()] }).to_string();
    let found = session_list_differences(&json, 1, &truth(), &faultless(), &facts(&facts_of));
    assert_eq!(found, ["tacho sessions: schema_version is 2, should be 1"]);
}

#[test]
fn shown_spans_are_those_that_were_exported() {
    let mut spans = faultless();
    spans[0].end_ns -= 1;
    spans[5].span_id = "renamed".to_owned();
    assert_eq!(
        shown(&spans),
        [
            "tacho show: invoke_agent claude-code [turn] is (\"trace\", None, \"invoke_agent claude-code\", \
             970000000, 1309999999, Unset), but (\"trace\", None, \"invoke_agent claude-code\", 970000000, \
             1310000000, Unset) was exported",
            "tacho show: execute_tool Bash [tool-t2] is missing",
            "tacho show: execute_tool Bash [renamed] was not exported",
        ]
    );
}

#[test]
fn a_status_says_that_nothing_was_lost() {
    let mut status = json!({
        "schema_version": 1, "temporary": false, "spool_unread_bytes": 0, "damaged_records": 0, "losses": [],
        "destinations": [{ "delivered": 7, "waiting": 0, "rejected": 0, "last_error": null }], "refused": [],
    });
    assert_eq!(status_differences(&status.to_string(), 7), [""; 0]);
    status["spool_unread_bytes"] = json!(5);
    status["losses"] = json!([{ "reason": "x" }]);
    status["destinations"][0]["waiting"] = json!(2);
    assert_eq!(
        status_differences(&status.to_string(), 8),
        [
            "tacho status: 5 bytes are unread",
            "tacho status: lost: [Object {\"reason\": String(\"x\")}]",
            "tacho status: 7 items are delivered, should be 8",
            "tacho status: 2 items wait",
        ]
    );
    status["destinations"] = json!([]);
    assert_eq!(
        status_differences(&status.to_string(), 8).last().unwrap(),
        "tacho status: 0 destinations, should be 1"
    );
}
