//! What is expected of a session beside what the API served: data only.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What is expected of a session beside what the API served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Number of turns, where it is not the number of prompts.
    pub turns: Option<usize>,
    /// How the runs of the CLI end, in the order of the prompts; see [`super::SessionPlan::exit`].
    pub exits: Vec<i32>,
    /// The types of the subagents, one entry for each.
    pub subagents: Vec<String>,
    /// How many spans there are that have no operation, by name: waits for people, and compactions.
    pub waits: BTreeMap<String, usize>,
    /// How spans end that do not end well, by the subject of the span: `turn 1` or `turn`, `chat` (of failed calls
    /// only), the id or the name of a tool, the type of a subagent. All others end well and are closed by a source.
    pub ends: BTreeMap<String, End>,
    /// How those of these tool calls end, by their ids, whose end the CLI had no time to write into a transcript.
    pub unless_written: BTreeMap<String, End>,
    /// Steps whose answers a person breaks off: `SCRIPT#STEP`. They are recorded as far as they came.
    pub cut: Vec<String>,
    /// The subjects of spans that are corrected after they were sent.
    pub corrected: Vec<String>,
    /// Others that are corrected if they were sent before the session went on.
    pub perhaps_corrected: Vec<String>,
    /// The `traceparent` of the span that every turn lies below.
    pub parent: Option<String>,
    /// Whether the CLI traces itself, and tells the API of its trace.
    pub traced: bool,
    /// How many commands print `TRACEPARENT=` and the context of their turn. All others print nothing behind it.
    pub joined: usize,
    /// Whether the recorder has to conclude by itself that the session is over.
    pub end_inferred: bool,
}

/// How a span ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct End {
    /// The outcome of a tool.
    pub outcome: Outcome,
    /// Who or what let a tool run or kept it from running, where that is compared.
    pub decider: Option<String>,
    /// Its `error.type`.
    pub error: Option<String>,
    /// What its end was concluded from, where no source says it.
    pub inferred: Option<String>,
    /// The same, where the CLI says the end in some runs and not in others.
    pub perhaps_inferred: Option<String>,
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The tool did its work.
    #[default]
    Ok,
    /// The tool ran and failed.
    Failed,
    /// A person or a rule did not allow the tool to run.
    Denied,
    /// The agent itself or a hook did not let the tool run.
    Refused,
    /// Somebody stopped the tool.
    Interrupted,
    /// Nobody knows.
    Unknown,
}

impl Expect {
    /// What is expected where the transcripts say this.
    #[must_use]
    pub(super) fn where_written(mut self, transcripts: &str) -> Self {
        for (id, end) in std::mem::take(&mut self.unless_written) {
            if !transcripts.contains(&format!(r#""tool_use_id":"{id}""#)) {
                self.ends.insert(id, end);
            }
        }
        self
    }

    /// How a span ends whose subject has these names, the most special first.
    pub fn end_of(&self, names: &[&str]) -> End {
        names.iter().find_map(|name| self.ends.get(*name)).cloned().unwrap_or_default()
    }
}

impl Outcome {
    /// The outcome as an attribute says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
        }
    }
}
