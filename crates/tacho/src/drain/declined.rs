//! Signals for which a destination has no place. It is told by its taking another signal; until then it may be its address
//! that is wrong, so the others in line are tried before it is left alone.

use super::courier::Carried;
use super::deliver::{MISCONFIGURED_PAUSE_NS, next_attempt, reason};
use super::{Drainer, now};
use crate::failure::Failure;
use tacho_export::delivery::Outcome;
use tacho_export::otlp::Signal;
use tacho_store::destinations::DestinationRow;
use tacho_store::outbox::{Delivery, Parcel};

impl Drainer {
    /// Writes down that a destination has no place for a request of a signal that it never took.
    pub(super) fn declined(
        &mut self,
        row: &DestinationRow,
        parcel: &Parcel,
        outcome: &Outcome,
    ) -> Result<(), Failure> {
        let error = reason(outcome);
        let is_another_waiting = self.is_another_waiting(row, &parcel.signal)?;
        let changes = self.store.change()?;
        if row.has_taken_another_than(&parcel.signal) || is_another_waiting {
            changes.note_declined(row.key, &parcel.signal, &error, now())?;
        } else {
            changes.forget_declined(row.key)?;
            let (retry_at, is_asked) = next_attempt(outcome, row, now());
            let postponed = Delivery::Postponed { retry_at, is_asked, error: &error };
            changes.settle_delivery(parcel, &postponed, now())?;
        }
        changes.commit()?;
        self.known = self.store.read().destinations()?;
        Ok(())
    }

    /// Whether anything else is to be sent by whose answer it can be told whether the address is right.
    fn is_another_waiting(&self, row: &DestinationRow, signal: &str) -> Result<bool, Failure> {
        Ok(self.metrics.has_any_for(&row.name) || self.store.read().has_waiting_but(row.key, signal)?)
    }

    /// Writes down whether a destination has a place for metrics, which wait in no line.
    pub(super) fn note_answer_to_metrics(&mut self, carried: &Carried) -> Result<(), Failure> {
        let Some(row) = self.known.iter().find(|row| row.name == carried.endpoint) else { return Ok(()) };
        let (signal, to) = (Signal::Metrics.name(), row.key);
        if row.has_taken(signal) {
            return Ok(());
        }
        let is_declined = matches!(&carried.outcome, Outcome::Misconfigured { status } if status.lacks_signal())
            && row.has_taken_another_than(signal);
        let changes = self.store.change()?;
        if matches!(carried.outcome, Outcome::Taken { .. }) {
            changes.note_taken(to, signal, now())?;
        } else if is_declined {
            changes.note_declined(to, signal, &reason(&carried.outcome), now())?;
        }
        changes.commit()?;
        self.known = self.store.read().destinations()?;
        Ok(())
    }

    /// Keeps aside what waits for destinations that have no place for it.
    pub(super) fn settle_declined(&mut self) -> Result<(), Failure> {
        let is_meant = |row: &&DestinationRow| {
            row.waiting > 0
                && row.signals.iter().any(|known| known.declined.is_some())
                && self.is_configured(&row.name)
        };
        let rows: Vec<DestinationRow> = self.known.iter().filter(is_meant).cloned().collect();
        rows.iter().try_for_each(|row| self.settle_declined_by(row))
    }

    fn settle_declined_by(&mut self, row: &DestinationRow) -> Result<(), Failure> {
        while let Some(parcel) = self.store.read().next_declined_parcel(row.key)? {
            let Some(error) = row.declines(&parcel.signal) else {
                if !self.is_another_waiting(row, &parcel.signal)? {
                    self.leave_alone(row, &parcel)?;
                }
                return Ok(());
            };
            let refused = self.given_up(row, &parcel, error.to_owned());
            let changes = self.store.change()?;
            changes.settle_delivery(&parcel, &refused.delivery(), now())?;
            changes.commit()?;
        }
        Ok(())
    }

    /// Nothing was taken by which to tell that its address is right, so that all of it waits for somebody to mend it.
    fn leave_alone(&mut self, row: &DestinationRow, parcel: &Parcel) -> Result<(), Failure> {
        let declined = row.signals.iter().find(|known| known.signal == parcel.signal);
        let error = declined.and_then(|known| known.declined.clone()).unwrap_or_default();
        let retry_at = now().plus_nanos(MISCONFIGURED_PAUSE_NS);
        let postponed = Delivery::Postponed { retry_at, is_asked: false, error: &error };
        let changes = self.store.change()?;
        changes.forget_declined(row.key)?;
        changes.settle_delivery(parcel, &postponed, now())?;
        changes.commit()?;
        self.known = self.store.read().destinations()?;
        Ok(())
    }
}
