//! For whoever looks for a fault: every payload as one line with a prefix that says what it is, in a file or on the
//! terminal.

use super::lines::{append, line, written};
use super::{Export, Request};
use crate::delivery::Outcome;
use crate::destination::Destination;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes lines with prefixes.
pub(super) struct Debug;

impl Export for Debug {
    fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome {
        let signal = request.name.trim_end_matches('s');
        let write = |line: Vec<u8>| match to.base() {
            "" => io::stderr().lock().write_all(&line),
            path => append_within(Path::new(path), &line),
        };
        let what = if to.base().is_empty() { "to standard error" } else { to.base() };
        written(line(request, &format!("[tacho:{signal}] ")).and_then(write), what)
    }
}

/// A file that has grown to this makes way for the next; one such is kept.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

fn append_within(path: &Path, line: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| found.len() >= BYTES_MAX) {
        let mut old = path.as_os_str().to_owned();
        old.push(".old");
        fs::rename(path, old)?;
    }
    append(path, line)
}

/// Writes an error beside the payloads of a destination that is for whoever looks for a fault. Where that fails there is
/// nobody to tell.
pub fn tell(to: &Destination, error: &str) {
    let line = format!("tacho: {}\n", error.replace('\n', " "));
    let _ = match to.base() {
        "" => io::stderr().lock().write_all(line.as_bytes()),
        path => append(Path::new(path), line.as_bytes()),
    };
}
