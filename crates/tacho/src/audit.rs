//! The audit log of this machine: what its entries say, and what lies beside it. How a log proves itself is
//! `tacho-audit`'s; who appends is `drain/sealing.rs` and the commands that change something.
//!
//! Must not keep words of people, files or models in entries: those get commitments, which `openings` opens.

mod book;
mod entry;
mod holds;
mod openings;
mod unsealed;
mod witness;

pub(crate) use book::{Appended, Book, is_damage, lost_entries};
pub(crate) use entry::{Entry, Fields, Known, fingerprint_of, time_text};
pub(crate) use holds::{Hold, Policy, retention_said};
pub(crate) use openings::{Opening, Reasoning, is_forgotten, summary};
pub(crate) use unsealed::{UNSEALED, note_sealed, note_unsealed, unsealed_since};
pub(crate) use witness::{checkpoint_of, witnessed};

use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use tacho_audit::layout::CHECKPOINT;

/// Directory of all that is about the audit log, below the state directory.
pub(crate) const AUDIT: &str = "audit";

/// Where the parts of it lie.
#[derive(Clone, Debug)]
pub(crate) struct AuditPlace {
    state: PathBuf,
}

impl AuditPlace {
    /// Below a state directory.
    pub(crate) fn below(state: &Path) -> Self {
        Self { state: state.to_owned() }
    }

    /// The log itself: all that an auditor needs.
    pub(crate) fn log(&self) -> PathBuf {
        self.audit().join("log")
    }

    /// How many entries it has, as its checkpoint says; none where it has not begun.
    pub(crate) fn entries(&self) -> Option<u64> {
        let text = std::fs::read_to_string(self.log().join(CHECKPOINT)).ok()?;
        checkpoint_of(&text).map(|checkpoint| checkpoint.head.size)
    }

    fn audit(&self) -> PathBuf {
        self.state.join(AUDIT)
    }

    /// The secrets that sign it. They lie apart, so that who copies the log does not copy them.
    fn keys(&self) -> PathBuf {
        self.state.join("keys").join(AUDIT)
    }

    fn openings(&self) -> PathBuf {
        self.audit().join("openings")
    }

    /// Where the list of places lies in which checkpoints were anchored.
    pub(crate) fn anchors(&self) -> PathBuf {
        self.audit().join("anchors")
    }

    fn policy(&self) -> PathBuf {
        self.audit().join("policy.json")
    }

    /// The logs that were damaged and set aside, the oldest first.
    pub(crate) fn damaged(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.audit()).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("damaged-"))
            .map(|entry| entry.path())
            .collect();
        found.sort();
        found
    }

    /// Where a log that is damaged at this time goes.
    pub(crate) fn aside(&self, unix_seconds: u64) -> PathBuf {
        self.audit().join(format!("damaged-{unix_seconds}"))
    }
}

/// The name of a session's files: its id, where that is safe as a name, else its hash.
fn stem(session: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=64).contains(&session.len()) && session.bytes().all(is_plain) {
        return session.to_owned();
    }
    hex(&Sha256::digest(session.as_bytes()), 16)
}

/// The first of these bytes in hex.
fn hex(bytes: &[u8], count: usize) -> String {
    bytes.iter().take(count).map(|byte| format!("{byte:02x}")).collect()
}
