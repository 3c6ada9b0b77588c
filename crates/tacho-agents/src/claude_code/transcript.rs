//! Transcript rows and subagent descriptions, as the CLI writes them, turned into events.

pub(super) mod answer;
mod prompt;
mod tool;

use super::{error_word, event};
use crate::Decoded;
use crate::fields::{Fields, Shape};
use jiff::Timestamp;
use serde::Deserialize;
use tacho_model::event::{
    Compaction, CompactionStep, Event, Fact, ModelRequest, Observation, SubagentDescription,
};
use tacho_model::id::RequestRef;
use tacho_model::time::UnixNanos;

#[derive(Deserialize)]
struct RowType {
    #[serde(rename = "type")]
    row_type: Option<String>,
}

/// What is looked into of a row.
pub(super) const ROW: &Shape =
    &Shape(&[("message", Shape(&[("usage", answer::USAGE), ("content", Shape(&[]))]))]);

/// Rows that repeat what other rows say, or say nothing about what the agent did. They are not kept.
const ROWS_WITHOUT_FACTS: &[&str] = &[
    "attachment",
    "api-request-blob",
    "api-request-shape",
    "atis-latch",
    "last-prompt",
    "queue-operation",
    "file-history-snapshot",
    "mode",
    "permission-mode",
    "tools-used",
];

/// Rows that are kept for the day somebody asks for them. With those above and those that [`facts`] reads, these are
/// all types that version 2.1.330 can write.
const ROWS_NOT_READ: &[&str] = &[
    "agent-color",
    "agent-name",
    "agent-setting",
    "api-request-resumed",
    "artifact-autoreact-ledger",
    "artifact-comment-monitor",
    "attribution-snapshot",
    "bridge-session",
    "content-replacement",
    "continued-in",
    "cost-state",
    "data-flow-incomplete",
    "data-flow-records",
    "derived-from",
    "dev-mods",
    "ended-by-model",
    "file-history-delta",
    "fork-context-ref",
    "frame-link",
    "history-suppression",
    "host-row",
    "hybrid-organization",
    "isolation-latch",
    "memory-mode",
    "observer-ref",
    "pr-link",
    "progress",
    "relocated",
    "repl-mode",
    "resume-head-vouch",
    "session-owner",
    "summary",
    "tag",
    "worktree-state",
];

/// Whether a row is worth keeping. One of an unknown type is.
pub(super) fn keeps_row(row: &[u8]) -> bool {
    match serde_json::from_slice::<RowType>(row) {
        Ok(RowType { row_type: Some(row_type) }) => !ROWS_WITHOUT_FACTS.contains(&row_type.as_str()),
        Ok(RowType { row_type: None }) | Err(_) => true,
    }
}

/// What a transcript row says, or the description of a subagent.
pub(super) fn decode(observation: &Observation, said: &Fields<'_>) -> Decoded {
    if observation.offset.is_none() {
        return [event(observation, "description", description(said))].into_iter().collect();
    }
    let Some(row_type) = said.text("type") else {
        return Decoded::not_understood("a row without a type");
    };
    let base = Event {
        at: said.get("timestamp").and_then(unix_nanos),
        prompt: said.id("promptId"),
        subagent: observation.subagent.clone().or_else(|| said.id("agentId")),
        ..event(observation, &row_type, Fact::Nothing)
    };
    let facts = facts(&row_type, said);
    if facts.is_empty() {
        return [base].into_iter().collect();
    }
    facts.into_iter().map(|fact| Event { fact, ..base.clone() }).collect()
}

fn description(said: &Fields<'_>) -> Fact {
    Fact::SubagentDescribed(SubagentDescription {
        kind: said.text("agentType"),
        tool: said.id("toolUseId"),
        depth: said.count("spawnDepth"),
        description: said.text("description"),
    })
}

pub(super) fn unix_nanos(timestamp: Timestamp) -> Option<UnixNanos> {
    u64::try_from(timestamp.as_nanosecond()).ok().map(UnixNanos)
}

/// The facts in a row; none where it says nothing about what the agent did.
fn facts(row_type: &str, row: &Fields<'_>) -> Vec<Fact> {
    let subtype = row.text("subtype");
    match (row_type, subtype.as_deref()) {
        ("assistant", _) if row.is_true("isApiErrorMessage") => vec![failed_call(row)],
        ("assistant", _) if is_placeholder(row) => Vec::new(),
        ("assistant", _) => answer::facts(row),
        ("user", _) => user_facts(row),
        ("api-request", _) => request(row).into_iter().collect(),
        ("system", Some("api_error")) => vec![retry(row)],
        ("system", Some("stop_hook_summary")) => vec![Fact::TurnRecorded { hook_ms: own_hook_ms(row) }],
        ("system", Some("turn_duration")) => vec![Fact::TurnRecorded { hook_ms: None }],
        ("system", Some("compact_boundary")) => vec![compaction(&row.object("compactMetadata"))],
        ("system", _) => Vec::new(),
        ("ai-title", _) => title(row, "aiTitle", false).into_iter().collect(),
        ("custom-title", _) => title(row, "customTitle", true).into_iter().collect(),
        (known, _) if ROWS_WITHOUT_FACTS.contains(&known) || ROWS_NOT_READ.contains(&known) => Vec::new(),
        _ => vec![Fact::Unknown],
    }
}

/// The program that our hooks run.
const HOOK_PROGRAM: &str = "/bin/tacho-hook";

/// How long our hook took of those that ran at the end of a turn; the longest, where it is registered twice.
fn own_hook_ms(row: &Fields<'_>) -> Option<u64> {
    let hooks = row.objects("hookInfos");
    let is_ours =
        |hook: &&Fields<'_>| hook.whole_text("command").is_some_and(|command| command.contains(HOOK_PROGRAM));
    hooks.iter().filter(is_ours).filter_map(|hook| hook.count("durationMs")).max()
}

/// Whether the CLI itself wrote an answer, where a conversation needs one and the model was not asked.
pub(super) fn is_placeholder(row: &Fields<'_>) -> bool {
    row.object("message").whole_text("model").as_deref() == Some("<synthetic>")
}

/// A user row is a prompt, the results of tool calls, or what a compaction left.
fn user_facts(row: &Fields<'_>) -> Vec<Fact> {
    if row.is_true("isCompactSummary") {
        return vec![compaction(&Fields::default())];
    }
    let records = tool::facts(row);
    if records.is_empty() { prompt::fact(row).into_iter().collect() } else { records }
}

fn compaction(said: &Fields<'_>) -> Fact {
    Fact::Compacted(Compaction {
        step: CompactionStep::Ended,
        trigger: said.word("trigger"),
        tokens_before: said.count("preTokens"),
        tokens_after: said.count("postTokens"),
        duration_ms: said.count("durationMs"),
    })
}

/// What the session is called, by the agent or by a person.
fn title(row: &Fields<'_>, name: &str, by_person: bool) -> Option<Fact> {
    Some(Fact::Titled { title: row.id(name)?, by_person })
}

fn request(row: &Fields<'_>) -> Option<Fact> {
    let params = row.object("params");
    Some(Fact::ModelAsked(ModelRequest {
        request: row.id::<RequestRef>("id")?,
        model: params.text("model"),
        max_tokens: params.count("max_tokens"),
        effort: params.object("output_config").text("effort"),
        query_source: row.text("querySource"),
    }))
}

fn failed_call(row: &Fields<'_>) -> Fact {
    Fact::ModelFailed {
        request_id: row.id("requestId"),
        row: row.text("uuid").unwrap_or_default(),
        error: error_word(row),
    }
}

fn retry(row: &Fields<'_>) -> Fact {
    let error = row.object("error");
    Fact::ModelRetried {
        request_id: error.id("requestId"),
        error: error.count("status").map_or_else(|| "connection".to_owned(), |status| status.to_string()),
    }
}
