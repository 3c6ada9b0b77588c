//! Delivering: what is in line goes out, in order, and every answer is written down before the next request.

use super::{Drainer, now};
use crate::failure::Failure;
use std::time::{Duration, Instant};
use tacho_export::delivery::{Outcome, backoff, retry_after};
use tacho_export::destination::Destination;
use tacho_model::time::UnixNanos;
use tacho_privacy::CaptureLevel;
use tacho_store::outbox::{Delivery, DestinationRow, Parcel};

/// How long one round may send before hooks, sessions and requests get their turn.
const ROUND_MAX: Duration = Duration::from_secs(1);
/// How long a destination is left alone that does not know us.
const MISCONFIGURED_PAUSE_NS: u64 = 5 * 60 * 1_000_000_000;

impl Drainer {
    /// Sends to the destinations in turn, a parcel each, until nothing is in line, it has to be waited for, or the
    /// time of this round is up.
    pub(super) fn deliver(&mut self) -> Result<(), Failure> {
        let began = Instant::now();
        let mut due = self.config.destinations.clone();
        while !due.is_empty() && began.elapsed() < ROUND_MAX {
            let mut still_due = Vec::new();
            for destination in due {
                let Some(row) = self.row_if_due(&destination)? else { continue };
                if let Some(parcel) = self.store.next_parcel(destination.endpoint())? {
                    self.send(&destination, &row, &parcel)?;
                    still_due.push(destination);
                }
            }
            due = still_due;
        }
        Ok(())
    }

    fn row_if_due(&self, destination: &Destination) -> Result<Option<DestinationRow>, Failure> {
        let rows = self.store.destinations()?;
        let row = rows.into_iter().find(|row| row.name == destination.endpoint());
        Ok(row.filter(|row| row.retry_at <= now()))
    }

    fn send(&mut self, to: &Destination, row: &DestinationRow, parcel: &Parcel) -> Result<(), Failure> {
        if parcel.is_full && to.level != CaptureLevel::Full {
            // Its owner took content back from this destination while it waited.
            let changes = self.store.change()?;
            changes.settle_delivery(
                parcel,
                &Delivery::Refused { error: "capture level was lowered" },
                now(),
            )?;
            return Ok(changes.commit()?);
        }
        let outcome = self.sender.send(to, &parcel.signal, &parcel.content_type, &parcel.bytes);
        let now = now();
        let (delivery_kind, error) = judge(&outcome, row, now);
        let delivery = match delivery_kind {
            Verdict::Taken { rejected } => Delivery::Taken { rejected },
            Verdict::Refused => Delivery::Refused { error: &error },
            Verdict::Postponed { retry_at } => Delivery::Postponed { retry_at, error: &error },
        };
        let changes = self.store.change()?;
        changes.settle_delivery(parcel, &delivery, now)?;
        Ok(changes.commit()?)
    }
}

enum Verdict {
    Taken { rejected: u64 },
    Refused,
    Postponed { retry_at: UnixNanos },
}

fn judge(outcome: &Outcome, row: &DestinationRow, now: UnixNanos) -> (Verdict, String) {
    let pause = |nanoseconds: u64| Verdict::Postponed { retry_at: now.plus_nanos(nanoseconds) };
    let backing_off = || pause(nanoseconds(backoff(row.failures + 1, now.0)));
    match outcome {
        Outcome::Taken { rejected, message } => {
            (Verdict::Taken { rejected: *rejected }, message.clone().unwrap_or_default())
        }
        Outcome::Busy { status, retry_after: asked } => {
            let seconds = i64::try_from(now.0 / 1_000_000_000).unwrap_or(i64::MAX);
            let asked = asked.as_deref().and_then(|value| retry_after(value, seconds)).map(nanoseconds);
            (asked.map_or_else(backing_off, pause), format!("HTTP {status}"))
        }
        Outcome::Misconfigured { status } => {
            (pause(MISCONFIGURED_PAUSE_NS), format!("HTTP {status}: {}", advice(*status)))
        }
        Outcome::Refused { status } => (Verdict::Refused, format!("HTTP {status}")),
        Outcome::Unreachable(why) => (backing_off(), why.0.clone()),
    }
}

const fn advice(status: u16) -> &'static str {
    match status {
        401 => "the token is missing or wrong",
        403 => "the token may not write here",
        404 | 405 => "there is no OTLP receiver for this signal at this path",
        _ => "the endpoint leads elsewhere",
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
