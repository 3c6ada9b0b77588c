//! Opening the store, and the transaction in which all changes happen.

use crate::error::StoreError;
use crate::schema;
use rusqlite::config::DbConfig;
use rusqlite::{
    CachedStatement, Connection, ErrorCode, OpenFlags, OptionalExtension as _, Transaction,
    TransactionBehavior,
};
use std::fs::{self, OpenOptions};
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use tacho_model::id::SessionId;

/// Name of the file in the state directory.
pub const STORE_FILE: &str = "store.db";

/// Pages kept in memory, in KiB.
const CACHE_KIB: i64 = 8 * 1024;
/// Pages after which the log is brought into the file: a page that changes often is then written once.
const CHECKPOINT_PAGES: i64 = 8_000;
/// How long another process is waited for that changes the file.
const BUSY_MAX: Duration = Duration::from_secs(5);
/// How long between two attempts at what SQLite itself does not wait for.
const BUSY_PAUSE: Duration = Duration::from_millis(2);
/// How many prepared statements are kept.
const STATEMENTS: usize = 64;

/// An open store.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
}

/// Everything the store can be asked, alone or inside a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub(crate) connection: &'a Connection,
}

/// The number of a session in this store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub(crate) i64);

/// Bits of a row's id that number it within its session.
const NUMBER_BITS: u32 = 32;

impl SessionKey {
    /// The number itself.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The ids that rows of the session can have.
    pub(crate) const fn row_ids(self) -> RangeInclusive<i64> {
        let first = self.0 << NUMBER_BITS;
        first..=first + ((1 << NUMBER_BITS) - 1)
    }
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
        connection.busy_timeout(BUSY_MAX)?;
        schema::version(&connection, path)?;
        keep_log(&connection).map_err(opening)?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // A statement is planned once, not again whenever a parameter has another value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
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
        connection.busy_timeout(BUSY_MAX)?;
        let version = schema::version(&connection, path)?;
        if version == 0 {
            return Ok(None);
        }
        if version < schema::latest() {
            return Err(StoreError::Older { path: path.to_owned(), found: version });
        }
        Ok(Some(Self { connection }))
    }

    /// What can be asked.
    #[must_use]
    pub const fn read(&self) -> Reader<'_> {
        Reader { connection: &self.connection }
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

impl Reader<'_> {
    /// The number of a session, if it has one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn key_of(&self, session: &SessionId) -> Result<Option<SessionKey>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT key FROM session_keys WHERE id = ?1")?;
        Ok(select.query_row([session.as_str()], |row| Ok(SessionKey(row.get(0)?))).optional()?)
    }
}

/// Has changes go to a log first. Where another process is about to have the same done, SQLite does not wait for it.
fn keep_log(connection: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && began.elapsed() < BUSY_MAX =>
            {
                thread::sleep(BUSY_PAUSE);
            }
            done => return done,
        }
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
    /// What can be asked, these changes included.
    #[must_use]
    pub fn read(&self) -> Reader<'_> {
        Reader { connection: &self.transaction }
    }

    /// The number of a session, given to it now if it has none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn key_of(&self, session: &SessionId) -> Result<SessionKey, StoreError> {
        if let Some(key) = self.read().key_of(session)? {
            return Ok(key);
        }
        let mut insert = self.transaction.prepare_cached("INSERT INTO session_keys (id) VALUES (?1)")?;
        Ok(SessionKey(insert.insert([session.as_str()])?))
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        Ok(self.transaction.prepare_cached(sql)?)
    }

    /// Makes the changes last.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit()?)
    }
}
