//! Metrics: what is counted over all sessions, as the registry lists it, and what came of it so far.
//!
//! Everything that is summed is an integer of a metric's base, so that a sum does not depend on the order and survives
//! any number of restarts exactly.

use crate::time::UnixNanos;
use std::collections::BTreeMap;
use std::fmt;

/// What a metric's values mean, and how they are put together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instrument {
    /// A sum that only grows.
    Counter,
    /// A sum that is not promised to grow. Ours does; the type decides what Prometheus calls it.
    Sum,
    /// How often values fell between these bounds, which are in the metric's unit.
    Histogram(&'static [f64]),
    /// What is so at the moment.
    Gauge,
}

/// A metric of the registry. Made only by the generated table.
#[derive(Clone, Copy)]
pub struct Metric {
    /// Its name on the wire of OTLP.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub brief: &'static str,
    /// Its unit, as UCUM spells it; empty where the name already says it.
    pub unit: &'static str,
    /// How its values are put together.
    pub instrument: Instrument,
    /// How many of what is summed make one of the unit.
    pub per_unit: u32,
    /// The labels of its series, those aside that every metric has.
    pub labels: &'static [&'static str],
}

impl Metric {
    /// The metric of this name, if the registry has it.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        crate::metrics::ALL.iter().find(|metric| metric.name == name).copied()
    }

    /// A sum of the base in the metric's unit.
    #[must_use]
    pub fn in_unit(&self, sum: i64) -> f64 {
        sum as f64 / f64::from(self.per_unit)
    }

    /// The bounds of its buckets; none where it has no buckets.
    #[must_use]
    pub const fn bounds(&self) -> &'static [f64] {
        match self.instrument {
            Instrument::Histogram(bounds) => bounds,
            Instrument::Counter | Instrument::Sum | Instrument::Gauge => &[],
        }
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Metric {}

/// Labels by name.
pub type Labels = BTreeMap<String, String>;

/// What was counted of one series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// The sum, in the metric's base.
    pub sum: i64,
    /// How often a value fell into each bucket, the last for all that is larger; empty without buckets.
    pub buckets: Vec<u64>,
}

impl Total {
    /// One value of a metric, in its base.
    #[must_use]
    pub fn of(metric: &Metric, value: i64) -> Self {
        let mut total = Self::default();
        total.record(metric, value);
        total
    }

    /// Adds a value, in the metric's base.
    pub fn record(&mut self, metric: &Metric, value: i64) {
        self.sum = self.sum.saturating_add(value);
        let bounds = metric.bounds();
        if bounds.is_empty() {
            return;
        }
        self.buckets.resize(bounds.len() + 1, 0);
        let value = metric.in_unit(value);
        let place = bounds.partition_point(|bound| *bound < value);
        if let Some(bucket) = self.buckets.get_mut(place) {
            *bucket += 1;
        }
    }

    /// How many values fell into buckets.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// What is in this and not in the other one. Nothing is ever less than nothing: what was counted stays counted.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Self {
        let had = |place: usize| other.buckets.get(place).copied().unwrap_or(0);
        Self {
            sum: self.sum.saturating_sub(other.sum).max(0),
            buckets: (0..)
                .zip(&self.buckets)
                .map(|(place, count)| count.saturating_sub(had(place)))
                .collect(),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let length = self.buckets.len().max(other.buckets.len());
        let count = |total: &Self, place: usize| total.buckets.get(place).copied().unwrap_or(0);
        Self {
            sum: self.sum.saturating_add(other.sum),
            buckets: (0..length).map(|place| count(self, place) + count(other, place)).collect(),
        }
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.sum == 0 && self.count() == 0
    }
}

/// What a session adds to a series, those of its labels aside that are the same for the whole session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The metric.
    pub metric: &'static Metric,
    /// The labels.
    pub labels: Labels,
    /// What it adds.
    pub total: Total,
}

/// What a value of a series is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporality {
    /// From when the series began.
    #[default]
    Cumulative,
    /// From when it was told last.
    Delta,
}

impl Temporality {
    /// The temporality with the name that `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` gives it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "cumulative" => Some(Self::Cumulative),
            // What it asks to be cumulative beyond that are kinds of sums that there are none of.
            "delta" | "lowmemory" => Some(Self::Delta),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cumulative => "cumulative",
            Self::Delta => "delta",
        }
    }
}

/// The value of a series at a moment.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricValue {
    /// Of a counter, a sum or a histogram.
    Total(Total),
    /// Of a gauge.
    Gauge(f64),
}

/// A series at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricPoint {
    /// The metric.
    pub metric: &'static Metric,
    /// The labels.
    pub labels: Labels,
    /// From when on it was counted; of a gauge the moment itself.
    pub start: UnixNanos,
    /// The moment.
    pub at: UnixNanos,
    /// What it came to.
    pub value: MetricValue,
}
