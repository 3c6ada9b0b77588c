//! Model calls: one chat span for each call that the API was asked for, with the same ids, attempts, tokens and cost.

use serde_json::{Value, json};

use super::RunFacts;
use super::cost_nanos;
use super::keys;
use super::served::{LogicalCall, Served};
use super::view::{Role, SpanView, expect_attribute, expect_no_attribute, label, role_of, text};
use crate::anthropic::ServedCall;
use crate::otlp::{ReceivedEvent, ReceivedSpan};

const RETRY: &str = "claude_code.api_retry";

pub(super) fn check(served: &Served<'_>, view: &SpanView<'_>, run: &RunFacts<'_>, found: &mut Vec<String>) {
    for call in &served.calls {
        let ServedCall { request_id: id, label: step, .. } = call.last;
        match view.find(Role::Chat, keys::REQUEST_ID, id).as_slice() {
            [] => found.push(format!("call {id} ({step}) has no chat span")),
            [chat] => check_chat(call, served, chat, run, found),
            chats => found.push(format!("call {id} ({step}) has {} chat spans", chats.len())),
        }
    }
    for chat in view.with_role(Role::Chat) {
        match text(chat, keys::REQUEST_ID) {
            None => found.push(format!("{}: {} is absent", label(chat), keys::REQUEST_ID)),
            Some(id) if !served.calls.iter().any(|call| call.last.request_id == id) => {
                found.push(format!("{}: the API served no call {id}", label(chat)));
            }
            Some(_) => {}
        }
    }
    // What stood on parents as well would be counted twice.
    for span in view.all().iter().filter(|span| role_of(span) != Role::Chat) {
        [keys::COST_AMOUNT, keys::COST_NANOS].iter().for_each(|key| expect_no_attribute(span, key, found));
    }
}

fn check_chat(
    call: &LogicalCall<'_>,
    served: &Served<'_>,
    chat: &ReceivedSpan,
    run: &RunFacts<'_>,
    found: &mut Vec<String>,
) {
    expect_attribute(chat, keys::REQUEST_MODEL, &json!(call.last.model), found);
    match call.answer() {
        Some(answer) => {
            for (key, expected) in attributes_of(answer) {
                match (key, &answer.stop_reason) {
                    (keys::FINISH_REASONS, None) => expect_no_attribute(chat, key, found),
                    (keys::FINISH_REASONS | keys::RESPONSE_ID, _) if answer.unwritten => {
                        expect_no_attribute(chat, key, found);
                    }
                    _ => expect_attribute(chat, key, &expected, found),
                }
            }
        }
        // What a failed call cost is not known.
        None => ANSWER_ATTRIBUTES.iter().for_each(|key| expect_no_attribute(chat, key, found)),
    }
    check_cost(call.answer(), chat, found);
    if run.cli.writes_requests && !call.last.unwritten {
        expect_attribute(chat, keys::REQUEST_ATTEMPTS, &json!(call.attempts()), found);
    } else {
        expect_no_attribute(chat, keys::REQUEST_ATTEMPTS, found);
    }
    // Of what a subagent repeats, its transcript has the requests alone.
    let are_written = run.cli.writes_requests && served.launcher_of(call.last).is_none();
    check_retries(call.written_retries().filter(|_| are_written), chat, found);
}

/// The attributes that only an answer gives.
const ANSWER_ATTRIBUTES: [&str; 8] = [
    keys::RESPONSE_ID,
    keys::FINISH_REASONS,
    keys::UNCACHED_INPUT_TOKENS,
    keys::CACHE_READ_TOKENS,
    keys::CACHE_WRITE_5M_TOKENS,
    keys::CACHE_WRITE_1H_TOKENS,
    keys::INPUT_TOKENS,
    keys::OUTPUT_TOKENS,
];

fn attributes_of(answer: &ServedCall) -> impl Iterator<Item = (&'static str, Value)> {
    let usage = &answer.usage;
    let values = [
        json!(answer.message_id),
        json!([answer.stop_reason]),
        json!(usage.input),
        json!(usage.cache_read),
        json!(usage.cache_write_5m),
        json!(usage.cache_write_1h),
        json!(usage.all_input()),
        json!(usage.output),
    ];
    ANSWER_ATTRIBUTES.into_iter().zip(values)
}

/// An answer says what it costs, or that its model has no price; a failed call says neither.
fn check_cost(answer: Option<&ServedCall>, chat: &ReceivedSpan, found: &mut Vec<String>) {
    let price = answer.map(cost_nanos);
    let nanos = price.flatten();
    let expected = [
        (keys::COST_AMOUNT, nanos.map(|nanos| json!(nanos as f64 / 1e9))),
        (keys::COST_CURRENCY, nanos.map(|_| json!("USD"))),
        (keys::COST_NANOS, nanos.map(|nanos| json!(nanos))),
        (keys::PRICE_MISSING, (price == Some(None)).then(|| json!("unknown_model"))),
    ];
    for (key, expected) in expected {
        match expected {
            Some(expected) => expect_attribute(chat, key, &expected, found),
            None => expect_no_attribute(chat, key, found),
        }
    }
}

/// Every attempt of which the CLI writes that it repeats it is an event, in order, with its status and its request. A
/// broken stream has neither in the transcript.
fn check_retries<'a>(
    written: impl Iterator<Item = &'a ServedCall>,
    chat: &ReceivedSpan,
    found: &mut Vec<String>,
) {
    let expected: Vec<(String, String)> = written
        .map(|attempt| match attempt.status {
            200 => (String::new(), "connection".to_owned()),
            status => (attempt.request_id.clone(), status.to_string()),
        })
        .collect();
    let attribute = |event: &ReceivedEvent, key: &str| {
        event.attributes.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let retries = chat.events.iter().filter(|event| event.name == RETRY);
    let actual: Vec<_> = retries
        .map(|event| (attribute(event, keys::REQUEST_ID), attribute(event, keys::ERROR_TYPE)))
        .collect();
    if actual != expected {
        found.push(format!("{}: the retries are {actual:?}, should be {expected:?}", label(chat)));
    }
}
