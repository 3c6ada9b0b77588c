//! One answer of the API in its two forms: a JSON message, and the events of a stream. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::conversation::last_marker;
use super::script::{Block, Step, ToolUseSpec, UsageSpec};
use super::truth::ServedToolUse;

const TEXT_CHUNK: usize = 24;
const INPUT_CHUNK: usize = 64;
/// The signature of a thinking block, which clients send back and never read.
const SIGNATURE: &str = "c2ln";

/// An answer with all its ids.
pub(super) struct Message {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) stop_reason: String,
    pub(super) tool_uses: Vec<ServedToolUse>,
    pub(super) usage: UsageSpec,
    blocks: Vec<Block>,
    verdicts: BTreeMap<String, String>,
}

impl Message {
    /// Builds the answer of `step`; `next_id` names the tool calls that have no id of their own.
    pub(super) fn new(
        step: &Step,
        id: String,
        asked_model: &str,
        mut next_id: impl FnMut() -> String,
    ) -> Self {
        let mut blocks = step.blocks.clone();
        let mut tool_uses = Vec::new();
        for block in &mut blocks {
            match block {
                Block::ToolUse(call) => {
                    let id = call.id.get_or_insert_with(&mut next_id).clone();
                    let prompt = call.input.get("prompt").and_then(Value::as_str);
                    let starts = prompt.and_then(last_marker).map(str::to_owned);
                    tool_uses.push(ServedToolUse { id, name: call.name.clone(), starts, on_server: false });
                }
                Block::ServerToolUse(call) => {
                    let id = call.id.get_or_insert_with(&mut next_id).clone();
                    let name = call.name.clone();
                    tool_uses.push(ServedToolUse { id, name, starts: None, on_server: true });
                }
                Block::Thinking { .. } | Block::Text { .. } | Block::Literal(_) => {}
            }
        }
        let is_over = tool_uses.iter().all(|tool| tool.on_server);
        let stop_reason = if is_over { "end_turn" } else { "tool_use" };
        Self {
            id,
            model: step.model.clone().unwrap_or_else(|| asked_model.to_owned()),
            stop_reason: step.stop_reason.clone().unwrap_or_else(|| stop_reason.to_owned()),
            tool_uses,
            blocks,
            usage: step.usage.clone(),
            verdicts: step.verdicts.clone(),
        }
    }

    /// The type of the first content block.
    pub(super) fn first_block_type(&self) -> Option<&str> {
        self.blocks.first().map(|block| match block {
            Block::Thinking { .. } => "thinking",
            Block::Text { .. } => "text",
            Block::ToolUse(_) => "tool_use",
            Block::ServerToolUse(_) => "server_tool_use",
            Block::Literal(content) => content.get("type").and_then(Value::as_str).unwrap_or_default(),
        })
    }

    /// The answer to a request that did not ask for a stream.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model,
            "content": self.blocks.iter().map(content_of).collect::<Vec<_>>(),
            "stop_reason": self.stop_reason, "stop_sequence": null, "usage": final_usage(&self.usage),
        })
    }

    /// What stands in an answer to who asks for the API's own judgment of tool calls.
    fn safeguard_results(&self) -> Value {
        let judged = self.verdicts.iter().map(|(id, outcome)| {
            (
                id.clone(),
                json!({ "type": "evaluated", "outcome": outcome, "explanation": "as the script says" }),
            )
        });
        let tool_uses: serde_json::Map<_, _> = judged.collect();
        json!([{ "type": "dangerous_tool_use", "status": { "type": "available", "tool_uses": tool_uses } }])
    }

    /// The events of a whole stream, in order.
    pub(super) fn stream_events(&self) -> Vec<StreamEvent> {
        let message = json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model, "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": first_usage(&self.usage),
        });
        let mut events = vec![
            StreamEvent::new("message_start", json!({ "message": message })),
            StreamEvent::new("ping", json!({})),
        ];
        for (index, block) in self.blocks.iter().enumerate() {
            events.extend(block_events(index, block));
        }
        let mut delta = json!({ "stop_reason": self.stop_reason, "stop_sequence": null });
        if let Some(fields) = delta.as_object_mut().filter(|_| !self.verdicts.is_empty()) {
            fields.insert("safeguard_results".to_owned(), self.safeguard_results());
        }
        let last = json!({ "delta": delta, "usage": final_usage(&self.usage) });
        events.push(StreamEvent::new("message_delta", last));
        events.push(StreamEvent::new("message_stop", json!({})));
        events
    }
}

/// One server-sent event.
pub(super) struct StreamEvent {
    name: &'static str,
    payload: Value,
}

impl StreamEvent {
    fn new(name: &'static str, mut payload: Value) -> Self {
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("type".to_owned(), name.into());
        }
        Self { name, payload }
    }

    /// The error that breaks a stream off.
    pub(super) fn error(kind: &str) -> Self {
        Self::new("error", json!({ "error": { "type": kind, "message": "mock mid-stream error" } }))
    }

    /// Whether the event carries a piece of a content block.
    pub(super) fn is_delta(&self) -> bool {
        self.name == "content_block_delta"
    }

    /// The event as it goes over the wire.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        format!("event: {}\ndata: {}\n\n", self.name, self.payload).into_bytes()
    }
}

fn block_events(index: usize, block: &Block) -> Vec<StreamEvent> {
    let (start, deltas) = block_parts(block);
    let mut events =
        vec![StreamEvent::new("content_block_start", json!({ "index": index, "content_block": start }))];
    events.extend(
        deltas
            .into_iter()
            .map(|delta| StreamEvent::new("content_block_delta", json!({ "index": index, "delta": delta }))),
    );
    events.push(StreamEvent::new("content_block_stop", json!({ "index": index })));
    events
}

/// The empty block that opens a stream of it, and the deltas that fill it.
fn block_parts(block: &Block) -> (Value, Vec<Value>) {
    match block {
        Block::Text { text } => {
            let deltas = chunks(text, TEXT_CHUNK).into_iter();
            let deltas = deltas.map(|text| json!({ "type": "text_delta", "text": text })).collect();
            (json!({ "type": "text", "text": "" }), deltas)
        }
        Block::Thinking { text } => {
            let deltas = chunks(text, TEXT_CHUNK).into_iter();
            let mut deltas: Vec<_> =
                deltas.map(|text| json!({ "type": "thinking_delta", "thinking": text })).collect();
            deltas.push(json!({ "type": "signature_delta", "signature": SIGNATURE }));
            (json!({ "type": "thinking", "thinking": "", "signature": "" }), deltas)
        }
        Block::ToolUse(call) => tool_use_parts("tool_use", call),
        Block::ServerToolUse(call) => tool_use_parts("server_tool_use", call),
        Block::Literal(content) => (content.clone(), Vec::new()),
    }
}

fn tool_use_parts(kind: &str, call: &ToolUseSpec) -> (Value, Vec<Value>) {
    let deltas = chunks(&call.input.to_string(), INPUT_CHUNK)
        .into_iter()
        .map(|part| json!({ "type": "input_json_delta", "partial_json": part }))
        .collect();
    (json!({ "type": kind, "id": call.id, "name": call.name, "input": {} }), deltas)
}

fn content_of(block: &Block) -> Value {
    let tool_use = |kind: &str, call: &ToolUseSpec| json!({ "type": kind, "id": call.id, "name": call.name, "input": call.input });
    match block {
        Block::Thinking { text } => json!({ "type": "thinking", "thinking": text, "signature": SIGNATURE }),
        Block::Text { text } => json!({ "type": "text", "text": text }),
        Block::ToolUse(call) => tool_use("tool_use", call),
        Block::ServerToolUse(call) => tool_use("server_tool_use", call),
        Block::Literal(content) => content.clone(),
    }
}

/// Pieces of at most `size` characters; one empty piece for an empty text.
fn chunks(text: &str, size: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    if letters.is_empty() {
        return vec![String::new()];
    }
    letters.chunks(size).map(|piece| piece.iter().collect()).collect()
}

/// The usage that opens a stream: the input is known, of the output only the first token.
fn first_usage(spec: &UsageSpec) -> Value {
    json!({
        "input_tokens": spec.input_tokens,
        "cache_creation_input_tokens": spec.cache_5m + spec.cache_1h,
        "cache_read_input_tokens": spec.cache_read_input_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": spec.cache_5m,
            "ephemeral_1h_input_tokens": spec.cache_1h,
        },
        "output_tokens": 1,
        "service_tier": spec.service_tier,
        "inference_geo": spec.inference_geo,
    })
}

fn final_usage(spec: &UsageSpec) -> Value {
    let mut usage = first_usage(spec);
    if let Some(fields) = usage.as_object_mut() {
        fields.insert("output_tokens".to_owned(), spec.output_tokens.into());
        let extras = [
            ("server_tool_use", &spec.server_tool_use),
            ("speed", &spec.speed),
            ("output_tokens_details", &spec.output_tokens_details),
            ("iterations", &spec.iterations),
        ];
        for (name, value) in extras {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value.clone());
            }
        }
    }
    usage
}
