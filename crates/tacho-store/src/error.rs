//! What can go wrong with the store.

use std::path::PathBuf;

/// An operation on the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be opened.
    #[error("open the store {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// A later version of the recorder wrote the file; this one may not write it.
    #[error("the store {path} has schema {found}, and this version knows schemas up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest schema this version knows.
        known: i64,
    },
    /// The file is no store, or is damaged.
    #[error("the store {path} is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// A statement failed.
    #[error("query the store")]
    Query(#[from] rusqlite::Error),
}

impl StoreError {
    /// Whether the file must be set aside and made again from the truth.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    pub(crate) fn opening(path: &std::path::Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path, source }
            }
            _ => Self::Open { path, source },
        }
    }
}
