//! Signals for which a destination has no place. It is told by its taking another signal; until then it may be its address
//! that is wrong, so the others in line are tried before it is left alone.

use super::deliver::{next_attempt, reason};
use super::{Drainer, now};
use crate::failure::Failure;
use tacho_export::delivery::Outcome;
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
        let is_another_waiting = self.store.read().has_waiting_but(row.key, &parcel.signal)?;
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
                if !self.store.read().has_waiting_but(row.key, &parcel.signal)? {
                    // Nothing is left by which to tell, so it is its turn again.
                    let changes = self.store.change()?;
                    changes.forget_declined(row.key)?;
                    changes.commit()?;
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
}
