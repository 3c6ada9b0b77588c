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
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PermissionDecision {
    /// `accept` or `reject`.
    pub decision: String,
    /// Who or what that was; `None` where the agent does not say.
    pub decider: Option<Decider>,
    /// Who decided.
    pub source: Option<String>,
    /// What kind of thing decided.
    pub reason: Option<String>,
    /// Which one of its kind, such as `mode:dontAsk`.
    pub reason_code: Option<String>,
    /// Where the rule stands that decided.
    pub rule_source: Option<String>,
    /// For how long it was allowed.
    pub grant_scope: Option<String>,
}

impl PermissionDecision {
    /// Whether a person decided; `None` where the agent does not say.
    #[must_use]
    pub fn by_person(&self) -> Option<bool> {
        match (self.decider, &self.source) {
            (Some(decider), _) => Some(decider == Decider::Person),
            (None, Some(_)) => Some(false),
            (None, None) => None,
        }
    }
}

/// Who or what decides over tool calls, in no agent's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decider {
    /// A person, asked for this call.
    Person,
    /// A rule that somebody had made before.
    Rule,
    /// The mode that was chosen for the session.
    Mode,
    /// A hook.
    Hook,
    /// A model that judges calls.
    Classifier,
    /// A check of the agent's own that no rule overrides.
    SafetyCheck,
    /// What the call may reach in its sandbox.
    Sandbox,
    /// The agent, before anybody could be asked: there is no such tool, or it does not take such arguments.
    Agent,
}

impl Decider {
    /// The name of it in attributes.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Rule => "rule",
            Self::Mode => "mode",
            Self::Hook => "hook",
            Self::Classifier => "classifier",
            Self::SafetyCheck => "safety_check",
            Self::Sandbox => "sandbox",
            Self::Agent => "agent",
        }
    }
}
