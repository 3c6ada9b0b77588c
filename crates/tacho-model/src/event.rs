//! Events: what one source said once about a session, in words no agent owns.
//!
//! An event is a statement, not a truth: several sources describe the same tool call, and the assembler decides
//! whom to believe. A fact keeps what its source said and leaves out what it did not say.

mod compaction;
mod deed;
mod model_call;
mod note;
mod project;
mod repository;
mod status_line;
mod tool;
mod trace_context;

pub use compaction::{Compaction, CompactionStep};
pub use deed::{LineChange, Makes, Printed, ShellCommand, ToolDeed, WebLink};
pub use model_call::{
    AnswerPart, AnsweredTool, Finish, FinishReason, ModelAnswer, ModelReport, ModelRequest,
};
pub use note::{Note, NoteKind};
pub use project::{PROJECT_PREFIX, ProjectRules};
pub use repository::Repository;
pub use status_line::{LimitWindow, RateLimit, Share, StatusFigures};
pub use tool::{
    Decider, FailureCause, PermissionDecision, Refusal, ToolEnd, ToolFailure, ToolRecord, ToolStart,
};
pub use trace_context::TraceContext;

use crate::id::{PromptId, RequestId, SessionId, SubagentId, ToolUseId};
use crate::time::UnixNanos;

/// Who said it. The order is the order of belief about times and tool calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A hook of the agent, at the moment it happened.
    Hook,
    /// The agent's transcript, read after the fact.
    Transcript,
    /// Our module within the agent's process, which is told what the agent measures of itself.
    Mod,
    /// The agent's own telemetry, sent to this machine.
    Otlp,
    /// The recorder itself, from watching the agent's process.
    Recorder,
    /// What the agent hands to the command that writes its status line.
    StatusLine,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 6] =
        [Self::Hook, Self::Transcript, Self::Mod, Self::Otlp, Self::Recorder, Self::StatusLine];

    /// The name of the source in tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Transcript => "transcript",
            Self::Mod => "mod",
            Self::Otlp => "otlp",
            Self::Recorder => "recorder",
            Self::StatusLine => "status_line",
        }
    }

    /// The source with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// Several of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sources(u8);

impl Sources {
    /// One source alone.
    #[must_use]
    pub const fn of(source: Source) -> Self {
        Self(1 << source as u8)
    }

    /// Those whose bits are set: the inverse of [`Sources::bits`].
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// One bit each, in the order of [`Source::ALL`] from the lowest on.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// All of these but one.
    #[must_use]
    pub const fn without(self, source: Source) -> Self {
        Self(self.0 & !Self::of(source).0)
    }

    /// Whether it is one of these.
    #[must_use]
    pub const fn has(self, source: Source) -> bool {
        self.0 & Self::of(source).0 != 0
    }

    /// Each of them, the one that is believed most first.
    pub fn iter(self) -> impl Iterator<Item = Source> {
        Source::ALL.into_iter().filter(move |source| self.has(*source))
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
    /// Where it stands in that transcript, in bytes. What is new in a file that was written anew stands behind all that
    /// was read of it before.
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
    /// Equal for two observations that say the same, byte for byte.
    pub digest: u64,
    /// The session it is about.
    pub session: SessionId,
    /// Who said it.
    pub source: Source,
    /// The source's own name for it: of a hook's event, of a row's type.
    pub name: String,
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
        /// Whether it began as a copy of another session.
        is_fork: bool,
        /// Model that will be asked.
        model: Option<String>,
    },
    /// The session ended.
    SessionEnded {
        /// The agent's word for why.
        reason: Option<String>,
    },
    /// The agent's process was found to be gone.
    AgentGone,
    /// The recorder looked at the repository the agent works in.
    RepositorySeen(Box<Repository>),
    /// The recorder looked at the file of the project that the agent works in.
    ProjectSeen(Box<ProjectRules>),
    /// The hook that announced a prompt had a trace context around it.
    TraceSeen(TraceContext),
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
    /// The main agent waits for a prompt.
    Idle,
    /// The transcript of a turn is complete up to here: its last rows are on disk.
    TurnRecorded {
        /// How long our own hook took at its end, in milliseconds, where the agent says so.
        hook_ms: Option<u64>,
    },
    /// A tool call was decided and is about to be checked and run.
    ToolStarted(ToolStart),
    /// A tool call came back.
    ToolEnded(ToolEnd),
    /// The model was given what a tool call came to, also of a call that never ran. That it failed is not always said.
    ToolReturned(ToolEnd),
    /// A tool call's result was written to the transcript.
    ToolRecorded(ToolRecord),
    /// What a tool call does or did, apart from its words.
    ToolDid {
        /// The call.
        tool: ToolUseId,
        /// What it did.
        deed: ToolDeed,
    },
    /// Somebody or something decided at this moment whether a tool call may run.
    ToolDecided {
        /// The call.
        tool: ToolUseId,
        /// The decision.
        decision: PermissionDecision,
    },
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
        /// What the classifier gave as its reason. Content.
        reason: Option<String>,
    },
    /// A tool asked a person for something. The agent names the server, not the call.
    ElicitationAsked {
        /// The MCP server whose tool asked.
        server: Option<String>,
        /// How: `form` or `url`.
        mode: Option<String>,
        /// What it asked. Content.
        message: Option<String>,
    },
    /// A person answered a tool, or nobody could.
    ElicitationAnswered {
        /// The MCP server whose tool asked.
        server: Option<String>,
        /// The answer: `accept`, `decline` or `cancel`.
        action: Option<String>,
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
    /// The agent says what a call came to that has just ended.
    ModelReported(Box<ModelReport>),
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
    /// The context is compacted.
    Compacted(Compaction),
    /// What the session is called. Content.
    Titled {
        /// The title.
        title: String,
        /// Whether a person chose it.
        by_person: bool,
    },
    /// The agent said how it stands.
    StatusShown(Box<StatusFigures>),
    /// Something that changes nothing in the tree.
    Noted(Note),
    /// A statement that says nothing about what the agent did.
    Nothing,
    /// A statement of a name that this version of the recorder does not know.
    Unknown,
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
