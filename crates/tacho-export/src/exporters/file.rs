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
        let write = |line: Vec<u8>| append_line(Path::new(to.base()), request.name, &line, BYTES_MAX);
        written(line(request, "").and_then(write), to.base())
    }
}

/// Appends a line to the file of this name in a directory, which is made if it is not there. A file of so many bytes makes
/// way first.
fn append_line(directory: &Path, name: &str, line: &[u8], bytes_max: u64) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let path = directory.join(format!("{name}.jsonl"));
    if fs::metadata(&path).is_ok_and(|found| found.len() >= bytes_max) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_costs_itself_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("logs.jsonl"), "{}\n{\"half\":").unwrap();
        append_line(directory.path(), "logs", b"{\"whole\":1}\n", BYTES_MAX).unwrap();
        let text = fs::read_to_string(directory.path().join("logs.jsonl")).unwrap();
        assert_eq!(text, "{}\n{\"half\":\n{\"whole\":1}\n");
    }

    #[test]
    fn a_file_that_is_full_makes_way() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..12 {
            append_line(directory.path(), "traces", format!("{number}\n").as_bytes(), 1).unwrap();
        }
        let files = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap());
        let mut found: Vec<(String, String)> = files
            .map(|file| (file.file_name().into_string().unwrap(), fs::read_to_string(file.path()).unwrap()))
            .collect();
        found.sort();
        let kept = |number: u32| (format!("traces.{number}.jsonl"), format!("{}\n", 11 - number));
        let expected: Vec<_> =
            (1..=KEPT).map(kept).chain([("traces.jsonl".to_owned(), "11\n".to_owned())]).collect();
        assert_eq!(found, expected);
    }
}
