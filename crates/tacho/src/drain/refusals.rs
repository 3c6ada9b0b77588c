//! What becomes of a request that its destination will not take as it is.
//!
//! One bad item is found by trying halves, front first, and kept aside. Where one after the other is refused, the items
//! are not to blame: nothing more is given up then, and each further request is tried only once before another is.

use super::dead_letters::DeadLetter;
use super::deliver::MISCONFIGURED_PAUSE_NS;
use super::{Drainer, now};
use tacho_export::delivery::Refusal;
use tacho_export::destination::Protocol;
use tacho_export::otlp::{Encoded, Retrial, Signal, part};
use tacho_model::time::UnixNanos;
use tacho_store::destinations::DestinationRow;
use tacho_store::outbox::{Delivery, Parcel};

/// From so many refusals in a row on, whatever was tried, nothing more is given up.
const GIVEN_UP_MAX: u64 = 3;
/// With so many, requests from elsewhere in line have been refused, too, and the destination is left alone for a while.
const REFUSALS_MAX: u64 = 6;

/// Whether a destination refuses whatever it gets.
pub(super) const fn refuses_everything(row: &DestinationRow) -> bool {
    row.refusals >= REFUSALS_MAX
}

/// A request that was refused.
pub(super) struct Refused {
    error: String,
    consequence: Consequence,
}

enum Consequence {
    /// It is kept aside.
    DeadLetter,
    /// It is kept aside, and the next are not taken for as bad.
    GivenUp,
    Parts(Vec<Parcel>),
    Behind {
        retry_at: UnixNanos,
    },
}

impl Refused {
    pub(super) fn delivery(&self) -> Delivery<'_> {
        let error = self.error.as_str();
        match &self.consequence {
            Consequence::DeadLetter => Delivery::Refused { error },
            Consequence::GivenUp => Delivery::GivenUp { error },
            Consequence::Parts(parts) => Delivery::Parted { error, parts },
            Consequence::Behind { retry_at } => Delivery::PutBehind { retry_at: *retry_at, error },
        }
    }
}

impl Drainer {
    /// A request that was refused, for what is in it or whatever is in it.
    pub(super) fn refused(
        &self,
        row: &DestinationRow,
        parcel: &Parcel,
        refusal: Refusal,
        error: String,
    ) -> Refused {
        if row.refusals >= GIVEN_UP_MAX {
            let is_last_try = row.refusals + 1 >= REFUSALS_MAX;
            let pause_ns = if is_last_try { MISCONFIGURED_PAUSE_NS } else { 0 };
            let retry_at = now().plus_nanos(pause_ns);
            return Refused { error, consequence: Consequence::Behind { retry_at } };
        }
        let parts = parts(parcel, refusal);
        if parts.is_empty() {
            DeadLetter { at: now(), destination: &row.name, error: &error, parcel }.keep(&self.state);
            return Refused { error, consequence: Consequence::DeadLetter };
        }
        Refused { error, consequence: Consequence::Parts(parts) }
    }

    /// A request for which its destination has no place.
    pub(super) fn given_up(&self, row: &DestinationRow, parcel: &Parcel, error: String) -> Refused {
        DeadLetter { at: now(), destination: &row.name, error: &error, parcel }.keep(&self.state);
        Refused { error, consequence: Consequence::GivenUp }
    }
}

/// What can be tried in place of a request; nothing where it is its one item that is refused, or its destination that
/// is at fault.
fn parts(parcel: &Parcel, refusal: Refusal) -> Vec<Parcel> {
    let retrial = |refusal| {
        let protocol = Protocol::of_content_type(&parcel.content_type)?;
        let signal = Signal::named(&parcel.signal)?;
        // What cannot be read again cannot be parted either.
        part(&parcel.bytes, signal, protocol, refusal == Refusal::TooLarge).ok()
    };
    let encoded: Vec<Encoded> = match refusal {
        Refusal::Whole => Vec::new(),
        refusal @ (Refusal::BadItem | Refusal::TooLarge) => match retrial(refusal) {
            Some(Retrial::Halves(halves)) => halves.into(),
            Some(Retrial::WithoutContent(encoded)) => vec![encoded],
            Some(Retrial::Nothing) | None => Vec::new(),
        },
    };
    let part =
        |encoded: Encoded| Parcel { items: encoded.items as u64, bytes: encoded.bytes, ..parcel.clone() };
    encoded.into_iter().map(part).collect()
}
