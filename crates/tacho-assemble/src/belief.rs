//! Choosing between statements about the same thing, whatever their order of arrival.

use tacho_model::event::{Event, Source};
use tacho_model::time::UnixNanos;

/// Which of two statements of the same source is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefer {
    /// The one made first.
    Earliest,
    /// The one made last.
    Latest,
}

/// The best statement so far about one thing.
///
/// Sources rank as [`Source`] orders them; equals are decided by time, then by value, so that every order of
/// arrival ends in the same statement.
#[derive(Clone, Debug)]
pub(crate) struct Believed<T> {
    prefer: Prefer,
    best: Option<Statement<T>>,
}

/// A value with who said it and when.
#[derive(Clone, Debug)]
struct Statement<T> {
    source: Source,
    at: Option<UnixNanos>,
    value: T,
}

impl<T: Clone + Ord> Believed<T> {
    pub(crate) const fn earliest() -> Self {
        Self { prefer: Prefer::Earliest, best: None }
    }

    pub(crate) const fn latest() -> Self {
        Self { prefer: Prefer::Latest, best: None }
    }

    /// Takes in what an event says. Most say no more than others before them.
    pub(crate) fn hear(&mut self, event: &Event, value: &T) {
        if self.is_better(event.source, event.at, value) {
            self.best = Some(Statement { source: event.source, at: event.at, value: value.clone() });
        }
    }

    /// Takes in what was heard elsewhere about the same thing.
    pub(crate) fn join(&mut self, other: &Self) {
        if let Some(heard) = &other.best
            && self.is_better(heard.source, heard.at, &heard.value)
        {
            self.best = Some(heard.clone());
        }
    }

    /// Takes in what an event says, if it says it.
    pub(crate) fn hear_known(&mut self, event: &Event, value: Option<&T>) {
        if let Some(value) = value {
            self.hear(event, value);
        }
    }

    /// Whether a statement is to be believed rather than the best one so far.
    fn is_better(&self, source: Source, at: Option<UnixNanos>, value: &T) -> bool {
        let Some(best) = &self.best else { return true };
        let by_time = match self.prefer {
            Prefer::Earliest => at.cmp(&best.at),
            Prefer::Latest => best.at.cmp(&at),
        };
        source.cmp(&best.source).then(by_time).then_with(|| value.cmp(&best.value)).is_lt()
    }

    pub(crate) fn value(&self) -> Option<&T> {
        self.best.as_ref().map(|best| &best.value)
    }

    pub(crate) fn at(&self) -> Option<UnixNanos> {
        self.best.as_ref().and_then(|best| best.at)
    }

    pub(crate) fn source(&self) -> Option<Source> {
        self.best.as_ref().map(|best| best.source)
    }

    pub(crate) fn is_known(&self) -> bool {
        self.best.is_some()
    }
}

/// The first and the last time that was said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Range {
    pub(crate) first: Option<UnixNanos>,
    pub(crate) last: Option<UnixNanos>,
}

impl Range {
    pub(crate) fn include(&mut self, at: Option<UnixNanos>) {
        let Some(at) = at else { return };
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }

    pub(crate) fn include_range(&mut self, other: Self) {
        self.include(other.first);
        self.include(other.last);
    }
}
