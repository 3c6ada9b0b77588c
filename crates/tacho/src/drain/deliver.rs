//! Delivering: what is in line goes out, in order, one request at a time for each destination, and every answer is
//! written down before the next request.

use super::courier::{Carried, Enclosure};
use super::lowered::permitted;
use super::outgoing::Resources;
use super::{Drainer, now};
use crate::audit::checkpoint_of;
use crate::failure::Failure;
use std::time::{Duration, Instant};
use tacho_export::delivery::{Outcome, PAUSE_MAX, Refusal, backoff, retry_after};
use tacho_export::destination::Destination;
use tacho_export::exporters::{self, DEBUG};
use tacho_export::otlp::{Signal, encode};
use tacho_model::batch::Draft;
use tacho_model::log::LogRecord;
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_privacy::{Disclosure, Policy, clear};
use tacho_store::destinations::DestinationRow;
use tacho_store::outbox::Delivery;

/// How long a destination is left alone that does not know us, or refuses whatever it gets.
pub(super) const MISCONFIGURED_PAUSE_NS: u64 = 5 * 60 * 1_000_000_000;

/// When a destination may be tried. A pause that is longer than any can be was begun before the clock was set back.
pub(super) fn may_be_tried_at(row: &DestinationRow) -> UnixNanos {
    let longest = now().plus_nanos(nanoseconds(PAUSE_MAX));
    if row.retry_at > longest { UnixNanos(0) } else { row.retry_at }
}

impl Drainer {
    /// Writes down who came back, and sends the next request to every destination that is due. Waits at most so
    /// long for those that are under way.
    pub(super) fn deliver(&mut self, patience: Duration) -> Result<(), Failure> {
        let until = Instant::now() + patience;
        loop {
            self.send_due()?;
            let left = until.saturating_duration_since(Instant::now());
            let Some(carried) = self.couriers.next_back(left) else { return Ok(()) };
            self.settle(carried)?;
        }
    }

    fn send_due(&mut self) -> Result<(), Failure> {
        self.settle_declined()?;
        for named in &self.config.destinations {
            let destination = &named.to;
            let row = self.known.iter().find(|row| row.name == destination.endpoint());
            let Some(row) = row.filter(|row| may_be_tried_at(row) <= now()) else { continue };
            if self.couriers.is_busy(destination.endpoint()) {
                continue;
            }
            let mut waiting = self.store.read().next_parcel(row.key)?;
            if (waiting.is_none() || self.metrics.is_late(destination.endpoint(), now()))
                && let Some(parcel) = self.metrics.next_for(destination.endpoint())
            {
                self.couriers.send(destination, parcel, None)?;
                continue;
            }
            while let Some(parcel) = waiting {
                let user_info = self.config.disclosure_to(named);
                let Some(parcel) = permitted(&mut self.store, destination, user_info, parcel)? else {
                    waiting = self.store.read().next_parcel(row.key)?;
                    continue;
                };
                let resources = Resources { config: &self.config, instance_id: &self.instance_id };
                let takes_logs =
                    destination.signals.contains(Signal::Logs) && row.declines(Signal::Logs.name()).is_none();
                let is_meant = takes_logs && parcel.signal == Signal::Traces.name();
                let enclosure =
                    self.sealing.checkpoint().filter(|_| is_meant).and_then(|checkpoint| {
                        witness(checkpoint, destination, resources, &self.identity_key)
                    });
                self.couriers.send(destination, parcel, enclosure)?;
                break;
            }
        }
        Ok(())
    }

    /// Tells whoever looks for a fault that a request was not taken.
    fn tell_fault(&self, carried: &Carried) {
        if matches!(carried.outcome, Outcome::Taken { .. }) {
            return;
        }
        let debugging = self.config.destinations.iter().filter(|named| *named.to.kind == DEBUG);
        let error = format!("{}: {}", carried.endpoint, reason(&carried.outcome));
        debugging.for_each(|named| exporters::tell(&named.to, &error));
    }

    /// Writes down how a request ended.
    fn settle(&mut self, carried: Carried) -> Result<(), Failure> {
        self.tell_fault(&carried);
        if carried.parcel.signal == Signal::Metrics.name() {
            return self.settle_metrics(&carried);
        }
        let Carried { endpoint, parcel, outcome } = carried;
        let Some(row) = self.known.iter().find(|row| row.name == endpoint).cloned() else { return Ok(()) };
        let row = &row;
        let now = now();
        let (refused, error);
        let delivery = match &outcome {
            Outcome::Taken { rejected, message } if *rejected < parcel.items => {
                Delivery::Taken { rejected: *rejected, message: message.as_deref() }
            }
            Outcome::Taken { .. } => {
                refused = self.refused(row, &parcel, Refusal::Whole, reason(&outcome));
                refused.delivery()
            }
            Outcome::Refused { status, .. } => {
                refused = self.refused(row, &parcel, Refusal::of(*status), reason(&outcome));
                refused.delivery()
            }
            Outcome::Misconfigured { status } if status.lacks_signal() && !row.has_taken(&parcel.signal) => {
                return self.declined(row, &parcel, &outcome);
            }
            Outcome::Busy { .. } | Outcome::Misconfigured { .. } | Outcome::Unreachable(_) => {
                error = reason(&outcome);
                let (retry_at, is_asked) = next_attempt(&outcome, row, now);
                Delivery::Postponed { retry_at, is_asked, error: &error }
            }
        };
        let changes = self.store.change()?;
        changes.settle_delivery(&parcel, &delivery, now)?;
        if matches!(delivery, Delivery::Taken { .. }) && !row.has_taken(&parcel.signal) {
            changes.note_taken(row.key, &parcel.signal, now)?;
        }
        changes.commit()?;
        self.known = self.store.read().destinations()?;
        Ok(())
    }

    /// Ends every pause that no destination asked for.
    pub(super) fn end_own_pauses(&mut self) -> Result<(), Failure> {
        let changes = self.store.change()?;
        changes.end_own_pauses()?;
        changes.commit()?;
        self.known = self.store.read().destinations()?;
        Ok(())
    }
}

/// The checkpoint of the audit log as a log record, so that a destination can witness what the log was.
fn witness(
    checkpoint: &str,
    to: &Destination,
    resources: Resources<'_>,
    identity_key: &IdentityKey,
) -> Option<Enclosure> {
    let size = checkpoint_of(checkpoint)?.head.size;
    let own = vec![LogRecord::checkpoint(checkpoint, size, now())];
    let draft = Draft { resource: resources.of_recorder(), own, ..Draft::default() };
    let policy = Policy { level: to.level, user_info: Disclosure::default(), identity_key };
    // What cannot be encoded now is not what the request waits for.
    let body = encode(&[clear(&draft, policy)], Signal::Logs, to.protocol, to.compression)
        .ok()?
        .into_iter()
        .next()?;
    let what = checkpoint.to_owned();
    Some(Enclosure { what, content_type: to.protocol.content_type(), bytes: body.bytes })
}

/// When a request is tried again, and whether the destination named that time.
pub(super) fn next_attempt(outcome: &Outcome, row: &DestinationRow, now: UnixNanos) -> (UnixNanos, bool) {
    if let Outcome::Misconfigured { .. } = outcome {
        return (now.plus_nanos(MISCONFIGURED_PAUSE_NS), false);
    }
    let asked = if let Outcome::Busy { retry_after: Some(asked), .. } = outcome {
        retry_after(asked, i64::try_from(now.0 / 1_000_000_000).unwrap_or(i64::MAX))
    } else {
        None
    };
    // Who asks for no pause at all gets the shortest one.
    let pause = asked.map_or_else(|| backoff(row.failures + 1, now.0), |asked| asked.max(backoff(1, now.0)));
    (now.plus_nanos(nanoseconds(pause)), asked.is_some())
}

/// Why a request was not taken, in words.
pub(super) fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Taken { message, .. } => {
            message.clone().unwrap_or_else(|| "all of it was refused, without a reason".to_owned())
        }
        Outcome::Refused { status, message: Some(message) } => format!("{status}: {message}"),
        Outcome::Busy { status, .. } | Outcome::Refused { status, message: None } => status.to_string(),
        Outcome::Misconfigured { status } => format!("{status}: {}", status.advice()),
        Outcome::Unreachable(why) => why.text.clone(),
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
