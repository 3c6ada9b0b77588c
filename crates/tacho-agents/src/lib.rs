//! What the recorder knows of each coding agent: how it speaks and where its files lie.
//!
//! Adding an agent is a directory here and a row in [`AGENTS`]. Must not do I/O, except that a row says where to
//! look; must not decide what is true, only what was said.

pub mod claude_code;
pub mod clip;
pub mod repair;

use std::path::{Path, PathBuf};
use tacho_model::event::{Event, Observation};
use tacho_model::id::{SessionId, SubagentId};

#[cfg(test)]
mod tests;

/// One coding agent.
#[derive(Debug)]
pub struct Agent {
    /// Its name in ids, tables and `gen_ai.agent.name`.
    pub name: &'static str,
    /// Who serves its models, as `gen_ai.provider.name` spells it.
    pub provider: &'static str,
    /// Turns an observation into events. Never fails: what is not understood becomes a warning.
    pub decode: fn(&Observation) -> Decoded,
    /// The transcript a hook payload points to.
    pub transcript_of: fn(&[u8]) -> Option<PathBuf>,
    /// The directory that holds the transcripts of a session's subagents.
    pub subagent_directory: fn(&Path, &SessionId) -> PathBuf,
    /// What a file in that directory is.
    pub subagent_file: fn(&Path) -> Option<SubagentFile>,
    /// Whether a transcript row is worth keeping.
    pub keeps_row: fn(&[u8]) -> bool,
}

/// A file beside a transcript that is about one subagent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubagentFile {
    /// Its transcript.
    Transcript(SubagentId),
    /// What the agent wrote down about it.
    Description(SubagentId),
}

/// Every agent. The first one is meant where a record names none.
pub const AGENTS: &[&Agent] = &[&claude_code::AGENT];

/// The agent of this name; the first of the table when there is no name.
#[must_use]
pub fn agent_named(name: Option<&str>) -> Option<&'static Agent> {
    match name {
        Some(name) => AGENTS.iter().find(|agent| agent.name == name).copied(),
        None => AGENTS.first().copied(),
    }
}

/// What an observation says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// The statements in it, possibly none.
    pub events: Vec<Event>,
    /// What was not understood.
    pub warnings: Vec<Warning>,
}

/// Something of an observation that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(pub String);
