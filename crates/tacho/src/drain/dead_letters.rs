//! Dead letters: what a destination will never take, kept where somebody can look at it and send it after all.

use super::forgotten::take_out;
use super::{Drainer, now};
use crate::config::Config;
use crate::failure::Failure;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use tacho_export::destination::Protocol;
use tacho_export::otlp::{Signal, as_json, from_json};
use tacho_model::time::UnixNanos;
use tacho_spool::state::State;
use tacho_store::destinations::DestinationRow;
use tacho_store::outbox::Parcel;

/// Name of the file in the state directory: one JSON object a line.
pub(crate) const DEAD_LETTERS: &str = "dead-letters.jsonl";
/// A file that has grown beyond this takes the place of the one before it.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What the file before it is called then.
const DEAD_LETTERS_BEFORE: &str = "dead-letters.old.jsonl";

/// What either ends in while it is written anew.
const BESIDE: &str = "new";

/// A request that was refused for good.
pub(super) struct DeadLetter<'a> {
    pub(super) at: UnixNanos,
    pub(super) destination: &'a str,
    pub(super) error: &'a str,
    pub(super) parcel: &'a Parcel,
}

impl DeadLetter<'_> {
    /// Appends it to the file. Where that fails nobody is told: the loss is counted in the store in any case.
    pub(super) fn keep(&self, state: &State) {
        let path = state.path().join(DEAD_LETTERS);
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > BYTES_MAX) {
            let _ = fs::rename(&path, state.path().join(DEAD_LETTERS_BEFORE));
        }
        let line = json!({
            "at_ns": self.at.0,
            "destination": self.destination,
            "error": self.error,
            "signal": self.parcel.signal,
            "items": self.parcel.items,
            "request": self.request(),
        });
        if let Ok(mut file) = OpenOptions::new().append(true).create(true).mode(0o600).open(&path) {
            let _ = file.write_all(format!("{line}\n").as_bytes());
        }
    }

    /// The request as OTLP JSON; null if it cannot be read again.
    fn request(&self) -> Option<serde_json::Value> {
        let protocol = Protocol::of_content_type(&self.parcel.content_type)?;
        let text = as_json(&self.parcel.bytes, Signal::named(&self.parcel.signal)?, protocol).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// A line of the file, as far as it must be known to send it again.
#[derive(Deserialize)]
struct Letter<'a> {
    destination: String,
    signal: String,
    #[serde(borrow)]
    request: &'a RawValue,
}

impl Drainer {
    /// Puts dead letters in line again whose destinations are still sent to, and returns how many. The others stay.
    ///
    /// Nobody else adds any meanwhile: who settles deliveries holds the drainer's lock. Killed before the files are
    /// written anew, it does the same again the next time, and a destination gets spans twice under the same ids.
    pub(crate) fn put_dead_letters_back(&mut self) -> Result<u64, Failure> {
        let mut put_back = 0;
        let mut left = Vec::new();
        let changes = self.store.change()?;
        for name in [DEAD_LETTERS_BEFORE, DEAD_LETTERS] {
            let path = self.state.path().join(name);
            let text = match fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                read => read?,
            };
            let mut kept = Vec::new();
            for line in text.split_inclusive(|byte| *byte == b'\n') {
                match parcel_of(line, &self.config, &self.known) {
                    Some((destination, parcel)) => {
                        changes.put_back(&parcel, &destination, now())?;
                        put_back += 1;
                    }
                    None => kept.extend_from_slice(line),
                }
            }
            left.push((path, kept));
        }
        changes.commit()?;
        left.iter().try_for_each(|(path, kept)| keep_only(path, kept))?;
        self.known = self.store.read().destinations()?;
        Ok(put_back)
    }
}

/// Leaves no dead letter with anything of a session; the caller has the drainer's lock. Returns how many items went. What
/// nobody can read is of nobody known, and goes.
pub(crate) fn forget_dead_letters(state: &State, session: &str) -> io::Result<u64> {
    let mut forgotten = 0;
    for name in [DEAD_LETTERS_BEFORE, DEAD_LETTERS] {
        let path = state.path().join(name);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut kept = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let Ok(mut letter) = serde_json::from_slice(line) else { continue };
            let gone = forget_in(&mut letter, session);
            forgotten += gone;
            if gone == 0 {
                kept.extend_from_slice(line);
            } else if letter.get("items").is_some_and(|items| *items != 0) {
                kept.extend(format!("{letter}\n").into_bytes());
            }
        }
        if kept != text {
            keep_only(&path, &kept)?;
        }
        // Who was killed while he wrote it left what stood there.
        match fs::remove_file(path.with_extension(BESIDE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(forgotten)
}

/// Takes out of a dead letter what is of a session; how many items that were.
fn forget_in(letter: &mut Json, session: &str) -> u64 {
    let signal = letter.get("signal").and_then(Json::as_str).and_then(Signal::named);
    let request = letter.get_mut("request").filter(|request| !request.is_null());
    let (Some(signal), Some(request)) = (signal, request) else { return 0 };
    take_out(request, session);
    let left =
        from_json(&request.to_string(), signal, Protocol::HttpJson).map_or(0, |left| left.items as u64);
    let before = letter.get("items").and_then(Json::as_u64).unwrap_or(left);
    if let Some(items) = letter.get_mut("items") {
        *items = left.into();
    }
    before.saturating_sub(left)
}

/// A dead letter as it can be sent again, and the name of its destination.
fn parcel_of(line: &[u8], config: &Config, known: &[DestinationRow]) -> Option<(String, Parcel)> {
    let letter: Letter<'_> = serde_json::from_slice(line).ok()?;
    let to = config.destination(&letter.destination)?;
    let row = known.iter().find(|row| row.name == letter.destination)?;
    let encoded = from_json(letter.request.get(), Signal::named(&letter.signal)?, to.protocol).ok()?;
    let parcel = Parcel {
        id: 0,
        destination: row.key,
        signal: letter.signal,
        content_type: to.protocol.content_type().to_owned(),
        // Nobody wrote down on which terms it was encoded, so that those of today count.
        is_full: true,
        has_names: true,
        items: encoded.items as u64,
        bytes: encoded.bytes,
    };
    Some((letter.destination, parcel))
}

/// Leaves only these letters in a file, and no file without any.
fn keep_only(path: &Path, letters: &[u8]) -> io::Result<()> {
    if letters.is_empty() {
        return fs::remove_file(path);
    }
    let beside = path.with_extension(BESIDE);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(letters)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
