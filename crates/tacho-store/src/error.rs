//! What can go wrong with the store.

use std::path::{Path, PathBuf};

/// An operation on the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be made.
    #[error("make the store {path}")]
    Make {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
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
    /// An earlier version of the recorder wrote the file, and who only reads may not migrate it.
    #[error("the store {path} has schema {found} and was not migrated yet")]
    Older {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
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
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            Self::Query(source) => is_damage(source),
            Self::Make { .. } | Self::Open { .. } | Self::Newer { .. } | Self::Older { .. } => false,
        }
    }

    pub(crate) fn opening(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        if is_damage(&source) { Self::Damaged { path, source } } else { Self::Open { path, source } }
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
    )
}
