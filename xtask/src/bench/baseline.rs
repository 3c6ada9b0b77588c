//! The least that draining a backlog can cost: parse every record, insert it, compress what is sent. Nothing is
//! understood, derived or delivered.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rusqlite::{Connection, Transaction, params};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use serde_json::value::RawValue;
use tacho_spool::read::{read_from, segments};

use crate::workspace;

/// Bytes of segments that go into one transaction, as many as the drainer puts into one.
const TRANSACTION_BYTES: u64 = 6 * 1024 * 1024;

#[derive(Deserialize)]
struct Record<'a> {
    t: u64,
    pid: u64,
    sid: &'a str,
    #[serde(borrow)]
    raw: &'a RawValue,
}

/// The time of the processor that this takes for the backlog below `state` and these request bodies, in a process of its
/// own that has its memory from where the drainer has it.
pub(super) fn measure(state: &Path, folder: &Path, bodies: &Path) -> Result<Duration> {
    let mut command = Command::new(env::current_exe().context("cannot find this program")?);
    let printed = workspace::output(command.args(["bench", "baseline"]).args([state, folder, bodies]))?;
    Ok(Duration::from_micros(printed.trim().parse().context("the baseline is no number")?))
}

/// Does it here and now.
pub(super) fn run(state: &Path, folder: &Path, bodies: &Path) -> Result<Duration> {
    let bodies = expanded(bodies)?;
    let began = processor_time();
    insert_all(state, &folder.join("baseline.db"))?;
    for body in &bodies {
        let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
        compressed.write_all(body)?;
        compressed.finish()?;
    }
    Ok(processor_time() - began)
}

fn insert_all(state: &Path, database: &Path) -> Result<()> {
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
    let mut cursor = 0;
    loop {
        let chunk = read_from(segment, cursor)?;
        for record in &chunk.records {
            let line = [record.open_object.as_slice(), b"}"].concat();
            let record: Record<'_> = serde_json::from_slice(&line)?;
            let payload: BTreeMap<&str, &RawValue> = serde_json::from_str(record.raw.get())?;
            anyhow::ensure!(!payload.is_empty(), "a payload is empty");
            insert.execute(params![
                record.sid,
                record.t.cast_signed(),
                record.pid.cast_signed(),
                record.raw.get().as_bytes()
            ])?;
        }
        cursor = chunk.cursor;
        if !chunk.more {
            return Ok(cursor);
        }
    }
}

/// The bodies as they were before compression.
fn expanded(bodies: &Path) -> Result<Vec<Vec<u8>>> {
    let kept = fs::read(bodies).context("cannot read what was received")?;
    let mut rest = kept.as_slice();
    let mut expanded = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (body, next) = behind
            .split_at_checked(u32::from_be_bytes(*length) as usize)
            .context("what was received is cut short")?;
        let mut bytes = Vec::new();
        GzDecoder::new(body).read_to_end(&mut bytes)?;
        expanded.push(bytes);
        rest = next;
    }
    Ok(expanded)
}

/// What this process has used of the processor.
pub(super) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
