//! Tests of assembly on small made-up sessions: what no recorded session shows. Must not know any agent.

mod compaction;
mod cost;
mod counting;
mod decisions;
mod elicitation;
mod measured;
mod messages;
mod project;
mod repository;
mod traces;
mod tree;

use crate::facts::{AgentIdentity, SessionFacts};
use crate::price::Prices;
use crate::tree::{Assembly, assemble};
use tacho_model::attribute::Value;
use tacho_model::event::{
    Event, Fact, FailureCause, Json, Source, SubagentDescription, ToolEnd, ToolFailure, ToolStart,
};
use tacho_model::id::{PromptId, SessionId, SubagentId, ToolUseId};
use tacho_model::semconv as key;
use tacho_model::span::{Span, Status};
use tacho_model::time::UnixNanos;

const SECOND_NS: u64 = 1_000_000_000;

/// A hook's statement, so many seconds in, for a prompt.
fn hook(seconds: u64, prompt: &str, fact: Fact) -> Event {
    Event {
        observation: [0; 16],
        digest: 0,
        session: SessionId::from("session"),
        source: Source::Hook,
        name: "Event".to_owned(),
        at: Some(UnixNanos(seconds * SECOND_NS)),
        prompt: Some(PromptId::from(prompt)),
        subagent: None,
        offset: None,
        fact,
    }
}

fn within(subagent: &str, event: Event) -> Event {
    Event { subagent: Some(SubagentId::from(subagent)), ..event }
}

fn prompted() -> Fact {
    Fact::Prompted { text: None, permission_mode: None, agent_version: None }
}

fn stopped() -> Fact {
    Fact::Stopped { last_message: None }
}

fn started(tool: &str) -> Fact {
    let (tool, name) = (ToolUseId::from(tool), tool.to_owned());
    Fact::ToolStarted(ToolStart { tool, name, input: Json("{}".to_owned()), mcp_server: None })
}

fn ended(tool: &str, cause: Option<FailureCause>) -> Fact {
    Fact::ToolEnded(end(tool, cause))
}

fn end(tool: &str, cause: Option<FailureCause>) -> ToolEnd {
    ToolEnd {
        tool: ToolUseId::from(tool),
        name: tool.to_owned(),
        input: Json("{}".to_owned()),
        failure: cause.map(|cause| ToolFailure { cause, message: None }),
        duration_ms: Some(500),
        result: None,
        started_subagent: None,
        mcp_server: None,
    }
}

fn asked(name: &str) -> Fact {
    Fact::PermissionAsked { name: name.to_owned(), input: Json("{}".to_owned()) }
}

fn described(subagent: &str, tool: &str) -> Event {
    let description =
        SubagentDescription { kind: None, tool: Some(ToolUseId::from(tool)), depth: None, description: None };
    let event = hook(0, "p", Fact::SubagentDescribed(description));
    within(subagent, Event { source: Source::Transcript, at: None, prompt: None, ..event })
}

fn facts_of(events: &[Event]) -> SessionFacts {
    let agent = AgentIdentity { name: "agent", provider: "provider" };
    let mut facts = SessionFacts::new(agent, SessionId::from("session"));
    events.iter().for_each(|event| facts.add(event));
    facts
}

/// What comes of these events at a second.
fn assembled(events: &[Event], now: u64) -> Assembly {
    assemble(&facts_of(events), &Prices::list(), UnixNanos(now * SECOND_NS))
}

/// The spans after these events, at a second: one line each, indented below their parents.
#[track_caller]
fn check(events: &[Event], now: u64, expected: &[&str]) {
    let spans = assembled(events, now).spans;
    let lines: Vec<String> = spans.iter().map(|span| line(span, &spans)).collect();
    assert_eq!(lines, expected);
}

fn line(span: &Span, spans: &[Span]) -> String {
    let mut depth = 0;
    let mut above = span.parent_span_id;
    while let Some(parent) = above.and_then(|id| spans.iter().find(|span| span.span_id == id)) {
        depth += 1;
        above = parent.parent_span_id;
    }
    let seconds = |at: UnixNanos| format!("{}", at.0 as f64 / SECOND_NS as f64);
    let end = span.end.map_or_else(|| "open".to_owned(), seconds);
    let mut text = format!("{}{} {}..{end}", "  ".repeat(depth), span.name, seconds(span.start));
    if let Some(Value::String(from)) = span.attributes.get(key::TACHOGRAPH_END_INFERRED) {
        text.push_str(&format!(" by {from}"));
    }
    if let (Status::Error, Some(Value::String(error))) = (span.status, span.attributes.get(key::ERROR_TYPE)) {
        text.push_str(&format!(" {error}"));
    }
    if !span.settled {
        text.push_str(" unsettled");
    }
    text
}
