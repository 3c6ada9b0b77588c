//! Events: what one source said once about a session, in words no agent owns.
//!
//! An event is a statement, not a truth: several sources describe the same tool call, and the assembler decides
//! whom to believe. A fact keeps what its source said and leaves out what it did not say.

use crate::id::{MessageId, PromptId, RequestId, RequestRef, SessionId, SubagentId, ToolUseId};
use crate::time::UnixNanos;
use crate::usage::Usage;

/// Who said it. The order is the order of belief about times and tool calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A hook of the agent, at the moment it happened.
    Hook,
    /// The agent's transcript, read after the fact.
    Transcript,
    /// The recorder itself, from watching the agent's process.
    Recorder,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Hook, Self::Transcript, Self::Recorder];

    /// The name of the source in tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Transcript => "transcript",
            Self::Recorder => "recorder",
        }
    }

    /// The source with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// One statement as it was taken in, before anybody understood it: the row of truth that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Equal for two deliveries of the same statement.
    pub uid: [u8; 16],
    /// Name of the agent it is about.
    pub agent: String,
    /// The session it is about.
    pub session: SessionId,
    /// Who said it.
    pub source: Source,
    /// When it was taken down, for sources that do not say it themselves.
    pub at: Option<UnixNanos>,
    /// Whose transcript it stands in; `None` for the main agent's and for other sources.
    pub subagent: Option<SubagentId>,
    /// Where it stands in that transcript, in bytes.
    pub offset: Option<u64>,
    /// What the source wrote: JSON with long strings cut, or bytes that are no JSON.
    pub body: Vec<u8>,
}

/// JSON text, valid and possibly cut to the content limit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Json(pub String);

/// One statement of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The observation that says it.
    pub observation: [u8; 16],
    /// The session it is about.
    pub session: SessionId,
    /// Who said it.
    pub source: Source,
    /// When it happened by the source's clock, if the source said.
    pub at: Option<UnixNanos>,
    /// The prompt it belongs to, if the source said.
    pub prompt: Option<PromptId>,
    /// The subagent inside which it happened; `None` is the main agent.
    pub subagent: Option<SubagentId>,
    /// Where it stands in its transcript file, in bytes; `None` for other sources.
    pub offset: Option<u64>,
    /// What was said.
    pub fact: Fact,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The session began or was taken up again.
    SessionStarted {
        /// The agent's word for why: `startup`, `resume`, `clear`, …
        trigger: Option<String>,
    },
    /// The session ended.
    SessionEnded {
        /// The agent's word for why.
        reason: Option<String>,
    },
    /// The agent's process was found to be gone.
    AgentGone,
    /// A prompt was sent; begins a turn.
    Prompted {
        /// The prompt.
        text: Option<String>,
        /// Permission mode in force.
        permission_mode: Option<String>,
        /// Version of the agent.
        agent_version: Option<String>,
    },
    /// The main agent finished its answer to a prompt. May come more than once in a turn.
    Stopped {
        /// The last message.
        last_message: Option<String>,
    },
    /// The main agent gave up on a prompt.
    StopFailed {
        /// The agent's word for why: `rate_limit`, `authentication_failed`, …
        error: String,
    },
    /// A person interrupted the main agent.
    Interrupted,
    /// The transcript of a turn is complete up to here: its last rows are on disk.
    TurnRecorded,
    /// A tool call was decided and is about to be checked and run.
    ToolStarted(ToolStart),
    /// A tool call came back.
    ToolEnded(ToolEnd),
    /// A tool call's result was written to the transcript.
    ToolRecorded(ToolRecord),
    /// A person was asked to allow a tool call. The agent does not say which one.
    PermissionAsked {
        /// The tool.
        name: String,
        /// Its arguments, by which the call is found.
        input: Json,
    },
    /// A tool call was refused by a classifier.
    PermissionRefused {
        /// The call.
        tool: ToolUseId,
    },
    /// A subagent began; the event's `subagent` names it.
    SubagentStarted {
        /// Its type.
        kind: String,
    },
    /// A subagent finished; the event's `subagent` names it.
    SubagentStopped {
        /// Its type; empty for helpers of the agent that are no subagents.
        kind: String,
        /// Its last message.
        last_message: Option<String>,
    },
    /// What the agent wrote down about a subagent; the event's `subagent` names it.
    SubagentDescribed(SubagentDescription),
    /// A request was sent to the model.
    ModelAsked(ModelRequest),
    /// The model answered with one block of a message.
    ModelAnswered(Box<ModelAnswer>),
    /// An attempt failed and the agent will try again.
    ModelRetried {
        /// The failed attempt.
        request_id: Option<RequestId>,
        /// Why, as a low-cardinality word or a status.
        error: String,
    },
    /// A logical call failed for good.
    ModelFailed {
        /// The last attempt.
        request_id: Option<RequestId>,
        /// Id of the row that says so, for calls without a request id.
        row: String,
        /// Why, as a low-cardinality word.
        error: String,
    },
    /// Something this version of the recorder has no use for.
    Other {
        /// The source's name for it.
        name: String,
    },
}

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
    /// Anything else.
    Other,
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

/// What the agent wrote down about a subagent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubagentDescription {
    /// Its type.
    pub kind: Option<String>,
    /// The tool call that started it.
    pub tool: Option<ToolUseId>,
    /// How deep it was spawned.
    pub depth: Option<u64>,
    /// The task's title.
    pub description: Option<String>,
}

/// A request to the model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelRequest {
    /// The agent's number of the request.
    pub request: RequestRef,
    /// Model asked for.
    pub model: Option<String>,
    /// Output limit in tokens.
    pub max_tokens: Option<u64>,
    /// Effort asked for.
    pub effort: Option<String>,
    /// Why the agent asked, in its own words.
    pub query_source: Option<String>,
}

/// One block of an answer. Blocks of one answer share its message id and repeat its usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelAnswer {
    /// The answer.
    pub message: MessageId,
    /// The request it answers, as the API numbers it.
    pub request_id: Option<RequestId>,
    /// The request it answers, as the agent numbers it.
    pub request: Option<RequestRef>,
    /// Model that answered.
    pub model: Option<String>,
    /// Model asked for.
    pub requested_model: Option<String>,
    /// Effort in force.
    pub effort: Option<String>,
    /// Tokens of the whole answer.
    pub usage: Usage,
    /// The API's stop reason, once known.
    pub stop_reason: Option<String>,
    /// Service tier that served it.
    pub service_tier: Option<String>,
    /// `standard` or `fast`.
    pub speed: Option<String>,
    /// How long this block took to stream, in milliseconds, where the agent measured it.
    pub block_ms: Option<u64>,
    /// The tool call this block is.
    pub tool: Option<AnsweredTool>,
    /// The text this block is.
    pub text: Option<String>,
}

/// A tool call as the model asked for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnsweredTool {
    /// The call.
    pub tool: ToolUseId,
    /// The tool's name.
    pub name: String,
    /// Its arguments.
    pub input: Json,
    /// Whether the API runs the tool itself.
    pub on_server: bool,
}
