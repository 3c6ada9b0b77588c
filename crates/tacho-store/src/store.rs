//! Opening the store, and the transaction in which all changes happen.

use crate::error::StoreError;
use crate::schema;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

/// Name of the file in the state directory.
pub const STORE_FILE: &str = "store.db";

/// An open store.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
}

impl Store {
    /// Opens the store for writing, making it when it is missing and migrating it when it is older.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when a later version wrote it, [`StoreError::Damaged`] when it is no store.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let opening = |source| StoreError::opening(path, source);
        make_private(path).map_err(|source| StoreError::Make { path: path.to_owned(), source })?;
        let mut connection = Connection::open(path).map_err(opening)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        schema::version(&connection, path)?;
        connection.pragma_update(None, "journal_mode", "wal").map_err(opening)?;
        connection.pragma_update(None, "synchronous", "normal")?;
        schema::migrate(&mut connection, path)?;
        Ok(Self { connection })
    }

    /// Opens the store for reading; `None` when there is none yet.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Older`] when no drainer of this version has migrated it yet.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        if !path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opening = |source| StoreError::opening(path, source);
        let connection = Connection::open_with_flags(path, flags).map_err(opening)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let version = schema::version(&connection, path)?;
        if version == 0 {
            return Ok(None);
        }
        if version < schema::latest() {
            return Err(StoreError::Older { path: path.to_owned(), found: version });
        }
        Ok(Some(Self { connection }))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// When another writer holds the file for too long.
    pub fn change(&mut self) -> Result<Changes<'_>, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Changes { transaction })
    }
}

/// Makes sure that the file is there and only its owner can read it. SQLite gives its log and index files the
/// mode of the main file.
fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

/// Changes that happen together or not at all; dropped without [`Changes::commit`], none happens.
#[derive(Debug)]
pub struct Changes<'a> {
    pub(crate) transaction: Transaction<'a>,
}

impl Changes<'_> {
    /// Makes the changes last.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit()?)
    }
}
