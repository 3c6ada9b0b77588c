//! What was said, from the conventions' messages (`gen-ai-input-messages.json`, `gen-ai-output-messages.json`) to those of LLM
//! Observability (`Message` of ddtrace, `types.py`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What a span was given, or what it gave.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Io {
    Value(String),
    Messages(Vec<Message>),
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Message {
    role: String,
    content: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_results: Vec<ToolResult>,
}

#[derive(Debug, PartialEq, Serialize)]
struct ToolCall {
    name: String,
    arguments: Map<String, Json>,
    tool_id: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, PartialEq, Serialize)]
struct ToolResult {
    result: String,
    tool_id: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A message of the conventions.
#[derive(Deserialize)]
struct Said {
    role: String,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    Text { content: String },
    Reasoning { content: String },
    ToolCall { id: String, name: String, arguments: Json },
    ToolCallResponse { id: String, response: Json },
    ServerToolCall { id: String, name: String, server_tool_call: Asked },
    ServerToolCallResponse { id: String, server_tool_call_response: Answered },
}

#[derive(Deserialize)]
struct Asked {
    arguments: Json,
}

#[derive(Deserialize)]
struct Answered {
    response: Json,
}

/// Messages, as a call of the model has them. What are none stays a text.
pub(super) fn whole(text: String) -> Io {
    match serde_json::from_str::<Vec<Said>>(&text) {
        Ok(said) => Io::Messages(said.into_iter().flat_map(messages).collect()),
        Err(_) => Io::Value(text),
    }
}

/// The words in messages alone, as an agent has them.
pub(super) fn words(text: String) -> Io {
    let Ok(said) = serde_json::from_str::<Vec<Said>>(&text) else { return Io::Value(text) };
    let parts = said.into_iter().flat_map(|message| message.parts);
    let words = parts.filter_map(|part| match part {
        Part::Text { content } => Some(content),
        Part::Reasoning { .. }
        | Part::ToolCall { .. }
        | Part::ToolCallResponse { .. }
        | Part::ServerToolCall { .. }
        | Part::ServerToolCallResponse { .. } => None,
    });
    Io::Value(words.collect::<Vec<_>>().join("\n"))
}

/// A message as one, behind one of the role `reasoning` for each thought in it.
fn messages(said: Said) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut words = Vec::new();
    let mut rest = Message::of(said.role, String::new());
    for part in said.parts {
        match part {
            Part::Text { content } => words.push(content),
            Part::Reasoning { content } => messages.push(Message::of("reasoning".to_owned(), content)),
            Part::ToolCall { id, name, arguments } => rest.tool_calls.push(tool_call(id, name, arguments)),
            Part::ServerToolCall { id, name, server_tool_call: Asked { arguments } } => {
                rest.tool_calls.push(tool_call(id, name, arguments));
            }
            Part::ToolCallResponse { id, response }
            | Part::ServerToolCallResponse { id, server_tool_call_response: Answered { response } } => {
                rest.tool_results.push(tool_result(id, response));
            }
        }
    }
    rest.content = words.join("\n");
    if messages.is_empty() || rest != Message::of(rest.role.clone(), String::new()) {
        messages.push(rest);
    }
    messages
}

impl Message {
    const fn of(role: String, content: String) -> Self {
        Self { role, content, tool_calls: Vec::new(), tool_results: Vec::new() }
    }
}

fn tool_call(tool_id: String, name: String, arguments: Json) -> ToolCall {
    let arguments = match arguments {
        Json::Object(arguments) => arguments,
        // Arguments that were cut are a text, and here they are an object.
        cut @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => {
            Map::from_iter([("value".to_owned(), cut)])
        }
    };
    ToolCall { name, arguments, tool_id, kind: "tool_use" }
}

fn tool_result(tool_id: String, response: Json) -> ToolResult {
    let result = if let Json::String(text) = response { text } else { response.to_string() };
    ToolResult { result, tool_id, kind: "tool_result" }
}
