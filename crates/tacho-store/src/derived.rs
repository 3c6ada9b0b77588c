//! Sessions and spans: derived from observations, written whole, session by session.

use crate::error::StoreError;
use crate::schema::FORGET_DERIVED;
use crate::span_row;
use crate::store::{Changes, Store};
use rusqlite::{OptionalExtension as _, Row, params};
use tacho_model::id::SessionId;
use tacho_model::session::Session;
use tacho_model::span::{Span, Status};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

const SESSION_COLUMNS: &str = "id, agent, agent_version, started_ns, ended_ns, end_inferred, last_seen_ns, turns, llm_calls, \
     tool_calls, tool_errors, tool_denials, subagents, input, output, cache_read, cache_write_5m, cache_write_1h, \
     thinking, not_understood, open_spans";

impl Changes<'_> {
    /// Replaces what was derived about a session.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_session(
        &self,
        session: &Session,
        spans: &[Span],
        settles_at: Option<UnixNanos>,
    ) -> Result<(), StoreError> {
        let usage = session.usage;
        let mut statement = self.transaction.prepare_cached(&format!(
            "INSERT OR REPLACE INTO sessions ({SESSION_COLUMNS}, settles_at_ns) VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)"
        ))?;
        statement.execute(params![
            session.id.as_str(),
            session.agent,
            session.agent_version,
            session.started.0.cast_signed(),
            session.ended.map(|ended| ended.0.cast_signed()),
            session.end_inferred,
            session.last_seen.0.cast_signed(),
            session.turns.cast_signed(),
            session.llm_calls.cast_signed(),
            session.tool_calls.cast_signed(),
            session.tool_errors.cast_signed(),
            session.tool_denials.cast_signed(),
            session.subagents.cast_signed(),
            usage.input.map(u64::cast_signed),
            usage.output.map(u64::cast_signed),
            usage.cache_read.map(u64::cast_signed),
            usage.cache_write_5m.map(u64::cast_signed),
            usage.cache_write_1h.map(u64::cast_signed),
            usage.thinking.map(u64::cast_signed),
            session.not_understood.cast_signed(),
            session.open_spans.cast_signed(),
            settles_at.map(|at| at.0.cast_signed()),
        ])?;
        self.transaction
            .prepare_cached("DELETE FROM spans WHERE session_id = ?1")?
            .execute([session.id.as_str()])?;
        spans.iter().enumerate().try_for_each(|(position, span)| self.put_span(&session.id, position, span))
    }

    fn put_span(&self, session: &SessionId, position: usize, span: &Span) -> Result<(), StoreError> {
        let columns = span_row::COLUMNS;
        let mut statement = self.transaction.prepare_cached(&format!(
            "INSERT INTO spans ({columns}, session_id, position)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
        ))?;
        statement.execute(params![
            span.trace_id.0,
            span.span_id.0,
            span.parent_span_id.map(|parent| parent.0),
            span.kind.name(),
            span.name,
            span.start.0.cast_signed(),
            span.end.map(|end| end.0.cast_signed()),
            span.status == Status::Error,
            span.settled,
            span_row::attributes_to(&span.attributes).to_string(),
            span_row::links_to(&span.links).to_string(),
            span_row::events_to(&span.events).to_string(),
            session.as_str(),
            i64::try_from(position).unwrap_or(i64::MAX),
        ])?;
        Ok(())
    }

    /// Throws everything derived away.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_derived(&self) -> Result<(), StoreError> {
        Ok(self.transaction.execute_batch(FORGET_DERIVED)?)
    }
}

impl Store {
    /// All sessions, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        self.query_sessions(
            &format!("SELECT {SESSION_COLUMNS} FROM sessions ORDER BY started_ns DESC, id"),
            [],
        )
    }

    /// The sessions whose id begins with `prefix`, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sessions_named(&self, prefix: &str) -> Result<Vec<Session>, StoreError> {
        let select = format!(
            "SELECT {SESSION_COLUMNS} FROM sessions WHERE substr(id, 1, length(?1)) = ?1 ORDER BY started_ns DESC, id"
        );
        self.query_sessions(&select, [prefix])
    }

    fn query_sessions(
        &self,
        select: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<Session>, StoreError> {
        let mut statement = self.connection.prepare_cached(select)?;
        let rows = statement.query_map(params, session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The spans of a session, parents before children.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn spans(&self, session: &SessionId) -> Result<Vec<Span>, StoreError> {
        let columns = span_row::COLUMNS;
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {columns} FROM spans WHERE session_id = ?1 ORDER BY position"
        ))?;
        let rows = statement.query_map([session.as_str()], span_row::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The sessions that have something unsettled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unsettled_sessions(&self) -> Result<Vec<SessionId>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM sessions WHERE open_spans > 0 OR ended_ns IS NULL ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok(SessionId(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When time alone will settle the next span.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_settling(&self) -> Result<Option<UnixNanos>, StoreError> {
        let select = "SELECT min(settles_at_ns) FROM sessions";
        let at: Option<i64> = self.connection.query_row(select, [], |row| row.get(0)).optional()?.flatten();
        Ok(at.map(|at| UnixNanos(at.cast_unsigned())))
    }
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let known = |column: usize| row.get::<_, Option<i64>>(column).map(|value| value.map(i64::cast_unsigned));
    Ok(Session {
        id: SessionId(row.get(0)?),
        agent: row.get(1)?,
        agent_version: row.get(2)?,
        started: UnixNanos(count(3)?),
        ended: known(4)?.map(UnixNanos),
        end_inferred: row.get(5)?,
        last_seen: UnixNanos(count(6)?),
        turns: count(7)?,
        llm_calls: count(8)?,
        tool_calls: count(9)?,
        tool_errors: count(10)?,
        tool_denials: count(11)?,
        subagents: count(12)?,
        usage: Usage {
            input: known(13)?,
            output: known(14)?,
            cache_read: known(15)?,
            cache_write_5m: known(16)?,
            cache_write_1h: known(17)?,
            thinking: known(18)?,
        },
        not_understood: count(19)?,
        open_spans: count(20)?,
    })
}
