//! What `tacho sessions`, `tacho show ID` and `tacho status` with `--json` must say of a run. Pure; reads the text, runs
//! nothing.

mod session;
mod status;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::anthropic::ServedCall;
use crate::compare::{self, RunFacts};
use crate::otlp::{ReceivedEvent, ReceivedLink, ReceivedSpan, SpanKind, SpanStatus};

use session::SessionRow;

pub use status::status_differences;

/// The version of all schemas.
const SCHEMA_VERSION: u32 = 1;

#[derive(Deserialize)]
struct SessionList {
    schema_version: u32,
    sessions: Vec<SessionRow>,
}

#[derive(Deserialize)]
struct ShownSession {
    schema_version: u32,
    session: SessionRow,
    spans: Vec<ShownSpan>,
}

#[derive(Deserialize)]
struct ShownSpan {
    trace_id: String,
    span_id: String,
    parent_span_id: Option<String>,
    #[serde(default)]
    links: Vec<ShownLink>,
    #[serde(default)]
    events: Vec<ShownEvent>,
    name: String,
    kind: ShownKind,
    start_ns: u64,
    end_ns: u64,
    status: String,
    attributes: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct ShownLink {
    trace_id: String,
    span_id: String,
}

#[derive(Deserialize)]
struct ShownEvent {
    at_ns: u64,
    name: String,
    attributes: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ShownKind {
    Turn,
    Llm,
    Tool,
    Subagent,
    Permission,
    Elicitation,
    Compaction,
}

/// Differences between the session list `json` and the truth about the session of `run`, one of `sessions`.
pub fn session_list_differences(
    json: &str,
    sessions: usize,
    truth: &[ServedCall],
    received: &[ReceivedSpan],
    run: &RunFacts<'_>,
) -> Vec<String> {
    let list: SessionList = match serde_json::from_str(json) {
        Ok(list) => list,
        Err(error) => return vec![format!("tacho sessions: {error}")],
    };
    let mut found = version_differences("tacho sessions", list.schema_version);
    if list.sessions.len() != sessions {
        found.push(format!("tacho sessions: {} sessions, should be {sessions}", list.sessions.len()));
    }
    match list.sessions.iter().find(|row| row.id == run.session_id) {
        Some(row) => found.extend(row.differences("tacho sessions", truth, received, run)),
        None => found.push(format!("tacho sessions: {} is missing", run.session_id)),
    }
    found
}

/// Differences between the shown session `json`, the truth, and the spans that arrived.
pub fn show_differences(
    json: &str,
    truth: &[ServedCall],
    received: &[ReceivedSpan],
    run: &RunFacts<'_>,
) -> Vec<String> {
    let shown: ShownSession = match serde_json::from_str(json) {
        Ok(shown) => shown,
        Err(error) => return vec![format!("tacho show: {error}")],
    };
    let mut found = version_differences("tacho show", shown.schema_version);
    found.extend(shown.session.differences("tacho show", truth, received, run));
    let spans: Vec<_> = shown.spans.into_iter().map(ReceivedSpan::from).collect();
    let wrong = compare::differences(truth, &spans, run);
    found.extend(wrong.into_iter().map(|difference| format!("tacho show: {difference}")));
    found.extend(unlike(&spans, received));
    found
}

fn version_differences(command: &str, version: u32) -> Vec<String> {
    if version == SCHEMA_VERSION {
        return Vec::new();
    }
    vec![format!("{command}: schema_version is {version}, should be {SCHEMA_VERSION}")]
}

/// Where the shown spans are not those that arrived. Attributes may differ: what leaves the machine is less.
fn unlike(shown: &[ReceivedSpan], received: &[ReceivedSpan]) -> Vec<String> {
    let mut found = Vec::new();
    for span in received {
        match shown.iter().find(|shown| shown.span_id == span.span_id) {
            None => found.push(format!("tacho show: {} [{}] is missing", span.name, span.span_id)),
            Some(shown) if essence(shown) != essence(span) => found.push(format!(
                "tacho show: {} [{}] is {:?}, but {:?} was exported",
                span.name,
                span.span_id,
                essence(shown),
                essence(span)
            )),
            Some(_) => {}
        }
    }
    for span in shown {
        if !received.iter().any(|received| received.span_id == span.span_id) {
            found.push(format!("tacho show: {} [{}] was not exported", span.name, span.span_id));
        }
    }
    found
}

fn essence(span: &ReceivedSpan) -> (&str, Option<&str>, &str, u64, u64, SpanStatus) {
    (&span.trace_id, span.parent_span_id.as_deref(), &span.name, span.start_ns, span.end_ns, span.status)
}

impl From<ShownSpan> for ReceivedSpan {
    fn from(span: ShownSpan) -> Self {
        let links = span.links.into_iter();
        let links = links.map(|ShownLink { trace_id, span_id }| ReceivedLink {
            trace_id,
            span_id,
            attributes: BTreeMap::new(),
        });
        let events = span.events.into_iter();
        let events = events.map(|ShownEvent { at_ns, name, attributes }| ReceivedEvent {
            time_ns: at_ns,
            name,
            attributes,
        });
        Self {
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent_span_id: span.parent_span_id.filter(|id| !id.is_empty()),
            name: span.name,
            kind: match span.kind {
                ShownKind::Llm => SpanKind::Client,
                ShownKind::Turn
                | ShownKind::Tool
                | ShownKind::Subagent
                | ShownKind::Permission
                | ShownKind::Elicitation
                | ShownKind::Compaction => SpanKind::Internal,
            },
            start_ns: span.start_ns,
            end_ns: span.end_ns,
            status: match span.status.to_ascii_lowercase().as_str() {
                "error" => SpanStatus::Error,
                "ok" => SpanStatus::Ok,
                _ => SpanStatus::Unset,
            },
            attributes: span.attributes,
            events: events.collect(),
            links: links.collect(),
            resource: BTreeMap::new(),
        }
    }
}
