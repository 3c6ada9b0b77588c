//! Destinations: whom telemetry is sent to, how that goes, and which spans each ever got.

use crate::error::StoreError;
use crate::signals::SignalRow;
use crate::store::{Changes, Reader, SessionKey};
use rusqlite::{Row, params};
use std::collections::BTreeMap;
use tacho_model::id::{SessionId, SpanId};
use tacho_model::time::UnixNanos;

/// The number of a destination in this store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DestinationKey(pub(crate) i64);

/// What is known of a span that was put in line for a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The fingerprint of what was put there; `None` where an earlier version did not write it down.
    pub sent: Option<i64>,
    /// The fingerprint of the whole span that this was compared with last.
    pub compared: Option<i64>,
}

/// How deliveries to a destination go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationRow {
    /// Its number.
    pub key: DestinationKey,
    /// Its name.
    pub name: String,
    /// Since when it is sent to.
    pub since: UnixNanos,
    /// Not to be tried before this.
    pub retry_at: UnixNanos,
    /// Whether the destination itself asked to be left alone until then.
    pub is_asked: bool,
    /// Failures in a row.
    pub failures: u64,
    /// Requests that it refused as a whole in a row, whatever was tried in their place.
    pub refusals: u64,
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
    /// When it was told metrics last; 0 for never.
    pub metrics_at: UnixNanos,
    /// What it said of signals.
    pub signals: Vec<SignalRow>,
}

impl DestinationRow {
    /// What it is called where others read it: its kind and its number, and no address and no path.
    #[must_use]
    pub fn public_name(&self) -> String {
        let kind = self.name.split(':').next().unwrap_or_default();
        let kind = if matches!(kind, "http" | "https") { "otlp" } else { kind };
        format!("{kind}-{}", self.key.0)
    }
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

    /// Has what a destination is sent begin with what settles from `since` on, unless it begins later.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin_anew(&self, destination: &str, since: UnixNanos) -> Result<(), StoreError> {
        let update = "UPDATE destinations SET since_ns = max(since_ns, ?2) WHERE name = ?1";
        self.transaction.prepare_cached(update)?.execute(params![destination, since.0.cast_signed()])?;
        Ok(())
    }

    /// Notes on which terms a destination is sent to. Where they are others than before, a pause that it did not ask
    /// for is over, and signals that it declined are tried again: what held it up may have been mended.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn agree(&self, destination: &str, terms: &str) -> Result<(), StoreError> {
        let update = "UPDATE destinations SET terms = ?2, failures = iif(is_asked, failures, 0),
                      retry_at_ns = iif(is_asked, retry_at_ns, 0) WHERE name = ?1 AND terms IS NOT ?2";
        let changed = self.transaction.prepare_cached(update)?.execute([destination, terms])?;
        if changed > 0 {
            let find = "SELECT key FROM destinations WHERE name = ?1";
            let key = self.transaction.prepare_cached(find)?.query_row([destination], |row| row.get(0))?;
            self.forget_declined(DestinationKey(key))?;
        }
        Ok(())
    }

    /// Notes which spans of a session are put in line for a destination, and as what.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn claim(
        &self,
        destination: DestinationKey,
        session: SessionKey,
        spans: &[(SpanId, Claim)],
    ) -> Result<(), StoreError> {
        let insert = "INSERT OR REPLACE INTO enqueued (destination, session, span_id, fingerprint, compared) \
                      VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = self.transaction.prepare_cached(insert)?;
        for (span, claim) in spans {
            statement.execute(params![destination.0, session.0, span.0, claim.sent, claim.compared])?;
        }
        Ok(())
    }

    /// Ends every pause that no destination asked for, so that the next attempt is made now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end_own_pauses(&self) -> Result<(), StoreError> {
        self.transaction.execute("UPDATE destinations SET retry_at_ns = 0 WHERE NOT is_asked", [])?;
        Ok(())
    }
}

impl Reader<'_> {
    /// The spans of a session that were ever put in line for a destination.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn claimed(
        &self,
        destination: DestinationKey,
        session: SessionKey,
    ) -> Result<BTreeMap<SpanId, Claim>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT span_id, fingerprint, compared FROM enqueued WHERE destination = ?1 AND session = ?2",
        )?;
        let claim =
            |row: &Row<'_>| Ok((SpanId(row.get(0)?), Claim { sent: row.get(1)?, compared: row.get(2)? }));
        let rows = statement.query_map([destination.0, session.0], claim)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The sessions seen since `since` that have settled spans which were never put in line for a destination, or have
    /// changed since.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sessions_to_send(
        &self,
        destination: DestinationKey,
        since: UnixNanos,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT session_keys.id FROM sessions JOIN session_keys USING (key)
             WHERE last_seen_ns >= ?2 AND EXISTS (
                 SELECT 1 FROM spans
                 WHERE spans.id BETWEEN key << 32 AND (key << 32) + 4294967295 AND settled AND NOT EXISTS (
                     SELECT 1 FROM enqueued
                     WHERE destination = ?1 AND session = key AND enqueued.span_id = spans.span_id
                         AND coalesce(compared, spans.fingerprint) = spans.fingerprint))
             ORDER BY key",
        )?;
        let rows = statement.query_map(params![destination.0, since.0.cast_signed()], |row| {
            Ok(SessionId::from(row.get::<_, String>(0)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How deliveries to every destination go.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn destinations(&self) -> Result<Vec<DestinationRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT key, name, since_ns, retry_at_ns, is_asked, failures, refusals, last_error, last_success_ns,
                    delivered, rejected, (SELECT coalesce(sum(items), 0) FROM outbox WHERE destination = key),
                    metrics_ns
             FROM destinations ORDER BY name",
        )?;
        let rows = statement.query_map([], destination)?;
        let mut rows: Vec<DestinationRow> = rows.collect::<Result<_, _>>()?;
        for row in &mut rows {
            row.signals = self.signals_of(row.key)?;
        }
        Ok(rows)
    }
}

fn destination(row: &Row<'_>) -> rusqlite::Result<DestinationRow> {
    let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(DestinationRow {
        key: DestinationKey(row.get(0)?),
        name: row.get(1)?,
        since: UnixNanos(count(2)?),
        retry_at: UnixNanos(count(3)?),
        is_asked: row.get(4)?,
        failures: count(5)?,
        refusals: count(6)?,
        last_error: row.get(7)?,
        last_success: row.get::<_, Option<i64>>(8)?.map(|at| UnixNanos(at.cast_unsigned())),
        delivered: count(9)?,
        rejected: count(10)?,
        waiting: count(11)?,
        metrics_at: UnixNanos(count(12)?),
        signals: Vec::new(),
    })
}
