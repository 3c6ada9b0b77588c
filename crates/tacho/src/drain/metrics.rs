//! Metrics: what settled is counted once, and destinations are told at a fixed pace what it came to.
//!
//! There is one writer of every series, this process, whatever number of sessions there are: the store keeps what was
//! counted over processes and boots.

use super::outgoing::Resources;
use super::round::Pace;
use super::{BACKFILL_NS, Drainer, now};
use crate::config::Named;
use crate::failure::Failure;
use crate::metrics::{cumulative, difference, gauges};
use std::time::{Duration, Instant};
use tacho_assemble::metrics::measure;
use tacho_assemble::tree::Assembly;
use tacho_export::otlp::{Signal, encode};
use tacho_model::metric::{Instrument, Labels, MetricPoint, Temporality};
use tacho_model::time::UnixNanos;
use tacho_privacy::{Disclosure, Policy, as_name, clear_metrics};
use tacho_store::destinations::DestinationRow;
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

impl Drainer {
    /// Puts metrics in line for every destination that is due to be told. At once also means: now, if there is anything
    /// that it was not told.
    pub(super) fn tell_metrics(&mut self, pace: Pace) -> Result<(), Failure> {
        if pace == Pace::Gentle && self.next_metrics > Instant::now() {
            return Ok(());
        }
        self.next_metrics = Instant::now() + CADENCE;
        let counted_last = self.store.read().counted_last()?;
        let due: Vec<(Named, DestinationRow)> = self
            .config
            .destinations
            .iter()
            // What is counted is of all sessions; who gets those of one project alone gets none of it.
            .filter(|named| named.project.is_none() && named.to.signals.contains(Signal::Metrics))
            .filter_map(|named| {
                let row = self.known.iter().find(|row| row.name == named.to.endpoint())?;
                if row.declines(Signal::Metrics.name()).is_some() {
                    return None;
                }
                let is_new = counted_last > row.metrics_at;
                let interval = named.to.metrics_interval.filter(|_| pace == Pace::Gentle).unwrap_or_default();
                if Duration::from_nanos(now().nanos_since(row.metrics_at)) < interval {
                    return None;
                }
                let goes_on =
                    self.live_sessions > 0 || counted_last.plus_nanos(AFTERGLOW_NS) > row.metrics_at;
                let is_due = is_new || pace == Pace::Gentle && goes_on && counted_last > UnixNanos(0);
                is_due.then(|| (named.clone(), row.clone()))
            })
            .collect();
        if due.is_empty() {
            return Ok(());
        }
        for (named, row) in due {
            // One that was not told yet is told once more when it has heard; what waits would only grow old.
            if !self.store.read().has_metrics_waiting(row.key)? {
                self.tell(&named, &row)?;
            }
        }
        self.known = self.store.read().destinations()?;
        Ok(())
    }

    fn tell(&mut self, named: &Named, row: &DestinationRow) -> Result<(), Failure> {
        let (now, temporality) = (now(), named.to.temporality.of_metrics());
        let told = Told { row, temporality, now };
        let mut points = told.points(self.store.read())?;
        points.extend(told.gauges(gauges(
            &self.state,
            self.store.read(),
            &self.pricer.prices.version(),
            now,
        )?));
        let resources = Resources { config: &self.config, instance_id: &self.instance_id };
        let user_info = Disclosure::default();
        let policy = Policy { level: named.to.level, user_info, identity_key: &self.identity_key };
        let cleared = clear_metrics(&resources.of_metrics(), points, temporality, policy);
        let bodies = encode(&[cleared], Signal::Metrics, named.to.protocol)
            .map_err(|error| Failure::external("encode metrics", error))?;
        let changes = self.store.change()?;
        for body in bodies {
            let parcel = Parcel {
                id: 0,
                destination: row.key,
                signal: Signal::Metrics.name().to_owned(),
                content_type: named.to.protocol.content_type().to_owned(),
                is_full: false,
                has_names: false,
                items: body.items as u64,
                bytes: body.bytes,
            };
            changes.enqueue(&parcel, now)?;
        }
        told.write(&changes)?;
        Ok(changes.commit()?)
    }
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
    fn points(self, store: Reader<'_>) -> Result<Vec<MetricPoint>, Failure> {
        let series = store.series()?;
        if self.temporality == Temporality::Cumulative {
            return Ok(cumulative(series, self.last(), self.now));
        }
        let mut points = Vec::new();
        for series in series {
            let told = match store.told(self.row.key, &series)? {
                None if series.born <= self.last() && self.row.metrics_at == UnixNanos(0) => continue,
                told => told,
            };
            points.extend(difference(&series, told.as_ref(), self.last(), self.now));
        }
        Ok(points)
    }

    /// What is so now. Sums that others keep are told as sums alone.
    fn gauges(self, points: Vec<MetricPoint>) -> impl Iterator<Item = MetricPoint> {
        points.into_iter().filter(move |point| {
            self.temporality == Temporality::Cumulative || point.metric.instrument == Instrument::Gauge
        })
    }

    fn write(self, changes: &Changes<'_>) -> Result<(), Failure> {
        if self.temporality == Temporality::Delta {
            for series in changes.read().series()? {
                changes.tell_series(self.row.key, &series)?;
            }
        }
        Ok(changes.tell(self.row.key, self.now)?)
    }
}
