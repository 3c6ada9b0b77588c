//! `tacho audit anchor`: checkpoints put where whoever changes the log does not reach, and found again there.

use super::book::ReadBook;
use super::entries;
use crate::audit::{AuditPlace, witnessed};
use crate::cli::Output;
use crate::cli::audit::Anchor;
use crate::failure::Failure;
use crate::report::SCHEMA_VERSION;
use crate::terminal::print;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use tacho_audit::verify::Witnessed;

/// Where our notes are in a repository.
const NOTES: &str = "--ref=tachograph";

/// Anchors the newest checkpoint in all places that are named.
pub(super) fn run(output: Output, wanted: &Anchor) -> Result<(), Failure> {
    let book = ReadBook::open()?;
    let mut places = Vec::new();
    if let Some(file) = &wanted.file {
        let file = absolute(file)?;
        let added = OpenOptions::new().append(true).create(true).open(&file).and_then(|mut open| {
            open.write_all(book.checkpoint.as_bytes())?;
            open.sync_all()
        });
        added.map_err(|error| not_written(&file, error))?;
        remember(&book.place, "file", &file)?;
        places.push(file.display().to_string());
    }
    if let Some(repository) = &wanted.git_note {
        let repository = absolute(repository)?;
        git(&repository, &["notes", NOTES, "append", "-m", &book.checkpoint])
            .map_err(|error| Failure::external(format!("add a note in {}", repository.display()), error))?;
        remember(&book.place, "git", &repository)?;
        places.push(format!("refs/notes/tachograph of {}", repository.display()));
    }
    if let Some(query) = &wanted.timestamp_query {
        let stamped = query.with_extension("checkpoint");
        write(&stamped, book.checkpoint.as_bytes())?;
        write(query, &timestamp_query(book.checkpoint.as_bytes()))?;
        places.push(format!("{}, to be stamped by {}", stamped.display(), query.display()));
    }
    if output.json {
        let report = json!({ "schema_version": SCHEMA_VERSION, "size": book.head.size, "anchored": places });
        print(&format!("{report}\n"));
    } else {
        places.iter().for_each(|place| print(&format!("{}: {place}\n", entries(book.head.size))));
    }
    Ok(())
}

/// The checkpoints that are still in files and notes where they were anchored.
pub(super) fn held(place: &AuditPlace) -> Vec<Witnessed> {
    let text = fs::read_to_string(place.anchors()).unwrap_or_default();
    let mut held = Vec::new();
    for (kind, path) in text.lines().filter_map(|line| line.split_once(' ')) {
        let path = PathBuf::from(path);
        // A place that cannot be reached now holds nothing against the log.
        match kind {
            "file" => held.extend(witnessed(&path, None).unwrap_or_default()),
            _ => held.extend(notes(&path).unwrap_or_default()),
        }
    }
    held
}

/// Where something was anchored, each place once.
fn remember(place: &AuditPlace, kind: &str, path: &Path) -> Result<(), Failure> {
    let line = format!("{kind} {}", path.display());
    let known = fs::read_to_string(place.anchors()).unwrap_or_default();
    if known.lines().any(|one| one == line) {
        return Ok(());
    }
    write(&place.anchors(), format!("{known}{line}\n").as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| not_written(path, error))
}

fn not_written(path: &Path, error: io::Error) -> Failure {
    Failure::external(format!("write {}", path.display()), error)
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::external(format!("tell where {} is", path.display()), error))
}

fn notes(repository: &Path) -> Option<Vec<Witnessed>> {
    let listed = git(repository, &["notes", NOTES, "list"]).ok()?;
    let mut found = Vec::new();
    for object in listed.lines().filter_map(|line| line.split(' ').next()) {
        let text = git(repository, &["cat-file", "blob", object]).ok()?;
        let mut file = tempfile::NamedTempFile::new().ok()?;
        file.write_all(text.as_bytes()).ok()?;
        let checkpoints = witnessed(file.path(), None).unwrap_or_default();
        let from = format!("a git note in {}", repository.display());
        found.extend(checkpoints.into_iter().map(|one| Witnessed { from: from.clone(), ..one }));
    }
    Some(found)
}

fn git(repository: &Path, arguments: &[&str]) -> io::Result<String> {
    let ran = Command::new("git").arg("-C").arg(repository).args(arguments).output()?;
    if !ran.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&ran.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}

/// A query for a time stamp over these bytes (RFC 3161, section 2.4.1): version 1, SHA-256, the authority's certificate
/// wanted.
fn timestamp_query(bytes: &[u8]) -> Vec<u8> {
    let algorithm =
        [0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00];
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let imprint = [&algorithm[..], &[0x04, 0x20], &digest].concat();
    let begin = [0x30, 0x39, 0x02, 0x01, 0x01, 0x30, 0x31];
    [&begin[..], &imprint, &[0x01, 0x01, 0xFF]].concat()
}
