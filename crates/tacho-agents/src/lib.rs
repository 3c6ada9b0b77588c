//! What the recorder knows of each coding agent: how it speaks and where its files lie.
//!
//! Adding an agent is a directory here and a row in [`AGENTS`]. Must not do I/O, except that a row says where to
//! look; must not decide what is true, only what was said.

pub mod claude_code;
pub mod native;
pub mod repair;
pub mod setup;

mod fields;
mod json;
mod own_telemetry;
mod recorder;
mod shell;

pub use own_telemetry::{LogEvent, OwnTelemetry};
pub use tacho_model::clip;

use setup::Setup;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tacho_model::event::{Event, Observation, Source, StatusFigures};
use tacho_model::id::{SessionId, SubagentId};
use tacho_model::usage_record::{Inheritance, ReportedCost, UsageRecord};

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
    /// The directory that holds the transcripts of a session's subagents; `None` for an id that is no file name.
    pub subagent_directory: fn(&Path, &SessionId) -> Option<PathBuf>,
    /// What a file in that directory is.
    pub subagent_file: fn(&Path) -> Option<SubagentFile>,
    /// Whether a transcript row is worth keeping.
    pub keeps_row: fn(&[u8]) -> bool,
    /// What stands in every transcript row that says what a call used.
    pub usage_marks: &'static [&'static [u8]],
    /// The event by which a hook announces a prompt.
    pub prompt_event: &'static str,
    /// The event under which our module in the agent's process hands over what the agent measures of itself.
    pub mod_event: &'static str,
    /// The event under which our status line command records what the agent hands to it.
    pub status_event: &'static str,
    /// How its user sets that command, for the terminal.
    pub status_setting: &'static str,
    /// What the agent hands to the command that writes its status line; `None` for what names no session.
    pub status_line: fn(&[u8]) -> Option<StatusLine>,
    /// What of the agent's own telemetry is taken in.
    pub own_telemetry: &'static OwnTelemetry,
    /// What an observation of the agent's own telemetry says of what was used.
    pub usage_reports: fn(&Observation) -> Vec<UsageRecord>,
    /// What a transcript row says of what was used.
    pub usage_row: fn(&[u8], &TranscriptPlace) -> UsageRow,
    /// What a file is the transcript of, by its path below the configuration directory; `None` for one that is none.
    pub transcript_place: fn(&Path) -> Option<TranscriptPlace>,
    /// The type of a subagent, by the text of its description.
    pub description_kind: fn(&[u8]) -> Option<String>,
    /// The variable in which hooks get the directory of the project.
    pub project_variable: &'static str,
    /// Files below a project's directory by which the project says how it is recorded; the first that is there counts.
    pub project_files: &'static [&'static str],
    /// How the variables begin in which hooks get the options of the plugin.
    pub option_prefix: &'static str,
    /// The user's own settings and secrets of the agent, below its configuration directory.
    pub owners_files: OwnersFiles,
    /// The plugins that have options in the user's own settings and secrets.
    pub stored_plugins: fn(&OwnersTexts) -> Vec<StoredPlugin>,
    /// Who is billed for what the agent does.
    pub billing: fn(&OwnersTexts, IsSet<'_>) -> Billing,
    /// What to type to be recorded.
    pub first_steps: &'static str,
    /// How it is installed.
    pub setup: &'static Setup,
}

impl Agent {
    /// Who speaks in a record of the spool, by its event.
    #[must_use]
    pub fn source_of(&self, event: Option<&str>) -> Source {
        match event {
            Some(event) if event == self.mod_event => Source::Mod,
            Some(event) if event == self.own_telemetry.event => Source::Otlp,
            Some(event) if event == self.status_event => Source::StatusLine,
            Some(_) | None => Source::Hook,
        }
    }
}

/// Options of one plugin by their keys.
pub type PluginOptions = BTreeMap<String, String>;

/// A plugin, and the options that its user gave it, secrets included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredPlugin {
    /// Whether it is the recorder.
    pub is_recorder: bool,
    /// The options.
    pub options: PluginOptions,
}

/// Where a user's own settings of an agent lie, below its configuration directory.
#[derive(Clone, Copy, Debug)]
pub struct OwnersFiles {
    /// The settings.
    pub settings: &'static str,
    /// What the agent keeps apart from them because it is secret.
    pub secrets: &'static str,
    /// Whether the agent may keep secrets elsewhere, where only it gets at them.
    pub may_hide_secrets: bool,
}

/// What stands in those files; empty where there is none.
#[derive(Clone, Debug, Default)]
pub struct OwnersTexts {
    /// The settings.
    pub settings: String,
    /// The secrets.
    pub secrets: String,
}

/// Says whether a variable is set.
pub type IsSet<'a> = &'a dyn Fn(&str) -> bool;

/// Who is billed for what an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// The user's account of the API, by use.
    Api,
    /// Nobody by use: a subscription has a fixed price.
    Subscription,
    /// An account with a cloud provider, at that one's prices.
    Cloud,
    /// Nobody says.
    Unknown,
}

impl Billing {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Subscription => "subscription",
            Self::Cloud => "cloud",
            Self::Unknown => "unknown",
        }
    }
}

/// What an agent hands to the command that writes its status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusLine {
    /// The session that is shown.
    pub session: SessionId,
    /// What of it is recorded, as JSON: figures and names of few kinds, each as the agent wrote it.
    pub kept: String,
    /// What the model is called for people.
    pub model_name: Option<String>,
    /// The figures, understood.
    pub figures: StatusFigures,
}

/// A file beside a transcript that is about one subagent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubagentFile {
    /// Its transcript.
    Transcript(SubagentId),
    /// What the agent wrote down about it.
    Description(SubagentId),
}

/// What a file is the transcript of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptPlace {
    /// The session, as the file is named; rows may name another one.
    pub session: SessionId,
    /// The subagent.
    pub subagent: Option<SubagentId>,
    /// The subagent's type, where it is known.
    pub subagent_kind: Option<String>,
}

/// What a transcript row says of what was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsageRow {
    /// A call of a model, and where the row is a copy of another session's, that it is.
    Call(Box<UsageRecord>, Option<Inheritance>),
    /// What the agent itself made of a session so far.
    Reported(Box<ReportedCost>),
    /// Nothing.
    Nothing,
    /// The row could not be read.
    Unreadable,
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
    /// Where it was said.
    pub surroundings: Surroundings,
}

/// Where something was said; what a source did not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The session's transcript.
    pub transcript: Option<PathBuf>,
    /// The working directory.
    pub directory: Option<PathBuf>,
}

impl Decoded {
    fn not_understood(why: &str) -> Self {
        Self { warnings: vec![Warning(why.to_owned())], ..Self::default() }
    }
}

impl FromIterator<Event> for Decoded {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        Self { events: events.into_iter().collect(), ..Self::default() }
    }
}

/// Something of an observation that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(pub String);
