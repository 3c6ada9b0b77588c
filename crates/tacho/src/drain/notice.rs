//! The notice: one line that the hook shows the user at the start of a session, as long as it is true.

use super::Drainer;
use std::fs;
use tacho_export::delivery::{Answer, Outcome, judge};
use tacho_spool::layout::NOTICE;
use tacho_store::destinations::DestinationRow;

impl Drainer {
    /// Tells the owner of destinations that take nothing until somebody mends them, and of nothing else.
    pub(super) fn write_notice(&self) {
        let told: Vec<String> = self
            .known
            .iter()
            .filter(|row| self.is_configured(&row.name))
            .filter_map(|row| Some(format!("{} takes nothing ({})", row.name, complaint(row)?)))
            .collect();
        let path = self.state.path().join(NOTICE);
        let text = if told.is_empty() {
            String::new()
        } else {
            format!("tachograph: {}; nothing is lost: see tacho status\n", told.join(", "))
        };
        if fs::read_to_string(&path).unwrap_or_default() == text {
            return;
        }
        // A notice is a comfort: without it `tacho status` still says what is wrong.
        let _ = if text.is_empty() { fs::remove_file(path) } else { fs::write(path, text) };
    }
}

/// What keeps a destination from taking anything, if only a person can mend it.
fn complaint(row: &DestinationRow) -> Option<&str> {
    let error = row.last_error.as_deref().filter(|_| row.failures > 0)?;
    let digits = error.strip_prefix("HTTP ")?.get(..3)?;
    let answer = Answer { status: digits.parse().ok()?, ..Answer::default() };
    matches!(judge(&answer), Outcome::Misconfigured { .. }).then_some(error)
}
