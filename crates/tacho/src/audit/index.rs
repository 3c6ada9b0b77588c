//! What was sealed of each session, so that nothing is sealed twice: for each thing, the entry that said it last. Derived from
//! the log, from which it is made again where the machine went down before it was on the disk.

use super::{AuditPlace, Entry, fingerprint_of, hex, stem};
use rustix::fs::syncfs;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use tacho_audit::error::LogError;
use tacho_audit::tiles::Tiles;

/// Up to which size of the log it is complete, and since which boot.
const COVERED: &str = ".covered";
/// So many entries may have to be read again after the machine went down.
const SYNCED_ENTRIES: u64 = 4096;
/// What the recorder itself had to say is kept under this name, which is none of a session's.
const OF_RECORDER: &str = ".recorder";

/// The entry that said something last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) seq: u64,
    pub(crate) fingerprint: u64,
}

/// What was sealed.
#[derive(Debug)]
pub(crate) struct Index {
    place: AuditPlace,
    /// The size of the log up to which it is on the disk.
    synced: u64,
}

impl Index {
    pub(crate) const fn new(place: AuditPlace) -> Self {
        Self { place, synced: 0 }
    }

    /// What was sealed of a session, by what it is about; of the recorder itself for none.
    pub(crate) fn of(&self, session: Option<&str>) -> HashMap<String, Sealed> {
        let text = fs::read_to_string(self.file(session)).unwrap_or_default();
        text.lines().filter_map(line).collect()
    }

    /// The first entry of a session that was sealed.
    pub(crate) fn first_of(&self, session: &str) -> Option<u64> {
        let text = fs::read_to_string(self.file(Some(session))).ok()?;
        text.lines().filter_map(line).map(|(_, sealed)| sealed.seq).min()
    }

    /// Adds what was sealed of a session.
    pub(crate) fn add<'a>(
        &self,
        session: Option<&str>,
        sealed: impl Iterator<Item = (&'a str, Sealed)>,
    ) -> io::Result<()> {
        let text: String = sealed
            .map(|(about, Sealed { seq, fingerprint })| format!("{about} {seq} {fingerprint:016x}\n"))
            .collect();
        fs::create_dir_all(self.place.sealed())?;
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600).open(self.file(session))?.write_all(text.as_bytes())
    }

    /// Notes that it is complete up to this size of this log.
    pub(crate) fn cover(&mut self, origin: &str, size: u64) -> io::Result<()> {
        let directory = self.place.sealed();
        fs::create_dir_all(&directory)?;
        if size.saturating_sub(self.synced) >= SYNCED_ENTRIES {
            syncfs(File::open(&directory)?)?;
            self.synced = size;
        }
        fs::write(directory.join(COVERED), format!("{size} {} {origin} {}\n", self.synced, boot()))
    }

    /// Adds what the log has and it has not. After the machine went down, that may be all since it was last brought to the
    /// disk.
    pub(crate) fn catch_up(&mut self, origin: &str, size: u64, minimum: u64) -> Result<(), LogError> {
        let first = self.covered(origin).filter(|covered| *covered <= size);
        if first.is_none() {
            self.forget();
        }
        let first = first.unwrap_or(0);
        if first == size {
            return Ok(());
        }
        let mut found: HashMap<Option<String>, Vec<(String, Sealed)>> = HashMap::new();
        Tiles::new(&self.place.log(), size).each_entry(first.max(minimum), &mut |seq, bytes| {
            let Some(entry) = Entry::parse(bytes) else { return };
            let Some(about) = entry.text("about") else { return };
            let sealed = Sealed { seq, fingerprint: fingerprint_of(&entry) };
            let session = entry.text("session").map(str::to_owned);
            found.entry(session).or_default().push((about.to_owned(), sealed));
        })?;
        for (session, sealed) in &found {
            let lines = sealed.iter().map(|(about, sealed)| (about.as_str(), *sealed));
            self.add(session.as_deref(), lines).map_err(|error| self.failed(error))?;
        }
        self.cover(origin, size).map_err(|error| self.failed(error))
    }

    /// Forgets all of it.
    pub(crate) fn forget(&mut self) {
        // What cannot be removed is said again, to the same effect.
        let _ = fs::remove_dir_all(self.place.sealed());
        self.synced = 0;
    }

    /// Up to which size of this log it is there; none where it is another's.
    fn covered(&mut self, origin: &str) -> Option<u64> {
        let text = fs::read_to_string(self.place.sealed().join(COVERED)).ok()?;
        let mut words = text.split_whitespace();
        let (size, synced) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        if words.next()? != origin {
            return None;
        }
        self.synced = synced;
        Some(if words.next()? == boot() { size } else { synced })
    }

    fn failed(&self, source: io::Error) -> LogError {
        LogError::File { operation: "write", path: self.place.sealed(), source }
    }

    fn file(&self, session: Option<&str>) -> PathBuf {
        self.place.sealed().join(session.map_or_else(|| OF_RECORDER.to_owned(), stem))
    }
}

fn line(line: &str) -> Option<(String, Sealed)> {
    let mut words = line.split(' ');
    let (about, seq, fingerprint) = (words.next()?, words.next()?, words.next()?);
    let sealed = Sealed { seq: seq.parse().ok()?, fingerprint: u64::from_str_radix(fingerprint, 16).ok()? };
    Some((about.to_owned(), sealed))
}

/// Names the time since the machine went up, in which what was written is read whether or not it is on the disk.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    hex(&Sha256::digest(id.trim()), 8)
}
