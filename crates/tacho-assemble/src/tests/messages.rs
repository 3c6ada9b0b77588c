//! What was said, as messages.

use crate::messages::{Message, Part, Role, list_of};
use proptest::prelude::*;
use serde_json::{Value, json};
use tacho_model::clip::CONTENT_BYTES_MAX;
use tacho_model::event::Json;

/// What a part is made of, owned.
#[derive(Clone, Debug)]
enum Said {
    Text(String),
    Reasoning(String),
    Call(String, String, Json),
    Response(String, Json),
    ServerCall(String, String, Json),
    ServerResponse(String, String, Json),
}

impl Said {
    fn part(&self) -> Part<'_> {
        match self {
            Self::Text(text) => Part::Text(text),
            Self::Reasoning(text) => Part::Reasoning(text),
            Self::Call(id, name, json) => Part::ToolCall { id, name, arguments: json },
            Self::Response(id, json) => Part::ToolResponse { id, response: json },
            Self::ServerCall(id, name, json) => Part::ServerToolCall { id, name, arguments: json },
            Self::ServerResponse(id, name, json) => Part::ServerToolResponse { id, name, response: json },
        }
    }
}

fn message<'a>(said: &'a [Said], finish_reason: Option<&'a str>) -> Message<'a> {
    Message { role: Role::Assistant, parts: said.iter().map(Said::part).collect(), finish_reason }
}

fn json_of(value: &Value) -> Json {
    Json(value.to_string())
}

#[test]
fn every_kind_of_part() {
    let text = |text: &str| text.to_owned();
    let said = [
        Said::Reasoning(text("hm")),
        Said::Text(text("\"so\"\n")),
        Said::Call(text("t"), text("Bash"), json_of(&json!({ "command": "ls" }))),
        Said::Response(text("t"), json_of(&json!(["a", 1]))),
        Said::ServerCall(text("s"), text("web_search"), json_of(&json!({ "query": "q" }))),
        Said::ServerResponse(text("s"), text("web_search"), json_of(&json!([]))),
    ];
    let list: Value = serde_json::from_str(&list_of(&message(&said, Some("stop"))).unwrap()).unwrap();
    let expected = json!([{
        "role": "assistant",
        "parts": [
            { "type": "reasoning", "content": "hm" },
            { "type": "text", "content": "\"so\"\n" },
            { "type": "tool_call", "id": "t", "name": "Bash", "arguments": { "command": "ls" } },
            { "type": "tool_call_response", "id": "t", "response": ["a", 1] },
            {
                "type": "server_tool_call", "id": "s", "name": "web_search",
                "server_tool_call": { "type": "web_search", "arguments": { "query": "q" } },
            },
            {
                "type": "server_tool_call_response", "id": "s",
                "server_tool_call_response": { "type": "web_search", "response": [] },
            },
        ],
        "finish_reason": "stop",
    }]);
    assert_eq!(list, expected);
    assert_eq!(list_of(&message(&[], None)), None);
}

#[test]
fn more_parts_than_can_be_said() {
    let said = vec![Said::Text("x".repeat(100)); 1000];
    let list: Value = serde_json::from_str(&list_of(&message(&said, None)).unwrap()).unwrap();
    let parts = list[0]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 218);
    assert_eq!(parts[217], json!({ "type": "text", "content": "\u{2026}[783 parts cut]" }));
}

fn text() -> impl Strategy<Value = String> {
    let letters =
        prop_oneof![Just("x"), Just("\""), Just("\\"), Just("\u{0}"), Just("\u{1f600}"), Just("\n")];
    let long = (letters, 0..30_000_usize).prop_map(|(letters, times)| letters.repeat(times));
    prop_oneof![3 => any::<String>(), 1 => long]
}

fn value_text() -> impl Strategy<Value = Json> {
    let flat = prop_oneof![
        text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        prop::collection::vec(any::<u32>(), 0..3000).prop_map(Value::from),
    ];
    let nested = flat.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    nested.prop_map(|value| json_of(&value))
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        text().prop_map(Said::Text),
        text().prop_map(Said::Reasoning),
        (text(), text(), value_text()).prop_map(|(id, name, json)| Said::Call(id, name, json)),
        (text(), value_text()).prop_map(|(id, json)| Said::Response(id, json)),
        (text(), text(), value_text()).prop_map(|(id, name, json)| Said::ServerCall(id, name, json)),
        (text(), text(), value_text()).prop_map(|(id, name, json)| Said::ServerResponse(id, name, json)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever was said: JSON of the schema, of bounded length, and whole if it is short.
    #[test]
    fn any_message(said in prop::collection::vec(said(), 1..12), finish_reason in prop::option::of(text())) {
        let list = list_of(&message(&said, finish_reason.as_deref())).unwrap();
        prop_assert!(list.len() <= CONTENT_BYTES_MAX, "{}", list.len());
        let list: Value = serde_json::from_str(&list).unwrap();
        let [message] = &list.as_array().unwrap()[..] else { panic!("not one message: {list}") };
        prop_assert_eq!(&message["role"], "assistant");
        let parts = message["parts"].as_array().unwrap();
        prop_assert!(parts.iter().all(|part| part["type"].is_string()), "{parts:?}");
        prop_assert!(!parts.is_empty() && parts.len() <= said.len());
        for (part, said) in parts.iter().zip(&said) {
            if let Said::Text(text) = said && text.len() <= 64 && parts.len() == said_count(parts) {
                prop_assert_eq!(part["content"].as_str().unwrap(), text);
            }
        }
    }
}

/// How many parts there are without the one that says how many are missing.
fn said_count(parts: &[Value]) -> usize {
    let is_mark = |part: &&Value| part["content"].as_str().is_some_and(|text| text.ends_with(" parts cut]"));
    parts.len() - parts.iter().filter(is_mark).count()
}
