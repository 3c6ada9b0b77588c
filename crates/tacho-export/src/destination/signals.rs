//! Which signals a destination gets.

use crate::otlp::Signal;

/// A set of signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals([bool; Signal::ALL.len()]);

impl Default for Signals {
    /// All of them.
    fn default() -> Self {
        Self::of(|_| true)
    }
}

impl Signals {
    /// Those of which this holds.
    #[must_use]
    pub fn of(holds: impl Fn(Signal) -> bool) -> Self {
        Self(Signal::ALL.map(holds))
    }

    /// Whether a signal is one of them.
    #[must_use]
    pub fn contains(self, signal: Signal) -> bool {
        self.iter().any(|known| known == signal)
    }

    /// These and others.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self::of(|signal| self.contains(signal) || others.contains(signal))
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.into_iter().zip(self.0).filter_map(|(signal, is_one)| is_one.then_some(signal))
    }

    /// Their names, with a space between them.
    #[must_use]
    pub fn names(self) -> String {
        self.iter().map(Signal::name).collect::<Vec<_>>().join(" ")
    }
}
