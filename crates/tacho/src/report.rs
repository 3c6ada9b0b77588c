//! The JSON that commands print. These shapes are an interface: a field is added, never changed or taken away
//! without a new schema version.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use tacho_model::attribute::{Attributes, Value};
use tacho_model::session::Session;
use tacho_model::span::{Span, Status};

/// The version of every report.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// A session in a list. Token classes are disjoint; an unknown count is null, and so is a cost where no call has a price.
#[derive(Debug, Serialize)]
pub(crate) struct SessionReport {
    id: String,
    agent: String,
    agent_version: Option<String>,
    started_ns: u64,
    ended_ns: Option<u64>,
    end_inferred: bool,
    last_seen_ns: u64,
    turns: u64,
    llm_calls: u64,
    tool_calls: u64,
    tool_errors: u64,
    tool_denials: u64,
    subagents: u64,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    cache_write_5m_tokens: Option<u64>,
    cache_write_1h_tokens: Option<u64>,
    thinking_tokens: Option<u64>,
    cost_usd_nanos: Option<i64>,
    unpriced_calls: u64,
    not_understood: u64,
    hook_events: BTreeMap<String, u64>,
    unknown: BTreeMap<String, u64>,
    open_spans: u64,
}

impl From<&Session> for SessionReport {
    fn from(session: &Session) -> Self {
        let usage = session.usage;
        Self {
            id: session.id.to_string(),
            agent: session.agent.clone(),
            agent_version: session.agent_version.clone(),
            started_ns: session.started.0,
            ended_ns: session.ended.map(|ended| ended.0),
            end_inferred: session.end_inferred,
            last_seen_ns: session.last_seen.0,
            turns: session.turns,
            llm_calls: session.llm_calls,
            tool_calls: session.tool_calls,
            tool_errors: session.tool_errors,
            tool_denials: session.tool_denials,
            subagents: session.subagents,
            input_tokens: usage.input,
            output_tokens: usage.output,
            cache_read_tokens: usage.cache_read,
            cache_write_5m_tokens: usage.cache_write_5m,
            cache_write_1h_tokens: usage.cache_write_1h,
            thinking_tokens: usage.thinking,
            cost_usd_nanos: session.cost.map(|cost| cost.0),
            unpriced_calls: session.unpriced_calls,
            not_understood: session.not_understood,
            hook_events: session.hook_events.clone(),
            unknown: session.unknown.clone(),
            open_spans: session.open_spans,
        }
    }
}

/// A list of sessions.
pub(crate) fn sessions(sessions: &[Session]) -> Json {
    let sessions: Vec<SessionReport> = sessions.iter().map(SessionReport::from).collect();
    json!({ "schema_version": SCHEMA_VERSION, "sessions": sessions })
}

/// A session with its spans, parents before children.
pub(crate) fn session(session: &Session, spans: &[Span]) -> Json {
    let spans: Vec<Json> = spans.iter().map(span).collect();
    json!({ "schema_version": SCHEMA_VERSION, "session": SessionReport::from(session), "spans": spans })
}

fn span(span: &Span) -> Json {
    let links = span
        .links
        .iter()
        .map(|link| json!({ "trace_id": link.trace_id.to_string(), "span_id": link.span_id.to_string() }));
    let events = span.events.iter().map(|event| {
        json!({ "at_ns": event.at.0, "name": event.name, "attributes": attributes(&event.attributes) })
    });
    json!({
        "trace_id": span.trace_id.to_string(),
        "span_id": span.span_id.to_string(),
        "parent_span_id": span.parent_span_id.map(|parent| parent.to_string()),
        "links": links.collect::<Vec<_>>(),
        "name": span.name,
        "kind": span.kind.name(),
        "start_ns": span.start.0,
        "end_ns": span.end.map(|end| end.0),
        "status": match span.status { Status::Unset => "unset", Status::Error => "error" },
        "settled": span.settled,
        "attributes": attributes(&span.attributes),
        "events": events.collect::<Vec<_>>(),
    })
}

fn attributes(attributes: &Attributes) -> Json {
    let pairs = attributes.iter().map(|(key, value)| (key.name().to_owned(), attribute(value)));
    Json::Object(pairs.collect::<Map<_, _>>())
}

pub(crate) fn attribute(value: &Value) -> Json {
    match value {
        Value::String(text) => json!(**text),
        Value::Int(number) => json!(number),
        Value::Double(number) => json!(number),
        Value::Boolean(truth) => json!(truth),
        Value::StringList(texts) => json!(texts),
    }
}
