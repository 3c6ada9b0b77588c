//! How the agent said that it stands, time and again.

use std::collections::{BTreeMap, BTreeSet};
use tacho_model::event::{Event, StatusFigures};
use tacho_model::time::UnixNanos;

/// What was said at each time.
#[derive(Debug, Default)]
pub(crate) struct StatusFacts(BTreeMap<UnixNanos, BTreeSet<StatusFigures>>);

impl StatusFacts {
    pub(crate) fn hear(&mut self, event: &Event, figures: &StatusFigures) {
        if let Some(at) = event.at {
            self.0.entry(at).or_default().insert(figures.clone());
        }
    }

    /// What was said last up to a time, and when. What is said later is no part of it, so that it stays as it is.
    pub(crate) fn until(&self, end: Option<UnixNanos>) -> Option<(UnixNanos, &StatusFigures)> {
        let (at, said) = match end {
            Some(end) => self.0.range(..=end).next_back(),
            None => self.0.last_key_value(),
        }?;
        Some((*at, said.last()?))
    }

    /// When something was said first, and last.
    pub(crate) fn range(&self) -> Option<(UnixNanos, UnixNanos)> {
        Some((*self.0.first_key_value()?.0, *self.0.last_key_value()?.0))
    }
}
