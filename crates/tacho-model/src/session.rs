//! The summary of a session, as lists show it.

use crate::id::SessionId;
use crate::money::Nanodollars;
use crate::time::UnixNanos;
use crate::usage::Usage;
use std::collections::BTreeMap;

/// What a session came to so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The agent's id of it.
    pub id: SessionId,
    /// Name of the agent.
    pub agent: String,
    /// Version of the agent.
    pub agent_version: Option<String>,
    /// First thing known of it.
    pub started: UnixNanos,
    /// When it ended; absent while it may go on.
    pub ended: Option<UnixNanos>,
    /// Whether the agent did not say that it ended: its process was found to be gone.
    pub end_inferred: bool,
    /// Last thing known of it.
    pub last_seen: UnixNanos,
    /// Turns.
    pub turns: u64,
    /// Logical calls of the model.
    pub llm_calls: u64,
    /// Tool calls, refused ones included.
    pub tool_calls: u64,
    /// Tool calls with an error status, refused ones included.
    pub tool_errors: u64,
    /// Tool calls that a person or a rule refused.
    pub tool_denials: u64,
    /// Subagents.
    pub subagents: u64,
    /// Tokens over all calls.
    pub usage: Usage,
    /// What all calls cost that have a price; `None` where none has.
    pub cost: Option<Nanodollars>,
    /// Answered calls without a price.
    pub unpriced_calls: u64,
    /// Statements about it that this version of the recorder did not understand.
    pub not_understood: u64,
    /// Hooks by the agent's name of their event.
    pub hook_events: BTreeMap<String, u64>,
    /// Hook events and kinds of transcript rows that this version of the recorder does not know, and how often they
    /// came.
    pub unknown: BTreeMap<String, u64>,
    /// Spans that are not settled yet.
    pub open_spans: u64,
}
