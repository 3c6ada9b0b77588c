//! What was put in line on other terms: it goes without the content or the names that its owner took back meanwhile, and
//! in the encoding that its destination is sent now.

use super::now;
use crate::failure::Failure;
use tacho_export::destination::{Destination, Protocol};
use tacho_export::exporters::EVENTS;
use tacho_export::otlp::{Signal, without};
use tacho_model::attribute::Class;
use tacho_privacy::{CaptureLevel, Disclosure};
use tacho_store::Store;
use tacho_store::outbox::{Delivery, Parcel};

/// A request as its destination may get it now; `None` when it is not to get it any more or it cannot be read any more, and
/// then it is given up.
pub(super) fn permitted(
    store: &mut Store,
    to: &Destination,
    user_info: Disclosure,
    parcel: Parcel,
) -> Result<Option<Parcel>, Failure> {
    let signal = Signal::named(&parcel.signal);
    let has_too_much =
        parcel.is_full && to.level != CaptureLevel::Full || parcel.has_names && user_info != Disclosure::Name;
    let is_as_meant = !has_too_much && parcel.content_type == to.protocol.content_type();
    let is_wanted = match signal {
        Some(signal) => to.signals.contains(signal),
        None => parcel.signal == EVENTS && to.keeps_events,
    };
    if is_as_meant && is_wanted {
        return Ok(Some(parcel));
    }
    let signal = signal.filter(|_| is_wanted);
    let lowered = signal.and_then(|signal| lowered(signal, &parcel, to, user_info));
    let changes = store.change()?;
    match &lowered {
        Some(lowered) => changes.replace_parcel(lowered)?,
        None => {
            let error = if is_wanted && signal.is_some() {
                "what waits cannot be read any more"
            } else {
                "what waits is not to be sent any more"
            };
            let given_up = Delivery::GivenUp { error };
            changes.settle_delivery(&parcel, &given_up, now())?;
        }
    }
    changes.commit()?;
    Ok(lowered)
}

fn lowered(signal: Signal, parcel: &Parcel, to: &Destination, user_info: Disclosure) -> Option<Parcel> {
    let from = Protocol::of_content_type(&parcel.content_type)?;
    let is_full = parcel.is_full && to.level == CaptureLevel::Full;
    let has_names = parcel.has_names && user_info == Disclosure::Name;
    let content = (!is_full).then_some(Class::Content);
    let names = (!has_names).then_some(Class::Identity);
    let classes: Vec<Class> = content.into_iter().chain(names).collect();
    let encoded = without(&classes, &parcel.bytes, signal, from, to.protocol).ok()?;
    let content_type = to.protocol.content_type().to_owned();
    Some(Parcel { bytes: encoded.bytes, content_type, is_full, has_names, ..parcel.clone() })
}
