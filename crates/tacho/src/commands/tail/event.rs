//! One event of a hook as a line for people, or as the record it is.

use super::super::tree::{first_string, shortened};
use crate::record::HookRecord;
use crate::terminal::display_safe;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use std::path::Path;
use tacho_agents::agent_named;
use tacho_model::event::{
    Compaction, CompactionStep, Event, Fact, FailureCause, Note, Observation, ToolEnd, ToolStart,
};
use tacho_model::id::SessionId;

/// Letters of an id that are shown.
const ID_LETTERS: usize = 8;

/// What stands in a line of a segment.
#[derive(Debug)]
pub(super) enum Line {
    /// An intact record.
    Record {
        /// The record, without its closing brace.
        open_object: String,
        /// When the hook ran; 0 where that cannot be read.
        at_ns: u64,
        /// The session, if it names one.
        session: Option<String>,
    },
    /// No intact record, and where it lies.
    Damaged(String),
}

impl Line {
    /// The line of an intact record.
    pub(super) fn record(open_object: &[u8]) -> Self {
        let mut members = Vec::new();
        let record = HookRecord::parse(open_object, &mut members).ok();
        let (at_ns, session) =
            record.map(|record| (record.t, record.session().map(str::to_owned))).unwrap_or_default();
        Self::Record { at_ns, session, open_object: String::from_utf8_lossy(open_object).into_owned() }
    }

    /// A line that is no intact record, of which only the place is known.
    pub(super) fn damaged(segment: &Path) -> Self {
        Self::Damaged(format!("a damaged line in {}", segment.display()))
    }

    pub(super) const fn at_ns(&self) -> u64 {
        match self {
            Self::Record { at_ns, .. } => *at_ns,
            Self::Damaged(_) => 0,
        }
    }

    /// Whether it is of a session whose id begins so.
    pub(super) fn is_of(&self, wanted: &str) -> bool {
        let session = match self {
            Self::Record { session, .. } => session.as_deref(),
            Self::Damaged(_) => None,
        };
        wanted.is_empty() || session.is_some_and(|session| session.starts_with(wanted))
    }

    /// The record as it stands in the spool.
    pub(super) fn json(&self) -> String {
        match self {
            Self::Record { open_object, .. } => format!("{open_object}}}\n"),
            Self::Damaged(place) => format!("{}\n", json!({ "damaged": place })),
        }
    }

    /// Time, session, event, and what matters of it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Record { open_object, at_ns, .. } => {
                text(*at_ns, HookRecord::parse(open_object.as_bytes(), &mut Vec::new()).ok().as_ref())
            }
            Self::Damaged(place) => columns(0, [None; 2], &unreadable(place)),
        }
    }
}

fn text(at_ns: u64, record: Option<&HookRecord<'_>>) -> String {
    let Some(record) = record else { return columns(at_ns, [None; 2], "") };
    let within = record.subagent().map_or_else(String::new, |id| format!("  (in {})", id_start(Some(&id))));
    let event = record.event();
    columns(at_ns, [record.session(), event.as_deref()], &format!("{}{within}", record_summary(record)))
}

/// A line of time, session, event and the rest.
fn columns(at_ns: u64, [session, event]: [Option<&str>; 2], rest: &str) -> String {
    let event = display_safe(event.unwrap_or("?"));
    let line = format!("{:<18}  {:<8}  {event:<18}  {rest}", time(at_ns), id_start(session));
    format!("{}\n", line.trim_end())
}

fn id_start(id: Option<&str>) -> String {
    let start: String = id.unwrap_or("-").chars().take(ID_LETTERS).collect();
    display_safe(&start)
}

fn unreadable(why: &str) -> String {
    format!("cannot be read: {}", shortened(why))
}

fn record_summary(record: &HookRecord<'_>) -> String {
    if let Some(flaw) = record.flaw() {
        return unreadable(&flaw);
    }
    if let Some(blob) = &record.raw_ref {
        return format!("{} beside the record", super::super::words::bytes(blob.len));
    }
    let Some((agent, payload)) = agent_named(record.agent()).zip(record.raw) else {
        return String::new();
    };
    let decoded = (agent.decode)(&Observation {
        uid: [0; 16],
        agent: agent.name.to_owned(),
        session: SessionId::from(record.session().unwrap_or_default()),
        source: agent.source_of(record.event().as_deref()),
        at: Some(record.at()),
        subagent: None,
        offset: None,
        body: payload.to_vec(),
    });
    let summaries = decoded.events.iter().filter_map(summary);
    summaries.collect::<Vec<_>>().join("; ")
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
        Fact::ModelReported(report) => joined([safe(&report.model), safe(&report.query_source)]),
        Fact::StatusShown(figures) => {
            joined([safe(&figures.model), figures.cost.map(super::super::words::dollars)])
        }
        Fact::Unknown => Some("not known to this version".to_owned()),
        // Not of hooks, or nothing to add to the event's name.
        Fact::AgentGone
        | Fact::RepositorySeen(_)
        | Fact::ProjectSeen(_)
        | Fact::TraceSeen(_)
        | Fact::Interrupted
        | Fact::Idle
        | Fact::TurnRecorded { .. }
        | Fact::ToolRecorded(_)
        | Fact::SubagentDescribed(_)
        | Fact::ModelAsked(_)
        | Fact::ModelAnswered(_)
        | Fact::Titled { .. }
        | Fact::ToolDid { .. }
        | Fact::ToolDecided { .. }
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
