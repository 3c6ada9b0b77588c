//! Hook payloads, as the CLI sends them, turned into events.

use super::{event, mcp_server_of};
use serde::Deserialize;
use serde_json::value::RawValue;
use tacho_model::event::{Event, Fact, FailureCause, Json, Observation, ToolEnd, ToolFailure, ToolStart};
use tacho_model::id::{PromptId, SubagentId, ToolUseId};

#[derive(Deserialize)]
struct Payload<'a> {
    hook_event_name: String,
    prompt_id: Option<String>,
    agent_id: Option<String>,
    agent_type: Option<String>,
    permission_mode: Option<String>,
    source: Option<String>,
    reason: Option<String>,
    prompt: Option<String>,
    error: Option<String>,
    is_interrupt: Option<bool>,
    last_assistant_message: Option<String>,
    tool_name: Option<String>,
    tool_use_id: Option<String>,
    #[serde(borrow)]
    tool_input: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_response: Option<&'a RawValue>,
    duration_ms: Option<f64>,
    mcp_server: Option<McpServer>,
}

#[derive(Deserialize)]
struct McpServer {
    name: Option<String>,
}

/// The part of an Agent tool's response that names the subagent it started.
#[derive(Deserialize)]
struct AgentResponse {
    #[serde(rename = "agentId")]
    agent_id: Option<String>,
}

/// The events in a hook payload. One of an unknown name is kept as data.
pub(super) fn decode(observation: &Observation) -> Result<Vec<Event>, serde_json::Error> {
    let payload: Payload<'_> = serde_json::from_slice(&observation.body)?;
    let prompt = payload.prompt_id.as_deref().map(PromptId::from);
    let subagent = payload.agent_id.as_deref().map(SubagentId::from);
    let fact = fact(payload);
    Ok(vec![Event { prompt, subagent, ..event(observation, fact) }])
}

fn fact(payload: Payload<'_>) -> Fact {
    let name = payload.hook_event_name.as_str();
    let said = match name {
        "SessionStart" => Some(Fact::SessionStarted { trigger: payload.source }),
        "SessionEnd" => Some(Fact::SessionEnded { reason: payload.reason }),
        "UserPromptSubmit" => Some(Fact::Prompted {
            text: payload.prompt,
            permission_mode: payload.permission_mode,
            agent_version: None,
        }),
        "Stop" => Some(Fact::Stopped { last_message: payload.last_assistant_message }),
        "StopFailure" => Some(Fact::StopFailed { error: error_word(payload.error.as_deref()) }),
        "SubagentStart" => Some(Fact::SubagentStarted { kind: payload.agent_type.unwrap_or_default() }),
        "SubagentStop" => Some(Fact::SubagentStopped {
            kind: payload.agent_type.unwrap_or_default(),
            last_message: payload.last_assistant_message,
        }),
        _ => tool_fact(&payload),
    };
    said.unwrap_or(Fact::Other { name: payload.hook_event_name })
}

fn tool_fact(payload: &Payload<'_>) -> Option<Fact> {
    let name = payload.tool_name.clone()?;
    let input = json(payload.tool_input);
    if payload.hook_event_name == "PermissionRequest" {
        return Some(Fact::PermissionAsked { name, input });
    }
    let tool = ToolUseId::from(payload.tool_use_id.as_deref()?);
    let stated_server = payload.mcp_server.as_ref().and_then(|server| server.name.clone());
    let mcp_server = stated_server.or_else(|| mcp_server_of(&name));
    match payload.hook_event_name.as_str() {
        "PreToolUse" => Some(Fact::ToolStarted(ToolStart { tool, name, input, mcp_server })),
        "PermissionDenied" => Some(Fact::PermissionRefused { tool }),
        "PostToolUse" | "PostToolUseFailure" => Some(Fact::ToolEnded(ToolEnd {
            tool,
            failure: failure(payload),
            duration_ms: payload.duration_ms.map(|duration| duration.max(0.0) as u64),
            result: payload.tool_response.map(|response| Json(response.get().to_owned())),
            started_subagent: payload.tool_response.and_then(started_subagent),
            name,
            input,
            mcp_server,
        })),
        _ => None,
    }
}

fn json(value: Option<&RawValue>) -> Json {
    Json(value.map_or("null", RawValue::get).to_owned())
}

fn started_subagent(response: &RawValue) -> Option<SubagentId> {
    let response: AgentResponse = serde_json::from_str(response.get()).ok()?;
    response.agent_id.as_deref().map(SubagentId::from)
}

fn failure(payload: &Payload<'_>) -> Option<ToolFailure> {
    if payload.hook_event_name != "PostToolUseFailure" {
        return None;
    }
    let message = payload.error.clone();
    let cause = if payload.is_interrupt == Some(true) {
        FailureCause::Interrupted
    } else {
        message.as_deref().map_or(FailureCause::Other, cause_of)
    };
    Some(ToolFailure { cause, message })
}

/// The CLI's word for why a call failed. Anything longer than a word is a text, and no name for a kind of error.
pub(super) fn error_word(said: Option<&str>) -> String {
    let is_word = |word: &&str| {
        (1..=40).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
    };
    said.map_or("unknown", |word| Some(word).filter(is_word).unwrap_or("other")).to_owned()
}

/// What the text of a failure says about its cause: a shell command's begins with `Exit code N`, and one that ran
/// into its time limit says so on the same lines.
pub(super) fn cause_of(message: &str) -> FailureCause {
    let Some(behind) = message.strip_prefix("Error: ").unwrap_or(message).strip_prefix("Exit code ") else {
        return FailureCause::Other;
    };
    let digits = behind.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
    match digits.parse() {
        Ok(143) if message.contains("timed out") => FailureCause::Timeout,
        Ok(code) => FailureCause::Exit(code),
        Err(_) => FailureCause::Other,
    }
}
