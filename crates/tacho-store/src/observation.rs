//! Observations: taking them down and reading them back.

use crate::error::StoreError;
use crate::store::{Changes, Store};
use rusqlite::{Row, params};
use std::collections::BTreeSet;
use tacho_model::event::{Observation, Source};
use tacho_model::id::{SessionId, SubagentId};
use tacho_model::time::UnixNanos;

impl Changes<'_> {
    /// Takes an observation down, and notes that its session must be derived anew. Returns whether it was new: the
    /// same statement again changes nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn observe(&self, observation: &Observation) -> Result<bool, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT OR IGNORE INTO observations (uid, agent, session_id, source, at_ns, subagent, offset, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let inserted = statement.execute(params![
            observation.uid,
            observation.agent,
            observation.session.as_str(),
            observation.source.name(),
            observation.at.map(|at| at.0.cast_signed()),
            observation.subagent.as_ref().map(SubagentId::as_str),
            observation.offset.map(u64::cast_signed),
            observation.body,
        ])?;
        if inserted > 0 {
            self.mark_stale(&observation.session)?;
        }
        Ok(inserted > 0)
    }

    /// Notes that a session must be derived anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark_stale(&self, session: &SessionId) -> Result<(), StoreError> {
        let mark = "INSERT OR IGNORE INTO stale_sessions (id) VALUES (?1)";
        self.transaction.prepare_cached(mark)?.execute([session.as_str()])?;
        Ok(())
    }
}

impl Store {
    /// The sessions about which something was said since they were last derived.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stale_sessions(&self) -> Result<BTreeSet<SessionId>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT id FROM stale_sessions")?;
        let sessions = statement.query_map([], |row| Ok(SessionId(row.get(0)?)))?;
        Ok(sessions.collect::<Result<_, _>>()?)
    }

    /// Every session something was said about.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn observed_sessions(&self) -> Result<Vec<SessionId>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT DISTINCT session_id FROM observations ORDER BY session_id")?;
        let sessions = statement.query_map([], |row| Ok(SessionId(row.get(0)?)))?;
        Ok(sessions.collect::<Result<_, _>>()?)
    }

    /// Hands everything said about a session to `each`, in the order it was taken down.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_observation(
        &self,
        session: &SessionId,
        mut each: impl FnMut(Observation),
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT uid, agent, session_id, source, at_ns, subagent, offset, body
             FROM observations WHERE session_id = ?1 ORDER BY id",
        )?;
        let mut rows = statement.query([session.as_str()])?;
        while let Some(row) = rows.next()? {
            each(observation(row)?);
        }
        Ok(())
    }
}

fn observation(row: &Row<'_>) -> rusqlite::Result<Observation> {
    let source: String = row.get(3)?;
    Ok(Observation {
        uid: row.get(0)?,
        agent: row.get(1)?,
        session: SessionId(row.get(2)?),
        source: Source::named(&source).unwrap_or(Source::Recorder),
        at: row.get::<_, Option<i64>>(4)?.map(|at| UnixNanos(at.cast_unsigned())),
        subagent: row.get::<_, Option<String>>(5)?.map(SubagentId),
        offset: row.get::<_, Option<i64>>(6)?.map(i64::cast_unsigned),
        body: row.get(7)?,
    })
}
