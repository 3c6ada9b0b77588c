//! Sums of usage records over quarters of an hour.

use super::names::Names;
use crate::error::StoreError;
use crate::store::{Changes, Reader, SessionKey};
use crate::tokens;
use rusqlite::{Row, params_from_iter};
use std::collections::BTreeMap;
use tacho_model::id::SessionId;
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::UsageRecord;

/// Nanoseconds of a quarter of an hour.
const QUARTER_NS: u64 = 900_000_000_000;

/// What stands in the columns of a sum.
type Counts = [i64; 11];

/// These columns.
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

/// Numbers of the names in a record.
#[derive(Clone, Copy)]
pub(super) struct RecordNames {
    pub(super) model: Option<i64>,
    pub(super) project: Option<i64>,
    pub(super) subagent: Option<i64>,
    pub(super) tools: Option<i64>,
}

/// A session whose records change within a transaction.
pub(super) enum Touched {
    /// It had none before, and each was written once: this is what they come to.
    Begun(SessionSums),
    /// Others stand in place of some that it had: all have to be read.
    Replaced,
}

impl Touched {
    /// Before a record of the session is written.
    pub(super) fn begin(changes: &Changes<'_>, session: SessionKey) -> Result<Self, StoreError> {
        let mut select = changes.prepare("SELECT 1 FROM usage_records WHERE session = ?1")?;
        let has_records = select.exists([session.0])?;
        Ok(if has_records { Self::Replaced } else { Self::Begun(SessionSums::default()) })
    }
}

/// What the records of a session come to: each counts in both kinds of sums.
#[derive(Default)]
pub(super) struct SessionSums {
    /// By quarter, model, project and type of subagent.
    by_model: BTreeMap<[i64; 4], Counts>,
    /// By quarter and set of tools.
    by_tools: BTreeMap<[i64; 2], Counts>,
}

impl SessionSums {
    /// Adds a record as it is written, which is not absorbed.
    pub(super) fn add_record(&mut self, record: &UsageRecord, names: RecordNames, cost: Option<Nanodollars>) {
        let RecordNames { model, project, subagent, tools } = names;
        let [model, project, subagent, tools] =
            [model, project, subagent, tools].map(Option::unwrap_or_default);
        let quarter = record.owner.at.0.cast_signed() / QUARTER_NS.cast_signed();
        let web_searches = record.terms.web_searches.unwrap_or_default().cast_signed();
        let counts = counts(record.is_final, record.usage, web_searches, cost.map(|cost| cost.0));
        self.add([quarter, model, project, subagent, tools], counts);
    }

    fn add(&mut self, [quarter, model, project, subagent, tools]: [i64; 5], counts: Counts) {
        add(self.by_model.entry([quarter, model, project, subagent]).or_default(), counts);
        add(self.by_tools.entry([quarter, tools]).or_default(), counts);
    }

    /// Sums what is written of a session.
    fn read(changes: &Changes<'_>, session: SessionKey) -> Result<Self, StoreError> {
        let mut sums = Self::default();
        let mut select = changes.prepare(&format!(
            "SELECT at_ns / {QUARTER_NS}, model, project, subagent, tools, coalesce(web_searches, 0), is_final,
                    cost_nanos, input, output, cache_read, cache_write_5m, cache_write_1h, thinking
             FROM usage_records WHERE session = ?1 AND NOT is_absorbed"
        ))?;
        let mut rows = select.query([session.0])?;
        while let Some(row) = rows.next()? {
            let counts = counts(row.get(6)?, tokens::usage_at(row, 8)?, row.get(5)?, row.get(7)?);
            sums.add(keys(row)?, counts);
        }
        Ok(sums)
    }
}

impl Changes<'_> {
    /// Sums the records of these sessions anew.
    pub(super) fn sum_usage(&self, sessions: BTreeMap<SessionKey, Touched>) -> Result<(), StoreError> {
        for (session, touched) in sessions {
            let sums = match touched {
                Touched::Begun(sums) => sums,
                Touched::Replaced => SessionSums::read(self, session)?,
            };
            self.replace_sums("usage_sums", session, &sums.by_model)?;
            self.replace_sums("usage_tool_sums", session, &sums.by_tools)?;
        }
        Ok(())
    }

    fn replace_sums<const KEYS: usize>(
        &self,
        table: &str,
        session: SessionKey,
        sums: &BTreeMap<[i64; KEYS], Counts>,
    ) -> Result<(), StoreError> {
        self.prepare(&format!("DELETE FROM {table} WHERE session = ?1"))?.execute([session.0])?;
        let values = vec!["?"; 1 + KEYS + Counts::default().len()];
        let mut insert = self.prepare(&format!("INSERT INTO {table} VALUES ({})", values.join(", ")))?;
        for (keys, counts) in sums {
            insert.execute(params_from_iter([session.0].iter().chain(keys).chain(counts)))?;
        }
        Ok(())
    }
}

/// What a call adds to a sum, with its cost in nanodollars.
fn counts(is_final: bool, usage: Usage, web_searches: i64, cost: Option<i64>) -> Counts {
    let [input, output, cache_read, cache_write_5m, cache_write_1h, thinking] =
        tokens::columns(usage).map(Option::unwrap_or_default);
    let (unpriced, open) = (i64::from(cost.is_none()), i64::from(!is_final));
    let cost = cost.unwrap_or_default();
    [
        1,
        unpriced,
        open,
        input,
        output,
        cache_read,
        cache_write_5m,
        cache_write_1h,
        thinking,
        web_searches,
        cost,
    ]
}

/// The first columns, what sums are told apart by; nothing is 0.
fn keys<const COLUMNS: usize>(row: &Row<'_>) -> rusqlite::Result<[i64; COLUMNS]> {
    let mut keys = [0; COLUMNS];
    for (place, key) in keys.iter_mut().enumerate() {
        *key = row.get::<_, Option<i64>>(place)?.unwrap_or(0);
    }
    Ok(keys)
}

fn add(sum: &mut Counts, counts: Counts) {
    for (sum, count) in sum.iter_mut().zip(counts) {
        *sum = sum.saturating_add(count);
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
        let rows = select
            .query_map([], |row| Ok((SessionKey(row.get(0)?), SessionId::from(row.get::<_, String>(1)?))))?;
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
