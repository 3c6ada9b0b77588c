//! Content that its owner took back from a destination while it waited there: the rest is sent without it.

use super::now;
use crate::failure::Failure;
use tacho_export::destination::{Destination, Protocol};
use tacho_export::otlp::{Signal, without_content};
use tacho_privacy::CaptureLevel;
use tacho_store::Store;
use tacho_store::outbox::{Delivery, Parcel};

/// A request as its destination may get it now; `None` when it cannot be read any more, and then it is given up.
pub(super) fn permitted(
    store: &mut Store,
    to: &Destination,
    parcel: Parcel,
) -> Result<Option<(Signal, Parcel)>, Failure> {
    let signal = Signal::named(&parcel.signal);
    let is_permitted = !parcel.is_full || to.level == CaptureLevel::Full;
    if let Some(signal) = signal.filter(|_| is_permitted) {
        return Ok(Some((signal, parcel)));
    }
    let lowered = signal.and_then(|signal| Some((signal, lowered(signal, &parcel)?)));
    let changes = store.change()?;
    match &lowered {
        Some((_, lowered)) => changes.replace_parcel(lowered)?,
        None => {
            let refused = Delivery::Refused { error: "what waits cannot be read any more" };
            changes.settle_delivery(&parcel, &refused, now())?;
        }
    }
    changes.commit()?;
    Ok(lowered)
}

fn lowered(signal: Signal, parcel: &Parcel) -> Option<Parcel> {
    let protocol = Protocol::of_content_type(&parcel.content_type)?;
    let encoded = without_content(&parcel.bytes, signal, protocol).ok()?;
    Some(Parcel { bytes: encoded.bytes, is_full: false, ..parcel.clone() })
}
