//! Transcript rows and subagent descriptions, as the CLI writes them, turned into events.
//!
//! One answer of the model is several `assistant` rows, one a content block, that share `message.id` and repeat
//! the usage of the whole answer.

use super::event;
use super::hook::{cause_of, error_word};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use tacho_model::event::{
    AnsweredTool, Event, Fact, FailureCause, Json, ModelAnswer, ModelRequest, Observation,
    PermissionDecision, SubagentDescription, ToolFailure, ToolRecord,
};
use tacho_model::id::{MessageId, PromptId, RequestId, RequestRef, SubagentId, ToolUseId};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(rename = "type")]
    row_type: String,
    subtype: Option<String>,
    uuid: Option<String>,
    id: Option<String>,
    timestamp: Option<Timestamp>,
    prompt_id: Option<String>,
    agent_id: Option<String>,
    version: Option<String>,
    permission_mode: Option<String>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    request_id: Option<String>,
    request_ref: Option<String>,
    requested_model: Option<String>,
    effort: Option<String>,
    thinking_duration_ms: Option<u64>,
    tool_input_stream_ms: Option<u64>,
    is_api_error_message: Option<bool>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    tool_denial_kind: Option<String>,
    permission_decision: Option<Decision>,
    #[serde(borrow)]
    tool_use_result: Option<&'a RawValue>,
    query_source: Option<String>,
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Message<'a> {
    id: Option<String>,
    model: Option<String>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    stop_reason: Option<String>,
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(rename = "type")]
    block_type: String,
    text: Option<String>,
    id: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    tool_use_id: Option<String>,
    is_error: Option<bool>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
    output_tokens_details: Option<OutputDetails>,
    service_tier: Option<String>,
    speed: Option<String>,
}

#[derive(Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<u64>,
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decision {
    decision: Option<String>,
    source: Option<String>,
    reason_type: Option<String>,
    reason_code: Option<String>,
}

#[derive(Deserialize)]
struct Params {
    model: Option<String>,
    max_tokens: Option<u64>,
    output_config: Option<OutputConfig>,
}

#[derive(Deserialize)]
struct OutputConfig {
    effort: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    agent_type: Option<String>,
    tool_use_id: Option<String>,
    spawn_depth: Option<u64>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AgentResult {
    agent_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiError {
    status: Option<u16>,
    request_id: Option<String>,
}

#[derive(Deserialize)]
struct RowType {
    #[serde(rename = "type")]
    row_type: Option<String>,
}

/// How the text begins that the CLI writes where a person pressed Esc.
const INTERRUPTED: &str = "[Request interrupted by user";

/// Rows that repeat what other rows say, or say nothing about what the agent did.
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

/// Whether a row is worth keeping. One of an unknown type is.
pub(super) fn keeps_row(row: &[u8]) -> bool {
    match serde_json::from_slice::<RowType>(row) {
        Ok(RowType { row_type: Some(row_type) }) => !ROWS_WITHOUT_FACTS.contains(&row_type.as_str()),
        Ok(RowType { row_type: None }) | Err(_) => true,
    }
}

/// The events in a transcript row, or in the description of a subagent.
pub(super) fn decode(observation: &Observation) -> Result<Vec<Event>, serde_json::Error> {
    if observation.offset.is_none() {
        return decode_description(observation);
    }
    let row: Row<'_> = serde_json::from_slice(&observation.body)?;
    let base = Event {
        at: row.timestamp.and_then(unix_nanos),
        prompt: row.prompt_id.as_deref().map(PromptId::from),
        subagent: observation.subagent.clone().or_else(|| row.agent_id.as_deref().map(SubagentId::from)),
        ..event(observation, Fact::Other { name: row.row_type.clone() })
    };
    let facts = facts(&row)?;
    if facts.is_empty() {
        return Ok(vec![base]);
    }
    Ok(facts.into_iter().map(|fact| Event { fact, ..base.clone() }).collect())
}

fn decode_description(observation: &Observation) -> Result<Vec<Event>, serde_json::Error> {
    let said: Description = serde_json::from_slice(&observation.body)?;
    let description = SubagentDescription {
        kind: said.agent_type,
        tool: said.tool_use_id.as_deref().map(ToolUseId::from),
        depth: said.spawn_depth,
        description: said.description,
    };
    Ok(vec![event(observation, Fact::SubagentDescribed(description))])
}

fn unix_nanos(timestamp: Timestamp) -> Option<UnixNanos> {
    u64::try_from(timestamp.as_nanosecond()).ok().map(UnixNanos)
}

fn facts(row: &Row<'_>) -> Result<Vec<Fact>, serde_json::Error> {
    match (row.row_type.as_str(), row.subtype.as_deref()) {
        ("assistant", _) if row.is_api_error_message == Some(true) => Ok(vec![failed_call(row)]),
        ("assistant", _) => answers(row),
        ("user", _) => user_facts(row),
        ("api-request", _) => Ok(request(row).into_iter().collect()),
        ("system", Some("api_error")) => Ok(vec![retry(row)]),
        ("system", Some("stop_hook_summary" | "turn_duration")) => Ok(vec![Fact::TurnRecorded]),
        _ => Ok(Vec::new()),
    }
}

fn request(row: &Row<'_>) -> Option<Fact> {
    let params = row.params.as_ref();
    let output_config = params.and_then(|params| params.output_config.as_ref());
    Some(Fact::ModelAsked(ModelRequest {
        request: RequestRef::from(row.id.as_deref()?),
        model: params.and_then(|params| params.model.clone()),
        max_tokens: params.and_then(|params| params.max_tokens),
        effort: output_config.and_then(|config| config.effort.clone()),
        query_source: row.query_source.clone(),
    }))
}

fn answers(row: &Row<'_>) -> Result<Vec<Fact>, serde_json::Error> {
    let Some(message) = &row.message else { return Ok(Vec::new()) };
    let Some(id) = message.id.as_deref() else { return Ok(Vec::new()) };
    let base = ModelAnswer {
        message: MessageId::from(id),
        request_id: row.request_id.as_deref().map(RequestId::from),
        request: row.request_ref.as_deref().map(RequestRef::from),
        model: message.model.clone(),
        requested_model: row.requested_model.clone(),
        effort: row.effort.clone(),
        usage: message.usage.as_ref().map(usage).unwrap_or_default(),
        stop_reason: message.stop_reason.clone(),
        service_tier: message.usage.as_ref().and_then(|usage| usage.service_tier.clone()),
        speed: message.usage.as_ref().and_then(|usage| usage.speed.clone()),
        block_ms: row.thinking_duration_ms.or(row.tool_input_stream_ms),
        tool: None,
        text: None,
    };
    let blocks = blocks(message.content)?;
    let answer = |block: &Block<'_>| {
        let answer = ModelAnswer { tool: answered_tool(block), text: block.text.clone(), ..base.clone() };
        Fact::ModelAnswered(Box::new(answer))
    };
    if blocks.is_empty() {
        return Ok(vec![Fact::ModelAnswered(Box::new(base))]);
    }
    Ok(blocks.iter().map(answer).collect())
}

/// The blocks of a message's content, which is a list or, for plain prompts, one string.
fn blocks(content: Option<&RawValue>) -> Result<Vec<Block<'_>>, serde_json::Error> {
    match content.map(RawValue::get) {
        Some(list) if list.starts_with('[') => serde_json::from_str(list),
        _ => Ok(Vec::new()),
    }
}

fn answered_tool(block: &Block<'_>) -> Option<AnsweredTool> {
    let on_server = match block.block_type.as_str() {
        "tool_use" => false,
        "server_tool_use" => true,
        _ => return None,
    };
    Some(AnsweredTool {
        tool: ToolUseId::from(block.id.as_deref()?),
        name: block.name.clone()?,
        input: Json(block.input.map_or("null", RawValue::get).to_owned()),
        on_server,
    })
}

fn usage(wire: &WireUsage) -> Usage {
    let split = wire.cache_creation.as_ref();
    let cache_write_1h = split.and_then(|split| split.ephemeral_1h_input_tokens);
    // Before the split by lifetime there were only writes for 5 minutes.
    let cache_write_5m = if split.is_some() {
        split.and_then(|split| split.ephemeral_5m_input_tokens)
    } else {
        wire.cache_creation_input_tokens
    };
    Usage {
        input: wire.input_tokens,
        output: wire.output_tokens,
        cache_read: wire.cache_read_input_tokens,
        cache_write_5m,
        cache_write_1h,
        thinking: wire.output_tokens_details.as_ref().and_then(|details| details.thinking_tokens),
    }
}

fn failed_call(row: &Row<'_>) -> Fact {
    Fact::ModelFailed {
        request_id: row.request_id.as_deref().map(RequestId::from),
        row: row.uuid.clone().unwrap_or_default(),
        error: error_word(row.error.and_then(text_of).as_deref()),
    }
}

fn retry(row: &Row<'_>) -> Fact {
    let error: Option<ApiError> = row.error.and_then(|error| serde_json::from_str(error.get()).ok());
    let status = error.as_ref().and_then(|error| error.status);
    Fact::ModelRetried {
        request_id: error.and_then(|error| error.request_id).as_deref().map(RequestId::from),
        error: status.map_or_else(|| "connection".to_owned(), |status| status.to_string()),
    }
}

fn text_of(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// A user row is a prompt, or the results of tool calls.
fn user_facts(row: &Row<'_>) -> Result<Vec<Fact>, serde_json::Error> {
    let content = row.message.as_ref().and_then(|message| message.content);
    let blocks = blocks(content)?;
    let records: Vec<Fact> = blocks.iter().filter_map(|block| tool_record(row, block)).collect();
    if !records.is_empty() || row.prompt_id.is_none() {
        return Ok(records);
    }
    let block_text = blocks.iter().find_map(|block| block.text.clone());
    let text = block_text.or_else(|| content.and_then(text_of));
    if text.as_deref().is_some_and(|text| text.starts_with(INTERRUPTED)) {
        return Ok(vec![Fact::Interrupted]);
    }
    Ok(vec![Fact::Prompted {
        text,
        permission_mode: row.permission_mode.clone(),
        agent_version: row.version.clone(),
    }])
}

fn tool_record(row: &Row<'_>, block: &Block<'_>) -> Option<Fact> {
    if block.block_type != "tool_result" {
        return None;
    }
    let result: Option<AgentResult> =
        row.tool_use_result.and_then(|result| serde_json::from_str(result.get()).ok());
    Some(Fact::ToolRecorded(ToolRecord {
        tool: ToolUseId::from(block.tool_use_id.as_deref()?),
        failure: (block.is_error == Some(true)).then(|| recorded_failure(row, block)),
        decision: decision(row),
        started_subagent: result.and_then(|result| result.agent_id).as_deref().map(SubagentId::from),
    }))
}

/// Who decided. A refusal in the dialog has no decision of its own, only a word for what kind of refusal it was.
fn decision(row: &Row<'_>) -> Option<PermissionDecision> {
    let known = |word: Option<&String>| word.filter(|word| *word != "unknown").cloned();
    let Some(said) = &row.permission_decision else {
        let kind = row.tool_denial_kind.as_ref()?;
        let source = Some(kind.clone());
        let by_person = Some(kind.starts_with("user"));
        return Some(PermissionDecision { decision: "reject".to_owned(), source, reason: None, by_person });
    };
    Some(PermissionDecision {
        decision: said.decision.clone()?,
        source: known(said.source.as_ref()),
        reason: known(said.reason_type.as_ref()).or_else(|| known(said.reason_code.as_ref())),
        by_person: said.source.as_ref().map(|source| source.starts_with("user")),
    })
}

fn recorded_failure(row: &Row<'_>, block: &Block<'_>) -> ToolFailure {
    let message = block.content.and_then(text_of);
    let text = message.as_deref().unwrap_or_default();
    let cause = if row.tool_denial_kind.is_some() {
        FailureCause::Denied
    } else if text.starts_with(INTERRUPTED) {
        FailureCause::Interrupted
    } else {
        cause_of(text)
    };
    ToolFailure { cause, message }
}
