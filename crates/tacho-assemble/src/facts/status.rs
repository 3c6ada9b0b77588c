//! How the agent said that it stands, time and again.

use std::collections::BTreeSet;
use tacho_model::event::{Event, StatusFigures};
use tacho_model::time::UnixNanos;

/// What was said at each time.
#[derive(Debug, Default)]
pub(crate) struct StatusFacts(BTreeSet<(UnixNanos, StatusFigures)>);

impl StatusFacts {
    pub(crate) fn hear(&mut self, event: &Event, figures: &StatusFigures) {
        self.0.extend(event.at.map(|at| (at, figures.clone())));
    }

    /// What was said last up to a time, and when. What is said later is no part of it, so that it stays as it is.
    pub(crate) fn until(&self, end: Option<UnixNanos>) -> Option<&(UnixNanos, StatusFigures)> {
        self.0.iter().rev().find(|(at, _)| end.is_none_or(|end| *at <= end))
    }

    /// When something was said first, and last.
    pub(crate) fn range(&self) -> Option<(UnixNanos, UnixNanos)> {
        Some((self.0.first()?.0, self.0.last()?.0))
    }
}
