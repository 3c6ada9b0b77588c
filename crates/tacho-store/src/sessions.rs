//! Sessions: their summaries, derived from observations, written whole.

use crate::error::StoreError;
use crate::json::json_text;
use crate::store::{Changes, Reader, SessionKey};
use crate::tokens;
use rusqlite::{OptionalExtension as _, Row, params};
use std::collections::BTreeMap;
use tacho_model::id::SessionId;
use tacho_model::money::Nanodollars;
use tacho_model::session::Session;
use tacho_model::time::UnixNanos;

const COLUMNS: &str = "agent, agent_version, started_ns, ended_ns, end_inferred, last_seen_ns, turns, llm_calls, \
     tool_calls, tool_errors, tool_denials, subagents, input, output, cache_read, cache_write_5m, cache_write_1h, \
     thinking, not_understood, open_spans, hook_events, unknown, cost_nanos, unpriced_calls";

/// A session that goes on or has something unsettled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// Its number.
    pub key: SessionKey,
    /// The session.
    pub session: SessionId,
    /// Last thing known of it.
    pub last_seen: UnixNanos,
    /// When time alone will settle the next of its spans.
    pub settles_at: Option<UnixNanos>,
}

impl Changes<'_> {
    /// Replaces the summary of a session.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_session(
        &self,
        key: SessionKey,
        session: &Session,
        settles_at: Option<UnixNanos>,
    ) -> Result<(), StoreError> {
        let [input, output, cache_read, cache_write_5m, cache_write_1h, thinking] =
            tokens::columns(session.usage);
        let mut statement = self.transaction.prepare_cached(&format!(
            "INSERT OR REPLACE INTO sessions (key, {COLUMNS}, settles_at_ns) VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
              ?23, ?24, ?25, ?26)"
        ))?;
        statement.execute(params![
            key.0,
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
            input,
            output,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            thinking,
            session.not_understood.cast_signed(),
            session.open_spans.cast_signed(),
            json_text(&session.hook_events)?,
            json_text(&session.unknown)?,
            session.cost.map(|cost| cost.0),
            session.unpriced_calls.cast_signed(),
            settles_at.map(|at| at.0.cast_signed()),
        ])?;
        let delete = "DELETE FROM stale_sessions WHERE session = ?1";
        self.transaction.prepare_cached(delete)?.execute([key.0])?;
        Ok(())
    }
}

impl Reader<'_> {
    /// All sessions, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        self.query_sessions("ORDER BY started_ns DESC, id", [])
    }

    /// The sessions whose id begins with `prefix`, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sessions_named(&self, prefix: &str) -> Result<Vec<Session>, StoreError> {
        self.query_sessions("WHERE substr(id, 1, length(?1)) = ?1 ORDER BY started_ns DESC, id", [prefix])
    }

    fn query_sessions(
        &self,
        clauses: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<Session>, StoreError> {
        let select = format!("SELECT id, {COLUMNS} FROM sessions JOIN session_keys USING (key) {clauses}");
        let mut statement = self.connection.prepare_cached(&select)?;
        let rows = statement.query_map(params, session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The sessions that go on or have something unsettled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unsettled_sessions(&self) -> Result<Vec<Unsettled>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT key, id, last_seen_ns, settles_at_ns FROM sessions JOIN session_keys USING (key)
             WHERE open_spans > 0 OR ended_ns IS NULL ORDER BY key",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Unsettled {
                key: SessionKey(row.get(0)?),
                session: SessionId::from(row.get::<_, String>(1)?),
                last_seen: UnixNanos(row.get::<_, i64>(2)?.cast_unsigned()),
                settles_at: row.get::<_, Option<i64>>(3)?.map(|at| UnixNanos(at.cast_unsigned())),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When anything was last seen of a session; `None` when it was never derived.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_seen(&self, session: SessionKey) -> Result<Option<UnixNanos>, StoreError> {
        let mut select =
            self.connection.prepare_cached("SELECT last_seen_ns FROM sessions WHERE key = ?1")?;
        let at: Option<i64> = select.query_row([session.0], |row| row.get(0)).optional()?;
        Ok(at.map(|at| UnixNanos(at.cast_unsigned())))
    }
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let known = |column: usize| row.get::<_, Option<i64>>(column).map(|value| value.map(i64::cast_unsigned));
    Ok(Session {
        id: SessionId::from(row.get::<_, String>(0)?),
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
        usage: tokens::usage_at(row, 13)?,
        not_understood: count(19)?,
        open_spans: count(20)?,
        hook_events: counts_from(row, 21)?,
        unknown: counts_from(row, 22)?,
        cost: row.get::<_, Option<i64>>(23)?.map(Nanodollars),
        unpriced_calls: count(24)?,
    })
}

fn counts_from(row: &Row<'_>, column: usize) -> rusqlite::Result<BTreeMap<String, u64>> {
    let text: String = row.get(column)?;
    // Derived: a text nobody understands is made anew with its session.
    Ok(serde_json::from_str(&text).unwrap_or_default())
}
