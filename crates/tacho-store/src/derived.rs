//! Sessions and spans: derived from observations, written whole, session by session.

use crate::error::StoreError;
use crate::span_row;
use crate::store::{Changes, Store};
use rusqlite::{OptionalExtension as _, Row, params};
use serde_json::json;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use tacho_model::id::{SessionId, SpanId};
use tacho_model::session::Session;
use tacho_model::span::{Span, Status};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

const SESSION_COLUMNS: &str = "id, agent, agent_version, started_ns, ended_ns, end_inferred, last_seen_ns, turns, llm_calls, \
     tool_calls, tool_errors, tool_denials, subagents, input, output, cache_read, cache_write_5m, cache_write_1h, \
     thinking, not_understood, open_spans, hook_events, unknown";

/// A session that goes on or has something unsettled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// The session.
    pub session: SessionId,
    /// Name of its agent.
    pub agent: String,
    /// Last thing known of it.
    pub last_seen: UnixNanos,
    /// When time alone will settle the next of its spans.
    pub settles_at: Option<UnixNanos>,
}

/// What tells whether a span's row must be written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct RowState {
    position: i64,
    fingerprint: i64,
}

/// A hash of everything in a span. It only has to stay the same within one version of the program: another value
/// writes the row once more.
fn fingerprint(span: &Span) -> i64 {
    let mut hasher = DefaultHasher::new();
    span.hash(&mut hasher);
    hasher.finish().cast_signed()
}

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
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)"
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
            counts_to(&session.hook_events),
            counts_to(&session.unknown),
            settles_at.map(|at| at.0.cast_signed()),
        ])?;
        self.put_spans(&session.id, spans)?;
        let delete = "DELETE FROM stale_sessions WHERE id = ?1";
        self.transaction.prepare_cached(delete)?.execute([session.id.as_str()])?;
        Ok(())
    }

    /// Writes the spans that changed and removes those that are no more: a session grows by the event, and its
    /// store file must not be written anew each time.
    fn put_spans(&self, session: &SessionId, spans: &[Span]) -> Result<(), StoreError> {
        let mut written = self.written_spans(session)?;
        for (position, span) in spans.iter().enumerate() {
            let row = RowState {
                position: i64::try_from(position).unwrap_or(i64::MAX),
                fingerprint: fingerprint(span),
            };
            if written.remove(&span.span_id) != Some(row) {
                self.put_span(session, row, span)?;
            }
        }
        let mut delete =
            self.transaction.prepare_cached("DELETE FROM spans WHERE session_id = ?1 AND span_id = ?2")?;
        for gone in written.into_keys() {
            delete.execute(params![session.as_str(), gone.0])?;
        }
        Ok(())
    }

    fn written_spans(&self, session: &SessionId) -> Result<BTreeMap<SpanId, RowState>, StoreError> {
        let mut statement = self
            .transaction
            .prepare_cached("SELECT span_id, position, fingerprint FROM spans WHERE session_id = ?1")?;
        let rows = statement.query_map([session.as_str()], |row| {
            Ok((SpanId(row.get(0)?), RowState { position: row.get(1)?, fingerprint: row.get(2)? }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn put_span(&self, session: &SessionId, row: RowState, span: &Span) -> Result<(), StoreError> {
        let columns = span_row::COLUMNS;
        let mut statement = self.transaction.prepare_cached(&format!(
            "INSERT OR REPLACE INTO spans ({columns}, session_id, position, fingerprint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
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
            row.position,
            row.fingerprint,
        ])?;
        Ok(())
    }

    /// Removes what was derived about sessions of which no observation is left.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_unobserved_sessions(&self) -> Result<(), StoreError> {
        for delete in [
            "DELETE FROM spans WHERE session_id NOT IN (SELECT session_id FROM observations)",
            "DELETE FROM sessions WHERE id NOT IN (SELECT session_id FROM observations)",
        ] {
            self.transaction.execute(delete, [])?;
        }
        Ok(())
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

    /// The sessions that go on or have something unsettled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unsettled_sessions(&self) -> Result<Vec<Unsettled>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, agent, last_seen_ns, settles_at_ns FROM sessions
             WHERE open_spans > 0 OR ended_ns IS NULL ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Unsettled {
                session: SessionId(row.get(0)?),
                agent: row.get(1)?,
                last_seen: UnixNanos(row.get::<_, i64>(2)?.cast_unsigned()),
                settles_at: row.get::<_, Option<i64>>(3)?.map(|at| UnixNanos(at.cast_unsigned())),
            })
        })?;
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
        hook_events: counts_from(row, 21)?,
        unknown: counts_from(row, 22)?,
    })
}

fn counts_to(counts: &BTreeMap<String, u64>) -> String {
    json!(counts).to_string()
}

fn counts_from(row: &Row<'_>, column: usize) -> rusqlite::Result<BTreeMap<String, u64>> {
    let text: String = row.get(column)?;
    // Derived: a text nobody understands is made anew with its session.
    Ok(serde_json::from_str(&text).unwrap_or_default())
}
