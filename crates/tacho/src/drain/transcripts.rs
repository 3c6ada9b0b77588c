//! Taking transcripts in: the agent's own files, followed by offset.

use super::Drainer;
use super::derive::tell;
use super::record::uid_of;
use super::rows;
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
    /// Reads what is new in the transcripts of a session and of its subagents. Returns whether anything was.
    pub(super) fn ingest_transcripts(&mut self, session: &SessionId) -> Result<bool, Failure> {
        let followed = self.store.transcripts(session)?;
        let Some(main) = followed.iter().find(|cursor| cursor.subagent.is_none()) else { return Ok(false) };
        let Some(agent) = agent_named(Some(&main.agent)) else { return Ok(false) };
        let directory = (agent.subagent_directory)(Path::new(&main.path), session);
        let mut has_news = false;
        for (path, file) in directory.map(|directory| subagent_files(agent, &directory)).unwrap_or_default() {
            has_news |= match file {
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
                    self.take_rows_in(agent, known.unwrap_or_else(fresh))?
                }
            };
        }
        for cursor in followed.into_iter().filter(|cursor| cursor.subagent.is_none()) {
            has_news |= self.take_rows_in(agent, cursor)?;
        }
        Ok(has_news)
    }

    fn take_rows_in(&mut self, agent: &Agent, mut cursor: TranscriptCursor) -> Result<bool, Failure> {
        let Some(file) = rows::open(Path::new(&cursor.path)) else { return Ok(false) };
        let was_rewritten = file.inode != cursor.inode || file.size < cursor.cursor;
        if was_rewritten {
            (cursor.inode, cursor.cursor) = (file.inode, 0);
        } else if file.size == cursor.cursor {
            return Ok(false);
        }
        let changes = self.store.change()?;
        let mut facts = self.facts.get_mut(&cursor.session);
        let mut has_news = false;
        let from = cursor.cursor;
        cursor.cursor = file.each_row(from, |row| {
            if !(agent.keeps_row)(&row.text) {
                return Ok(());
            }
            let observation = observation(agent, &cursor, Some(row.offset), row.text);
            let is_new = changes.observe(&observation).map_err(std::io::Error::other)?;
            has_news |= is_new;
            if let Some(facts) = facts.as_mut().filter(|_| is_new) {
                tell(facts, &observation);
            }
            Ok(())
        })?;
        changes.set_transcript_cursor(&cursor)?;
        changes.commit()?;
        Ok(has_news)
    }

    fn take_description_in(
        &mut self,
        agent: &Agent,
        session: &SessionId,
        subagent: SubagentId,
        path: &Path,
    ) -> Result<bool, Failure> {
        let Some(file) = rows::open(path).filter(|file| file.size <= DESCRIPTION_BYTES_MAX) else {
            return Ok(false);
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
            return Ok(false);
        }
        let Ok(text) = fs::read(path) else { return Ok(false) };
        let observation = observation(agent, &cursor, None, text);
        let changes = self.store.change()?;
        let is_new = changes.observe(&observation)?;
        if let Some(facts) = self.facts.get_mut(session).filter(|_| is_new) {
            tell(facts, &observation);
        }
        changes.set_transcript_cursor(&cursor)?;
        changes.commit()?;
        Ok(is_new)
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
