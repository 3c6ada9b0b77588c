//! One event of a hook as a line for people, or as the record it is.

use super::super::tree::{first_string, shortened};
use crate::terminal::display_safe;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::path::Path;
use tacho_agents::agent_named;
use tacho_model::event::{
    Compaction, CompactionStep, Event, Fact, FailureCause, Note, Observation, Source, ToolEnd, ToolStart,
};
use tacho_model::id::SessionId;
use tacho_model::time::UnixNanos;

/// Letters of an id that are shown.
const ID_LETTERS: usize = 8;

/// What stands in a line of a segment.
#[derive(Debug)]
pub(super) struct Line {
    /// The record as JSON; `None` where it is damaged.
    record: Option<String>,
    circumstances: Circumstances,
}

/// What the record says beside the payload (`docs/formats/spool.md`).
#[derive(Debug, Default, Deserialize)]
struct Circumstances {
    t: u64,
    ev: Option<String>,
    sid: Option<String>,
    aid: Option<String>,
    agent: Option<String>,
    bad: Option<String>,
    raw_ref: Option<Blob>,
}

#[derive(Debug, Deserialize)]
struct Blob {
    len: u64,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    raw: Option<&'a RawValue>,
}

impl Line {
    /// The line of an intact record.
    pub(super) fn record(open_object: &[u8]) -> Self {
        let record = format!("{}}}", String::from_utf8_lossy(open_object));
        let circumstances = serde_json::from_str(&record).unwrap_or_default();
        Self { record: Some(record), circumstances }
    }

    /// A line that is no intact record, of which only the place is known.
    pub(super) fn damaged(segment: &Path) -> Self {
        let circumstances = Circumstances {
            bad: Some(format!("a damaged line in {}", segment.display())),
            ..Circumstances::default()
        };
        Self { record: None, circumstances }
    }

    pub(super) const fn at_ns(&self) -> u64 {
        self.circumstances.t
    }

    /// Whether it is of a session whose id begins so.
    pub(super) fn is_of(&self, session: &str) -> bool {
        session.is_empty() || self.circumstances.sid.as_deref().is_some_and(|sid| sid.starts_with(session))
    }

    /// The record as it stands in the spool.
    pub(super) fn json(&self) -> String {
        let damage = || json!({ "damaged": self.circumstances.bad }).to_string();
        format!("{}\n", self.record.clone().unwrap_or_else(damage))
    }

    /// Time, session, event, and what matters of it.
    pub(super) fn text(&self) -> String {
        let said = &self.circumstances;
        let id = |id: &Option<String>| {
            let start: String = id.as_deref().unwrap_or("-").chars().take(ID_LETTERS).collect();
            display_safe(&start)
        };
        let event = display_safe(said.ev.as_deref().unwrap_or("?"));
        let within = said.aid.as_ref().map_or_else(String::new, |_| format!("  (in {})", id(&said.aid)));
        let line =
            format!("{:<18}  {:<8}  {event:<18}  {}{within}", time(said.t), id(&said.sid), self.summary());
        format!("{}\n", line.trim_end())
    }

    fn summary(&self) -> String {
        let said = &self.circumstances;
        if let Some(bad) = &said.bad {
            return format!("cannot be read: {}", shortened(bad));
        }
        if let Some(blob) = &said.raw_ref {
            return format!("{} beside the record", super::super::words::bytes(blob.len));
        }
        let record = self.record.as_deref().unwrap_or_default();
        let payload = serde_json::from_str::<Payload<'_>>(record).ok().and_then(|payload| payload.raw);
        let Some((agent, payload)) = agent_named(said.agent.as_deref()).zip(payload) else {
            return String::new();
        };
        let decoded = (agent.decode)(&Observation {
            uid: [0; 16],
            agent: agent.name.to_owned(),
            session: SessionId::from(said.sid.as_deref().unwrap_or_default()),
            source: Source::Hook,
            at: Some(UnixNanos(said.t)),
            subagent: None,
            offset: None,
            body: payload.get().as_bytes().to_vec(),
        });
        let summaries = decoded.events.iter().filter_map(summary);
        summaries.collect::<Vec<_>>().join("; ")
    }
}

fn time(unix_ns: u64) -> String {
    if unix_ns == 0 {
        return "?".to_owned();
    }
    let timestamp = Timestamp::from_nanosecond(i128::from(unix_ns)).unwrap_or_default();
    timestamp.to_zoned(TimeZone::system()).strftime("%m-%d %H:%M:%S%.3f").to_string()
}

/// What matters of an event, short and safe to show.
fn summary(event: &Event) -> Option<String> {
    let safe = |text: &Option<String>| text.as_deref().map(shortened);
    match &event.fact {
        Fact::SessionStarted { trigger, model, .. } => joined([safe(trigger), safe(model)]),
        Fact::SessionEnded { reason } => safe(reason),
        Fact::Prompted { text, .. } => safe(text),
        Fact::Stopped { last_message } => safe(last_message),
        Fact::StopFailed { error } => Some(shortened(error)),
        Fact::ToolStarted(ToolStart { name, input, .. }) | Fact::PermissionAsked { name, input } => {
            joined([Some(shortened(name)), first_string(&input.0).map(|text| shortened(&text))])
        }
        Fact::ToolEnded(end) | Fact::ToolReturned(end) => Some(tool_end(end)),
        Fact::PermissionRefused { reason, .. } => joined([Some("refused".to_owned()), safe(reason)]),
        Fact::ElicitationAsked { server, message, .. } => joined([safe(server), safe(message)]),
        Fact::ElicitationAnswered { server, action } => joined([safe(server), safe(action)]),
        Fact::SubagentStarted { kind } => Some(shortened(kind)),
        Fact::SubagentStopped { kind, last_message } => joined([Some(shortened(kind)), safe(last_message)]),
        Fact::Compacted(compaction) => Some(compacted(compaction)),
        Fact::Noted(Note { sort, subject, path, text, .. }) => {
            joined([safe(sort), safe(subject), safe(path), safe(text)])
        }
        Fact::Unknown => Some("not known to this version".to_owned()),
        // Not of hooks, or nothing to add to the event's name.
        Fact::AgentGone
        | Fact::RepositorySeen(_)
        | Fact::ProjectSeen(_)
        | Fact::Interrupted
        | Fact::Idle
        | Fact::TurnRecorded
        | Fact::ToolRecorded(_)
        | Fact::SubagentDescribed(_)
        | Fact::ModelAsked(_)
        | Fact::ModelAnswered(_)
        | Fact::ModelRetried { .. }
        | Fact::ModelFailed { .. }
        | Fact::Nothing => None,
    }
}

fn tool_end(end: &ToolEnd) -> String {
    let length = end.duration_ms.map(|duration| format!("{duration} ms"));
    let failure = end.failure.as_ref().map(|failure| match failure.cause {
        FailureCause::Exit(code) => format!("exit {code}"),
        FailureCause::Timeout => "timed out".to_owned(),
        FailureCause::Interrupted => "interrupted".to_owned(),
        FailureCause::Denied => "denied".to_owned(),
        FailureCause::Refused(_) => "refused".to_owned(),
        FailureCause::Other => "failed".to_owned(),
    });
    joined([Some(shortened(&end.name)), length, failure]).unwrap_or_default()
}

fn compacted(compaction: &Compaction) -> String {
    let step = match compaction.step {
        CompactionStep::Began => "begins",
        CompactionStep::Ended => "ended",
    };
    joined([Some(step.to_owned()), compaction.trigger.as_deref().map(shortened)]).unwrap_or_default()
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("  "))
}
