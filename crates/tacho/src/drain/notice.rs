//! What the drainer tells the user at the start of the next session.

use super::refusals::refuses_everything;
use super::{Drainer, now};
use crate::notice;
use tacho_export::delivery::{Answer, Outcome, Status, judge};
use tacho_model::time::UnixNanos;
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
            .collect();
        let is_some_refused = self.known.iter().any(|row| row.refusals > 0 && self.is_configured(&row.name));
        let advice = if is_some_refused { "see tacho doctor" } else { "nothing is lost: see tacho status" };
        let complaints = || format!("tachograph: {}; {advice}", told.join(", "));
        let of_config = || notice::of_config(&self.config);
        let line = notice::of_unread(&self.config)
            .or_else(|| (!told.is_empty()).then(complaints))
            .or_else(|| self.unsealed())
            .or_else(|| self.declined_lately())
            .or_else(of_config);
        notice::write(self.state.path(), line.as_deref());
    }

    /// What to tell where nothing can be sealed.
    fn unsealed(&self) -> Option<String> {
        let problem = self.sealing.problem()?;
        Some(format!("tachograph: decisions are recorded and not sealed yet: {problem}"))
    }

    /// What to tell of signals for which a destination said within the last day that it has no place.
    fn declined_lately(&self) -> Option<String> {
        let is_lately = |at: &UnixNanos| now().nanos_since(*at) < TOLD_NS;
        self.known.iter().filter(|row| self.is_configured(&row.name)).find_map(|row| {
            let is_meant = |known: &&SignalRow| {
                row.declines(&known.signal).is_some() && known.declined_at.is_some_and(|at| is_lately(&at))
            };
            let signal = &row.signals.iter().find(is_meant)?.signal;
            Some(format!(
                "tachograph: {} has no place for {signal}, which are not sent there: see tacho status",
                row.name
            ))
        })
    }
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
