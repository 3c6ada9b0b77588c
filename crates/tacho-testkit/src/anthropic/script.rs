//! The wire form of a script: what the API answers, step by step. Data only.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Everything one API can play.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptBook {
    /// Scripts by the name in the marker.
    pub scenarios: BTreeMap<String, Script>,
    /// Answer to a conversation without a marker.
    #[serde(default = "Step::ok")]
    pub default: Step,
    /// Answers to calls that the agent makes on its own account, such as for a title; looked at first.
    #[serde(default, rename = "helpers")]
    pub side_calls: Vec<SideCall>,
}

/// The answers to one conversation, in order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// One answer each.
    pub steps: Vec<Step>,
}

/// An answer that is chosen by what the request says instead of by a marker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideCall {
    /// Text that the system prompt contains.
    pub system_contains: Option<String>,
    /// Text that the last message contains.
    pub last_contains: Option<String>,
    /// The answer.
    pub step: Step,
}

/// One answer of the model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// Content blocks in order.
    pub blocks: Vec<Block>,
    /// Tokens that the answer says it cost.
    pub usage: UsageSpec,
    /// Model that the answer names; else the one that was asked for.
    pub model: Option<String>,
    /// Stop reason; else `tool_use` where a tool is used and `end_turn` where none is.
    pub stop_reason: Option<String>,
    /// Delay before the first byte.
    pub ttft_ms: u64,
    /// Delay before each delta.
    pub chunk_ms: u64,
    /// Error to answer first.
    pub fail: Option<Failure>,
    /// Cuts the connection after this many deltas.
    pub drop_after: Option<u64>,
    /// Type of an error event to send before the cut.
    pub stream_error: Option<String>,
    /// What the API says of how dangerous its tool calls are, by their ids: `flagged` or `not_flagged`.
    pub verdicts: BTreeMap<String, String>,
}

/// One content block.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// The model's reasoning.
    Thinking {
        /// What it says.
        text: String,
    },
    /// Text for the user.
    Text {
        /// What it says.
        text: String,
    },
    /// A call of one of the agent's tools.
    ToolUse(ToolUseSpec),
    /// A call of a tool that runs at the API.
    ServerToolUse(ToolUseSpec),
    /// Any other block, sent as it stands.
    #[serde(untagged)]
    Literal(Value),
}

/// A call of a tool.
#[derive(Debug, Clone, Deserialize)]
pub struct ToolUseSpec {
    /// The call's id; else a unique one is made.
    pub id: Option<String>,
    /// The tool's name.
    pub name: String,
    /// The tool's input.
    pub input: Value,
}

/// Token counts of an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UsageSpec {
    /// Input that neither came from the cache nor went into it.
    pub input_tokens: u64,
    /// Input read from the cache.
    pub cache_read_input_tokens: u64,
    /// Input written to the cache for 5 minutes.
    pub cache_5m: u64,
    /// Input written to the cache for 1 hour.
    pub cache_1h: u64,
    /// Output.
    pub output_tokens: u64,
    /// Service tier.
    pub service_tier: String,
    /// Where the call was served.
    pub inference_geo: String,
    /// Counts of tools that ran at the API, as they stand in the answer.
    pub server_tool_use: Option<Value>,
    /// `standard` or `fast`, as it stands in the answer.
    pub speed: Option<Value>,
    /// Parts of the output, as they stand in the answer.
    pub output_tokens_details: Option<Value>,
    /// Usage per iteration, as it stands in the answer.
    pub iterations: Option<Value>,
}

/// An error that the API answers before it plays the step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// HTTP status.
    pub status: u16,
    /// How often.
    #[serde(default = "once")]
    pub times: u32,
    /// The error's type.
    #[serde(rename = "type", default = "api_error")]
    pub kind: String,
    /// The error's message.
    #[serde(default = "mock_failure")]
    pub message: String,
    /// Seconds in the `retry-after` header.
    pub retry_after: Option<u64>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

impl Step {
    /// A step that says `text` and nothing else.
    pub fn text(text: &str) -> Self {
        Self { blocks: vec![Block::Text { text: text.to_owned() }], ..Self::default() }
    }

    fn ok() -> Self {
        Self::text("ok")
    }
}

impl Default for UsageSpec {
    fn default() -> Self {
        Self {
            input_tokens: 10,
            cache_read_input_tokens: 0,
            cache_5m: 0,
            cache_1h: 0,
            output_tokens: 20,
            service_tier: "standard".to_owned(),
            inference_geo: "not_available".to_owned(),
            server_tool_use: None,
            speed: None,
            output_tokens_details: None,
            iterations: None,
        }
    }
}

fn once() -> u32 {
    1
}

fn api_error() -> String {
    "api_error".to_owned()
}

fn mock_failure() -> String {
    "mock failure".to_owned()
}
