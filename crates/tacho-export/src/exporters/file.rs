//! Files: OTLP JSON, a request a line, a file for each signal (OpenTelemetry, "OpenTelemetry Protocol File Exporter").

use super::lines::{append, line, written};
use super::{Export, Request};
use crate::delivery::Outcome;
use crate::destination::Destination;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// A file that has grown to this makes way for the next.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// So many files that made way are kept.
const KEPT: u32 = 8;

/// Writes files.
pub(super) struct Files;

impl Export for Files {
    fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome {
        let write = |line: Vec<u8>| append_line(Path::new(to.base()), request.name, &line);
        written(line(request, "").and_then(write), to.base())
    }
}

/// Appends a line to the file of this name in a directory, which is made if it is not there.
///
/// # Errors
/// When the line cannot be written; then nothing of it was.
pub fn append_line(directory: &Path, name: &str, line: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let path = directory.join(format!("{name}.jsonl"));
    if fs::metadata(&path).is_ok_and(|found| found.len() >= BYTES_MAX) {
        rotate(directory, name)?;
    }
    append(&path, line)
}

/// Gives every file the name behind its own, and forgets the last.
fn rotate(directory: &Path, name: &str) -> io::Result<()> {
    let path = |number: u32| match number {
        0 => directory.join(format!("{name}.jsonl")),
        number => directory.join(format!("{name}.{number}.jsonl")),
    };
    for number in (0..KEPT).rev() {
        match fs::rename(path(number), path(number + 1)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
