//! Chooses the step that answers a conversation. Pure: the request body says it all.

use serde_json::Value;

use super::script::{ScriptBook, SideCall, Step};

const MARKER_OPEN: &str = "[[mock:";
const MARKER_CLOSE: &str = "]]";

/// The chosen step and the name that the truth gives it.
pub(super) struct Selection {
    /// `SCRIPT#STEP`, `helper:N`, `default` or `unknown:NAME`.
    pub(super) label: String,
    pub(super) step: Step,
}

/// Chooses the answer to the request `body`.
pub(super) fn select(book: &ScriptBook, body: &Value) -> Selection {
    let messages = body.get("messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let system = body.get("system").map(text_of).unwrap_or_default();
    let last = messages.last().map(message_text).unwrap_or_default();
    if let Some((number, side_call)) =
        book.side_calls.iter().enumerate().find(|(_, side_call)| matches(side_call, &system, &last))
    {
        return Selection { label: format!("helper:{number}"), step: side_call.step.clone() };
    }
    let (name, index) = locate(messages);
    let Some(name) = name else {
        return Selection { label: "default".to_owned(), step: book.default.clone() };
    };
    let Some(script) = book.scenarios.get(&name) else {
        let step = Step::text(&format!("no scenario {name}"));
        return Selection { label: format!("unknown:{name}"), step };
    };
    match script.steps.get(index) {
        Some(step) => Selection { label: format!("{name}#{index}"), step: step.clone() },
        None => Selection { label: format!("{name}#{index}(past end)"), step: Step::text("done") },
    }
}

fn matches(side_call: &SideCall, system: &str, last: &str) -> bool {
    let found = |needle: &Option<String>, text: &str| {
        needle.as_deref().is_some_and(|needle| !needle.is_empty() && text.contains(needle))
    };
    found(&side_call.system_contains, system) || found(&side_call.last_contains, last)
}

/// The name in the last marker, and how many assistant messages follow it.
fn locate(messages: &[Value]) -> (Option<String>, usize) {
    let (mut name, mut step) = (None, 0);
    for message in messages {
        match message.get("role").and_then(Value::as_str) {
            Some("user") => {
                if let Some(found) = last_marker(&message_text(message)) {
                    (name, step) = (Some(found.to_owned()), 0);
                }
            }
            Some("assistant") => step += 1,
            _ => {}
        }
    }
    (name, step)
}

/// The name in the last marker of a text.
pub(super) fn last_marker(text: &str) -> Option<&str> {
    let names = text.split(MARKER_OPEN).skip(1).filter_map(|rest| rest.split_once(MARKER_CLOSE));
    names.map(|(name, _)| name).filter(|name| is_name(name)).last()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

fn message_text(message: &Value) -> String {
    message.get("content").map(text_of).unwrap_or_default()
}

/// All text of a content: a string, or a list of blocks.
fn text_of(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let blocks = content.as_array().map_or(&[][..], Vec::as_slice);
    let texts = blocks.iter().filter(|block| block.get("type").and_then(Value::as_str) == Some("text"));
    texts.filter_map(|block| block.get("text")?.as_str()).collect::<Vec<_>>().join("\n")
}
