//! Taking segments in: records become observations, in the same round as the cursor moves.

use super::blobs;
use super::round::Round;
use super::segments::Segments;
use super::sessions::OpenSession;
use crate::failure::Failure;
use crate::record::HookRecord;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use tacho_agents::clip::{STRING_BYTES_MAX, clip};
use tacho_agents::{Agent, agent_named};
use tacho_model::event::{Observation, Source};
use tacho_model::id::SessionId;
use tacho_spool::read::{Chunk, read_from};
use tacho_store::Changes;
use tacho_store::cursor::{AgentProcess, TranscriptCursor};

/// The session of records that name none.
const NO_SESSION: &str = "none";
/// What one round takes in at most, so that a large backlog needs no more memory than a small one.
const ROUND_BYTES_MAX: u64 = 6 * 1024 * 1024;

impl Round<'_> {
    /// Takes in what segments hold, up to what a round may hold. Returns whether there is more.
    pub(super) fn take_in(&mut self, segments: &mut Segments) -> Result<bool, Failure> {
        let mut taken_bytes = 0;
        while let Some(segment) = segments.next_unread() {
            if taken_bytes >= ROUND_BYTES_MAX {
                return Ok(true);
            }
            let cursor = segments.cursor(&segment);
            // A segment that cannot be read now stays unread; `tacho status` counts its bytes.
            let Ok(chunk) = read_from(&segment, cursor) else {
                segments.pass_over(&segment);
                continue;
            };
            if chunk.cursor != cursor {
                taken_bytes += chunk.cursor.saturating_sub(cursor);
                let damaged = self.take_chunk_in(&chunk)?;
                self.changes.set_segment_cursor(&segments.name(&segment), chunk.cursor, damaged)?;
            }
            segments.advance(&segment, chunk.cursor, !chunk.more);
        }
        Ok(false)
    }

    /// Takes the records of a chunk in; returns how many lines were no record that can be understood.
    fn take_chunk_in(&mut self, chunk: &Chunk) -> Result<u64, Failure> {
        let mut unreadable = chunk.damaged;
        let mut members = Vec::new();
        for record in &chunk.records {
            let Ok(record) = HookRecord::parse(&record.open_object, &mut members) else {
                unreadable += 1;
                continue;
            };
            let observation = observation(self.state, &record);
            let Some(surroundings) = self.observe(&observation)? else { continue };
            self.hear_usage_reports(&observation)?;
            self.announce_telemetry(&observation)?;
            self.note_trace_context(&observation, &record)?;
            let session = self.sessions.get(&self.changes, &observation.session)?;
            note_process(&self.changes, session, &record)?;
            if let Some(path) = surroundings.transcript {
                follow(&self.changes, session, &observation, &path)?;
            }
            if let (Some(directory), Some(at)) = (surroundings.directory, observation.at) {
                let (is_seen, is_project_seen) =
                    (session.works_in(&directory, at), session.has_project_at(&directory, at));
                if !is_seen {
                    self.note_workplace(&observation, &directory, at)?;
                }
                if !is_project_seen {
                    self.note_project(&observation, &record, &directory, at)?;
                }
            }
        }
        Ok(unreadable)
    }
}

/// Begins to follow the session's transcript.
fn follow(
    changes: &Changes<'_>,
    session: &mut OpenSession,
    observation: &Observation,
    path: &Path,
) -> Result<(), Failure> {
    if session.transcripts.iter().any(|known| known.path.as_bytes() == path.as_os_str().as_bytes()) {
        return Ok(());
    }
    let followed = TranscriptCursor {
        path: path.to_string_lossy().into_owned(),
        agent: observation.agent.clone(),
        session: observation.session.clone(),
        subagent: None,
        inode: 0,
        cursor: 0,
        mark: None,
        read_before: 0,
    };
    changes.follow_transcript(&followed)?;
    session.transcripts.push(followed);
    Ok(())
}

/// Notes which process runs the session.
fn note_process(
    changes: &Changes<'_>,
    session: &mut OpenSession,
    record: &HookRecord<'_>,
) -> Result<(), Failure> {
    let (Some(pid), Some(start_ticks)) = (record.apid, record.ast) else { return Ok(()) };
    let is_it = |known: &AgentProcess| known.pid == pid && known.start_ticks == start_ticks;
    if session.processes.iter().any(|known| is_it(known) && known.boot == record.boot) {
        return Ok(());
    }
    let process = AgentProcess { boot: record.boot.clone().into_owned(), pid, start_ticks };
    changes.set_process(session.key, &process)?;
    session.processes.push(process);
    Ok(())
}

fn observation(state: &Path, record: &HookRecord<'_>) -> Observation {
    let body = match (record.raw, &record.raw_ref, &record.raw_b64) {
        (Some(raw), _, _) if raw.len() <= STRING_BYTES_MAX => raw.to_vec(),
        (Some(raw), _, _) => clip(raw),
        (None, Some(reference), _) => blobs::clipped(state, reference).unwrap_or_default(),
        // No JSON: kept as it was recorded, for whoever wants to know what it was.
        (None, None, Some(text)) => format!(r#"{{"raw_b64":"{text}"}}"#).into_bytes(),
        (None, None, None) => Vec::new(),
    };
    Observation {
        uid: record.uid(),
        agent: agent_name(record).to_owned(),
        session: SessionId::from(record.session().unwrap_or(NO_SESSION)),
        source: source(record),
        at: Some(record.at()),
        subagent: None,
        offset: None,
        body,
    }
}

/// Who speaks in a record. Of an agent that this version does not know nothing but its hooks is known.
fn source(record: &HookRecord<'_>) -> Source {
    let agent = agent_named(record.agent());
    agent.map_or(Source::Hook, |agent| agent.source_of(record.event().as_deref()))
}

/// The agent a record names; one that this version does not know keeps its name.
fn agent_name<'a>(record: &'a HookRecord<'_>) -> &'a str {
    let default = || agent_named(None).map(|agent: &Agent| agent.name);
    record.agent().or_else(default).unwrap_or_default()
}
