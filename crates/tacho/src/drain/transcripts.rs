//! Taking transcripts in: the agent's own files, followed by offset.

use super::Drainer;
use super::derive::tell;
use super::record::uid_of;
use super::rows::{self, RowsError};
use crate::failure::Failure;
use std::fs;
use std::path::{Path, PathBuf};
use tacho_agents::{Agent, SubagentFile, agent_named};
use tacho_model::event::{Observation, Source};
use tacho_model::id::{SessionId, SubagentId};
use tacho_store::cursor::TranscriptCursor;

/// A description of a subagent is a small file; a larger one is none.
const DESCRIPTION_BYTES_MAX: u64 = 64 * 1024;

impl Drainer {
    /// Reads what is new in the transcripts of a session and of its subagents.
    pub(super) fn ingest_transcripts(&mut self, session: &SessionId) -> Result<(), Failure> {
        let followed = self.store.transcripts(session)?;
        let Some(main) = followed.iter().find(|cursor| cursor.subagent.is_none()) else { return Ok(()) };
        let Some(agent) = agent_named(Some(&main.agent)) else { return Ok(()) };
        let directory = (agent.subagent_directory)(Path::new(&main.path), session);
        for (path, file) in directory.map(|directory| subagent_files(agent, &directory)).unwrap_or_default() {
            match file {
                SubagentFile::Description(id) => self.take_description_in(agent, session, id, &path)?,
                SubagentFile::Transcript(id) => {
                    let path = path.to_string_lossy().into_owned();
                    let known = followed.iter().find(|cursor| cursor.path == path).cloned();
                    let fresh = || TranscriptCursor {
                        path,
                        agent: agent.name.to_owned(),
                        session: session.clone(),
                        subagent: Some(id),
                        inode: 0,
                        cursor: 0,
                    };
                    self.take_rows_in(agent, known.unwrap_or_else(fresh))?;
                }
            }
        }
        for cursor in followed.into_iter().filter(|cursor| cursor.subagent.is_none()) {
            self.take_rows_in(agent, cursor)?;
        }
        Ok(())
    }

    fn take_rows_in(&mut self, agent: &Agent, mut cursor: TranscriptCursor) -> Result<(), Failure> {
        let Some(file) = rows::open(Path::new(&cursor.path)) else { return Ok(()) };
        let was_rewritten = file.inode != cursor.inode || file.size < cursor.cursor;
        if was_rewritten {
            (cursor.inode, cursor.cursor) = (file.inode, 0);
        } else if file.size == cursor.cursor {
            return Ok(());
        }
        let changes = self.store.change()?;
        let mut facts = self.facts.get_mut(&cursor.session);
        let read = file.each_row(cursor.cursor, |row| {
            if !(agent.keeps_row)(&row.text) {
                return Ok(());
            }
            let observation = observation(agent, &cursor, Some(row.offset), row.text);
            let is_new = changes.observe(&observation)?;
            if let Some(facts) = facts.as_mut().filter(|_| is_new) {
                tell(facts, &observation);
            }
            Ok(())
        });
        match read {
            Ok(next) => cursor.cursor = next,
            Err(RowsError::Each(failure)) => return Err(failure),
            // A file that cannot be read now is another program's trouble, not that of other sessions.
            Err(RowsError::Unreadable) => {
                self.facts.remove(&cursor.session);
                return Ok(());
            }
        }
        changes.set_transcript_cursor(&cursor)?;
        Ok(changes.commit()?)
    }

    fn take_description_in(
        &mut self,
        agent: &Agent,
        session: &SessionId,
        subagent: SubagentId,
        path: &Path,
    ) -> Result<(), Failure> {
        let Some(file) = rows::open(path).filter(|file| file.size <= DESCRIPTION_BYTES_MAX) else {
            return Ok(());
        };
        let cursor = TranscriptCursor {
            path: path.to_string_lossy().into_owned(),
            agent: agent.name.to_owned(),
            session: session.clone(),
            subagent: Some(subagent),
            inode: file.inode,
            cursor: file.size,
        };
        if self.store.transcript(&cursor.path)?.as_ref() == Some(&cursor) {
            return Ok(());
        }
        let Ok(text) = fs::read(path) else { return Ok(()) };
        let observation = observation(agent, &cursor, None, text);
        let changes = self.store.change()?;
        let is_new = changes.observe(&observation)?;
        if let Some(facts) = self.facts.get_mut(session).filter(|_| is_new) {
            tell(facts, &observation);
        }
        changes.set_transcript_cursor(&cursor)?;
        Ok(changes.commit()?)
    }
}

/// The files of subagents, descriptions first: a row is understood better once its subagent is known.
fn subagent_files(agent: &Agent, directory: &Path) -> Vec<(PathBuf, SubagentFile)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> = paths
        .filter_map(|path| Some(((agent.subagent_file)(&path)?, path)))
        .map(|(file, path)| (path, file))
        .collect();
    files.sort_by_key(|(path, file)| (matches!(file, SubagentFile::Transcript(_)), path.clone()));
    files
}

fn observation(agent: &Agent, from: &TranscriptCursor, offset: Option<u64>, body: Vec<u8>) -> Observation {
    let subagent = from.subagent.as_ref().map_or("", SubagentId::as_str);
    let kind: &[u8] = if offset.is_some() { b"row" } else { b"description" };
    Observation {
        uid: uid_of(&[kind, from.session.as_str().as_bytes(), subagent.as_bytes(), &body]),
        agent: agent.name.to_owned(),
        session: from.session.clone(),
        source: Source::Transcript,
        at: None,
        subagent: from.subagent.clone(),
        offset,
        body,
    }
}
