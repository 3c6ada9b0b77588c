//! The schema and its history. A migration, once released, never changes; a new one goes to the end.

use crate::error::StoreError;
use rusqlite::Connection;
use std::path::Path;

/// One step each; the number of steps done is the file's `user_version`.
const MIGRATIONS: &[&str] = &[
    "
    -- Truth: what every source said, one row a statement.
    CREATE TABLE observations (
        id         INTEGER PRIMARY KEY,
        uid        BLOB NOT NULL UNIQUE,
        agent      TEXT NOT NULL,
        session_id TEXT NOT NULL,
        source     TEXT NOT NULL,
        at_ns      INTEGER,
        subagent   TEXT,
        offset     INTEGER,
        body       BLOB NOT NULL
    );
    CREATE INDEX observations_by_session ON observations (session_id);

    -- Truth: sessions about which something was said since they were last derived.
    CREATE TABLE stale_sessions (id TEXT PRIMARY KEY) WITHOUT ROWID;

    -- Truth: how far each file was taken in, in the transaction that took it in.
    CREATE TABLE segments (
        path    TEXT PRIMARY KEY,
        cursor  INTEGER NOT NULL,
        damaged INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE TABLE transcripts (
        path       TEXT PRIMARY KEY,
        agent      TEXT NOT NULL,
        session_id TEXT NOT NULL,
        subagent   TEXT,
        inode      INTEGER NOT NULL,
        cursor     INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX transcripts_by_session ON transcripts (session_id);

    -- Truth: the agent's process of each session, to see whether it still lives.
    CREATE TABLE processes (
        session_id  TEXT NOT NULL,
        boot        TEXT NOT NULL,
        pid         INTEGER NOT NULL,
        start_ticks INTEGER NOT NULL,
        PRIMARY KEY (session_id, boot, pid, start_ticks)
    ) WITHOUT ROWID;

    -- Derived: everything below is made again from observations by `tacho rebuild`.
    CREATE TABLE sessions (
        id             TEXT PRIMARY KEY,
        agent          TEXT NOT NULL,
        agent_version  TEXT,
        started_ns     INTEGER NOT NULL,
        ended_ns       INTEGER,
        end_inferred   INTEGER NOT NULL,
        last_seen_ns   INTEGER NOT NULL,
        turns          INTEGER NOT NULL,
        llm_calls      INTEGER NOT NULL,
        tool_calls     INTEGER NOT NULL,
        tool_errors    INTEGER NOT NULL,
        tool_denials   INTEGER NOT NULL,
        subagents      INTEGER NOT NULL,
        input          INTEGER,
        output         INTEGER,
        cache_read     INTEGER,
        cache_write_5m INTEGER,
        cache_write_1h INTEGER,
        thinking       INTEGER,
        not_understood INTEGER NOT NULL,
        open_spans     INTEGER NOT NULL,
        settles_at_ns  INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX sessions_by_start ON sessions (started_ns);
    CREATE TABLE spans (
        session_id     TEXT NOT NULL,
        span_id        BLOB NOT NULL,
        position       INTEGER NOT NULL,
        fingerprint    INTEGER NOT NULL,
        trace_id       BLOB NOT NULL,
        parent_span_id BLOB,
        kind           TEXT NOT NULL,
        name           TEXT NOT NULL,
        start_ns       INTEGER NOT NULL,
        end_ns         INTEGER,
        is_error       INTEGER NOT NULL,
        settled        INTEGER NOT NULL,
        attributes     TEXT NOT NULL,
        links          TEXT NOT NULL,
        events         TEXT NOT NULL,
        PRIMARY KEY (session_id, span_id)
    );
    -- End of what is derived.

    -- Truth: who is sent to, since when, and what holds it up.
    CREATE TABLE destinations (
        name       TEXT PRIMARY KEY,
        since_ns   INTEGER NOT NULL,
        retry_at_ns INTEGER NOT NULL DEFAULT 0,
        failures   INTEGER NOT NULL DEFAULT 0,
        last_error TEXT,
        last_success_ns INTEGER,
        delivered  INTEGER NOT NULL DEFAULT 0,
        rejected   INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;

    -- Truth: the encoded bytes that are still to be sent, and which items were ever encoded for whom.
    CREATE TABLE outbox (
        id          INTEGER PRIMARY KEY,
        destination TEXT NOT NULL,
        signal      TEXT NOT NULL,
        content_type TEXT NOT NULL,
        is_full     INTEGER NOT NULL,
        items       INTEGER NOT NULL,
        created_ns  INTEGER NOT NULL,
        bytes       BLOB NOT NULL
    );
    CREATE INDEX outbox_by_destination ON outbox (destination, id);
    CREATE TABLE enqueued (
        destination TEXT NOT NULL,
        item        BLOB NOT NULL,
        at_ns       INTEGER NOT NULL,
        PRIMARY KEY (destination, item)
    ) WITHOUT ROWID;

    -- Truth: what was lost, and why.
    CREATE TABLE losses (
        reason   TEXT PRIMARY KEY,
        count    INTEGER NOT NULL,
        first_ns INTEGER NOT NULL,
        last_ns  INTEGER NOT NULL
    ) WITHOUT ROWID;
",
    "
    ALTER TABLE sessions ADD COLUMN hook_events TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE sessions ADD COLUMN unknown TEXT NOT NULL DEFAULT '{}';
",
];

/// Brings the file up to the latest schema.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection, path)?;
    let done = usize::try_from(found).unwrap_or(0);
    for (number, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", i64::try_from(number + 1).unwrap_or(i64::MAX))?;
        transaction.commit()?;
    }
    Ok(())
}

/// The schema this version writes.
pub(crate) fn latest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The schema of the file, refused when it is newer than this version knows.
pub(crate) fn version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let known = latest();
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|source| StoreError::opening(path, source))?;
    if found > known { Err(StoreError::Newer { path: path.to_owned(), found, known }) } else { Ok(found) }
}
