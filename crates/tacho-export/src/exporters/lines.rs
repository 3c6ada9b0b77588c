//! Requests as lines of text: what the kinds have in common that somebody reads on this machine.

use super::Request;
use crate::delivery::{Outcome, Unreachable};
use crate::destination::Compression;
use crate::gzip::in_form;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

/// A request as one line, behind this prefix.
pub(super) fn line(request: Request<'_>, prefix: &str) -> io::Result<Vec<u8>> {
    let body = in_form(request.body, Compression::None)?;
    Ok([prefix.as_bytes(), &*body, b"\n"].concat())
}

/// Appends to a file that only its owner may read: all of it, or nothing.
pub(super) fn append(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let before = file.metadata()?.len();
    if before > 0 {
        // A line that was cut in two, as by a kill, costs itself alone.
        let mut last = [0];
        file.read_exact_at(&mut last, before - 1)?;
        if last != [b'\n'] {
            file.write_all(b"\n")?;
        }
    }
    let before = file.metadata()?.len();
    file.write_all(text).inspect_err(|_| take_back(&file, before))
}

/// Leaves no half line where the disk is full.
fn take_back(file: &File, before: u64) {
    let _ = file.set_len(before);
}

/// What became of a request that was written here.
pub(super) fn written(result: io::Result<()>, what: &str) -> Outcome {
    match result {
        Ok(()) => Outcome::Taken { rejected: 0, message: None },
        Err(error) => Outcome::Unreachable(Unreachable::other(format!("write {what}: {error}"))),
    }
}
