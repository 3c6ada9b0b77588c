//! Metrics: what settled is counted once, and destinations are told at a fixed pace what it came to.
//!
//! There is one writer of every series, this process, whatever number of sessions there are: the store keeps what was
//! counted over processes and boots.

use super::courier::Carried;
use super::deliver::{next_attempt, reason};
use super::held_off::HeldOff;
use super::outgoing::Resources;
use super::round::Pace;
use super::{BACKFILL_NS, Drainer, now};
use crate::config::Named;
use crate::failure::Failure;
use crate::metrics::{cumulative, difference, gauges};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use tacho_assemble::metrics::measure;
use tacho_assemble::tree::Assembly;
use tacho_export::delivery::Outcome;
use tacho_export::exporters::PROMETHEUS;
use tacho_export::otlp::{Encoded, REQUEST_ITEMS_MAX, Signal, encode};
use tacho_model::metric::{Instrument, Labels, Measured, Metric, MetricPoint, Temporality, Total};
use tacho_model::time::UnixNanos;
use tacho_privacy::{Disclosure, Policy, as_name, clear_metrics};
use tacho_store::destinations::DestinationRow;
use tacho_store::metrics::{Series, Tally};
use tacho_store::outbox::{Delivery, Parcel};
use tacho_store::{Changes, Reader, SessionKey};

/// How often destinations are told while there is something to tell.
const CADENCE: Duration = Duration::from_secs(15);
/// What waits longer than this behind others goes before them.
const LATE_NS: u64 = 10 * 1_000_000_000;
/// So long they are told after anything was counted, so that what comes of it is seen to stay so.
const AFTERGLOW_NS: u64 = 30 * 1_000_000_000;

/// Counts what a session adds to metrics, with the labels that all of it has; none where its project wants nothing sent, and
/// then it adds nothing, now or later. Nor does one that was seen last so long ago that it is found again, not recorded: a
/// counter says when something happened.
pub(super) fn count(
    changes: &Changes<'_>,
    tally: &mut Tally,
    session: SessionKey,
    assembly: &Assembly,
    labels: Option<&Labels>,
) -> Result<(), Failure> {
    // A session that was recorded from some time on may have a history, in which the same holds of a part of it.
    let since = assembly.told_since.map_or(0, |told| told.0.saturating_sub(BACKFILL_NS));
    // What is no name has the same label as all else that is none.
    let mut measured: BTreeMap<(&str, Labels), (&Metric, Total)> = BTreeMap::new();
    for Measured { metric, labels, total } in measure(&assembly.spans, UnixNanos(since)) {
        let own: Labels = labels.into_iter().map(|(name, value)| (name, as_name(value))).collect();
        match measured.entry((metric.name, own)) {
            Entry::Vacant(place) => drop(place.insert((metric, total))),
            Entry::Occupied(mut before) => before.get_mut().1 = before.get().1.plus(&total),
        }
    }
    let measured = measured.into_iter();
    let measured: Vec<Measured> =
        measured.map(|((_, labels), (metric, total))| Measured { metric, labels, total }).collect();
    let now = now();
    let is_of_late = now.nanos_since(assembly.session.last_seen) < BACKFILL_NS;
    let counts = is_of_late && labels.is_some();
    changes.withhold(session, labels.is_none())?;
    Ok(changes.count(tally, session, &measured, labels.unwrap_or(&Labels::new()), counts, now)?)
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
    /// Who refused what it was told.
    held_off: HeldOff,
}

/// What is said to a destination.
#[derive(Debug)]
pub(super) struct Saying {
    at: UnixNanos,
    /// The requests that are left.
    left: VecDeque<Portion>,
    /// What the request said that is under way; `None` where none is.
    under_way: Option<Vec<Series>>,
}

/// One request, and of which series it says a difference.
#[derive(Debug)]
pub(super) struct Portion {
    pub(super) parcel: Parcel,
    pub(super) series: Vec<Series>,
}

impl Saying {
    /// What is said in these requests.
    pub(super) fn of(at: UnixNanos, portions: impl IntoIterator<Item = Portion>) -> Self {
        Self { at, left: portions.into_iter().collect(), under_way: None }
    }
}

impl Telling {
    /// Tells everybody again, whoever refused what: something was configured, or somebody asks for it.
    pub(super) fn begin_anew(&mut self) {
        self.held_off = HeldOff::default();
    }

    /// The next request for a destination.
    pub(super) fn next_for(&mut self, endpoint: &str) -> Option<Parcel> {
        let saying = self.sayings.get_mut(endpoint)?;
        let Portion { parcel, series } = saying.left.pop_front()?;
        saying.under_way = Some(series);
        Some(parcel)
    }

    /// Whether a destination is being told anything.
    pub(super) fn has_any_for(&self, endpoint: &str) -> bool {
        self.sayings.contains_key(endpoint)
    }

    /// Whether what is to be said to a destination has waited behind others for so long that it goes first.
    pub(super) fn is_late(&self, endpoint: &str, now: UnixNanos) -> bool {
        self.sayings.get(endpoint).is_some_and(|saying| now.nanos_since(saying.at) > LATE_NS)
    }

    /// Whether an answer to what was said is awaited.
    fn is_under_way(&self, endpoint: &str) -> bool {
        self.sayings.get(endpoint).is_some_and(|saying| saying.under_way.is_some())
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
            let told_ago = Duration::from_nanos(now().nanos_since(row.metrics_at));
            // Who was told later than now was told before the clock was set back.
            let is_early = row.metrics_at <= now() && told_ago < interval
                || self.metrics.held_off.holds(endpoint, Instant::now());
            if is_early || row.declines(Signal::Metrics.name()).is_some() {
                continue;
            }
            let goes_on = self.live_sessions > 0 || counted_last.plus_nanos(AFTERGLOW_NS) > row.metrics_at;
            let is_due = counted_last > row.metrics_at || pace == Pace::Gentle && goes_on;
            // What waits is not made anew, lest it never becomes late; it is new enough by then.
            let waits = self.metrics.is_under_way(endpoint) || self.metrics.is_late(endpoint, now());
            if is_due && !waits {
                self.metrics.sayings.insert(endpoint.to_owned(), self.saying(named, row, pace)?);
            }
        }
        Ok(())
    }

    /// Where each destination is told differences from, or that it is told none.
    pub(super) fn introduce_differences(&mut self) -> Result<(), Failure> {
        let changes = self.store.change()?;
        for named in self.config.destinations.iter().filter(|named| is_told(named)) {
            let row = self.known.iter().find(|row| row.name == named.to.endpoint());
            match (row, named.to.temporality) {
                (Some(row), Temporality::Delta) => changes.begin_differences(row.key)?,
                (Some(row), Temporality::Cumulative) => changes.end_differences(row.key)?,
                (None, _) => {}
            }
        }
        Ok(changes.commit()?)
    }

    fn saying(&self, named: &Named, row: &DestinationRow, pace: Pace) -> Result<Saying, Failure> {
        if *named.to.kind == PROMETHEUS {
            return self.text_saying(named, row, pace);
        }
        let (now, temporality) = (now(), named.to.temporality);
        let (told, store) = (Told { row, temporality, now }, self.store.read());
        let mut portions: Vec<(Vec<MetricPoint>, Vec<Series>)> = vec![Default::default()];
        let mut add = |points: Vec<MetricPoint>, series: Option<Series>| {
            if portions.last().is_some_and(|(held, _)| held.len() + points.len() > REQUEST_ITEMS_MAX) {
                portions.push(Default::default());
            }
            if let Some((held, of)) = portions.last_mut() {
                held.extend(points);
                of.extend(series);
            }
        };
        for series in store.series()? {
            let points = told.points(store, &series)?;
            add(points, (temporality == Temporality::Delta).then_some(series));
        }
        let gauges = gauges(&self.state, store, &self.pricer.prices.version(), Some(row.key), now)?;
        told.gauges(gauges).for_each(|point| add(vec![point], None));
        let mut left = Vec::new();
        for (points, mut series) in portions {
            let bodies = self.metrics_encoded(named, points)?;
            let last = bodies.len().saturating_sub(1);
            for (number, body) in bodies.into_iter().enumerate() {
                let parcel = metrics_parcel(named, row, body);
                // What is said in several requests was said when the last was taken.
                let series = if number == last { std::mem::take(&mut series) } else { Vec::new() };
                left.push(Portion { parcel, series });
            }
        }
        Ok(Saying::of(now, left))
    }

    fn metrics_encoded(&self, named: &Named, points: Vec<MetricPoint>) -> Result<Vec<Encoded>, Failure> {
        let resources = Resources { config: &self.config, instance_id: &self.instance_id };
        let user_info = Disclosure::default();
        let policy = Policy { level: named.to.level, user_info, identity_key: &self.identity_key };
        let cleared = clear_metrics(
            &resources.of_metrics(),
            &resources.declared(),
            points,
            named.to.temporality,
            policy,
        );
        encode(&[cleared], Signal::Metrics, named.to.protocol, named.to.compression)
            .map_err(|error| Failure::external("encode metrics", error))
    }

    /// Takes down what a destination was told. What it did not take is told anew when it is due.
    pub(super) fn settle_metrics(&mut self, carried: &Carried) -> Result<(), Failure> {
        self.note_answer_to_metrics(carried)?;
        let to = carried.parcel.destination;
        let Some(row) = self.known.iter().find(|row| row.key == to).cloned() else { return Ok(()) };
        let told = self.metrics.sayings.get_mut(&carried.endpoint).and_then(|saying| {
            let series = saying.under_way.take()?;
            Some((series, saying.left.is_empty().then_some(saying.at)))
        });
        // What it says of single points: none of them is lost, as the next telling says them again.
        let nothing = Parcel { items: 0, ..carried.parcel.clone() };
        let changes = self.store.change()?;
        match (&carried.outcome, told) {
            (Outcome::Taken { message, .. }, told) => {
                self.metrics.held_off.taken(&carried.endpoint);
                let (series, at) = told.unwrap_or_default();
                series.iter().try_for_each(|series| changes.tell_series(to, series))?;
                if let Some(at) = at {
                    changes.tell(to, at)?;
                    self.metrics.sayings.remove(&carried.endpoint);
                }
                if row.failures > 0 || message.is_some() {
                    let taken = Delivery::Taken { rejected: 0, message: message.as_deref() };
                    changes.settle_delivery(&nothing, &taken, now())?;
                }
            }
            (outcome, _) => {
                self.metrics.sayings.remove(&carried.endpoint);
                let lacks_signal =
                    matches!(outcome, Outcome::Misconfigured { status } if status.lacks_signal());
                let (error, (retry_at, is_asked)) = (reason(outcome), next_attempt(outcome, &row, now()));
                let postponed = Delivery::Postponed { retry_at, is_asked, error: &error };
                let is_refused = matches!(outcome, Outcome::Refused { .. });
                if is_refused {
                    self.metrics.held_off.refused(&carried.endpoint, Instant::now());
                }
                let given_up = Delivery::GivenUp { error: &error };
                if !lacks_signal {
                    let delivery = if is_refused { &given_up } else { &postponed };
                    changes.settle_delivery(&nothing, delivery, now())?;
                }
            }
        }
        changes.commit()?;
        self.known = self.store.read().destinations()?;
        Ok(())
    }
}

pub(super) fn metrics_parcel(named: &Named, row: &DestinationRow, body: Encoded) -> Parcel {
    Parcel {
        id: 0,
        destination: row.key,
        signal: Signal::Metrics.name().to_owned(),
        content_type: named.to.protocol.content_type().to_owned(),
        is_full: false,
        has_names: false,
        items: body.items as u64,
        bytes: body.bytes,
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

    /// What was counted of a series.
    fn points(self, store: Reader<'_>, series: &Series) -> Result<Vec<MetricPoint>, Failure> {
        if self.temporality == Temporality::Cumulative {
            return Ok(cumulative(std::slice::from_ref(series), self.last(), self.now));
        }
        let told = store.told(self.row.key, series)?;
        Ok(difference(series, told.as_ref(), self.last(), self.now).into_iter().collect())
    }

    /// What is so now. Sums that others keep are told as sums alone.
    fn gauges(self, points: Vec<MetricPoint>) -> impl Iterator<Item = MetricPoint> {
        points.into_iter().filter(move |point| {
            self.temporality == Temporality::Cumulative || point.metric.instrument == Instrument::Gauge
        })
    }
}
