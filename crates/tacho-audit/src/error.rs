//! How work on a log fails.

use std::io;
use std::path::{Path, PathBuf};

/// Work on a log failed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A file of the log could not be read or written.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// What was being done.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A file of the log says what cannot be.
    #[error("{} {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The key that signs the log is not at hand.
    #[error("the key {wanted} that signs the log is not there")]
    KeyMissing {
        /// The verifier key that belongs to it.
        wanted: String,
    },
    /// An entry does not fit the format.
    #[error("an entry has {bytes} bytes of at most {}", crate::layout::ENTRY_BYTES_MAX)]
    EntryTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// Something was asked for that the log does not hold.
    #[error("there is no entry {index} in the log: {why}")]
    NoEntry {
        /// Which entry.
        index: u64,
        /// Why it is not there.
        why: &'static str,
    },
}

impl LogError {
    pub(crate) fn file(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { operation, path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }

    /// Whether a file that should be there is not.
    #[must_use]
    pub fn is_missing_file(&self) -> bool {
        matches!(self, Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
