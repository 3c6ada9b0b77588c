//! What is left of requests without what they hold of a session that is forgotten.

use crate::failure::Failure;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value as Json;
use std::io::{self, Read as _, Write as _};
use tacho_export::destination::Protocol;
use tacho_export::exporters::EVENTS;
use tacho_export::otlp::{Signal, as_json, from_json};
use tacho_model::semconv as key;
use tacho_model::time::UnixNanos;
use tacho_privacy::as_name;
use tacho_store::Changes;
use tacho_store::outbox::Parcel;

/// Why something is lost that waited.
const FORGOTTEN: &str = "forgotten before it was sent";

/// How a request written as OTLP JSON leads to its items.
const WAYS: [[&str; 3]; 2] =
    [["resourceSpans", "scopeSpans", "spans"], ["resourceLogs", "scopeLogs", "logRecords"]];

/// Takes out of line what waits of a session, and counts it as lost. Returns how many items that were. What cannot be read is
/// of nobody known, and goes.
pub(crate) fn forget_unsent(changes: &Changes<'_>, session: &str, now: UnixNanos) -> Result<u64, Failure> {
    let (mut forgotten, mut place) = (0, i64::MIN);
    while let Some(parcel) = changes.read().parcel_behind(place)? {
        place = parcel.id;
        let left = without(&parcel, session).filter(|left| left.items > 0);
        forgotten += parcel.items.saturating_sub(left.as_ref().map_or(0, |left| left.items));
        match left {
            Some(left) if left.items == parcel.items => {}
            Some(left) => changes.replace_parcel(&left)?,
            None => changes.remove_parcel(&parcel)?,
        }
    }
    changes.count_loss(FORGOTTEN, forgotten, now)?;
    Ok(forgotten)
}

/// A request without what it holds of a session; `None` where it cannot be read.
fn without(parcel: &Parcel, session: &str) -> Option<Parcel> {
    if parcel.signal == EVENTS {
        let (lines, items) = lines_without(&parcel.bytes, session).ok()?;
        return Some(Parcel { items, bytes: lines, ..parcel.clone() });
    }
    let (signal, protocol) =
        (Signal::named(&parcel.signal)?, Protocol::of_content_type(&parcel.content_type)?);
    let mut request = serde_json::from_str(&as_json(&parcel.bytes, signal, protocol).ok()?).ok()?;
    take_out(&mut request, session);
    let left = from_json(&request.to_string(), signal, protocol).ok()?;
    Some(Parcel { items: left.items as u64, bytes: left.bytes, ..parcel.clone() })
}

/// Lines of events without those that name a session, and how many are left.
fn lines_without(compressed: &[u8], session: &str) -> io::Result<(Vec<u8>, u64)> {
    let mut lines = String::new();
    GzDecoder::new(compressed).read_to_string(&mut lines)?;
    let names = names_of(session).map(|name| Json::from(name).to_string());
    let left: Vec<&str> =
        lines.lines().filter(|line| !names.iter().any(|name| line.contains(&**name))).collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(left.join("\n").as_bytes())?;
    Ok((encoder.finish()?, left.len() as u64))
}

/// Takes out of a request, written as OTLP JSON, what it holds of a session.
pub(super) fn take_out(request: &mut Json, session: &str) {
    let names = names_of(session);
    WAYS.iter().for_each(|way| take_out_below(request, way, &names));
}

fn take_out_below(value: &mut Json, way: &[&str], names: &[String]) {
    let [step, further @ ..] = way else { return };
    let Some(list) = value.get_mut(step).and_then(Json::as_array_mut) else { return };
    list.retain_mut(|one| match further {
        [] => !is_of(one, names),
        [next, ..] => {
            take_out_below(one, further, names);
            one.get(next).and_then(Json::as_array).is_some_and(|left| !left.is_empty())
        }
    });
}

/// Whether a span or a log record is of the session with one of these names.
fn is_of(item: &Json, names: &[String]) -> bool {
    let is_of = |attribute: &Json| {
        let value = attribute.get("value").and_then(|value| value.get("stringValue")?.as_str());
        attribute.get("key").and_then(Json::as_str) == Some(key::SESSION_ID.name())
            && value.is_some_and(|value| names.iter().any(|name| name == value))
    };
    item.get("attributes").and_then(Json::as_array).is_some_and(|attributes| attributes.iter().any(is_of))
}

/// What a session is called where content is sent, and where it is not.
fn names_of(session: &str) -> [String; 2] {
    [session.to_owned(), as_name(session.to_owned())]
}
