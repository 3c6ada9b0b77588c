//! What its owner took back while it waited, content from a destination or names from all: the rest is sent without it.

use super::now;
use crate::failure::Failure;
use tacho_export::destination::{Destination, Protocol};
use tacho_export::otlp::{Signal, without};
use tacho_model::attribute::Class;
use tacho_privacy::{CaptureLevel, Disclosure};
use tacho_store::Store;
use tacho_store::outbox::{Delivery, Parcel};

/// A request as its destination may get it now; `None` when it cannot be read any more, and then it is given up.
pub(super) fn permitted(
    store: &mut Store,
    to: &Destination,
    user_info: Disclosure,
    parcel: Parcel,
) -> Result<Option<(Signal, Parcel)>, Failure> {
    let signal = Signal::named(&parcel.signal);
    let has_too_much =
        parcel.is_full && to.level != CaptureLevel::Full || parcel.has_names && user_info != Disclosure::Name;
    if let Some(signal) = signal.filter(|_| !has_too_much) {
        return Ok(Some((signal, parcel)));
    }
    let lowered = signal.and_then(|signal| Some((signal, lowered(signal, &parcel, to.level, user_info)?)));
    let changes = store.change()?;
    match &lowered {
        Some((_, lowered)) => changes.replace_parcel(lowered)?,
        None => {
            let given_up = Delivery::GivenUp { error: "what waits cannot be read any more" };
            changes.settle_delivery(&parcel, &given_up, now())?;
        }
    }
    changes.commit()?;
    Ok(lowered)
}

fn lowered(signal: Signal, parcel: &Parcel, level: CaptureLevel, user_info: Disclosure) -> Option<Parcel> {
    let protocol = Protocol::of_content_type(&parcel.content_type)?;
    let is_full = parcel.is_full && level == CaptureLevel::Full;
    let has_names = parcel.has_names && user_info == Disclosure::Name;
    let content = (!is_full).then_some(Class::Content);
    let names = (!has_names).then_some(Class::Identity);
    let classes: Vec<Class> = content.into_iter().chain(names).collect();
    let encoded = without(&classes, &parcel.bytes, signal, protocol).ok()?;
    Some(Parcel { bytes: encoded.bytes, is_full, has_names, ..parcel.clone() })
}
