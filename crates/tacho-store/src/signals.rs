//! Signals: which of them each destination takes, by what it answered.

use crate::destinations::{DestinationKey, DestinationRow};
use crate::error::StoreError;
use crate::store::{Changes, Reader};
use rusqlite::params;
use tacho_model::time::UnixNanos;

/// What a destination said of one signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalRow {
    /// `traces`, `metrics` or `logs`.
    pub signal: String,
    /// Whether it ever took any.
    pub is_taken: bool,
    /// What it answered when it said that it has no place for it.
    pub declined: Option<String>,
    /// When that was.
    pub declined_at: Option<UnixNanos>,
}

impl DestinationRow {
    /// Whether it ever took this signal.
    #[must_use]
    pub fn has_taken(&self, signal: &str) -> bool {
        self.signals.iter().any(|known| known.signal == signal && known.is_taken)
    }

    /// Whether it ever took anything but this signal, so that its address is right.
    #[must_use]
    pub fn has_taken_another_than(&self, signal: &str) -> bool {
        self.signals.iter().any(|known| known.signal != signal && known.is_taken)
    }

    /// What it answered when it said that it has no place for this signal; `None` while that may be for another reason.
    #[must_use]
    pub fn declines(&self, signal: &str) -> Option<&str> {
        let known = self.signals.iter().find(|known| known.signal == signal)?;
        known.declined.as_deref().filter(|_| self.has_taken_another_than(signal))
    }
}

impl Changes<'_> {
    /// Notes that a destination took a signal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_taken(
        &self,
        destination: DestinationKey,
        signal: &str,
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        let note = "INSERT INTO destination_signals (destination, signal, taken_ns) VALUES (?1, ?2, ?3)
                    ON CONFLICT DO UPDATE SET taken_ns = coalesce(taken_ns, ?3), declined_ns = NULL, error = NULL";
        self.prepare(note)?.execute(params![destination.0, signal, now.0.cast_signed()])?;
        Ok(())
    }

    /// Notes that a destination says it has no place for a signal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_declined(
        &self,
        destination: DestinationKey,
        signal: &str,
        error: &str,
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        let note = "INSERT INTO destination_signals (destination, signal, declined_ns, error) VALUES (?1, ?2, ?3, ?4)
                    ON CONFLICT DO UPDATE SET declined_ns = ?3, error = ?4";
        self.prepare(note)?.execute(params![destination.0, signal, now.0.cast_signed(), error])?;
        Ok(())
    }

    /// Has every signal tried again that a destination declined.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_declined(&self, destination: DestinationKey) -> Result<(), StoreError> {
        let forget = "UPDATE destination_signals SET declined_ns = NULL, error = NULL WHERE destination = ?1";
        self.prepare(forget)?.execute([destination.0])?;
        Ok(())
    }
}

impl Reader<'_> {
    /// What a destination said of signals.
    pub(crate) fn signals_of(&self, destination: DestinationKey) -> Result<Vec<SignalRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT signal, taken_ns IS NOT NULL, error, declined_ns FROM destination_signals WHERE destination = ?1 ORDER BY signal",
        )?;
        let row = |row: &rusqlite::Row<'_>| {
            let declined_at: Option<i64> = row.get(3)?;
            Ok(SignalRow {
                signal: row.get(0)?,
                is_taken: row.get(1)?,
                declined: row.get(2)?,
                declined_at: declined_at.map(|at| UnixNanos(at.cast_unsigned())),
            })
        };
        let rows = statement.query_map([destination.0], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
