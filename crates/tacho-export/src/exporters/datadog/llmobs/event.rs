//! A span as LLM Observability has it (`LLMObsSpanEvent` of ddtrace, `_event_types.py`, and Datadog's HTTP API reference).
//!
//! What it has a word of its own for stands under that word; all else that is said of a span under its own name in `metadata`, and
//! what is said of who sends among the tags.

use super::super::values::{events_of, halves, id, json_of, text_of};
use super::messages::{self, Io};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link as WireLink;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use tacho_model::attribute::Key;
use tacho_model::semconv as key;

/// The parent of a span that has none.
const NO_PARENT: &str = "undefined";

/// What is a tag, wherever it is said, mostly under Datadog's own word for it (`LLMObs._activate_llmobs_span` of ddtrace, and the tags
/// of coding agents in ddapm-test-agent).
const TAGS: [(Key, &str); 18] = [
    (key::SERVICE_NAME, "service"),
    (key::SERVICE_VERSION, "version"),
    (key::TELEMETRY_SDK_LANGUAGE, "language"),
    (key::TELEMETRY_SDK_NAME, "source"),
    (key::USER_EMAIL, "user_handle"),
    (key::USER_HASH, "user_id"),
    (key::USER_NAME, "user_name"),
    (key::SESSION_ID, "session_id"),
    (key::ERROR_TYPE, "error_type"),
    (key::GEN_AI_AGENT_NAME, key::GEN_AI_AGENT_NAME.name()),
    (key::GEN_AI_TOOL_NAME, "tool_name"),
    (key::VCS_REPOSITORY_URL_FULL, "git.repository_url"),
    (key::VCS_REF_HEAD_REVISION, "git.commit.sha"),
    (key::VCS_REF_HEAD_NAME, "git.branch"),
    (key::VCS_REF_HEAD_TYPE, key::VCS_REF_HEAD_TYPE.name()),
    (key::VCS_REPOSITORY_NAME, "project_name"),
    (key::VCS_OWNER_NAME, key::VCS_OWNER_NAME.name()),
    (key::VCS_PROVIDER_NAME, key::VCS_PROVIDER_NAME.name()),
];
/// The attribute of the resource that says in which environment it is, and Datadog's word for that.
const ENVIRONMENT: (&str, &str) = ("deployment.environment.name", "env");

/// Figures of a call of the model, which no other kind has: Datadog sums them over a trace itself. A cost that is said counts instead
/// of an estimate (`ddtrace/llmobs/_constants.py`); it is in dollars, and so is ours.
const METRICS: [(Key, &str); 11] = [
    (key::GEN_AI_USAGE_INPUT_TOKENS, INPUT_TOKENS),
    (key::GEN_AI_USAGE_OUTPUT_TOKENS, OUTPUT_TOKENS),
    (key::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, "cache_read_input_tokens"),
    (key::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS, "cache_write_input_tokens"),
    (key::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, "cache_write_input_tokens"),
    (key::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, "reasoning_output_tokens"),
    (key::CLAUDE_CODE_USAGE_UNCACHED_INPUT_TOKENS, "non_cached_input_tokens"),
    (key::CLAUDE_CODE_USAGE_CACHE_CREATION_5M_INPUT_TOKENS, "ephemeral_5m_input_tokens"),
    (key::CLAUDE_CODE_USAGE_CACHE_CREATION_1H_INPUT_TOKENS, "ephemeral_1h_input_tokens"),
    (key::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, "time_to_first_token"),
    (key::GEN_AI_USAGE_COST_AMOUNT, "total_cost"),
];
const INPUT_TOKENS: &str = "input_tokens";
const OUTPUT_TOKENS: &str = "output_tokens";
const TOTAL_TOKENS: &str = "total_tokens";

#[derive(Serialize)]
pub(super) struct Event {
    trace_id: String,
    span_id: String,
    parent_id: String,
    name: String,
    start_ns: u64,
    duration: u64,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    meta: Meta,
    metrics: BTreeMap<&'static str, Json>,
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    span_links: Vec<Link>,
    #[serde(rename = "_dd")]
    in_traces: InTraces,
}

#[derive(Serialize)]
struct Meta {
    span: OfKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Io>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Io>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
    metadata: Map<String, Json>,
}

#[derive(Serialize)]
struct OfKind {
    kind: Kind,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// A turn, or a subagent.
    Agent,
    Llm,
    Tool,
    /// A step without a model: a wait, a compaction.
    Task,
}

#[derive(Serialize)]
struct Fault {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Serialize)]
struct Link {
    span_id: String,
    trace_id: String,
    attributes: BTreeMap<&'static str, &'static str>,
}

/// The same span in the trace API.
#[derive(Serialize)]
struct InTraces {
    span_id: String,
    trace_id: String,
    apm_trace_id: String,
}

impl Event {
    /// A span of this resource.
    pub(super) fn of(resource: &[KeyValue], span: &Span) -> Self {
        let mut said = Said::of(&span.attributes);
        let kind = said.kind();
        let has_failed = span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error);
        let (trace_id, span_id) = (trace_id(&span.trace_id), id(&span.span_id).to_string());
        let parent = Some(id(&span.parent_span_id)).filter(|parent| *parent != 0);
        let session_id = said.0.get(key::SESSION_ID.name()).map(|value| text_of(value));
        let tags = tags(resource, &mut said, has_failed);
        let metrics = metrics(kind, &mut said);
        Self {
            parent_id: parent.map_or_else(|| NO_PARENT.to_owned(), |parent| parent.to_string()),
            name: span.name.clone(),
            start_ns: span.start_time_unix_nano,
            duration: span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano),
            status: if has_failed { "error" } else { "ok" },
            session_id,
            meta: meta(kind, said, span, has_failed),
            metrics,
            tags,
            span_links: span.links.iter().map(|link| link_of(kind, link)).collect(),
            in_traces: InTraces {
                span_id: span_id.clone(),
                trace_id: trace_id.clone(),
                apm_trace_id: trace_id.clone(),
            },
            trace_id,
            span_id,
        }
    }
}

/// What is said of a span and stands nowhere yet.
struct Said<'a>(BTreeMap<&'a str, &'a AnyValue>);

impl<'a> Said<'a> {
    fn of(attributes: &'a [KeyValue]) -> Self {
        Self(attributes.iter().filter_map(|pair| Some((pair.key.as_str(), pair.value.as_ref()?))).collect())
    }

    fn take(&mut self, key: Key) -> Option<String> {
        self.0.remove(key.name()).map(text_of)
    }

    /// The kind, by the operation; and what says nothing beside it or says it again.
    fn kind(&mut self) -> Kind {
        self.take(key::GEN_AI_CONVERSATION_ID);
        self.take(key::GEN_AI_SYSTEM);
        match self.take(key::GEN_AI_OPERATION_NAME).as_deref() {
            Some("invoke_agent") => Kind::Agent,
            Some("chat") => Kind::Llm,
            Some("execute_tool") => Kind::Tool,
            Some(_) | None => Kind::Task,
        }
    }
}

fn tags(resource: &[KeyValue], said: &mut Said<'_>, has_failed: bool) -> Vec<String> {
    let mut tags = BTreeMap::from([("error", u8::from(has_failed).to_string())]);
    for (name, value) in Said::of(resource).0 {
        if name == key::SERVICE_NAME.name() {
            tags.insert("ml_app", text_of(value));
        }
        let known = TAGS.iter().find(|(known, _)| known.name() == name).map(|(_, tag)| *tag);
        let known = known.or((name == ENVIRONMENT.0).then_some(ENVIRONMENT.1));
        tags.insert(known.unwrap_or(name), text_of(value));
    }
    for (key, tag) in TAGS {
        if let Some(value) = said.take(key) {
            tags.insert(tag, value);
        }
    }
    tags.into_iter().map(|(name, value)| format!("{name}:{value}")).collect()
}

fn metrics(kind: Kind, said: &mut Said<'_>) -> BTreeMap<&'static str, Json> {
    let mut metrics = BTreeMap::new();
    let Kind::Llm = kind else { return metrics };
    for (key, name) in METRICS {
        if let Some(value) = said.0.remove(key.name()) {
            metrics.insert(name, json_of(Some(value)));
        }
    }
    let count = |name: &str| metrics.get(name).and_then(Json::as_i64);
    if let (Some(input), Some(output)) = (count(INPUT_TOKENS), count(OUTPUT_TOKENS)) {
        metrics.insert(TOTAL_TOKENS, json!(input.saturating_add(output)));
    }
    metrics
}

fn meta(kind: Kind, mut said: Said<'_>, span: &Span, has_failed: bool) -> Meta {
    let (mut model_name, mut model_provider) = (None, None);
    let (mut input, mut output) = (None, None);
    let said_in = [key::GEN_AI_INPUT_MESSAGES, key::GEN_AI_OUTPUT_MESSAGES];
    match kind {
        Kind::Llm => {
            let asked = |said: &mut Said<'_>| said.take(key::GEN_AI_REQUEST_MODEL);
            model_name = said.take(key::GEN_AI_RESPONSE_MODEL).or_else(|| asked(&mut said));
            model_provider = said.take(key::GEN_AI_PROVIDER_NAME);
            [input, output] = said_in.map(|key| said.take(key).map(messages::whole));
        }
        Kind::Agent => [input, output] = said_in.map(|key| said.take(key).map(messages::words)),
        Kind::Tool => {
            let said_in = [key::GEN_AI_TOOL_CALL_ARGUMENTS, key::GEN_AI_TOOL_CALL_RESULT];
            [input, output] = said_in.map(|key| said.take(key).map(Io::Value));
        }
        Kind::Task => {}
    }
    let error_type = attribute(span, key::ERROR_TYPE);
    let error =
        has_failed.then(|| Fault { kind: error_type, message: said.take(key::CLAUDE_CODE_TOOL_ERROR) });
    let mut metadata: Map<String, Json> =
        said.0.into_iter().map(|(name, value)| (name.to_owned(), json_of(Some(value)))).collect();
    if let Some(events) = events_of(span) {
        metadata.insert("events".to_owned(), events);
    }
    Meta { span: OfKind { kind }, model_name, model_provider, input, output, error, metadata }
}

fn attribute(span: &Span, key: Key) -> Option<String> {
    let found = span.attributes.iter().find(|pair| pair.key == key.name())?;
    found.value.as_ref().map(text_of)
}

/// That of a tool call leads to the call of the model that asked for it: its answer is what the tool was given.
fn link_of(kind: Kind, link: &WireLink) -> Link {
    let attributes = match kind {
        Kind::Tool => BTreeMap::from([("from", "output"), ("to", "input")]),
        Kind::Agent | Kind::Llm | Kind::Task => BTreeMap::new(),
    };
    Link { span_id: id(&link.span_id).to_string(), trace_id: trace_id(&link.trace_id), attributes }
}

/// A trace's id as Datadog writes one of 128 bits.
fn trace_id(trace: &[u8]) -> String {
    let (upper, lower) = halves(trace);
    format!("{upper:016x}{lower:016x}")
}
