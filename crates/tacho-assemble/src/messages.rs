//! Messages as the conventions' JSON schemas want them (`gen-ai-input-messages.json`, `gen-ai-output-messages.json`),
//! cut inside their parts, so that whatever was said the text is JSON of bounded length.

use tacho_model::clip::{CONTENT_BYTES_MAX, json_cut, largest_fitting, quoted, text_within};
use tacho_model::event::{Finish, FinishReason, Json};

/// No part is cut so short that it says nothing.
const PART_BYTES_MIN: usize = 64;

/// One message.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(crate) role: Role,
    pub(crate) parts: Vec<Part<'a>>,
    /// Why it ends, on a message of the model.
    pub(crate) finish_reason: Option<&'a str>,
}

/// Who speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    User,
    Assistant,
    Tool,
}

/// One part of a message.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    Text(&'a str),
    Reasoning(&'a str),
    ToolCall { id: &'a str, name: &'a str, arguments: &'a Json },
    ToolResponse { id: &'a str, response: &'a Json },
    ServerToolCall { id: &'a str, name: &'a str, arguments: &'a Json },
    ServerToolResponse { id: &'a str, name: &'a str, response: &'a Json },
}

/// The list with this one message; `None` for one that says nothing.
pub(crate) fn list_of(message: &Message<'_>) -> Option<String> {
    if message.parts.is_empty() {
        return None;
    }
    let whole = rendered(message, &parts(message, CONTENT_BYTES_MAX));
    if whole.len() <= CONTENT_BYTES_MAX {
        return Some(whole);
    }
    let cut = largest_fitting(CONTENT_BYTES_MAX, |limit| rendered(message, &parts(message, limit)));
    Some(cut.unwrap_or_else(|| with_fewer_parts(message)))
}

/// Why a model stopped, as a message says it.
pub(crate) fn finish_reason(finish: &Finish) -> &str {
    match finish.reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::ToolCall => "tool_call",
        FinishReason::Other => &finish.word,
    }
}

/// A message of more parts than can be said, even of the shortest: the first ones, and how many are missing.
fn with_fewer_parts(message: &Message<'_>) -> String {
    let all = parts(message, 0);
    let missing = |count: usize| {
        let text = quoted(&format!("\u{2026}[{count} parts cut]"));
        object(&[("type", quoted("text")), ("content", text)])
    };
    let mut room = CONTENT_BYTES_MAX.saturating_sub(rendered(message, &[missing(all.len())]).len());
    let mut shown = Vec::new();
    for part in &all {
        let Some(left) = room.checked_sub(part.len() + ",".len()) else { break };
        room = left;
        shown.push(part.clone());
    }
    shown.push(missing(all.len() - shown.len()));
    rendered(message, &shown)
}

fn rendered(message: &Message<'_>, parts: &[String]) -> String {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut fields = vec![("role", quoted(role)), ("parts", format!("[{}]", parts.join(",")))];
    fields.extend(
        message.finish_reason.map(|reason| ("finish_reason", quoted(&text_within(reason, PART_BYTES_MIN)))),
    );
    format!("[{}]", object(&fields))
}

/// The parts, each text of them cut to about `limit` bytes.
fn parts(message: &Message<'_>, limit: usize) -> Vec<String> {
    let limit = limit.max(PART_BYTES_MIN);
    message.parts.iter().map(|part| object(&fields(part, limit))).collect()
}

fn fields(part: &Part<'_>, limit: usize) -> Vec<(&'static str, String)> {
    let kind = |kind: &str| ("type", quoted(kind));
    let text = |text: &str| quoted(&text_within(text, limit));
    let named = |id: &str, name: &str| [("id", text(id)), ("name", text(name))];
    let json = |json: &Json| json_cut(json, limit);
    match part {
        Part::Text(said) => vec![kind("text"), ("content", text(said))],
        Part::Reasoning(thought) => vec![kind("reasoning"), ("content", text(thought))],
        Part::ToolCall { id, name, arguments } => {
            let [id, name] = named(id, name);
            vec![kind("tool_call"), id, name, ("arguments", json(arguments))]
        }
        Part::ToolResponse { id, response } => {
            vec![kind("tool_call_response"), ("id", text(id)), ("response", json(response))]
        }
        Part::ServerToolCall { id, name, arguments } => {
            let call = object(&[("type", text(name)), ("arguments", json(arguments))]);
            let [id, name] = named(id, name);
            vec![kind("server_tool_call"), id, name, ("server_tool_call", call)]
        }
        Part::ServerToolResponse { id, name, response } => {
            let answer = object(&[("type", text(name)), ("response", json(response))]);
            vec![kind("server_tool_call_response"), ("id", text(id)), ("server_tool_call_response", answer)]
        }
    }
}

/// A JSON object of these fields, whose values are JSON.
fn object(fields: &[(&str, String)]) -> String {
    let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len() + r#","":"#.len()).sum();
    let mut text = String::with_capacity(bytes + "{}".len());
    for (name, value) in fields {
        let before = if text.is_empty() { r#"{""# } else { r#",""# };
        [before, name, r#"":"#, value].into_iter().for_each(|piece| text.push_str(piece));
    }
    text.push('}');
    text
}
