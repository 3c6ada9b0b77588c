//! The outbox: encoded bytes on their way to each destination.
//!
//! A row holds the bytes as they were first encoded, so that a second delivery is the same to the last bit.

use crate::destinations::DestinationKey;
use crate::error::StoreError;
use crate::store::{Changes, Reader};
use rusqlite::{OptionalExtension as _, Row, params};
use tacho_model::time::UnixNanos;

/// One request that is still to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Its place in line.
    pub id: i64,
    /// Whom it is for.
    pub destination: DestinationKey,
    /// `traces`, `metrics` or `logs`.
    pub signal: String,
    /// Media type of the body before compression.
    pub content_type: String,
    /// Whether it holds content, which only a destination of the capture level `full` may get.
    pub is_full: bool,
    /// Whether it holds people's names, which leave only where their owner says so.
    pub has_names: bool,
    /// How many spans, points or records it holds.
    pub items: u64,
    /// The body, encoded; compressed unless its destination is to get it as it is.
    pub bytes: Vec<u8>,
}

/// The end of one attempt to deliver a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// It was taken; `rejected` of its items were not.
    Taken {
        /// Items the destination refused.
        rejected: u64,
        /// What it says about them, or about anything else.
        message: Option<&'a str>,
    },
    /// It was refused for good.
    Refused {
        /// Why.
        error: &'a str,
    },
    /// It was refused for good, or cannot be sent at all; that says nothing about what else waits.
    GivenUp {
        /// Why.
        error: &'a str,
    },
    /// It was refused as everything is; it goes behind all others and is tried again.
    PutBehind {
        /// When the next one may be tried.
        retry_at: UnixNanos,
        /// Why.
        error: &'a str,
    },
    /// It was refused as it is; these take its place.
    Parted {
        /// Why.
        error: &'a str,
        /// What is tried instead.
        parts: &'a [Parcel],
    },
    /// It will be tried again.
    Postponed {
        /// When.
        retry_at: UnixNanos,
        /// Whether the destination itself named that time.
        is_asked: bool,
        /// Why.
        error: &'a str,
    },
}

impl Changes<'_> {
    /// Puts a request in line; its `id` is given here.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn enqueue(&self, parcel: &Parcel, now: UnixNanos) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO outbox (destination, signal, content_type, is_full, has_names, items, created_ns, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        statement.execute(params![
            parcel.destination.0,
            parcel.signal,
            parcel.content_type,
            parcel.is_full,
            parcel.has_names,
            parcel.items.cast_signed(),
            now.0.cast_signed(),
            parcel.bytes,
        ])?;
        Ok(())
    }

    /// Puts a request before all others that wait.
    fn enqueue_first(&self, parcel: &Parcel, now: UnixNanos) -> Result<(), StoreError> {
        self.enqueue(parcel, now)?;
        let update = "UPDATE outbox SET id = (SELECT min(id) FROM outbox) - 1 WHERE id = last_insert_rowid()";
        self.prepare(update)?.execute([])?;
        Ok(())
    }

    /// Puts a request in the place of the one that has its id.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replace_parcel(&self, parcel: &Parcel) -> Result<(), StoreError> {
        self.prepare("UPDATE outbox SET content_type = ?2, is_full = ?3, has_names = ?4, items = ?5, bytes = ?6 WHERE id = ?1")?
            .execute(params![
                parcel.id,
                parcel.content_type,
                parcel.is_full,
                parcel.has_names,
                parcel.items.cast_signed(),
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
        let to = parcel.destination.0;
        match delivery {
            Delivery::Taken { rejected, message } => {
                // Whatever it says: it cannot refuse more than it got.
                let rejected = parcel.items.min(*rejected);
                let taken = (parcel.items - rejected).cast_signed();
                self.prepare(
                    "UPDATE destinations SET failures = 0, refusals = 0, retry_at_ns = 0, is_asked = 0,
                     last_success_ns = ?2, delivered = delivered + ?3, last_error = coalesce(?4, last_error) WHERE key = ?1",
                )?
                .execute(params![to, now.0.cast_signed(), taken, message])?;
                self.refuse(parcel, rejected, now)?;
                self.remove_parcel(parcel)
            }
            Delivery::Refused { error } => {
                self.answered(parcel, error)?;
                self.prepare("UPDATE destinations SET refusals = refusals + 1 WHERE key = ?1")?
                    .execute([to])?;
                self.refuse(parcel, parcel.items, now)?;
                self.remove_parcel(parcel)
            }
            Delivery::GivenUp { error } => {
                let name = self.answered(parcel, error)?;
                self.count_loss(&refused_by(&name), parcel.items, now)?;
                self.remove_parcel(parcel)
            }
            Delivery::PutBehind { retry_at, error } => {
                self.prepare(
                    "UPDATE destinations SET failures = failures + 1, refusals = refusals + 1, retry_at_ns = ?2,
                     is_asked = 0, last_error = ?3 WHERE key = ?1",
                )?
                .execute(params![to, retry_at.0.cast_signed(), error])?;
                self.put_behind(parcel)
            }
            Delivery::Parted { error, parts } => {
                self.answered(parcel, error)?;
                // What is found out about one item before the next is looked at costs few requests where all are refused.
                parts.iter().rev().try_for_each(|part| self.enqueue_first(part, now))?;
                self.remove_parcel(parcel)
            }
            Delivery::Postponed { retry_at, is_asked, error } => {
                self.prepare(
                    "UPDATE destinations SET failures = failures + 1, retry_at_ns = ?2, is_asked = ?3,
                     last_error = ?4 WHERE key = ?1",
                )?
                .execute(params![to, retry_at.0.cast_signed(), is_asked, error])?;
                Ok(())
            }
        }
    }

    /// A destination that refuses is one that answers. Returns its name.
    fn answered(&self, parcel: &Parcel, error: &str) -> Result<String, StoreError> {
        let update = "UPDATE destinations SET failures = 0, retry_at_ns = 0, is_asked = 0, last_error = ?2
                      WHERE key = ?1 RETURNING name";
        Ok(self.prepare(update)?.query_row(params![parcel.destination.0, error], |row| row.get(0))?)
    }

    fn refuse(&self, parcel: &Parcel, items: u64, now: UnixNanos) -> Result<(), StoreError> {
        if items == 0 {
            return Ok(());
        }
        let update = "UPDATE destinations SET rejected = rejected + ?2 WHERE key = ?1 RETURNING name";
        let name: String = self
            .prepare(update)?
            .query_row(params![parcel.destination.0, items.cast_signed()], |row| row.get(0))?;
        self.count_loss(&refused_by(&name), items, now)
    }

    /// Puts a request back in line that its destination refused, and takes back that it was lost.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_back(&self, parcel: &Parcel, destination: &str, now: UnixNanos) -> Result<(), StoreError> {
        self.enqueue(parcel, now)?;
        self.take_loss_back(&refused_by(destination), parcel.items)
    }

    /// Gives a request the last place. It is as old as it was.
    fn put_behind(&self, parcel: &Parcel) -> Result<(), StoreError> {
        let insert = "INSERT INTO outbox (destination, signal, content_type, is_full, has_names, items, created_ns, bytes)
                      SELECT destination, signal, content_type, is_full, has_names, items, created_ns, bytes
                      FROM outbox WHERE id = ?1 AND destination = ?2";
        self.prepare(insert)?.execute([parcel.id, parcel.destination.0])?;
        self.remove_parcel(parcel)
    }

    /// Takes a request out of line. Who took its place meanwhile, after it was forgotten, is for another destination.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remove_parcel(&self, parcel: &Parcel) -> Result<(), StoreError> {
        let delete = "DELETE FROM outbox WHERE id = ?1 AND destination = ?2";
        self.prepare(delete)?.execute([parcel.id, parcel.destination.0])?;
        Ok(())
    }
}

/// Why something is lost that a destination refused.
fn refused_by(destination: &str) -> String {
    format!("refused by {destination}")
}

impl Reader<'_> {
    /// Since when the oldest request waits for a destination; `None` where none does.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn waiting_since(&self, destination: DestinationKey) -> Result<Option<UnixNanos>, StoreError> {
        let select = "SELECT min(created_ns) FROM outbox WHERE destination = ?1";
        let mut statement = self.connection.prepare_cached(select)?;
        let since: Option<i64> = statement.query_row([destination.0], |row| row.get(0))?;
        Ok(since.map(|since| UnixNanos(since.cast_unsigned())))
    }

    /// The first request in line for a destination, of a signal that it did not decline.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_parcel(&self, destination: DestinationKey) -> Result<Option<Parcel>, StoreError> {
        self.parcel(
            destination,
            "SELECT id, destination, signal, content_type, is_full, has_names, items, bytes FROM outbox
             WHERE destination = ?1 AND NOT EXISTS (
                 SELECT 1 FROM destination_signals AS known
                 WHERE known.destination = ?1 AND known.signal = outbox.signal AND declined_ns IS NOT NULL)
             ORDER BY id LIMIT 1",
        )
    }

    /// The first request in line for a destination, of a signal that it declined.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_declined_parcel(&self, destination: DestinationKey) -> Result<Option<Parcel>, StoreError> {
        self.parcel(
            destination,
            "SELECT id, destination, signal, content_type, is_full, has_names, items, bytes FROM outbox
             WHERE destination = ?1 AND signal IN (
                 SELECT signal FROM destination_signals WHERE destination = ?1 AND declined_ns IS NOT NULL)
             ORDER BY id LIMIT 1",
        )
    }

    /// Whether anything but this signal is in line for a destination that did not decline it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn has_waiting_but(&self, destination: DestinationKey, signal: &str) -> Result<bool, StoreError> {
        let select = "SELECT EXISTS (SELECT 1 FROM outbox WHERE destination = ?1 AND signal <> ?2 AND signal NOT IN (
                          SELECT signal FROM destination_signals WHERE destination = ?1 AND declined_ns IS NOT NULL))";
        let mut statement = self.connection.prepare_cached(select)?;
        Ok(statement.query_row(params![destination.0, signal], |row| row.get(0))?)
    }

    /// The first request behind this place in line, whomever it is for.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn parcel_behind(&self, id: i64) -> Result<Option<Parcel>, StoreError> {
        let select =
            "SELECT id, destination, signal, content_type, is_full, has_names, items, bytes FROM outbox
                      WHERE id > ?1 ORDER BY id LIMIT 1";
        Ok(self.connection.prepare_cached(select)?.query_row([id], parcel).optional()?)
    }

    fn parcel(&self, destination: DestinationKey, select: &str) -> Result<Option<Parcel>, StoreError> {
        Ok(self.connection.prepare_cached(select)?.query_row([destination.0], parcel).optional()?)
    }
}

fn parcel(row: &Row<'_>) -> rusqlite::Result<Parcel> {
    Ok(Parcel {
        id: row.get(0)?,
        destination: DestinationKey(row.get(1)?),
        signal: row.get(2)?,
        content_type: row.get(3)?,
        is_full: row.get(4)?,
        has_names: row.get(5)?,
        items: row.get::<_, i64>(6)?.cast_unsigned(),
        bytes: row.get(7)?,
    })
}
