//! What goes on, and what happened of late: for figures of the moment.

use crate::error::StoreError;
use crate::store::Reader;
use tacho_model::attribute::Key;
use tacho_model::money::Nanodollars;
use tacho_model::semconv as key;
use tacho_model::time::UnixNanos;

/// Of a session's calls so many are looked into for how often the last one was repeated.
const LOOKED_INTO_MAX: u32 = 20;

/// A tool call that ended of late, without what did not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentTool {
    /// The tool's name.
    pub tool: String,
    /// Whether it failed.
    pub failed: bool,
    /// How long it ran, in milliseconds, without the wait for a person.
    pub ran_ms: u64,
}

/// What goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Sessions that have not ended.
    pub sessions: u64,
    /// What the most expensive of them cost so far.
    pub cost_max: Option<Nanodollars>,
    /// How full the fullest of their contexts is, in percent, as far as an agent says so.
    pub context_percent_max: Option<f64>,
    /// When the oldest tool call began that is still open.
    pub open_since: Option<UnixNanos>,
    /// Tool calls that wait for a person.
    pub waiting: u64,
}

/// What calls used of late, by what transcripts say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// What those with a price cost.
    pub cost: Nanodollars,
    /// Tokens of their prompts, cached ones included.
    pub prompt_tokens: u64,
    /// Those that were read from the cache.
    pub cache_read_tokens: u64,
    /// Models of calls without a price, by name.
    pub unpriced_models: Vec<String>,
}

impl Reader<'_> {
    /// What calls used since then.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn spending(&self, since: UnixNanos) -> Result<Spending, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT coalesce(sum(cost_nanos), 0), coalesce(sum(cache_read), 0),
                    coalesce(sum(coalesce(input, 0) + coalesce(cache_read, 0)
                                 + coalesce(cache_write_5m, 0) + coalesce(cache_write_1h, 0)), 0)
             FROM usage_records WHERE NOT is_absorbed AND at_ns >= ?1",
        )?;
        let since_ns = since.0.cast_signed();
        let (cost, cache_read, prompt): (i64, i64, i64) =
            select.query_row([since_ns], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut select = self.connection.prepare_cached(
            "SELECT DISTINCT coalesce(text, 'unknown') FROM usage_records
             LEFT JOIN names ON key = usage_records.model
             WHERE NOT is_absorbed AND cost_nanos IS NULL AND at_ns >= ?1 ORDER BY 1",
        )?;
        let models = select.query_map([since_ns], |row| row.get(0))?;
        Ok(Spending {
            cost: Nanodollars(cost),
            prompt_tokens: prompt.cast_unsigned(),
            cache_read_tokens: cache_read.cast_unsigned(),
            unpriced_models: models.collect::<Result<_, _>>()?,
        })
    }

    /// Why anything was lost since then.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lost_since(&self, since: UnixNanos) -> Result<Vec<String>, StoreError> {
        let select = "SELECT reason FROM losses WHERE last_ns >= ?1 ORDER BY 1";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([since.0.cast_signed()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The tool calls that ended since then, in the order of tools; none of sessions of which nothing is to be sent.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn recent_tools(&self, since: UnixNanos) -> Result<Vec<RecentTool>, StoreError> {
        let [tool, measured, waited, outcome] = [
            key::GEN_AI_TOOL_NAME,
            key::CLAUDE_CODE_TOOL_DURATION_MS,
            key::TACHOGRAPH_PERMISSION_WAIT_MS,
            key::CLAUDE_CODE_TOOL_OUTCOME,
        ]
        .map(said);
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT coalesce({tool}, ''), is_error,
                    coalesce({measured}, (end_ns - start_ns) / 1000000 - coalesce({waited}, 0))
             FROM sessions JOIN spans ON spans.id BETWEEN key << 32 AND (key << 32) + 4294967295
             WHERE last_seen_ns >= ?1 AND kind = 'tool' AND end_ns >= ?1
                 AND key NOT IN (SELECT session FROM withheld_sessions)
                 AND {outcome} NOT IN ('denied', 'refused')
             ORDER BY 1"
        ))?;
        let rows = select.query_map([since.0.cast_signed()], |row| {
            let ran_ms = row.get::<_, i64>(2)?.max(0).cast_unsigned();
            Ok(RecentTool { tool: row.get(0)?, failed: row.get(1)?, ran_ms })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How often in a row the last tool call of a session failed with the same arguments, nothing else in between: the most of
    /// all sessions that go on and were seen since then, those aside of which nothing is to be sent.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn repeated_failures(&self, since: UnixNanos) -> Result<u64, StoreError> {
        let mut sessions = self.connection.prepare_cached(
            "SELECT key FROM sessions WHERE ended_ns IS NULL AND last_seen_ns >= ?1
                 AND key NOT IN (SELECT session FROM withheld_sessions)",
        )?;
        let [tool, arguments] = [key::GEN_AI_TOOL_NAME, key::GEN_AI_TOOL_CALL_ARGUMENTS].map(said);
        // What calls were told is long: only the last of them are looked into.
        let mut calls = self.connection.prepare_cached(&format!(
            "SELECT is_error, {tool}, {arguments} FROM spans WHERE id IN (
                 SELECT id FROM spans WHERE kind = 'tool' AND end_ns IS NOT NULL
                     AND id BETWEEN ?1 << 32 AND (?1 << 32) + 4294967295
                 ORDER BY start_ns DESC, position DESC LIMIT {LOOKED_INTO_MAX})
             ORDER BY start_ns DESC, position DESC"
        ))?;
        let mut most = 0;
        for session in sessions.query_map([since.0.cast_signed()], |row| row.get::<_, i64>(0))? {
            let mut rows = calls.query([session?])?;
            let mut last = None;
            let mut in_a_row = 0;
            while let Some(row) = rows.next()? {
                let (failed, tool, arguments): (bool, Option<String>, Option<String>) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                // What is not known to be the same may be something else.
                let call = arguments.map(|arguments| (tool, arguments));
                if !failed || call.is_none() || in_a_row > 0 && last != call {
                    break;
                }
                in_a_row += 1;
                last = call;
            }
            most = most.max(in_a_row);
        }
        Ok(most)
    }

    /// What goes on in sessions that were seen since then, those aside of which nothing is to be sent.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn activity(&self, since: UnixNanos) -> Result<Activity, StoreError> {
        let mut of_sessions = self.connection.prepare_cached(
            "SELECT count(*), max(cost_nanos) FROM sessions
             WHERE ended_ns IS NULL AND last_seen_ns >= ?1
                 AND key NOT IN (SELECT session FROM withheld_sessions)",
        )?;
        let since_ns = since.0.cast_signed();
        let (sessions, cost_max): (i64, Option<i64>) =
            of_sessions.query_row([since_ns], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let context = said(key::CLAUDE_CODE_CONTEXT_USED_PERCENT);
        // The last turn of a session is looked for once: there may be hundreds, each with hundreds of spans.
        let mut of_spans = self.connection.prepare_cached(&format!(
            "WITH going AS MATERIALIZED (
                 SELECT key, (SELECT max(start_ns) FROM spans WHERE kind = 'turn'
                                  AND id BETWEEN key << 32 AND (key << 32) + 4294967295) AS last_turn
                 FROM sessions WHERE ended_ns IS NULL AND last_seen_ns >= ?1
                     AND key NOT IN (SELECT session FROM withheld_sessions))
             SELECT min(start_ns) FILTER (WHERE kind = 'tool' AND end_ns IS NULL),
                    count(*) FILTER (WHERE kind IN ('permission', 'elicitation') AND end_ns IS NULL),
                    max({context})
             FROM going JOIN spans ON spans.id BETWEEN key << 32 AND (key << 32) + 4294967295
             WHERE end_ns IS NULL OR kind = 'turn' AND start_ns = last_turn"
        ))?;
        let (open_since, waiting, context_percent_max): (Option<i64>, i64, Option<f64>) =
            of_spans.query_row([since_ns], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Activity {
            sessions: sessions.cast_unsigned(),
            cost_max: cost_max.map(Nanodollars),
            context_percent_max,
            open_since: open_since.map(|at| UnixNanos(at.cast_unsigned())),
            waiting: waiting.cast_unsigned(),
        })
    }
}

/// The value of an attribute of a span, in SQL.
fn said(key: Key) -> String {
    format!("attributes ->> '$.\"{}\"'", key.name())
}
