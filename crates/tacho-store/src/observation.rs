//! Observations: taking them down and reading them back.

use crate::error::StoreError;
use crate::store::{Changes, Reader, SessionKey};
use rusqlite::{OptionalExtension as _, Row, params};
use tacho_model::event::{Observation, Source};
use tacho_model::id::{SessionId, SubagentId};
use tacho_model::time::UnixNanos;

impl Changes<'_> {
    /// Takes an observation down as the one of this number of its session, the next after
    /// [`Reader::last_observation`]. Returns whether it was new: the same statement again changes nothing. In the same
    /// transaction its session must be derived anew, or noted as stale.
    ///
    /// # Errors
    /// When it cannot be written, or another one has this number.
    pub fn observe(
        &self,
        session: SessionKey,
        number: u32,
        observation: &Observation,
    ) -> Result<bool, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO observations (id, session, uid, agent, source, at_ns, subagent, offset, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (session, uid) DO NOTHING",
        )?;
        let inserted = statement.execute(params![
            session.row_ids().start() + i64::from(number),
            session.0,
            observation.uid,
            observation.agent,
            observation.source.name(),
            observation.at.map(|at| at.0.cast_signed()),
            observation.subagent.as_ref().map(SubagentId::as_str),
            observation.offset.map(u64::cast_signed),
            observation.body,
        ])?;
        Ok(inserted > 0)
    }

    /// Notes that a session must be derived anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark_stale(&self, session: SessionKey) -> Result<(), StoreError> {
        let mark = "INSERT OR IGNORE INTO stale_sessions (session) VALUES (?1)";
        self.transaction.prepare_cached(mark)?.execute([session.0])?;
        Ok(())
    }
}

impl Reader<'_> {
    /// The number of the observation of a session that was taken down last, and its agent; `None` before the first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_observation(&self, session: SessionKey) -> Result<Option<(u32, String)>, StoreError> {
        let ids = session.row_ids();
        let mut statement = self.connection.prepare_cached(
            "SELECT id - ?1, agent FROM observations WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1",
        )?;
        let last = statement.query_row([ids.start(), ids.end()], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(last.optional()?)
    }

    /// The sessions about which something was said since they were last derived.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stale_sessions(&self) -> Result<Vec<SessionId>, StoreError> {
        self.sessions_of("SELECT id FROM stale_sessions JOIN session_keys ON key = session ORDER BY key")
    }

    /// Every session something was said about.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn observed_sessions(&self) -> Result<Vec<SessionId>, StoreError> {
        self.sessions_of(
            "SELECT id FROM session_keys WHERE EXISTS (
                 SELECT 1 FROM observations
                 WHERE observations.id BETWEEN key << 32 AND (key << 32) + 4294967295)
             ORDER BY id",
        )
    }

    fn sessions_of(&self, select: &str) -> Result<Vec<SessionId>, StoreError> {
        let mut statement = self.connection.prepare_cached(select)?;
        let sessions = statement.query_map([], |row| Ok(SessionId::from(row.get::<_, String>(0)?)))?;
        Ok(sessions.collect::<Result<_, _>>()?)
    }

    /// What a source said about a session last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_observation_by(
        &self,
        session: &SessionId,
        source: Source,
    ) -> Result<Option<Observation>, StoreError> {
        let Some(key) = self.key_of(session)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(
            "SELECT uid, agent, source, at_ns, subagent, offset, body FROM observations
             WHERE id BETWEEN ?1 AND ?2 AND source = ?3 ORDER BY id DESC LIMIT 1",
        )?;
        let ids = key.row_ids();
        let last = statement
            .query_row(params![ids.start(), ids.end(), source.name()], |row| observation(session, row));
        Ok(last.optional()?)
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
        let Some(key) = self.key_of(session)? else { return Ok(()) };
        let mut statement = self.connection.prepare_cached(
            "SELECT uid, agent, source, at_ns, subagent, offset, body
             FROM observations WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
        )?;
        let ids = key.row_ids();
        let mut rows = statement.query([ids.start(), ids.end()])?;
        while let Some(row) = rows.next()? {
            each(observation(session, row)?);
        }
        Ok(())
    }
}

pub(crate) fn observation(session: &SessionId, row: &Row<'_>) -> rusqlite::Result<Observation> {
    let source: String = row.get(2)?;
    Ok(Observation {
        uid: row.get(0)?,
        agent: row.get(1)?,
        session: session.clone(),
        source: Source::named(&source).unwrap_or(Source::Recorder),
        at: row.get::<_, Option<i64>>(3)?.map(|at| UnixNanos(at.cast_unsigned())),
        subagent: row.get::<_, Option<String>>(4)?.map(SubagentId::from),
        offset: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
        body: row.get(6)?,
    })
}
