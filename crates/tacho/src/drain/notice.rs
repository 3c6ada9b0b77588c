//! What the drainer tells the user at the start of the next session.

use super::{Drainer, now};
use super::refusals::refuses_everything;
use crate::notice;
use tacho_export::delivery::{Answer, Outcome, Status, judge};
use tacho_store::destinations::DestinationRow;
use tacho_store::signals::SignalRow;

/// So long it is told that a destination has no place for a signal: once would be missed.
const TOLD_NS: u64 = 24 * 3600 * 1_000_000_000;

impl Drainer {
    /// Tells the owner of destinations that take nothing until somebody mends them, and that nothing is sent at all.
    pub(super) fn write_notice(&self) {
        let told: Vec<String> = self
            .known
            .iter()
            .filter(|row| self.is_configured(&row.name))
            .filter_map(|row| Some(format!("{} takes nothing ({})", row.name, complaint(row)?)))
            .chain(self.known.iter().filter(|row| self.is_configured(&row.name)).flat_map(declined_lately))
            .collect();
        let is_some_refused = self.known.iter().any(|row| row.refusals > 0 && self.is_configured(&row.name));
        let advice = if is_some_refused { "see tacho doctor" } else { "nothing is lost: see tacho status" };
        let complaints = || format!("tachograph: {}; {advice}", told.join(", "));
        let of_config = || notice::of_config(&self.config);
        let line = notice::of_unread(&self.config)
            .or_else(|| if told.is_empty() { of_config() } else { Some(complaints()) });
        notice::write(self.state.path(), line.as_deref());
    }
}

/// The signals for which a destination said within the last day that it has no place.
fn declined_lately(row: &DestinationRow) -> impl Iterator<Item = String> {
    let is_lately = |known: &&SignalRow| {
        let at = known.declined_at.filter(|_| row.declines(&known.signal).is_some());
        at.is_some_and(|at| now().nanos_since(at) < TOLD_NS)
    };
    let line = |known: &SignalRow| format!("{} has no place for {}", row.name, known.signal);
    row.signals.iter().filter(is_lately).map(line)
}

/// What keeps a destination from taking anything, if only a person can mend it.
fn complaint(row: &DestinationRow) -> Option<&str> {
    let error = row.last_error.as_deref().filter(|_| row.failures > 0)?;
    if refuses_everything(row) {
        return Some(error);
    }
    let answer = Answer::of(Status::at_start_of(error)?);
    matches!(judge(&answer), Outcome::Misconfigured { .. }).then_some(error)
}
