//! How far each file was taken in, and which processes are behind the sessions.

use crate::error::StoreError;
use crate::store::{Changes, Reader, SessionKey};
use rusqlite::{OptionalExtension as _, Row, params};
use std::collections::BTreeMap;
use tacho_model::id::{SessionId, SubagentId};
use tacho_model::time::UnixNanos;

/// A transcript that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptCursor {
    /// The file.
    pub path: String,
    /// Name of the agent that writes it.
    pub agent: String,
    /// The session it is about.
    pub session: SessionId,
    /// The subagent whose transcript it is.
    pub subagent: Option<SubagentId>,
    /// The file's inode: another one means that it was written anew.
    pub inode: u64,
    /// How far it was read, in bytes.
    pub cursor: u64,
    /// A checksum of what stands there before the cursor: another one means that it was written anew, too. `None`
    /// where that was not written down.
    pub mark: Option<u32>,
    /// Bytes that were read of what the file was before it was written anew.
    pub read_before: u64,
}

/// A process of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentProcess {
    /// The kernel's id of the boot it ran in.
    pub boot: String,
    /// Its number.
    pub pid: u32,
    /// Its start, in clock ticks since boot.
    pub start_ticks: u64,
}

impl Reader<'_> {
    /// How far each segment was taken in, by its path below the state directory.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn segment_cursors(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT path, cursor FROM segments")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The transcripts of a session.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn transcripts(&self, session: &SessionId) -> Result<Vec<TranscriptCursor>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT path, agent, session_id, subagent, inode, cursor, mark, read_before FROM transcripts
             WHERE session_id = ?1 ORDER BY path",
        )?;
        let rows = statement.query_map([session.as_str()], transcript)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How far a file was taken in.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn transcript(&self, path: &str) -> Result<Option<TranscriptCursor>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT path, agent, session_id, subagent, inode, cursor, mark, read_before FROM transcripts
             WHERE path = ?1",
        )?;
        Ok(statement.query_row([path], transcript).optional()?)
    }

    /// The processes that were seen to run a session.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn processes(&self, session: &SessionId) -> Result<Vec<AgentProcess>, StoreError> {
        let Some(key) = self.key_of(session)? else { return Ok(Vec::new()) };
        let mut statement = self
            .connection
            .prepare_cached("SELECT boot, pid, start_ticks FROM processes WHERE session = ?1")?;
        let rows = statement.query_map([key.0], |row| {
            let start_ticks: i64 = row.get(2)?;
            Ok(AgentProcess { boot: row.get(0)?, pid: row.get(1)?, start_ticks: start_ticks.cast_unsigned() })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Lines of segments that were no intact record.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn damaged_lines(&self) -> Result<u64, StoreError> {
        let sum = "SELECT coalesce(sum(damaged), 0) FROM segments";
        Ok(self.connection.query_row(sum, [], |row| row.get::<_, i64>(0))?.cast_unsigned())
    }

    /// What was lost: reason, count, first and last time.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn losses(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT reason, count FROM losses WHERE count > 0 ORDER BY reason")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Reader<'_> {
    /// What was ever lost, with what was found again: it only grows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn losses_ever(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let select = "SELECT reason, count + found FROM losses ORDER BY reason";
        let mut statement = self.connection.prepare_cached(select)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Changes<'_> {
    /// Notes how far a segment was taken in, and how many damaged lines were passed on the way.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_segment_cursor(&self, path: &str, cursor: u64, newly_damaged: u64) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO segments (path, cursor, damaged) VALUES (?1, ?2, ?3)
             ON CONFLICT (path) DO UPDATE SET cursor = ?2, damaged = damaged + ?3",
        )?;
        statement.execute(params![path, cursor.cast_signed(), newly_damaged.cast_signed()])?;
        Ok(())
    }

    /// Notes that a segment lies elsewhere now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn rename_segment(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.transaction.execute("UPDATE OR REPLACE segments SET path = ?2 WHERE path = ?1", [from, to])?;
        Ok(())
    }

    /// Notes how far a transcript was taken in.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_transcript_cursor(&self, to: &TranscriptCursor) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT OR REPLACE INTO transcripts (path, agent, session_id, subagent, inode, cursor, mark,
                                                 read_before)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        statement.execute(params![
            to.path,
            to.agent,
            to.session.as_str(),
            to.subagent.as_ref().map(SubagentId::as_str),
            to.inode.cast_signed(),
            to.cursor.cast_signed(),
            to.mark,
            to.read_before.cast_signed(),
        ])?;
        Ok(())
    }

    /// Begins to follow a transcript, unless it is followed already.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn follow_transcript(&self, from: &TranscriptCursor) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT OR IGNORE INTO transcripts (path, agent, session_id, subagent, inode, cursor)
             VALUES (?1, ?2, ?3, NULL, 0, 0)",
        )?;
        statement.execute(params![from.path, from.agent, from.session.as_str()])?;
        Ok(())
    }

    /// Notes that a process runs a session.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_process(&self, session: SessionKey, process: &AgentProcess) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT OR IGNORE INTO processes (session, boot, pid, start_ticks) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let ticks = process.start_ticks.cast_signed();
        statement.execute(params![session.0, process.boot, process.pid, ticks])?;
        Ok(())
    }

    /// Counts a loss.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn count_loss(&self, reason: &str, count: u64, at: UnixNanos) -> Result<(), StoreError> {
        if count == 0 {
            return Ok(());
        }
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO losses (reason, count, first_ns, last_ns) VALUES (?1, ?2, ?3, ?3)
             ON CONFLICT (reason) DO UPDATE SET count = count + ?2, last_ns = ?3",
        )?;
        statement.execute(params![reason, count.cast_signed(), at.0.cast_signed()])?;
        Ok(())
    }

    /// Counts a loss no more: so much of it was found again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn take_loss_back(&self, reason: &str, count: u64) -> Result<(), StoreError> {
        let update = "UPDATE losses SET count = count - ?2, found = found + ?2 WHERE reason = ?1";
        self.transaction.prepare_cached(update)?.execute(params![reason, count.cast_signed()])?;
        Ok(())
    }
}

fn transcript(row: &Row<'_>) -> rusqlite::Result<TranscriptCursor> {
    Ok(TranscriptCursor {
        path: row.get(0)?,
        agent: row.get(1)?,
        session: SessionId::from(row.get::<_, String>(2)?),
        subagent: row.get::<_, Option<String>>(3)?.map(SubagentId::from),
        inode: row.get::<_, i64>(4)?.cast_unsigned(),
        cursor: row.get::<_, i64>(5)?.cast_unsigned(),
        mark: row.get(6)?,
        read_before: row.get::<_, i64>(7)?.cast_unsigned(),
    })
}
