//! Sums of usage records over quarters of an hour.

use super::names::Names;
use crate::error::StoreError;
use crate::store::{Changes, Reader, SessionKey};
use crate::tokens;
use rusqlite::Row;
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::id::SessionId;
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

/// Nanoseconds of a quarter of an hour.
const QUARTER_NS: u64 = 900_000_000_000;

/// The columns of a sum, computed.
const SUMMED: &str = "count(*), sum(cost_nanos IS NULL), sum(NOT is_final), coalesce(sum(input), 0),
    coalesce(sum(output), 0), coalesce(sum(cache_read), 0), coalesce(sum(cache_write_5m), 0),
    coalesce(sum(cache_write_1h), 0), coalesce(sum(thinking), 0), coalesce(sum(web_searches), 0),
    coalesce(sum(cost_nanos), 0)";

/// The columns of a sum.
const SUMS: &str =
    "calls, unpriced_calls, open_calls, input, output, cache_read, cache_write_5m, cache_write_1h,
    thinking, web_searches, cost_nanos";

/// Those of several.
const ALL_SUMS: &str =
    "sum(calls), sum(unpriced_calls), sum(open_calls), sum(input), sum(output), sum(cache_read),
    sum(cache_write_5m), sum(cache_write_1h), sum(thinking), sum(web_searches), sum(cost_nanos)";

/// What the calls came to that have all of this in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The session.
    pub session: SessionKey,
    /// When its quarter of an hour began.
    pub from: UnixNanos,
    /// Number of the model's name; 0 for none.
    pub model: i64,
    /// Number of the project.
    pub project: i64,
    /// Number of the subagent's type; 0 in main conversations.
    pub subagent: i64,
    /// Calls.
    pub calls: u64,
    /// Those without a price.
    pub unpriced_calls: u64,
    /// Those whose end was not seen.
    pub open_calls: u64,
    /// Their tokens.
    pub usage: Usage,
    /// Their searches of the web.
    pub web_searches: u64,
    /// Their cost.
    pub cost: Nanodollars,
}

/// Which sums are asked for.
#[derive(Clone, Copy, Debug)]
pub struct SumFilter {
    /// From here on.
    pub since: UnixNanos,
    /// Up to here.
    pub until: UnixNanos,
}

impl SumFilter {
    /// All of them.
    pub const ALL: Self = Self { since: UnixNanos(0), until: UnixNanos(i64::MAX.cast_unsigned()) };

    /// The first and the last quarter of an hour.
    fn quarters(self) -> [i64; 2] {
        [self.since.0, self.until.0.saturating_sub(1)].map(|at| (at / QUARTER_NS).cast_signed())
    }
}

impl Changes<'_> {
    /// Sums the records of these sessions anew.
    pub(super) fn sum_usage(&self, sessions: &BTreeSet<SessionKey>) -> Result<(), StoreError> {
        let sums = format!(
            "INSERT INTO usage_sums
             SELECT session, at_ns / {QUARTER_NS}, coalesce(model, 0), coalesce(project, 0), coalesce(subagent, 0),
                    {SUMMED}
             FROM usage_records WHERE NOT is_absorbed AND session = ?1 GROUP BY 2, 3, 4, 5"
        );
        let tool_sums = format!(
            "INSERT INTO usage_tool_sums
             SELECT session, at_ns / {QUARTER_NS}, coalesce(tools, 0), {SUMMED}
             FROM usage_records WHERE NOT is_absorbed AND session = ?1 GROUP BY 2, 3"
        );
        for session in sessions {
            self.prepare("DELETE FROM usage_sums WHERE session = ?1")?.execute([session.0])?;
            self.prepare(&sums)?.execute([session.0])?;
            self.prepare("DELETE FROM usage_tool_sums WHERE session = ?1")?.execute([session.0])?;
            self.prepare(&tool_sums)?.execute([session.0])?;
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// Hands every sum of the time on, in no order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_usage_sum(&self, asked: SumFilter, mut each: impl FnMut(Sum)) -> Result<(), StoreError> {
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT session, quarter, model, project, subagent, {SUMS} FROM usage_sums
             WHERE quarter BETWEEN ?1 AND ?2"
        ))?;
        let mut rows = select.query(asked.quarters())?;
        while let Some(row) = rows.next()? {
            each(sum(row)?);
        }
        Ok(())
    }

    /// What calls came to that asked for the same tools; the names stand on lines of their own.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn usage_by_tools(&self, asked: SumFilter) -> Result<Vec<(Option<String>, Sum)>, StoreError> {
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT 0, 0, 0, 0, 0, {ALL_SUMS}, tools FROM usage_tool_sums
             WHERE quarter BETWEEN ?1 AND ?2 GROUP BY tools"
        ))?;
        let names = Names::load(self.connection)?;
        let rows =
            select.query_map(asked.quarters(), |row| Ok((names.text(Some(row.get(16)?)), sum(row)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Names by their numbers, as sums have them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn usage_names(&self) -> Result<impl Fn(i64) -> Option<String> + use<>, StoreError> {
        let names = Names::load(self.connection)?;
        Ok(move |key| names.text(Some(key)))
    }

    /// Ids of sessions by their numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn session_ids(&self) -> Result<BTreeMap<SessionKey, SessionId>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT key, id FROM session_keys")?;
        let rows = select.query_map([], |row| Ok((SessionKey(row.get(0)?), SessionId(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn sum(row: &Row<'_>) -> rusqlite::Result<Sum> {
    let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.cast_unsigned());
    Ok(Sum {
        session: SessionKey(row.get(0)?),
        from: UnixNanos(count(1)? * QUARTER_NS),
        model: row.get(2)?,
        project: row.get(3)?,
        subagent: row.get(4)?,
        calls: count(5)?,
        unpriced_calls: count(6)?,
        open_calls: count(7)?,
        usage: tokens::usage_at(row, 8)?,
        web_searches: count(14)?,
        cost: Nanodollars(row.get(15)?),
    })
}
