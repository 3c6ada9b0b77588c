//! Whether what settled arrives.

use super::super::words;
use super::Verdict;
use super::ground::Ground;
use crate::config::{Named, Origin};
use crate::drain::DEAD_LETTERS;
use std::fs;
use tacho_export::delivery::{Outcome, Status};
use tacho_export::destination::Protocol;
use tacho_export::exporters::{Place, Request, Sender};
use tacho_export::otlp::Signal;
use tacho_store::destinations::DestinationRow;

/// A request without any span, compressed as all are: as protobuf, and as JSON.
const EMPTY_PROTOBUF: &[u8] = &[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const EMPTY_JSON: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x02\0\xfd\xff{}\x43\xbf\xa6\xa3\x02\0\0\0";

/// Every destination: by what the store knows, and with `--probe` by asking it.
pub(super) fn destinations(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    let rows = ground.store().and_then(|store| store.read().destinations().ok()).unwrap_or_default();
    for row in &rows {
        judge(ground, row, &mut verdict);
    }
    for named in &ground.config.destinations {
        let to = &named.to;
        if rows.iter().all(|row| row.name != to.endpoint()) {
            verdict.note(format!("{}: nothing was sent yet", to.endpoint()));
        }
        if ground.probe && to.kind.place == Place::Address {
            probe(named, &mut verdict);
        }
    }
    for waiting in &ground.config.waiting {
        verdict.note(waiting.reason.clone());
    }
    if verdict.findings.is_empty() && verdict.detail.is_empty() {
        verdict.note("none; everything stays on this machine");
    }
    verdict
}

fn judge(ground: &Ground, row: &DestinationRow, verdict: &mut Verdict) {
    let (name, waiting) = (&row.name, words::plural(row.waiting, "item"));
    let named = ground.config.destinations.iter().find(|named| named.to.endpoint() == name);
    let error = row.last_error.as_deref().unwrap_or("it was not tried yet");
    let Some(named) = named else {
        if row.waiting > 0 {
            let what = format!("{waiting} wait for {name}, which nobody names any more");
            let remedy =
                format!("tacho config set destination {name} && tacho drain --once; else they go in time");
            verdict.find(what, "they are kept for it and not sent", remedy);
        }
        return;
    };
    let is_unauthorised = Status::at_start_of(error).is_some_and(Status::is_unauthorised);
    if row.refusals > 0 && !is_unauthorised {
        let refused = match row.refusals {
            1 => "the last request".to_owned(),
            many => format!("the last {many} requests"),
        };
        let what = format!("{name} refused {refused}, and {waiting} wait for it: {error}");
        let why = "what it refused lies aside; what waits is kept for retention.days and then lost";
        let remedy = "mend what it complains of; then tacho drain --once --dead-letters";
        verdict.find(what, why, remedy);
        return;
    }
    for known in &row.signals {
        let Some(error) = row.declines(&known.signal) else { continue };
        verdict.note(format!("{name} has no place for {}, which are not sent there: {error}", known.signal));
    }
    if row.failures == 0 {
        verdict.note(match row.last_success.map(words::time) {
            Some(at) => {
                format!("{name}: {} delivered, {} refused, the last at {at}", row.delivered, row.rejected)
            }
            None => format!("{name}: nothing was taken yet, {waiting} wait for it"),
        });
        return;
    }
    let times = words::plural(row.failures, "time");
    let what = format!("{name} failed {times} in a row, and {waiting} wait for it: {error}");
    let remedy = match (is_unauthorised, &named.origin) {
        (true, Origin::PluginSettings { agent, .. }) => {
            format!("tacho install {agent} --token-stdin < token && tacho drain --once")
        }
        (true, _) if let Some(file) = &named.project => {
            format!("edit {file}: mend auth_token; then trust it anew")
        }
        (true, _) => {
            format!("tacho config set destination {name} --token-stdin < token && tacho drain --once")
        }
        (false, _) => format!("see that {} answers; then tacho drain --once", named.to.base()),
    };
    verdict.find(what, "what waits is kept for retention.days and then lost", remedy);
}

/// Asks a destination with a request that holds nothing.
fn probe(named: &Named, verdict: &mut Verdict) {
    let to = &named.to;
    let body = match to.protocol {
        Protocol::HttpProtobuf | Protocol::Grpc => EMPTY_PROTOBUF,
        Protocol::HttpJson => EMPTY_JSON,
    };
    let name = to.endpoint();
    let origin = &named.origin;
    let request = Request { name: Signal::Traces.name(), content_type: to.protocol.content_type(), body };
    match Sender::default().send(to, request) {
        Outcome::Taken { .. } => verdict.note(format!("{name} takes what is sent")),
        Outcome::Busy { status, .. } => {
            verdict.note(format!("{name} is busy ({status}), and will be asked again"))
        }
        // Some take no request that is empty; it was there, and knew us.
        Outcome::Refused { status, .. } => {
            verdict.note(format!("{name} answers ({status} to an empty request)"))
        }
        Outcome::Misconfigured { status } => verdict.find(
            format!("{name} answers {status} to a request"),
            "nothing gets through until its address or its token is right",
            format!("mend the destination in {origin}"),
        ),
        Outcome::Unreachable(why) => verdict.find(
            format!("{name} does not answer: {}", why.text),
            "what settles waits until it does",
            format!("see that it runs, or mend the destination in {origin}"),
        ),
    }
}

/// Requests that a destination refused for good.
pub(super) fn dead_letters(ground: &Ground) -> Verdict {
    let text = fs::read(ground.state.path().join(DEAD_LETTERS)).unwrap_or_default();
    let count = text.iter().filter(|byte| **byte == b'\n').count() as u64;
    if count == 0 {
        return Verdict::fine("no request was refused for good");
    }
    let path = ground.in_state(DEAD_LETTERS);
    let what = format!("{} refused for good lie in {path}", words::plural(count, "request"));
    let why = "what they hold is not at the destination; each line says why";
    let remedy = format!(
        "read it with `tail -n 1 {path}`; then send it again: tacho drain --once --dead-letters, or forget it: rm {path}"
    );
    Verdict::found(what, why, remedy)
}
