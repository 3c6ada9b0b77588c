//! Calls of the model and of tools: complete, known, and with what was served.

use serde_json::json;

use super::{check, check_attribute, expect, facts, faultless, find, retry, truth};
use crate::anthropic::ServedCall;
use crate::compare::differences;
use crate::otlp::{ReceivedSpan, SpanStatus};
use crate::scenario::{End, Expect};

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
        &["call req4 (s#4) has no chat span", "chat claude-opus-5-5 [chat4]: the API served no call req9"],
    );
    check_attribute(
        "chat4",
        "claude_code.request.id",
        json!(null),
        &[
            "call req4 (s#4) has no chat span",
            "chat claude-opus-5-5 [chat4]: claude_code.request.id is absent",
        ],
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
        ("gen_ai.usage.cost.amount", json!(0.025158001), "is 0.025158001, should be 0.025158"),
        ("gen_ai.usage.cost.currency", json!("EUR"), "is \"EUR\", should be \"USD\""),
        ("tachograph.cost.nanos", json!(null), "is absent, should be 25158000"),
        ("tachograph.price.missing", json!("unknown_model"), "is \"unknown_model\", should be absent"),
    ];
    for (key, value, difference) in table {
        check_attribute("chat4", key, value, &[&format!("chat claude-opus-5-5 [chat4]: {key} {difference}")]);
    }
}

/// A model without a price is said to be one.
#[test]
fn calls_of_an_unknown_model_have_no_price() {
    let (mut truth, mut spans, expect) = (truth(), faultless(), expect());
    truth.last_mut().unwrap().model = "m".to_owned();
    let chat = find(&mut spans, "chat4");
    chat.name = "chat m".to_owned();
    chat.attributes.insert("gen_ai.request.model".to_owned(), json!("m"));
    chat.attributes.retain(|key, _| !key.contains(".cost."));
    let missing = "chat m [chat4]: tachograph.price.missing is absent, should be \"unknown_model\"";
    assert_eq!(differences(&truth, &spans, &facts(&expect)), [missing]);
}

#[test]
fn costs_stand_on_calls_alone() {
    let key = "tachograph.cost.nanos";
    let difference = format!("invoke_agent claude-code [turn]: {key} is 1, should be absent");
    check_attribute("turn", key, json!(1), &[&difference]);
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
fn failed_attempts_are_events_of_their_call() {
    let found = |actual: &str| {
        format!("chat claude-opus-5-5 [chat1]: the retries are {actual}, should be [(\"req9\", \"529\")]")
    };
    check(&[&found("[]")], |spans| find(spans, "chat1").events.clear());
    check(&[&found("[(\"req9\", \"500\")]")], |spans| {
        find(spans, "chat1").events = vec![retry("req9", "500")]
    });
    check_attribute(
        "chat1",
        "claude_code.request.attempts",
        json!(1),
        &["chat claude-opus-5-5 [chat1]: claude_code.request.attempts is 1, should be 2"],
    );
    check(&[], |spans| {
        let mut other = retry("x", "y");
        other.name = "other".to_owned();
        find(spans, "chat1").events.push(other);
    });
}

/// The last call fails for good: in the truth, and in what is expected.
fn given_up() -> (Vec<ServedCall>, Vec<ReceivedSpan>, Expect) {
    let (mut truth, mut spans, mut expect) = (truth(), faultless(), expect());
    let call = truth.last_mut().unwrap();
    (call.status, call.whole) = (429, false);
    let chat = find(&mut spans, "chat4");
    let is_of_answer = |key: &str| {
        ["gen_ai.usage", "gen_ai.response", "tachograph.cost"].iter().any(|start| key.starts_with(start))
    };
    chat.attributes.retain(|key, _| !is_of_answer(key) && !key.starts_with("claude_code.usage"));
    for span in ["chat4", "turn"] {
        let span = find(&mut spans, span);
        span.status = SpanStatus::Error;
        span.attributes.insert("error.type".to_owned(), json!("rate_limit"));
    }
    let end = End { error: Some("rate_limit".to_owned()), ..End::default() };
    expect.ends = [("chat".to_owned(), end.clone()), ("turn".to_owned(), end)].into();
    (truth, spans, expect)
}

#[test]
fn a_call_that_failed_for_good_has_no_tokens() {
    let (truth, mut spans, expect) = given_up();
    assert_eq!(differences(&truth, &spans, &facts(&expect)), [""; 0]);
    let chat = find(&mut spans, "chat4");
    chat.attributes.insert("gen_ai.usage.output_tokens".to_owned(), json!(0));
    assert_eq!(
        differences(&truth, &spans, &facts(&expect)),
        ["chat claude-opus-5-5 [chat4]: gen_ai.usage.output_tokens is 0, should be absent"]
    );
}
