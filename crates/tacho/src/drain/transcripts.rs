//! Taking transcripts in: the agent's own files, followed by offset.

use super::round::Round;
use super::rows::RowsError;
use crate::archive::Archive;
use crate::failure::Failure;
use crate::foreign_file::{self, ForeignFile};
use crate::record::uid_of;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tacho_agents::{Agent, SubagentFile, TranscriptPlace, agent_named};
use tacho_model::event::{Observation, Source};
use tacho_model::id::{SessionId, SubagentId};
use tacho_store::cursor::TranscriptCursor;

/// So deep below the directory of subagents their files are looked for: those of workflows have folders of their own (2.1.330).
const SUBAGENT_DEPTH_MAX: u32 = 3;

impl Round<'_> {
    /// Reads what is new in the transcripts of a session and of its subagents.
    pub(super) fn take_transcripts_in(&mut self, session: &SessionId) -> Result<(), Failure> {
        let followed = self.session(session)?.transcripts.clone();
        let Some(main) = followed.iter().find(|cursor| cursor.subagent.is_none()) else { return Ok(()) };
        let Some(agent) = agent_named(Some(&main.agent)) else { return Ok(()) };
        for (path, file) in subagent_files(agent, session, &followed) {
            let (SubagentFile::Description(id) | SubagentFile::Transcript(id)) = &file;
            let path = path.to_string_lossy().into_owned();
            let known = followed.iter().find(|cursor| cursor.path == path).cloned();
            let cursor = known.unwrap_or_else(|| TranscriptCursor {
                path,
                agent: agent.name.to_owned(),
                session: session.clone(),
                subagent: Some(id.clone()),
                inode: 0,
                cursor: 0,
                mark: None,
                read_before: 0,
            });
            match file {
                SubagentFile::Description(_) => self.take_description_in(agent, cursor)?,
                SubagentFile::Transcript(_) => self.take_rows_in(agent, cursor)?,
            }
        }
        for cursor in followed.into_iter().filter(|cursor| cursor.subagent.is_none()) {
            self.take_rows_in(agent, cursor)?;
        }
        Ok(())
    }

    fn take_rows_in(&mut self, agent: &Agent, mut cursor: TranscriptCursor) -> Result<(), Failure> {
        let Some(file) = foreign_file::open(Path::new(&cursor.path)) else { return Ok(()) };
        if !file.is_as_it_was_read(cursor.inode, cursor.cursor, cursor.mark) {
            // What is new in it comes behind all that was read before, wherever it stands now.
            cursor.read_before += cursor.cursor;
            (cursor.inode, cursor.cursor) = (file.inode, 0);
            self.keep(agent, &cursor);
        } else if file.size == cursor.cursor {
            return Ok(());
        }
        let place = Self::place(agent, &cursor);
        let read = file.each_row(cursor.cursor, |row| {
            self.hear_usage(agent, &place, &row.text);
            if (agent.keeps_row)(&row.text) {
                let place = cursor.read_before + row.offset;
                self.observe(&observation(agent, &cursor, Some(place), row.text))?;
            }
            Ok(())
        });
        match read {
            Ok(next) => (cursor.cursor, cursor.mark) = (next, file.mark_before(next).ok()),
            Err(RowsError::Each(failure)) => return Err(failure),
            // A file that cannot be read now is another program's trouble, not that of other sessions.
            Err(RowsError::Unreadable) => return Ok(()),
        }
        self.follow_to(cursor)
    }

    /// Keeps a transcript that is seen for the first time in the archive, with what the agent wrote down about a
    /// subagent: `<directory>/projects/<project>/` is where that of the main agent lies.
    fn keep(&mut self, agent: &Agent, cursor: &TranscriptCursor) {
        let Ok(session) = self.session(&cursor.session) else { return };
        let main = session.transcripts.iter().find(|known| known.subagent.is_none());
        let main = main.map_or_else(|| cursor.path.clone(), |main| main.path.clone());
        let (path, archive) = (Path::new(&cursor.path), Archive::of(self.state, agent.name));
        let Some(directory) = Path::new(&main).ancestors().nth(3).filter(|_| self.archives) else { return };
        for file in [path.to_path_buf(), path.with_extension("meta.json")] {
            if let Ok(below) = file.strip_prefix(directory) {
                // What is understood does not depend on it, and a description may not be there.
                let _ = archive.keep(&file, below);
            }
        }
    }

    /// Keeps the transcripts of a session that is over once more: what had to be copied is whole by now.
    pub(super) fn keep_whole(&mut self, session: &SessionId) -> Result<(), Failure> {
        for cursor in self.session(session)?.transcripts.clone() {
            if let Some(agent) = agent_named(Some(&cursor.agent)) {
                self.keep(agent, &cursor);
            }
        }
        Ok(())
    }

    /// What a file is the transcript of.
    fn place(agent: &Agent, cursor: &TranscriptCursor) -> TranscriptPlace {
        let description = cursor.subagent.as_ref().and_then(|_| {
            let file = foreign_file::open(&Path::new(&cursor.path).with_extension("meta.json"))?;
            file.read_small()
        });
        TranscriptPlace {
            session: cursor.session.clone(),
            subagent: cursor.subagent.clone(),
            subagent_kind: description.and_then(|text| (agent.description_kind)(&text)),
        }
    }

    fn take_description_in(&mut self, agent: &Agent, mut cursor: TranscriptCursor) -> Result<(), Failure> {
        let Some(file) = foreign_file::open(Path::new(&cursor.path)).filter(ForeignFile::is_small) else {
            return Ok(());
        };
        if (file.inode, file.size) == (cursor.inode, cursor.cursor) {
            return Ok(());
        }
        (cursor.inode, cursor.cursor) = (file.inode, file.size);
        let Some(text) = file.read_small() else { return Ok(()) };
        self.observe(&observation(agent, &cursor, None, text))?;
        self.follow_to(cursor)
    }

    /// Notes how far a file was read.
    fn follow_to(&mut self, cursor: TranscriptCursor) -> Result<(), Failure> {
        self.changes.set_transcript_cursor(&cursor)?;
        let followed = &mut self.session(&cursor.session)?.transcripts;
        match followed.iter_mut().find(|known| known.path == cursor.path) {
            Some(known) => *known = cursor,
            None => followed.push(cursor),
        }
        Ok(())
    }
}

/// The files of subagents, descriptions first: a row is understood better once its subagent is known. An agent that moves
/// its transcript has the files of the subagents that it starts from then on beside the new one.
fn subagent_files(
    agent: &Agent,
    session: &SessionId,
    followed: &[TranscriptCursor],
) -> Vec<(PathBuf, SubagentFile)> {
    let mains = followed.iter().filter(|cursor| cursor.subagent.is_none());
    let directories = mains.filter_map(|main| (agent.subagent_directory)(Path::new(&main.path), session));
    let mut files = Vec::new();
    for directory in directories.collect::<BTreeSet<_>>() {
        add_files_below(agent, &directory, SUBAGENT_DEPTH_MAX, &mut files);
    }
    files.sort_by_key(|(path, file)| (matches!(file, SubagentFile::Transcript(_)), path.clone()));
    files
}

fn add_files_below(agent: &Agent, directory: &Path, depth: u32, files: &mut Vec<(PathBuf, SubagentFile)>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if let Some(file) = (agent.subagent_file)(&path) {
            files.push((path, file));
        } else if depth > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            add_files_below(agent, &path, depth - 1, files);
        }
    }
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
