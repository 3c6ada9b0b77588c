//! The tree, how its spans end, and what belongs to none.

use std::collections::BTreeMap;

use serde_json::json;

use super::{MS, TRACE, check, check_attribute, expect, facts, faultless, find, truth};
use crate::compare::{
    calls_of, corrected, correction_differences, differences, logs_of, spans_of, strangers, without_resends,
};
use crate::otlp::{ReceivedLink, ReceivedLog, ReceivedSpan, SpanStatus};
use crate::scenario::{End, Expect, Outcome};

#[test]
fn spans_end_as_the_scenario_says() {
    let status = "execute_tool Bash [tool-t2]: the status is Error, should be Unset";
    check(&[status], |spans| find(spans, "tool-t2").status = SpanStatus::Error);
    check_attribute(
        "tool-t2",
        "error.type",
        json!("x"),
        &["execute_tool Bash [tool-t2]: error.type is \"x\", should be absent"],
    );
    check_attribute(
        "turn",
        "tachograph.end.inferred",
        json!("turn_end"),
        &["invoke_agent claude-code [turn]: tachograph.end.inferred is \"turn_end\", should be absent"],
    );
    let end = End {
        outcome: Outcome::Unknown,
        error: Some("lost".to_owned()),
        inferred: Some("agent_gone".to_owned()),
        ..End::default()
    };
    let mut expected = expect();
    expected.ends = [("Bash".to_owned(), end), ("Read".to_owned(), End::default())].into();
    assert_eq!(
        differences(&truth(), &faultless(), &facts(&expected)),
        [
            "execute_tool Bash [tool-t2]: claude_code.tool.outcome is \"ok\", should be \"unknown\"",
            "execute_tool Bash [tool-t2]: error.type is absent, should be \"lost\"",
            "execute_tool Bash [tool-t2]: tachograph.end.inferred is absent, should be \"agent_gone\"",
            "execute_tool Bash [tool-t2]: the status is Unset, should be Error",
            "no span is about `Read`, whose end the scenario expects",
        ]
    );
    let end = End { outcome: Outcome::Failed, ..End::default() };
    expected.ends = [("t2".to_owned(), end), ("Bash".to_owned(), End::default())].into();
    assert_eq!(
        differences(&truth(), &faultless(), &facts(&expected)),
        ["execute_tool Bash [tool-t2]: claude_code.tool.outcome is \"ok\", should be \"failed\""],
        "an id is more special than a name"
    );
}

#[test]
fn what_belongs_to_no_session_is_found() {
    let (mut truth, mut spans) = (truth(), faultless());
    let ids = ["session".to_owned()];
    assert_eq!(strangers(&ids, &truth, &spans), [""; 0]);
    assert_eq!((calls_of("session", &truth), spans_of("session", &spans)), (truth.clone(), spans.clone()));
    truth[4].session_id = None;
    find(&mut spans, "chat4").attributes.insert("session.id".to_owned(), json!("other"));
    assert_eq!(
        strangers(&ids, &truth, &spans),
        ["call req4 (s#4) is of no session", "chat claude-opus-5-5 [chat4]: is of no session"]
    );
    assert_eq!((calls_of("session", &truth).len(), spans_of("session", &spans).len()), (4, 7));
}

#[test]
fn turns_lie_below_what_the_scenario_says() {
    let mut expected = expect();
    let found = |expected: &Expect, turn: &dyn Fn(&mut ReceivedSpan)| {
        let mut spans = faultless();
        turn(find(&mut spans, "turn"));
        differences(&truth(), &spans, &facts(expected))
    };
    expected.parent = Some(format!("00-{TRACE}-outside-01"));
    assert_eq!(found(&expected, &|turn| turn.parent_span_id = Some("outside".to_owned())), [""; 0]);
    assert_eq!(
        found(&expected, &|_| {}),
        ["invoke_agent claude-code [turn]: the parent of a turn is None, should be Some(\"outside\")"]
    );
    expected.parent = Some("00-another-outside-01".to_owned());
    assert_eq!(
        found(&expected, &|turn| turn.parent_span_id = Some("outside".to_owned())),
        ["invoke_agent claude-code [turn]: is not in the trace another"]
    );
}

/// Where the CLI told the API of a trace of its own, the turn is linked to that.
#[test]
fn turns_are_linked_to_the_trace_of_the_cli() {
    let mut truth = truth();
    truth.iter_mut().for_each(|call| call.traceparent = Some("00-its-own-01".to_owned()));
    let found = |truth: &[_], trace: &str| {
        let mut spans = faultless();
        let link = ReceivedLink {
            trace_id: trace.to_owned(),
            span_id: "any".to_owned(),
            attributes: BTreeMap::new(),
        };
        find(&mut spans, "turn").links.extend((!trace.is_empty()).then_some(link));
        differences(truth, &spans, &facts(&Expect { traced: true, ..expect() }))
    };
    assert_eq!(found(&truth, "its"), [""; 0]);
    let turn = "invoke_agent claude-code [turn]";
    assert_eq!(found(&truth, ""), [format!("{turn}: is linked to the trace None, should be to its")]);
    assert_eq!(found(&truth, "x"), [format!("{turn}: is linked to the trace Some(\"x\"), should be to its")]);
    let untold = differences(&truth, &faultless(), &facts(&expect()));
    assert_eq!(untold[0], format!("{turn}: the API was told of the trace Some(\"its\")"));
    // A turn within that trace is not linked to it.
    truth.iter_mut().for_each(|call| call.traceparent = Some(format!("00-{TRACE}-own-01")));
    assert_eq!(found(&truth, ""), [""; 0]);
}

#[test]
fn an_end_may_be_said_or_concluded() {
    let mut expected = expect();
    let end = End { perhaps_inferred: Some("session_end".to_owned()), ..End::default() };
    expected.ends = [("turn".to_owned(), end)].into();
    let mut spans = faultless();
    assert_eq!(differences(&truth(), &spans, &facts(&expected)), [""; 0]);
    let mut found = |inferred: &str| {
        let turn = find(&mut spans, "turn");
        turn.attributes.insert("tachograph.end.inferred".to_owned(), json!(inferred));
        differences(&truth(), &spans, &facts(&expected))
    };
    assert_eq!(found("session_end"), [""; 0]);
    assert_eq!(
        found("turn_end"),
        [
            "invoke_agent claude-code [turn]: tachograph.end.inferred is \"turn_end\", should be \"session_end\""
        ]
    );
}

#[test]
fn spans_have_their_names_and_their_session() {
    check(&["chat x [chat4]: the name should be \"chat claude-opus-5-5\""], |spans| {
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
    let wait = |spans: &mut Vec<ReceivedSpan>| {
        let mut wait = find(spans, "tool-t2").clone();
        wait.attributes.remove("gen_ai.operation.name");
        (wait.span_id, wait.name) = ("wait".to_owned(), "claude_code.permission.wait".to_owned());
        spans.push(wait);
    };
    check(&["1 spans claude_code.permission.wait, should be 0"], wait);
    let mut expected = expect();
    expected.waits = [("claude_code.permission.wait".to_owned(), 1)].into();
    let mut spans = faultless();
    wait(&mut spans);
    assert_eq!(differences(&truth(), &spans, &facts(&expected)), [""; 0]);
}

#[test]
fn spans_are_received_once() {
    check(&["span id chat4 was received 2 times", "call req4 (s#4) has 2 chat spans"], |spans| {
        let copy = find(spans, "chat4").clone();
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
    check(&["chat claude-opus-5-5 [chat4]: no parent"], |spans| find(spans, "chat4").parent_span_id = None);
    check(&["chat claude-opus-5-5 [chat4]: the parent gone was not received in its trace"], |spans| {
        find(spans, "chat4").parent_span_id = Some("gone".to_owned());
    });
    check(&["chat claude-opus-5-5 [chat4]: the parent turn was not received in its trace"], |spans| {
        find(spans, "chat4").trace_id = "other".to_owned();
    });
    check(
        &[
            "chat claude-opus-5-5 [chat3]: below invoke_agent claude-code [turn], should be below the subagent of tool call t1",
        ],
        |spans| find(spans, "chat3").parent_span_id = Some("turn".to_owned()),
    );
    check(
        &[
            "execute_tool Bash [tool-t2]: below chat claude-opus-5-5 [chat2], should be below the subagent of tool call t1",
        ],
        |spans| find(spans, "tool-t2").parent_span_id = Some("chat2".to_owned()),
    );
    check(
        &["chat claude-opus-5-5 [chat4]: below invoke_agent general-purpose [sub], should be below the turn"],
        |spans| find(spans, "chat4").parent_span_id = Some("sub".to_owned()),
    );
    check(
        &["invoke_agent claude-code [turn]: the parent of a turn is Some(\"other\"), should be None"],
        |spans| {
            find(spans, "turn").parent_span_id = Some("other".to_owned());
        },
    );
}

#[test]
fn turns_are_counted_and_linked() {
    let second = |link: Option<&str>| {
        let mut turn = find(&mut faultless(), "turn").clone();
        turn.span_id = "turn2".to_owned();
        turn.trace_id = "trace2".to_owned();
        (turn.start_ns, turn.end_ns) = (1350 * MS, 1360 * MS);
        turn.links.extend(link.map(|span| ReceivedLink {
            trace_id: TRACE.to_owned(),
            span_id: span.to_owned(),
            attributes: BTreeMap::new(),
        }));
        turn
    };
    check(&["2 turns, should be 1"], |spans| spans.push(second(Some("turn"))));
    check(
        &[
            "2 turns, should be 1",
            "invoke_agent claude-code [turn2]: the links are [], should be [(\"trace\", \"turn\")]",
        ],
        |spans| spans.push(second(None)),
    );
    check(
        &["2 turns, should be 1", "invoke_agent claude-code [turn2]: shares its trace with the turn before"],
        |spans| spans.push(ReceivedSpan { trace_id: TRACE.to_owned(), ..second(Some("turn")) }),
    );
}

#[test]
fn subagents_are_counted_and_lie_below_what_started_them() {
    check(
        &[
            "invoke_agent Explore [sub2]: below nothing that starts a subagent",
            "subagents are [\"Explore\", \"general-purpose\"], should be [\"general-purpose\"]",
        ],
        |spans| {
            let mut other = find(spans, "sub").clone();
            (other.span_id, other.name) = ("sub2".to_owned(), "invoke_agent Explore".to_owned());
            other.parent_span_id = Some("turn".to_owned());
            other.attributes.insert("gen_ai.agent.name".to_owned(), json!("Explore"));
            spans.push(other);
        },
    );
    let of_t1 = "should be below the subagent of tool call t1";
    check(
        &[
            &format!("chat claude-opus-5-5 [chat2]: below invoke_agent general-purpose [sub], {of_t1}"),
            &format!("execute_tool Bash [tool-t2]: below invoke_agent general-purpose [sub], {of_t1}"),
            &format!("chat claude-opus-5-5 [chat3]: below invoke_agent general-purpose [sub], {of_t1}"),
            "tool call t1 started 0 subagents, should be 1",
            "invoke_agent general-purpose [sub]: below nothing that starts a subagent",
        ],
        |spans| find(spans, "sub").parent_span_id = Some("turn".to_owned()),
    );
    check_attribute(
        "sub",
        "claude_code.subagent.id",
        json!(null),
        &["invoke_agent general-purpose [sub]: claude_code.subagent.id is absent, should be \"a1\""],
    );
    check_attribute(
        "sub",
        "claude_code.subagent.depth",
        json!(2),
        &["invoke_agent general-purpose [sub]: claude_code.subagent.depth is 2, should be 1"],
    );
}

fn correction(trace_id: &str, span_id: &str) -> ReceivedLog {
    let attributes = json!({
        "session.id": "session", "tachograph.span.name": "renamed", "tachograph.span.start_unix_ns": 1,
        "tachograph.span.end_unix_ns": 2, "error.type": "x",
    });
    ReceivedLog {
        time_ns: 1,
        observed_ns: 1,
        severity: 9,
        severity_text: "INFO".to_owned(),
        event_name: "tachograph.span.corrected".to_owned(),
        body: None,
        attributes: serde_json::from_value(attributes).unwrap(),
        trace_id: Some(trace_id.to_owned()),
        span_id: Some(span_id.to_owned()),
        resource: BTreeMap::new(),
    }
}

#[test]
fn corrections_are_applied_and_have_to_be_expected() {
    let (spans, logs) = (faultless(), [correction(TRACE, "tool-t2")]);
    let mut expected_spans = spans.clone();
    let tool = find(&mut expected_spans, "tool-t2");
    (tool.name, tool.start_ns, tool.end_ns, tool.status) = ("renamed".to_owned(), 1, 2, SpanStatus::Error);
    tool.attributes = serde_json::from_value(json!({ "session.id": "session", "error.type": "x" })).unwrap();
    assert_eq!(corrected(&spans, &logs), expected_spans);

    let mut expected = expect();
    let found = |logs: &[ReceivedLog], expected: &Expect| {
        correction_differences(&truth(), &faultless(), logs, &facts(expected))
    };
    assert_eq!(
        found(&logs, &expected),
        ["execute_tool Bash [tool-t2]: was corrected after it had been sent"]
    );
    expected.corrected = vec!["Bash".to_owned()];
    assert_eq!(found(&logs, &expected), [""; 0]);
    assert_eq!(found(&[], &expected), ["`Bash` was not corrected"]);
    expected.perhaps_corrected = std::mem::take(&mut expected.corrected);
    assert_eq!(found(&[], &expected), [""; 0]);
    assert_eq!(found(&logs, &expected), [""; 0]);
    let elsewhere = [correction("other", "tool-t2")];
    assert_eq!(corrected(&spans, &elsewhere), spans);
    assert_eq!(
        found(&elsewhere, &expect()),
        ["log record \"tachograph.span.corrected\" is about no span that arrived"]
    );
    assert_eq!((logs_of("session", &logs).len(), logs_of("other", &logs).len()), (1, 0));
}
