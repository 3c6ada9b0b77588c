//! A log in a temporary directory, with keys that are the same in every run.

use std::fs;
use std::path::{Path, PathBuf};
use tacho_audit::key_chain::{log_id, origin_of};
use tacho_audit::log::{Log, Writer};
use tacho_audit::note::{SigningKey, VerifierKey};
use tacho_audit::verify::{Outside, Report, Witnessed, verify};
use tempfile::TempDir;

pub(crate) struct Scene {
    directory: TempDir,
    pub(crate) log: Log,
}

/// The first key of the log, or a later one.
pub(crate) fn key(number: u8) -> SigningKey {
    let first = SigningKey::new("x", &[1; 32]).unwrap();
    SigningKey::new(&origin_of(&first.verifier().public), &[number; 32]).unwrap()
}

/// Finds the key that a log asks for among these.
pub(crate) fn key_for(wanted: Option<&VerifierKey>) -> Option<SigningKey> {
    let mut keys = (1..4).map(key);
    match wanted {
        Some(wanted) => keys.find(|key| key.verifier() == wanted),
        None => keys.next(),
    }
}

/// An entry that is told from every other.
pub(crate) fn entry(number: u64) -> Vec<u8> {
    let text = "x".repeat(usize::try_from(number % 40).unwrap());
    format!(r#"{{"log":"{}","seq":{number},"text":"{text}"}}"#, log_id(&key(1).verifier().name)).into_bytes()
}

impl Scene {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = Log::new(&directory.path().join("log"));
        Self { directory, log }
    }

    /// With so many entries, appended at once.
    pub(crate) fn with_entries(count: u64) -> Self {
        let mut scene = Self::new();
        scene.append(count);
        scene
    }

    pub(crate) fn writer(&mut self) -> Writer<'_> {
        self.log.write(key_for).unwrap()
    }

    pub(crate) fn append(&mut self, count: u64) {
        let mut writer = self.writer();
        let entries: Vec<_> = (writer.size()..writer.size() + count).map(entry).collect();
        writer.append(&entries).unwrap();
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    pub(crate) fn checkpoint(&self) -> String {
        fs::read_to_string(self.path().join("checkpoint")).unwrap()
    }

    /// What verifying says, with these checkpoints from outside, and entries judged by their number.
    pub(crate) fn verify(&self, witnessed: &[&str]) -> Report {
        verify_at(&self.path(), witnessed)
    }
}

pub(crate) fn verify_at(log: &Path, witnessed: &[&str]) -> Report {
    let held = |checkpoint: &&str| Witnessed { from: "a witness".into(), checkpoint: (*checkpoint).into() };
    let witnessed: Vec<Witnessed> = witnessed.iter().map(held).collect();
    verify(log, Outside { witnessed: &witnessed, first_key: None }, &mut |number, found| {
        (found != entry(number)).then(|| "is another entry".to_owned())
    })
}

/// Every file below a directory, by its path from there.
pub(crate) fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for path in fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().display().to_string();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
