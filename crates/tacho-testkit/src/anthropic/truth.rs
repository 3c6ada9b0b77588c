//! The ground truth: one row for every model call that the API served, as far as it was served.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

use super::message::Message;
use super::script::UsageSpec;
use crate::clock::unix_ns;
use crate::http::Request;

/// A model call that reached the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServedCall {
    /// The id in the `request-id` header.
    pub request_id: String,
    /// The message's id; absent where an error was answered.
    pub message_id: Option<String>,
    /// Which step was played: `SCRIPT#STEP`, `helper:N`, `default` or `unknown:NAME`.
    pub label: String,
    /// The model that was asked for.
    pub model: String,
    /// The subagent that asked.
    pub agent_id: Option<String>,
    /// The session that asked.
    pub session_id: Option<String>,
    /// The span of the CLI's own that it was asked for.
    pub traceparent: Option<String>,
    /// Whether a stream was asked for.
    pub streamed: bool,
    /// HTTP status of the answer.
    pub status: u16,
    /// When the request had been read.
    pub started_unix_ns: u64,
    /// When the answer began.
    pub first_byte_unix_ns: u64,
    /// When the answer ended.
    pub done_unix_ns: u64,
    /// Whether the whole answer was sent.
    pub whole: bool,
    /// Whether a person broke it off, so that it counts as far as it was sent; the API cannot tell that from a fault.
    pub cut: bool,
    /// Whether no transcript has a row of it, so that only what the CLI measures of it can be known.
    pub unwritten: bool,
    /// Why the model stopped; absent where an error was answered.
    pub stop_reason: Option<String>,
    /// The type of the answer's first content block; absent where an error was answered.
    pub opens_with: Option<String>,
    /// What the call cost as far as it was sent; all zero where an error was answered.
    pub usage: ServedUsage,
    /// What its price depends on besides; the usual where it was not sent whole.
    pub terms: ServedTerms,
    /// The tools that the answer calls.
    pub tool_uses: Vec<ServedToolUse>,
}

/// Tokens of one call in the API's disjoint classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ServedUsage {
    /// Input that neither came from the cache nor went into it.
    pub input: u64,
    /// Input read from the cache.
    pub cache_read: u64,
    /// Input written to the cache for 5 minutes.
    pub cache_write_5m: u64,
    /// Input written to the cache for 1 hour.
    pub cache_write_1h: u64,
    /// Output.
    pub output: u64,
}

/// What the price of a call depends on besides its tokens, in the API's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ServedTerms {
    /// Searches of the web that ran at the API.
    pub web_searches: u64,
    /// `standard` or `fast`, where it is said.
    pub speed: Option<String>,
    /// Where the call was served.
    pub inference_geo: Option<String>,
    /// How urgently.
    pub service_tier: Option<String>,
    /// The parts of the answer, where they are listed.
    pub iterations: Vec<ServedIteration>,
}

/// A part of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ServedIteration {
    /// What it was, such as `message` or `advisor_message`.
    pub kind: String,
    /// Its model, where that is another one.
    pub model: Option<String>,
    /// Its tokens.
    pub usage: ServedUsage,
}

/// One call of a tool within an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServedToolUse {
    /// The tool call's id.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The script that its prompt selects: the tool starts a subagent that plays it.
    pub starts: Option<String>,
    /// Whether it ran at the API, within the answer.
    pub on_server: bool,
}

impl ServedCall {
    /// Whether the call was answered in full, or as far as a person let it, so that a recorder must know the answer.
    pub fn succeeded(&self) -> bool {
        (self.whole || self.cut) && self.status == 200
    }

    /// The call as one that a person broke off: the model had no time to say why it stops, or to use a tool.
    #[must_use]
    pub fn cut_off(self) -> Self {
        Self { cut: true, stop_reason: None, tool_uses: Vec::new(), ..self }
    }

    /// The call as who sees no row of it can know it, by what the CLI measures: that counts no searches and no passes.
    #[must_use]
    pub(crate) fn without_rows(self) -> Self {
        let terms = ServedTerms { web_searches: 0, iterations: Vec::new(), ..self.terms };
        Self { unwritten: true, tool_uses: Vec::new(), terms, ..self }
    }

    /// The script that was played.
    pub fn script(&self) -> &str {
        self.label.split('#').next().unwrap_or_default()
    }

    /// The row of a request that has just been read.
    pub(super) fn begun(request: &Request, body: &Value, request_id: String, label: &str) -> Self {
        let now = unix_ns();
        Self {
            request_id,
            message_id: None,
            label: label.to_owned(),
            model: body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
            agent_id: request.header("x-claude-code-agent-id").map(str::to_owned),
            session_id: request.header("x-claude-code-session-id").map(str::to_owned),
            traceparent: request.header("traceparent").map(str::to_owned),
            streamed: asks_for_stream(body),
            status: 200,
            started_unix_ns: now,
            first_byte_unix_ns: now,
            done_unix_ns: now,
            whole: false,
            cut: false,
            unwritten: false,
            stop_reason: None,
            opens_with: None,
            usage: ServedUsage::default(),
            terms: ServedTerms::default(),
            tool_uses: Vec::new(),
        }
    }

    /// Notes what the answer will be; its output counts only when it was sent whole.
    pub(super) fn answer_with(&mut self, message: &Message) {
        self.message_id = Some(message.id.clone());
        self.stop_reason = Some(message.stop_reason.clone());
        self.opens_with = message.first_block_type().map(str::to_owned);
        self.tool_uses.clone_from(&message.tool_uses);
        self.usage = ServedUsage { output: 1, ..ServedUsage::of(&message.usage) };
        self.terms = ServedTerms::known_at_first(&message.usage);
    }

    /// Notes that the answer was sent whole.
    pub(super) fn finish_whole(&mut self, message: &Message) {
        self.whole = true;
        self.usage = ServedUsage::of(&message.usage);
        self.terms = ServedTerms::of(&message.usage);
    }
}

impl ServedTerms {
    /// What the opening of a stream says.
    fn known_at_first(spec: &UsageSpec) -> Self {
        Self {
            inference_geo: Some(spec.inference_geo.clone()),
            service_tier: Some(spec.service_tier.clone()),
            ..Self::default()
        }
    }

    fn of(spec: &UsageSpec) -> Self {
        let said = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
        let searches = spec.server_tool_use.as_ref().and_then(|counts| counts.get("web_search_requests"));
        let iterations = spec.iterations.as_ref().and_then(Value::as_array).into_iter().flatten();
        Self {
            web_searches: searches.and_then(Value::as_u64).unwrap_or(0),
            speed: said(&spec.speed),
            iterations: iterations.map(ServedIteration::of).collect(),
            ..Self::known_at_first(spec)
        }
    }
}

impl ServedIteration {
    fn of(said: &Value) -> Self {
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        let count = |place: &str| said.pointer(place).and_then(Value::as_u64);
        let written = count("/cache_creation_input_tokens").unwrap_or(0);
        let for_hour = count("/cache_creation/ephemeral_1h_input_tokens").unwrap_or(0);
        Self {
            kind: text("type").unwrap_or_default(),
            model: text("model"),
            usage: ServedUsage {
                input: count("/input_tokens").unwrap_or(0),
                cache_read: count("/cache_read_input_tokens").unwrap_or(0),
                cache_write_5m: written - for_hour.min(written),
                cache_write_1h: for_hour,
                output: count("/output_tokens").unwrap_or(0),
            },
        }
    }
}

impl ServedUsage {
    /// Everything the model was given: the sum of the input classes.
    pub fn all_input(&self) -> u64 {
        self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h
    }

    fn of(spec: &UsageSpec) -> Self {
        Self {
            input: spec.input_tokens,
            cache_read: spec.cache_read_input_tokens,
            cache_write_5m: spec.cache_5m,
            cache_write_1h: spec.cache_1h,
            output: spec.output_tokens,
        }
    }
}

/// Whether the request `body` asks for a stream.
fn asks_for_stream(body: &Value) -> bool {
    body.get("stream").and_then(Value::as_bool) == Some(true)
}

/// Writes the truth as JSON lines.
pub fn write_jsonl(path: &Path, calls: &[ServedCall]) -> Result<()> {
    let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
    let mut writer = BufWriter::new(file);
    for call in calls {
        serde_json::to_writer(&mut writer, call)?;
        writer.write_all(b"\n")?;
    }
    writer.flush().with_context(|| format!("write {}", path.display()))
}
