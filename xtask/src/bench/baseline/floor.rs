//! The least that draining a backlog can cost: read every line, insert it, compress what is sent. Nothing is understood or derived.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, Transaction, params};
use serde_json::value::RawValue;
use tacho_spool::read::segments;

use super::{TRANSACTION_BYTES, each_record};

/// Reads and inserts all lines of the segments below `state`.
pub(super) fn insert_all(state: &Path, database: &Path) -> Result<()> {
    let mut connection = Connection::open(database).context("cannot make a database")?;
    connection.execute_batch(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = normal; PRAGMA cache_size = -8192;
         PRAGMA wal_autocheckpoint = 8000;
         CREATE TABLE records (
             id INTEGER PRIMARY KEY, session TEXT NOT NULL, at INTEGER NOT NULL, pid INTEGER NOT NULL, body BLOB NOT NULL
         );
         CREATE UNIQUE INDEX records_by_uid ON records (session, at, pid);",
    )?;
    let mut segments = segments(state)?.into_iter().peekable();
    while segments.peek().is_some() {
        let transaction = connection.transaction()?;
        let mut bytes = 0;
        while bytes < TRANSACTION_BYTES
            && let Some(segment) = segments.next()
        {
            bytes += insert_segment(&transaction, &segment)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

fn insert_segment(transaction: &Transaction<'_>, segment: &Path) -> Result<u64> {
    let mut insert = transaction
        .prepare_cached("INSERT OR IGNORE INTO records (session, at, pid, body) VALUES (?1, ?2, ?3, ?4)")?;
    each_record(segment, |record| {
        let payload: BTreeMap<&str, &RawValue> = serde_json::from_str(record.raw.get())?;
        anyhow::ensure!(!payload.is_empty(), "a payload is empty");
        insert.execute(params![
            record.sid,
            record.t.cast_signed(),
            record.pid.cast_signed(),
            record.raw.get().as_bytes()
        ])?;
        Ok(())
    })
}
