//! Since when nothing can be sealed: kept in a file beside the log's directory, so that whoever looks from outside knows it,
//! whatever keeps that directory from being written.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use tacho_model::time::UnixNanos;

/// The name of the file, below the state directory: nanoseconds since the Unix epoch.
pub(crate) const UNSEALED: &str = "unsealed";

/// Notes that sealing failed, unless it did before. Where even that cannot be written, the notice still says so.
pub(crate) fn note_unsealed(state: &Path, now: UnixNanos) {
    if let Ok(mut file) = OpenOptions::new().write(true).create_new(true).open(state.join(UNSEALED)) {
        let _ = write!(file, "{}", now.0);
    }
}

/// Notes that it works.
pub(crate) fn note_sealed(state: &Path) {
    // Mostly there is none.
    let _ = fs::remove_file(state.join(UNSEALED));
}

/// Since when it fails; `None` while it works.
pub(crate) fn unsealed_since(state: &Path) -> Option<UnixNanos> {
    fs::read_to_string(state.join(UNSEALED)).ok()?.trim().parse().ok().map(UnixNanos)
}
