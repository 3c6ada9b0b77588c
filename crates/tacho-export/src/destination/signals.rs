//! Which signals a destination gets, and how its metrics count.

use crate::otlp::Signal;
use tacho_model::metric;

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

/// From when sums of metrics count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporality {
    /// From the beginning.
    #[default]
    Cumulative,
    /// From the point before.
    Delta,
    /// From the point before where that needs no memory: for counters and histograms as they are recorded.
    LowMemory,
}

impl Temporality {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Cumulative, Self::Delta, Self::LowMemory];

    /// The one with the name that `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` gives it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }

    /// The one that metrics are told in: all that we add up are counters and histograms.
    #[must_use]
    pub const fn of_metrics(self) -> metric::Temporality {
        match self {
            Self::Cumulative => metric::Temporality::Cumulative,
            Self::Delta | Self::LowMemory => metric::Temporality::Delta,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cumulative => "cumulative",
            Self::Delta => "delta",
            Self::LowMemory => "lowmemory",
        }
    }
}
