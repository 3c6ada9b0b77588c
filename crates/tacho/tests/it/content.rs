//! What was said stands on spans as JSON of the conventions' schemas, whatever the session.

use crate::fixture;
use crate::observations::{self, assembled};
use serde_json::Value as Json;
use tacho_model::attribute::{Key, Value};
use tacho_model::clip::CONTENT_BYTES_MAX;
use tacho_model::semconv as key;
use tacho_model::span::{Span, SpanKind};

/// The fields that the schemas require of each kind of part, besides its type.
const PARTS: [(&str, &[&str]); 6] = [
    ("text", &["content"]),
    ("reasoning", &["content"]),
    ("tool_call", &["name"]),
    ("tool_call_response", &["response"]),
    ("server_tool_call", &["name", "server_tool_call"]),
    ("server_tool_call_response", &["server_tool_call_response"]),
];

fn text(span: &Span, key: Key) -> Option<&str> {
    let value = span.attributes.get(key)?;
    let Value::String(text) = value else { panic!("{} is {value:?}", key.name()) };
    Some(text)
}

#[track_caller]
fn check(messages: &str, roles: &[&str]) {
    assert!(messages.len() <= CONTENT_BYTES_MAX);
    let messages: Json = serde_json::from_str(messages).unwrap();
    for message in messages.as_array().unwrap() {
        assert!(roles.contains(&message["role"].as_str().unwrap()), "{message}");
        for part in message["parts"].as_array().unwrap() {
            let kind = part["type"].as_str().unwrap();
            let (_, fields) = PARTS.iter().find(|(name, _)| *name == kind).unwrap();
            assert!(fields.iter().all(|field| !part[field].is_null()), "{part}");
        }
    }
}

#[test]
fn messages_are_those_of_the_schemas() {
    for fixture in fixture::all() {
        let heard = observations::of(&fixture);
        let spans = assembled(&fixture, &heard, heard.last().unwrap().at).spans;
        for span in &spans {
            let (input, output) =
                (text(span, key::GEN_AI_INPUT_MESSAGES), text(span, key::GEN_AI_OUTPUT_MESSAGES));
            if let Some(input) = input {
                check(input, &["user", "tool"]);
            }
            if let Some(output) = output {
                check(output, &["assistant"]);
            }
            let was_answered = span.kind == SpanKind::Llm && text(span, key::GEN_AI_RESPONSE_ID).is_some();
            assert!(!was_answered || output.is_some(), "{} {}", fixture.name, span.name);
        }
    }
}
