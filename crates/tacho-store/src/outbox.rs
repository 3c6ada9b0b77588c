//! The outbox: encoded bytes on their way to each destination, and the ledger of what was ever put in.
//!
//! A row holds the bytes as they were first encoded, so that a second delivery is the same to the last bit.

use crate::error::StoreError;
use crate::store::{Changes, Store};
use rusqlite::{OptionalExtension as _, Row, params};
use std::collections::BTreeSet;
use tacho_model::id::{SessionId, SpanId};
use tacho_model::time::UnixNanos;

/// One request that is still to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Its place in line.
    pub id: i64,
    /// Whom it is for.
    pub destination: String,
    /// `traces`, `metrics` or `logs`.
    pub signal: String,
    /// Media type of the body before compression.
    pub content_type: String,
    /// Whether it holds content, which only a destination of the capture level `full` may get.
    pub is_full: bool,
    /// How many spans, points or records it holds.
    pub items: u64,
    /// The body, encoded and compressed.
    pub bytes: Vec<u8>,
}

/// How deliveries to a destination go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationRow {
    /// Its name.
    pub name: String,
    /// Since when it is sent to.
    pub since: UnixNanos,
    /// Not to be tried before this.
    pub retry_at: UnixNanos,
    /// Failures in a row.
    pub failures: u64,
    /// The last failure, once there was one.
    pub last_error: Option<String>,
    /// The last success, once there was one.
    pub last_success: Option<UnixNanos>,
    /// Items it took.
    pub delivered: u64,
    /// Items it refused.
    pub rejected: u64,
    /// Items that wait.
    pub waiting: u64,
}

impl DestinationRow {
    /// A destination nothing was ever sent to.
    #[must_use]
    pub fn untried(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            since: UnixNanos(0),
            retry_at: UnixNanos(0),
            failures: 0,
            last_error: None,
            last_success: None,
            delivered: 0,
            rejected: 0,
            waiting: 0,
        }
    }
}

/// The end of one attempt to deliver a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// It was taken; `rejected` of its items were not.
    Taken {
        /// Items the destination refused.
        rejected: u64,
    },
    /// It was refused for good.
    Refused {
        /// Why.
        error: &'a str,
    },
    /// It will be tried again.
    Postponed {
        /// When.
        retry_at: UnixNanos,
        /// Why.
        error: &'a str,
    },
}

impl Changes<'_> {
    /// Makes a destination known; what it is sent begins with what settles from `since` on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn introduce(&self, destination: &str, since: UnixNanos) -> Result<(), StoreError> {
        let insert = "INSERT OR IGNORE INTO destinations (name, since_ns) VALUES (?1, ?2)";
        self.transaction.prepare_cached(insert)?.execute(params![destination, since.0.cast_signed()])?;
        Ok(())
    }

    /// The settled spans of a session that were never put in line for a destination.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unsent_spans(
        &self,
        destination: &str,
        session: &SessionId,
    ) -> Result<BTreeSet<SpanId>, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT span_id FROM spans WHERE session_id = ?2 AND settled AND NOT EXISTS (
                 SELECT 1 FROM enqueued WHERE destination = ?1 AND item = span_id)",
        )?;
        let rows =
            statement.query_map(params![destination, session.as_str()], |row| Ok(SpanId(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes that a span is put in line for a destination, so that it never is again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn claim(&self, destination: &str, span: SpanId, now: UnixNanos) -> Result<(), StoreError> {
        let insert = "INSERT OR IGNORE INTO enqueued (destination, item, at_ns) VALUES (?1, ?2, ?3)";
        self.transaction.prepare_cached(insert)?.execute(params![
            destination,
            span.0,
            now.0.cast_signed()
        ])?;
        Ok(())
    }

    /// Puts a request in line; its `id` is given here.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn enqueue(&self, parcel: &Parcel, now: UnixNanos) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO outbox (destination, signal, content_type, is_full, items, created_ns, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        statement.execute(params![
            parcel.destination,
            parcel.signal,
            parcel.content_type,
            parcel.is_full,
            parcel.items.cast_signed(),
            now.0.cast_signed(),
            parcel.bytes,
        ])?;
        Ok(())
    }

    /// Notes how an attempt ended.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn settle_delivery(
        &self,
        parcel: &Parcel,
        delivery: &Delivery<'_>,
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        let name = parcel.destination.as_str();
        let now_ns = now.0.cast_signed();
        match delivery {
            Delivery::Taken { rejected } => {
                let taken = parcel.items.saturating_sub(*rejected).cast_signed();
                self.transaction.execute(
                    "UPDATE destinations SET failures = 0, retry_at_ns = 0, last_success_ns = ?2,
                     delivered = delivered + ?3, rejected = rejected + ?4 WHERE name = ?1",
                    params![name, now_ns, taken, rejected.cast_signed()],
                )?;
                if *rejected > 0 {
                    self.count_loss(&format!("refused by {name}"), *rejected, now)?;
                }
                self.remove(parcel)
            }
            Delivery::Refused { error } => {
                self.transaction.execute(
                    "UPDATE destinations SET last_error = ?2, rejected = rejected + ?3 WHERE name = ?1",
                    params![name, error, parcel.items.cast_signed()],
                )?;
                self.count_loss(&format!("refused by {name}"), parcel.items, now)?;
                self.remove(parcel)
            }
            Delivery::Postponed { retry_at, error } => {
                self.transaction.execute(
                    "UPDATE destinations SET failures = failures + 1, retry_at_ns = ?2, last_error = ?3 WHERE name = ?1",
                    params![name, retry_at.0.cast_signed(), error],
                )?;
                Ok(())
            }
        }
    }

    fn remove(&self, parcel: &Parcel) -> Result<(), StoreError> {
        self.transaction.execute("DELETE FROM outbox WHERE id = ?1", [parcel.id])?;
        Ok(())
    }
}

impl Store {
    /// The next request for a destination.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_parcel(&self, destination: &str) -> Result<Option<Parcel>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, destination, signal, content_type, is_full, items, bytes FROM outbox
             WHERE destination = ?1 ORDER BY id LIMIT 1",
        )?;
        let parcel = |row: &Row<'_>| {
            Ok(Parcel {
                id: row.get(0)?,
                destination: row.get(1)?,
                signal: row.get(2)?,
                content_type: row.get(3)?,
                is_full: row.get(4)?,
                items: row.get::<_, i64>(5)?.cast_unsigned(),
                bytes: row.get(6)?,
            })
        };
        Ok(statement.query_row([destination], parcel).optional()?)
    }

    /// The sessions seen since `since` that have settled spans which were never put in line for a destination.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sessions_to_send(
        &self,
        destination: &str,
        since: UnixNanos,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM sessions WHERE last_seen_ns >= ?2 AND EXISTS (
                 SELECT 1 FROM spans WHERE session_id = id AND settled AND NOT EXISTS (
                     SELECT 1 FROM enqueued WHERE destination = ?1 AND item = span_id))
             ORDER BY id",
        )?;
        let rows = statement
            .query_map(params![destination, since.0.cast_signed()], |row| Ok(SessionId(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How deliveries to every destination go.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn destinations(&self) -> Result<Vec<DestinationRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, since_ns, retry_at_ns, failures, last_error, last_success_ns, delivered, rejected,
                    (SELECT coalesce(sum(items), 0) FROM outbox WHERE destination = name)
             FROM destinations ORDER BY name",
        )?;
        let rows = statement.query_map([], destination)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn destination(row: &Row<'_>) -> rusqlite::Result<DestinationRow> {
    let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(DestinationRow {
        name: row.get(0)?,
        since: UnixNanos(count(1)?),
        retry_at: UnixNanos(count(2)?),
        failures: count(3)?,
        last_error: row.get(4)?,
        last_success: row.get::<_, Option<i64>>(5)?.map(|at| UnixNanos(at.cast_unsigned())),
        delivered: count(6)?,
        rejected: count(7)?,
        waiting: count(8)?,
    })
}
