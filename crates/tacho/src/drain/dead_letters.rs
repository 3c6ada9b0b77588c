//! Dead letters: what a destination will never take, kept where somebody can look at it.

use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use tacho_export::destination::Protocol;
use tacho_export::otlp::{Signal, as_json};
use tacho_model::time::UnixNanos;
use tacho_spool::state::State;
use tacho_store::outbox::Parcel;

/// Name of the file in the state directory: one JSON object a line.
pub(crate) const DEAD_LETTERS: &str = "dead-letters.jsonl";
/// A file that has grown beyond this takes the place of the one before it.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

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
            let _ = fs::rename(&path, path.with_extension("old.jsonl"));
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
