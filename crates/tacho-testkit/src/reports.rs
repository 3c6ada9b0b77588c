//! What `tacho sessions`, `tacho show ID` and `tacho status` with `--json` must say of a run. Pure; reads the text, runs
//! nothing.

mod status;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::anthropic::ServedCall;
use crate::compare::{self, RunFacts, Served};
use crate::otlp::{ReceivedEvent, ReceivedLink, ReceivedSpan, SpanKind, SpanStatus};
use crate::scenario::Outcome;

pub use status::status_differences;

/// The version of all schemas.
const SCHEMA_VERSION: u32 = 1;

/// Events of whose hooks the CLI tells nothing, or not always.
const UNTOLD_EVENTS: [&str; 5] =
    ["SessionEnd", "StopFailure", "Elicitation", "ElicitationResult", "Notification"];

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

/// A session's figures; the token classes are disjoint.
#[derive(Deserialize)]
struct SessionRow {
    id: String,
    started_ns: Option<u64>,
    ended_ns: Option<u64>,
    end_inferred: Option<bool>,
    turns: Option<u64>,
    llm_calls: Option<u64>,
    tool_calls: Option<u64>,
    tool_errors: Option<u64>,
    tool_denials: Option<u64>,
    subagents: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    cache_write_5m_tokens: Option<u64>,
    cache_write_1h_tokens: Option<u64>,
    not_understood: Option<u64>,
    open_spans: Option<u64>,
    hook_events: BTreeMap<String, u64>,
    unknown: BTreeMap<String, Value>,
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

impl SessionRow {
    fn differences(
        &self,
        command: &str,
        truth: &[ServedCall],
        received: &[ReceivedSpan],
        run: &RunFacts<'_>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        if self.id != run.session_id {
            found.push(format!("{command}: id is {:?}, should be {:?}", self.id, run.session_id));
        }
        for (name, actual, expected) in self.figures(truth, received, run) {
            if actual != expected {
                let said =
                    |figure: Option<u64>| figure.map_or("absent".to_owned(), |figure| figure.to_string());
                found.push(format!("{command}: {name} is {}, should be {}", said(actual), said(expected)));
            }
        }
        found.extend(self.hook_differences(command, run));
        if !self.unknown.is_empty() {
            found.push(format!("{command}: unknown are {:?}", self.unknown));
        }
        if self.end_inferred != Some(run.expect.end_inferred) {
            let (actual, expected) = (self.end_inferred, run.expect.end_inferred);
            found.push(format!("{command}: end_inferred is {actual:?}, should be {expected}"));
        }
        let bounds = [self.started_ns, self.ended_ns].map(Option::unwrap_or_default);
        if bounds.iter().any(|time| !(run.started_unix_ns..=run.ended_unix_ns).contains(time))
            || !bounds.is_sorted()
        {
            let [start, end] = bounds;
            found.push(format!(
                "{command}: the session lasts from {start} to {end}, which is not within the run"
            ));
        }
        found
    }

    /// Every hook that the CLI ran was taken in, and no other.
    fn hook_differences(&self, command: &str, run: &RunFacts<'_>) -> Vec<String> {
        let events: BTreeSet<&String> = self.hook_events.keys().chain(run.hooks.keys()).collect();
        let count = |counts: &BTreeMap<String, u64>, event: &str| counts.get(event).copied().unwrap_or(0);
        let counted = events.into_iter().filter_map(|event| {
            let (actual, expected) = (count(&self.hook_events, event), count(run.hooks, event));
            let is_right =
                if UNTOLD_EVENTS.contains(&event.as_str()) { actual >= expected } else { actual == expected };
            (!is_right).then(|| format!("{command}: {actual} hooks {event}, should be {expected}"))
        });
        counted.collect()
    }

    /// Each figure with what it should be; an absent one is not known.
    fn figures(
        &self,
        truth: &[ServedCall],
        received: &[ReceivedSpan],
        run: &RunFacts<'_>,
    ) -> [(&'static str, Option<u64>, Option<u64>); 13] {
        let served = Served::new(truth);
        let answers: Vec<_> = served.answers().collect();
        let tools = || answers.iter().flat_map(|answer| &answer.tool_uses);
        let denied =
            tools().filter(|tool| run.expect.end_of(&[&tool.id, &tool.name]).outcome == Outcome::Denied);
        // Of calls that all failed, nobody knows what they cost.
        let sum = |tokens: fn(&ServedCall) -> u64| {
            (!answers.is_empty()).then(|| answers.iter().map(|call| tokens(call)).sum())
        };
        [
            ("turns", self.turns, count(run.turns)),
            ("llm_calls", self.llm_calls, count(served.calls.len())),
            ("tool_calls", self.tool_calls, count(tools().count())),
            ("tool_errors", self.tool_errors, count(compare::failed_tools(received))),
            ("tool_denials", self.tool_denials, count(denied.count())),
            ("subagents", self.subagents, count(run.expect.subagents.len())),
            ("input_tokens", self.input_tokens, sum(|call| call.usage.input)),
            ("output_tokens", self.output_tokens, sum(|call| call.usage.output)),
            ("cache_read_tokens", self.cache_read_tokens, sum(|call| call.usage.cache_read)),
            ("cache_write_5m_tokens", self.cache_write_5m_tokens, sum(|call| call.usage.cache_write_5m)),
            ("cache_write_1h_tokens", self.cache_write_1h_tokens, sum(|call| call.usage.cache_write_1h)),
            ("not_understood", self.not_understood, Some(0)),
            ("open_spans", self.open_spans, Some(0)),
        ]
    }
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

fn count(number: usize) -> Option<u64> {
    u64::try_from(number).ok()
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
