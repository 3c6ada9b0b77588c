//! What the CLI measures of itself, as our module in its process (`plugins/claude-code/hooks/register.js`) and its own
//! exporter say it: log events with their attributes. Numbers may be written as texts.
//!
//! Of what the CLI can say only that is read which hooks and transcripts leave out, or say late or less exactly.

use super::transcript::unix_nanos;
use super::usage_row::without_usual;
use super::{decision, event};
use crate::fields::Fields;
use crate::repair::without_lone_surrogates;
use crate::{Decoded, LogEvent, OwnTelemetry};
use serde_json::{Map, Value as Json, json};
use tacho_model::event::{Event, Fact, ModelReport, Observation, Sources};
use tacho_model::id::RequestId;
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{CallKey, Owner, Terms, UsageRecord};

/// A call that was answered.
const REQUEST: &str = "api_request";
/// A tool call that was allowed or refused.
const DECISION: &str = "tool_decision";
/// Nanodollars in a millionth of a dollar.
const NANOS_IN_MICRO: i64 = 1_000;

/// What is taken in of what the CLI exports. Of its other events hooks and transcripts say more, or nothing here makes use
/// of them. The list is that of the module, without what only its own records need.
pub(super) const OWN: OwnTelemetry = OwnTelemetry {
    event: "Otlp",
    scope: "com.anthropic.claude_code.events",
    session: "session.id",
    name: "event.name",
    events: &[REQUEST, DECISION],
    attributes: &[
        "event.timestamp",
        "prompt.id",
        "agent_id",
        "agent.name",
        "request_id",
        "query_source",
        "model",
        "effort",
        "speed",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_creation_tokens",
        "cache_creation_5m_tokens",
        "cache_creation_1h_tokens",
        "cost_usd_micros",
        "duration_ms",
        "ttft_ms",
        "tool_use_id",
        "decision",
        "source",
    ],
    payload,
    greeting: || LogEvent { name: "started".to_owned(), attributes: Map::new() },
};

/// The form of what the module hands over.
fn payload(session: &str, events: Vec<LogEvent>) -> Json {
    let event = |said: LogEvent| json!({ "event": said.name, "attributes": said.attributes });
    let events: Vec<Json> = events.into_iter().map(event).collect();
    json!({ "hook_event_name": OWN.event, "session_id": session, "events": events })
}

/// What an observation says.
pub(super) fn decode(observation: &Observation, said: &Fields<'_>) -> Decoded {
    let events: Vec<Event> =
        said.objects("events").iter().filter_map(|said| statement(observation, said)).collect();
    if events.is_empty() {
        Decoded::not_understood("telemetry without an event")
    } else {
        events.into_iter().collect()
    }
}

/// What one log event says; nothing where it has no name.
fn statement(observation: &Observation, said: &Fields<'_>) -> Option<Event> {
    let name = said.text("event")?;
    let attributes = said.object("attributes");
    Some(Event {
        at: at(&attributes).or(observation.at),
        prompt: attributes.id("prompt.id"),
        subagent: attributes.id("agent_id"),
        ..event(observation, &name, fact(&name, &attributes))
    })
}

fn at(attributes: &Fields<'_>) -> Option<UnixNanos> {
    attributes.get("event.timestamp").and_then(unix_nanos)
}

fn fact(name: &str, attributes: &Fields<'_>) -> Fact {
    let fact = match name {
        REQUEST => report(attributes).map(|report| Fact::ModelReported(Box::new(report))),
        DECISION => decided(attributes),
        _ => None,
    };
    fact.unwrap_or(Fact::Nothing)
}

fn report(attributes: &Fields<'_>) -> Option<ModelReport> {
    Some(ModelReport {
        request_id: attributes.id("request_id")?,
        model: attributes.text("model"),
        effort: attributes.text("effort"),
        query_source: attributes.text("query_source"),
        usage: usage(attributes),
        terms: terms(attributes),
        duration_ms: attributes.number("duration_ms"),
        first_chunk_ms: attributes.number("ttft_ms"),
        cost: attributes.number("cost_usd_micros").and_then(cost),
    })
}

fn terms(attributes: &Fields<'_>) -> Terms {
    // The CLI's word here for what is `standard` everywhere else.
    let speed =
        attributes.text("speed").map(|speed| if speed == "normal" { "standard".to_owned() } else { speed });
    Terms { speed, ..Terms::default() }
}

fn cost(micros: u64) -> Option<Nanodollars> {
    i64::try_from(micros).ok()?.checked_mul(NANOS_IN_MICRO).map(Nanodollars)
}

/// The tokens of an answer. Older CLIs do not split what was written to the cache.
fn usage(attributes: &Fields<'_>) -> Usage {
    Usage {
        input: attributes.number("input_tokens"),
        output: attributes.number("output_tokens"),
        cache_read: attributes.number("cache_read_tokens"),
        cache_write_5m: attributes
            .number("cache_creation_5m_tokens")
            .or_else(|| attributes.number("cache_creation_tokens")),
        cache_write_1h: attributes.number("cache_creation_1h_tokens"),
        thinking: None,
    }
}

fn decided(attributes: &Fields<'_>) -> Option<Fact> {
    let source = attributes.word("source").filter(|word| word != "unknown");
    Some(Fact::ToolDecided {
        tool: attributes.id("tool_use_id")?,
        decision: decision::of_source(attributes.word("decision")?, source),
    })
}

/// What an observation says of what was used: a record for each call, which names nothing but the request.
pub(super) fn usage_records(observation: &Observation) -> Vec<UsageRecord> {
    let body = without_lone_surrogates(&observation.body);
    let Ok(said) = Fields::read(&body) else { return Vec::new() };
    let directory: Option<String> = said.id("cwd");
    let events = said.objects("events");
    let requests = events.iter().filter(|said| said.text("event").as_deref() == Some(REQUEST));
    requests
        .filter_map(|said| usage_record(observation, &said.object("attributes"), directory.as_ref()))
        .collect()
}

fn usage_record(
    observation: &Observation,
    attributes: &Fields<'_>,
    directory: Option<&String>,
) -> Option<UsageRecord> {
    let request: RequestId = attributes.id("request_id")?;
    let usage = usage(attributes);
    Some(UsageRecord {
        key: CallKey::of_request(request.as_str()),
        owner: Owner {
            is_sidechain: attributes.text("agent_id").is_some(),
            is_empty: usage.is_empty(),
            at: at(attributes).or(observation.at)?,
            session: observation.session.clone(),
            subagent: attributes.id::<String>("agent.name"),
            project: directory.cloned(),
            model: attributes.id::<String>("model"),
        },
        usage,
        terms: without_usual(terms(attributes)),
        tools: Vec::new(),
        is_final: true,
        sources: Sources::of(observation.source),
    })
}
