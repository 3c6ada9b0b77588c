//! Metrics: what every series came to so far, what of it came from which session, and what destinations were told.

use crate::destinations::DestinationKey;
use crate::error::StoreError;
use crate::json::json_text;
use crate::store::{Changes, Reader, SessionKey};
use rusqlite::{OptionalExtension as _, Row, params};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use tacho_model::metric::{Labels, Measured, Metric, Total};
use tacho_model::metrics;
use tacho_model::time::UnixNanos;

/// The labels that all of a session has.
const COMMON: [&str; 3] = [metrics::LABEL_AGENT, metrics::LABEL_TEAM, metrics::LABEL_USER_HASH];

/// A series and what it came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    key: i64,
    /// The metric.
    pub metric: &'static Metric,
    /// The labels.
    pub labels: Labels,
    /// When it was first counted.
    pub born: UnixNanos,
    /// What it came to.
    pub total: Total,
}

impl Series {
    /// Its number in this store.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.key
    }
}

/// What several sessions add, so that a series that many add to is written once.
#[derive(Debug, Default)]
pub struct Tally {
    /// The numbers of series, by metric and labels as they are written.
    keys: HashMap<(&'static str, String), i64>,
    added: BTreeMap<i64, Total>,
}

/// What a session added to series before, by metric and own labels.
type Shares = HashMap<String, BTreeMap<Labels, Share>>;

/// What a session added to a series before.
struct Share {
    series: i64,
    total: Total,
}

impl Changes<'_> {
    /// Counts what a session adds to metrics now, beyond what was counted of it before: it may be said any number of
    /// times. It counts when the tally is written, in the same transaction. `common` are labels that all of it has; what was
    /// counted keeps those that it was counted with. Where `counts` is not set it is only written down to have been counted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn count(
        &self,
        tally: &mut Tally,
        session: SessionKey,
        measured: &[Measured],
        common: &Labels,
        counts: bool,
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        let shares = self.shares(session)?;
        let insert = "INSERT OR REPLACE INTO metric_shares (session, series, sum, buckets)
                      VALUES (?1, ?2, ?3, ?4)";
        let mut insert = self.prepare(insert)?;
        for Measured { metric, labels, total } in measured {
            let share = shares.get(metric.name).and_then(|shares| shares.get(labels));
            let had = share.map(|share| share.total.clone()).unwrap_or_default();
            let added = total.beyond(&had);
            if share.is_some() && added.is_nothing() {
                continue;
            }
            let series = match share {
                Some(share) => share.series,
                None => {
                    let all: BTreeMap<&String, &String> = labels.iter().chain(common).collect();
                    self.series_of(tally, metric, json_text(&all)?, now)?
                }
            };
            if counts {
                let sum = tally.added.entry(series).or_default();
                *sum = sum.plus(&added);
            }
            let counted = had.plus(&added);
            insert.execute(params![session.0, series, counted.sum, json_text(&counted.buckets)?])?;
        }
        Ok(())
    }

    /// What a session added; own labels are those aside that all of it has.
    fn shares(&self, session: SessionKey) -> Result<Shares, StoreError> {
        let mut select = self.prepare(
            "SELECT metric, labels, series, metric_shares.sum, metric_shares.buckets
             FROM metric_shares JOIN metric_series ON metric_series.key = series WHERE session = ?1",
        )?;
        let mut rows = select.query([session.0])?;
        let mut shares = Shares::default();
        while let Some(row) = rows.next()? {
            let labels: String = row.get(1)?;
            let mut own: Labels = serde_json::from_str(&labels).unwrap_or_default();
            own.retain(|name, _| !COMMON.contains(&name.as_str()));
            let share = Share { series: row.get(2)?, total: total(row, 3)? };
            shares.entry(row.get(0)?).or_default().insert(own, share);
        }
        Ok(shares)
    }

    /// The number of a series, made now if there was none. It is born when anything is counted.
    fn series_of(
        &self,
        tally: &mut Tally,
        metric: &'static Metric,
        labels: String,
        now: UnixNanos,
    ) -> Result<i64, StoreError> {
        let place = match tally.keys.entry((metric.name, labels)) {
            Entry::Occupied(known) => return Ok(*known.get()),
            Entry::Vacant(place) => place,
        };
        let (_, labels) = place.key();
        let select = "SELECT key FROM metric_series WHERE metric = ?1 AND labels = ?2";
        let known = self.prepare(select)?.query_row([metric.name, labels], |row| row.get(0)).optional()?;
        let key = match known {
            Some(key) => key,
            None => {
                let insert = "INSERT INTO metric_series (metric, labels, born_ns, last_ns, sum, buckets)
                              VALUES (?1, ?2, ?3, 0, 0, '[]')";
                self.prepare(insert)?.insert(params![metric.name, labels, now.0.cast_signed()])?
            }
        };
        Ok(*place.insert(key))
    }

    /// Writes down what was counted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_tally(&self, tally: Tally, now: UnixNanos) -> Result<(), StoreError> {
        tally.added.iter().try_for_each(|(series, added)| self.add(*series, added, now))
    }

    fn add(&self, series: i64, added: &Total, now: UnixNanos) -> Result<(), StoreError> {
        let mut select = self.prepare("SELECT sum, buckets FROM metric_series WHERE key = ?1")?;
        let sum = select.query_row([series], |row| total(row, 0))?.plus(added);
        let update = "UPDATE metric_series SET sum = ?2, buckets = ?3, last_ns = ?4,
                      born_ns = iif(last_ns = 0, ?4, born_ns) WHERE key = ?1";
        let buckets = json_text(&sum.buckets)?;
        self.prepare(update)?.execute(params![series, sum.sum, buckets, now.0.cast_signed()])?;
        Ok(())
    }

    /// Notes whether the project of a session wants nothing of it sent.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn withhold(&self, session: SessionKey, is_withheld: bool) -> Result<(), StoreError> {
        let change = if is_withheld {
            "INSERT OR IGNORE INTO withheld_sessions (session) VALUES (?1)"
        } else {
            "DELETE FROM withheld_sessions WHERE session = ?1"
        };
        self.prepare(change)?.execute([session.0])?;
        Ok(())
    }

    /// Takes down that a destination is told metrics as they are at this time.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tell(&self, destination: DestinationKey, now: UnixNanos) -> Result<(), StoreError> {
        let update = "UPDATE destinations SET metrics_ns = ?2 WHERE key = ?1";
        self.prepare(update)?.execute(params![destination.0, now.0.cast_signed()])?;
        Ok(())
    }

    /// Has a destination told differences from now on, if it was not told any before: what there was until now is no news.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin_differences(&self, destination: DestinationKey) -> Result<(), StoreError> {
        let insert = "INSERT INTO metric_tellings (destination, series, sum, buckets)
                      SELECT ?1, key, sum, buckets FROM metric_series
                      WHERE NOT EXISTS (SELECT 1 FROM metric_tellings WHERE destination = ?1)";
        self.prepare(insert)?.execute([destination.0])?;
        Ok(())
    }

    /// Forgets what differences a destination was told, as it is told sums.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end_differences(&self, destination: DestinationKey) -> Result<(), StoreError> {
        self.prepare("DELETE FROM metric_tellings WHERE destination = ?1")?.execute([destination.0])?;
        Ok(())
    }

    /// Takes down that a destination is told of a series up to what it came to now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tell_series(&self, destination: DestinationKey, series: &Series) -> Result<(), StoreError> {
        let insert = "INSERT OR REPLACE INTO metric_tellings (destination, series, sum, buckets)
                      VALUES (?1, ?2, ?3, ?4)";
        let buckets = json_text(&series.total.buckets)?;
        self.prepare(insert)?.execute(params![destination.0, series.key, series.total.sum, buckets])?;
        Ok(())
    }
}

impl Reader<'_> {
    /// Every series of which anything was counted, of a metric that this version knows, in the order of metrics and labels.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn series(&self) -> Result<Vec<Series>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT key, metric, labels, born_ns, sum, buckets FROM metric_series
             WHERE last_ns > 0 ORDER BY metric, labels",
        )?;
        let rows = select.query_map([], |row| {
            let (name, labels): (String, String) = (row.get(1)?, row.get(2)?);
            let Some(metric) = Metric::named(&name) else { return Ok(None) };
            Ok(Some(Series {
                key: row.get(0)?,
                metric,
                labels: serde_json::from_str(&labels).unwrap_or_default(),
                born: UnixNanos(row.get::<_, i64>(3)?.cast_unsigned()),
                total: total(row, 4)?,
            }))
        })?;
        Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
    }

    /// When anything was counted last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn counted_last(&self) -> Result<UnixNanos, StoreError> {
        let mut select =
            self.connection.prepare_cached("SELECT coalesce(max(last_ns), 0) FROM metric_series")?;
        Ok(UnixNanos(select.query_row([], |row| row.get::<_, i64>(0))?.cast_unsigned()))
    }

    /// What a destination was told of a series; `None` if it never was.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn told(&self, destination: DestinationKey, series: &Series) -> Result<Option<Total>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT sum, buckets FROM metric_tellings WHERE destination = ?1 AND series = ?2",
        )?;
        Ok(select.query_row([destination.0, series.key], |row| total(row, 0)).optional()?)
    }
}

/// A sum and buckets, from this column on.
fn total(row: &Row<'_>, column: usize) -> rusqlite::Result<Total> {
    let buckets: String = row.get(column + 1)?;
    Ok(Total { sum: row.get(column)?, buckets: serde_json::from_str(&buckets).unwrap_or_default() })
}
