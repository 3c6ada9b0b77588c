//! What agents themselves said sessions came to.

use crate::error::StoreError;
use crate::store::{Reader, SessionKey};
use crate::tokens;
use tacho_model::money::Nanodollars;
use tacho_model::usage::Usage;

/// An agent's last word on a session, or on one model in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The session.
    pub session: SessionKey,
    /// Number of the model's name; `None` for the session's sum, which has no tokens.
    pub model: Option<i64>,
    /// What it came to.
    pub cost: Nanodollars,
    /// The tokens.
    pub usage: Usage,
    /// Searches of the web.
    pub web_searches: Option<u64>,
    /// Whether the agent had to guess a price.
    pub has_guessed: bool,
}

impl Reader<'_> {
    /// Everything agents said.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn reported_costs(&self) -> Result<Vec<Reported>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT session, model, cost_nanos, has_guessed, input, output, cache_read, cache_write_5m,
                    cache_write_1h, thinking, web_searches
             FROM reported_costs ORDER BY session, model",
        )?;
        let rows = select.query_map([], |row| {
            Ok(Reported {
                session: SessionKey(row.get(0)?),
                model: row.get(1)?,
                cost: Nanodollars(row.get(2)?),
                has_guessed: row.get(3)?,
                web_searches: row.get::<_, Option<i64>>(10)?.map(i64::cast_unsigned),
                usage: tokens::usage_at(row, 4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
