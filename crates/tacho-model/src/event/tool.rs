//! What is said about tool calls.

use super::Json;
use crate::id::{SubagentId, ToolUseId};

/// A tool call as it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolStart {
    /// The call.
    pub tool: ToolUseId,
    /// The tool's name.
    pub name: String,
    /// Its arguments.
    pub input: Json,
    /// The MCP server that serves it.
    pub mcp_server: Option<String>,
}

/// A tool call as it came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolEnd {
    /// The call.
    pub tool: ToolUseId,
    /// The tool's name.
    pub name: String,
    /// Its arguments.
    pub input: Json,
    /// `None` when it went well.
    pub failure: Option<ToolFailure>,
    /// Run time in milliseconds, without permission wait and hooks.
    pub duration_ms: Option<u64>,
    /// What came back.
    pub result: Option<Json>,
    /// The subagent the call started.
    pub started_subagent: Option<SubagentId>,
    /// The MCP server that serves it.
    pub mcp_server: Option<String>,
}

/// How a tool call failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ToolFailure {
    /// What kind of failure.
    pub cause: FailureCause,
    /// The text the model was given.
    pub message: Option<String>,
}

/// Why a tool call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureCause {
    /// A command ended with this exit code.
    Exit(i64),
    /// The agent's time limit ended it.
    Timeout,
    /// A person interrupted it.
    Interrupted,
    /// A person or a rule refused it, so that it never ran.
    Denied,
    /// The agent itself refused it, so that it never ran.
    Refused(Refusal),
    /// Anything else.
    Other,
}

/// Why an agent does not run a tool call that its model asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// There is no such tool.
    UnknownTool,
    /// The arguments are not such as the tool takes.
    InvalidInput,
    /// A hook stood in the way.
    Hook,
    /// The agent has a rule of its own against such a call.
    Blocked,
}

/// A tool call as the transcript holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolRecord {
    /// The call.
    pub tool: ToolUseId,
    /// `None` when it went well.
    pub failure: Option<ToolFailure>,
    /// Who allowed or refused it.
    pub decision: Option<PermissionDecision>,
    /// What the model was given.
    pub response: Option<Json>,
    /// The subagent the call started.
    pub started_subagent: Option<SubagentId>,
}

/// Who allowed or refused a tool call, in the agent's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PermissionDecision {
    /// `accept` or `reject`.
    pub decision: String,
    /// Who decided.
    pub source: Option<String>,
    /// What kind of rule decided.
    pub reason: Option<String>,
    /// Whether a person decided; `None` where the agent does not say.
    pub by_person: Option<bool>,
}
