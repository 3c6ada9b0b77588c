//! Sessions that began as copies of others, and what those had used by then.

use super::UsageWriter;
use crate::error::StoreError;
use crate::store::{Reader, SessionKey};
use crate::tokens;
use tacho_model::money::Nanodollars;
use tacho_model::usage::Usage;
use tacho_model::usage_record::Inheritance;

/// What a session was given, on one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// The session.
    pub session: SessionKey,
    /// Number of the model's name; 0 for none.
    pub model: i64,
    /// Calls.
    pub calls: u64,
    /// Those without a price.
    pub unpriced_calls: u64,
    /// Those whose end was not seen.
    pub open_calls: u64,
    /// Searches of the web.
    pub web_searches: u64,
    /// The tokens.
    pub usage: Usage,
    /// What they cost.
    pub cost: Nanodollars,
}

impl UsageWriter<'_> {
    /// Notes that a session began as a copy of another one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_inheritance(&mut self, said: &Inheritance) -> Result<(), StoreError> {
        let (session, origin) = (self.session(&said.session)?, self.session(&said.origin)?);
        let mut insert = self.changes.prepare(
            "INSERT INTO inheritances (session, origin, at_ns) VALUES (?1, ?2, ?3)
             ON CONFLICT (session, origin) DO UPDATE SET at_ns = max(at_ns, excluded.at_ns)",
        )?;
        insert.execute([session.0, origin.0, said.at.0.cast_signed()])?;
        Ok(())
    }
}

impl Reader<'_> {
    /// What the others had used by then, by session and model.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn inherited_usage(&self) -> Result<Vec<Inherited>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT inheritances.session, coalesce(model, 0), sum(input), sum(output), sum(cache_read),
                    sum(cache_write_5m), sum(cache_write_1h), sum(thinking), coalesce(sum(cost_nanos), 0),
                    count(*), sum(cost_nanos IS NULL), sum(NOT is_final), coalesce(sum(web_searches), 0)
             FROM inheritances JOIN usage_records
                  ON usage_records.session = origin AND usage_records.at_ns <= inheritances.at_ns
             WHERE NOT is_absorbed GROUP BY 1, 2",
        )?;
        let rows = select.query_map([], |row| {
            let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.cast_unsigned());
            Ok(Inherited {
                session: SessionKey(row.get(0)?),
                model: row.get(1)?,
                calls: count(9)?,
                unpriced_calls: count(10)?,
                open_calls: count(11)?,
                web_searches: count(12)?,
                usage: tokens::usage_at(row, 2)?,
                cost: Nanodollars(row.get(8)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
