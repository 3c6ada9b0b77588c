//! Metrics: what settled is counted once, and destinations are told at a fixed pace what it came to.
//!
//! There is one writer of every series, this process, whatever number of sessions there are: the store keeps what was
//! counted over processes and boots.

use super::courier::Carried;
use super::outgoing::Resources;
use super::round::Pace;
use super::{BACKFILL_NS, Drainer, now};
use crate::config::Named;
use crate::failure::Failure;
use crate::metrics::{cumulative, difference, gauges};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use tacho_assemble::metrics::measure;
use tacho_assemble::tree::Assembly;
use tacho_export::delivery::Outcome;
use tacho_export::otlp::{Encoded, Signal, encode};
use tacho_model::metric::{Instrument, Labels, MetricPoint, Temporality};
use tacho_model::time::UnixNanos;
use tacho_privacy::{Disclosure, Policy, as_name, clear_metrics};
use tacho_store::destinations::DestinationRow;
use tacho_store::metrics::Series;
use tacho_store::outbox::Parcel;
use tacho_store::{Changes, Reader, SessionKey};

/// How often destinations are told while there is something to tell.
const CADENCE: Duration = Duration::from_secs(15);
/// So long they are told after anything was counted, so that what comes of it is seen to stay so.
const AFTERGLOW_NS: u64 = 30 * 1_000_000_000;

/// Counts what a session adds to metrics, with the labels that all of it has. One that was seen last so long ago that
/// it is found again, not recorded, adds nothing: a counter says when something happened.
pub(super) fn count(
    changes: &Changes<'_>,
    session: SessionKey,
    assembly: &Assembly,
    labels: &Labels,
) -> Result<(), Failure> {
    let mut measured = measure(&assembly.spans);
    for of_series in &mut measured {
        of_series.labels.values_mut().for_each(|value| *value = as_name(std::mem::take(value)));
        of_series.labels.extend(labels.clone());
    }
    let now = now();
    let is_of_late = now.nanos_since(assembly.session.last_seen) < BACKFILL_NS;
    Ok(changes.count(session, &measured, is_of_late, now)?)
}

/// What destinations are told, and when again.
///
/// Nothing of it is kept beside what was counted: what a destination was not told, the next telling says.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// When they are told again; `None` for at once.
    next: Option<Instant>,
    /// What is said to each, by its endpoint.
    sayings: BTreeMap<String, Saying>,
}

/// What is said to a destination.
#[derive(Debug)]
struct Saying {
    at: UnixNanos,
    temporality: Temporality,
    series: Vec<Series>,
    /// The requests that are left.
    left: VecDeque<Parcel>,
    /// How many of them are not answered.
    unanswered: usize,
}

impl Telling {
    /// The next request for a destination.
    pub(super) fn next_for(&mut self, endpoint: &str) -> Option<Parcel> {
        self.sayings.get_mut(endpoint)?.left.pop_front()
    }

    /// Whether a destination is being told anything.
    pub(super) fn has_any_for(&self, endpoint: &str) -> bool {
        self.sayings.contains_key(endpoint)
    }

    /// Whether an answer to what was said is awaited.
    fn is_under_way(&self, endpoint: &str) -> bool {
        self.sayings.get(endpoint).is_some_and(|saying| saying.left.len() < saying.unanswered)
    }
}

impl Drainer {
    /// Makes up what every destination is told that is due to be. At once also means: now, if there is anything that it was
    /// not told.
    pub(super) fn tell_metrics(&mut self, pace: Pace) -> Result<(), Failure> {
        if pace == Pace::Gentle && self.metrics.next.is_some_and(|next| next > Instant::now()) {
            return Ok(());
        }
        self.metrics.next = Some(Instant::now() + CADENCE);
        let counted_last = self.store.read().counted_last()?;
        if counted_last == UnixNanos(0) {
            return Ok(());
        }
        for named in self.config.destinations.iter().filter(|named| is_told(named)) {
            let endpoint = named.to.endpoint();
            let Some(row) = self.known.iter().find(|row| row.name == endpoint) else { continue };
            let interval = named.to.metrics_interval.filter(|_| pace == Pace::Gentle).unwrap_or_default();
            let is_early = Duration::from_nanos(now().nanos_since(row.metrics_at)) < interval;
            if is_early || row.declines(Signal::Metrics.name()).is_some() {
                continue;
            }
            let goes_on = self.live_sessions > 0 || counted_last.plus_nanos(AFTERGLOW_NS) > row.metrics_at;
            let is_due = counted_last > row.metrics_at || pace == Pace::Gentle && goes_on;
            if is_due && !self.metrics.is_under_way(endpoint) {
                self.metrics.sayings.insert(endpoint.to_owned(), self.saying(named, row)?);
            }
        }
        Ok(())
    }

    fn saying(&self, named: &Named, row: &DestinationRow) -> Result<Saying, Failure> {
        let (now, temporality) = (now(), named.to.temporality);
        let (told, store) = (Told { row, temporality, now }, self.store.read());
        let series = store.series()?;
        let mut points = told.points(store, &series)?;
        points.extend(told.gauges(gauges(&self.state, store, &self.pricer.prices.version(), now)?));
        let resources = Resources { config: &self.config, instance_id: &self.instance_id };
        let user_info = Disclosure::default();
        let policy = Policy { level: named.to.level, user_info, identity_key: &self.identity_key };
        let cleared = clear_metrics(&resources.of_metrics(), points, temporality, policy);
        let bodies = encode(&[cleared], Signal::Metrics, named.to.protocol)
            .map_err(|error| Failure::external("encode metrics", error))?;
        let parcel = |body: Encoded| Parcel {
            id: 0,
            destination: row.key,
            signal: Signal::Metrics.name().to_owned(),
            content_type: named.to.protocol.content_type().to_owned(),
            is_full: false,
            has_names: false,
            items: body.items as u64,
            bytes: body.bytes,
        };
        let left: VecDeque<Parcel> = bodies.into_iter().map(parcel).collect();
        Ok(Saying { at: now, temporality, series, unanswered: left.len(), left })
    }

    /// Takes down what a destination was told, once it took all of it. Else it is told anew when it is due.
    pub(super) fn settle_metrics(&mut self, carried: &Carried) -> Result<(), Failure> {
        self.note_answer_to_metrics(carried)?;
        let Some(saying) = self.metrics.sayings.get_mut(&carried.endpoint) else { return Ok(()) };
        if !matches!(carried.outcome, Outcome::Taken { .. }) {
            self.metrics.sayings.remove(&carried.endpoint);
            return Ok(());
        }
        saying.unanswered = saying.unanswered.saturating_sub(1);
        if saying.unanswered > 0 {
            return Ok(());
        }
        let Some(saying) = self.metrics.sayings.remove(&carried.endpoint) else { return Ok(()) };
        let to = carried.parcel.destination;
        let changes = self.store.change()?;
        if saying.temporality == Temporality::Delta {
            saying.series.iter().try_for_each(|series| changes.tell_series(to, series))?;
        }
        changes.tell(to, saying.at)?;
        changes.commit()?;
        self.known = self.store.read().destinations()?;
        Ok(())
    }
}

/// Whether a destination gets metrics. What is counted is of all sessions; who gets those of one project alone gets none of it.
fn is_told(named: &Named) -> bool {
    named.project.is_none() && named.to.signals.contains(Signal::Metrics)
}

/// One telling of a destination.
#[derive(Clone, Copy)]
struct Told<'a> {
    row: &'a DestinationRow,
    temporality: Temporality,
    now: UnixNanos,
}

impl Told<'_> {
    /// When the destination was told last, else when it was introduced: what there was before is none of what it sees
    /// happen.
    fn last(self) -> UnixNanos {
        self.row.metrics_at.max(self.row.since.plus_nanos(BACKFILL_NS))
    }

    /// What was counted.
    fn points(self, store: Reader<'_>, series: &[Series]) -> Result<Vec<MetricPoint>, Failure> {
        if self.temporality == Temporality::Cumulative {
            return Ok(cumulative(series, self.last(), self.now));
        }
        let mut points = Vec::new();
        for series in series {
            let told = match store.told(self.row.key, series)? {
                None if series.born <= self.last() && self.row.metrics_at == UnixNanos(0) => continue,
                told => told,
            };
            points.extend(difference(series, told.as_ref(), self.last(), self.now));
        }
        Ok(points)
    }

    /// What is so now. Sums that others keep are told as sums alone.
    fn gauges(self, points: Vec<MetricPoint>) -> impl Iterator<Item = MetricPoint> {
        points.into_iter().filter(move |point| {
            self.temporality == Temporality::Cumulative || point.metric.instrument == Instrument::Gauge
        })
    }
}
