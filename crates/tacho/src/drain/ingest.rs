//! Taking segments in: records become observations, in the same transaction as the cursor moves.

use super::derive::tell;
use super::record::HookRecord;
use super::{Drainer, blobs};
use crate::failure::Failure;
use std::path::Path;
use tacho_agents::clip::clip;
use tacho_agents::{Agent, agent_named};
use tacho_model::event::{Observation, Source};
use tacho_model::id::SessionId;
use tacho_spool::read::{Chunk, read_from, segments};
use tacho_store::Changes;
use tacho_store::cursor::{AgentProcess, TranscriptCursor};

/// The session of records that name none.
const NO_SESSION: &str = "none";

impl Drainer {
    /// Reads every segment to its end.
    pub(super) fn ingest_segments(&mut self) -> Result<(), Failure> {
        for segment in segments(self.state.path())? {
            loop {
                let name = segment_name(self.state.path(), &segment);
                let cursor = self.store.segment_cursor(&name)?;
                // A segment that cannot be read now stays unread; `tacho status` counts its bytes.
                let Ok(chunk) = read_from(&segment, cursor) else { break };
                if chunk.cursor == cursor {
                    break;
                }
                self.take_in(&name, &chunk)?;
                if !chunk.more {
                    break;
                }
            }
        }
        Ok(())
    }

    fn take_in(&mut self, segment: &str, chunk: &Chunk) -> Result<(), Failure> {
        let mut unreadable = chunk.damaged;
        let changes = self.store.change()?;
        for record in &chunk.records {
            let line = [record.open_object.as_slice(), b"}"].concat();
            let Ok(record) = HookRecord::parse(&line) else {
                unreadable += 1;
                continue;
            };
            let Some(agent) = agent_named(record.agent.as_deref()) else {
                unreadable += 1;
                continue;
            };
            let observation = observation(self.state.path(), agent, &record);
            if changes.observe(&observation)? {
                note_surroundings(&changes, agent, &record, &observation)?;
                if let Some(facts) = self.facts.get_mut(&observation.session) {
                    tell(facts, &observation);
                }
            }
        }
        changes.set_segment_cursor(segment, chunk.cursor, unreadable)?;
        Ok(changes.commit()?)
    }
}

/// The name a segment's cursor is kept under: its path below the state directory.
pub(super) fn segment_name(state: &Path, segment: &Path) -> String {
    segment.strip_prefix(state).unwrap_or(segment).to_string_lossy().into_owned()
}

fn observation(state: &Path, agent: &Agent, record: &HookRecord<'_>) -> Observation {
    let body = match (record.raw, &record.raw_ref, &record.raw_b64) {
        (Some(raw), _, _) => clip(raw.get().as_bytes()),
        (None, Some(reference), _) => blobs::clipped(state, reference).unwrap_or_default(),
        // No JSON: kept as it was recorded, for whoever wants to know what it was.
        (None, None, Some(text)) => format!(r#"{{"raw_b64":"{text}"}}"#).into_bytes(),
        (None, None, None) => Vec::new(),
    };
    Observation {
        uid: record.uid(),
        agent: agent.name.to_owned(),
        session: SessionId::from(record.sid.as_deref().unwrap_or(NO_SESSION)),
        source: Source::Hook,
        at: Some(record.at()),
        subagent: None,
        offset: None,
        body,
    }
}

/// Notes where the session's transcript lies and which process runs it.
fn note_surroundings(
    changes: &Changes<'_>,
    agent: &Agent,
    record: &HookRecord<'_>,
    observation: &Observation,
) -> Result<(), Failure> {
    if let Some(path) = (agent.transcript_of)(&observation.body) {
        changes.follow_transcript(&TranscriptCursor {
            path: path.to_string_lossy().into_owned(),
            agent: agent.name.to_owned(),
            session: observation.session.clone(),
            subagent: None,
            inode: 0,
            cursor: 0,
        })?;
    }
    if let (Some(pid), Some(start_ticks)) = (record.apid, record.ast) {
        let process = AgentProcess { boot: record.boot.clone(), pid, start_ticks };
        changes.set_process(&observation.session, &process)?;
    }
    Ok(())
}
