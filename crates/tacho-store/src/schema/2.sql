-- Sessions have numbers, and rows of one session lie together: a row's id is the number of its session times 2^32
-- plus its own number within the session. What is taken in and derived together is written in few pages.

-- Truth: the number of each session.
CREATE TABLE session_keys (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id  TEXT NOT NULL UNIQUE
);
INSERT INTO session_keys (id) SELECT session_id FROM observations GROUP BY session_id ORDER BY min(id);
INSERT OR IGNORE INTO session_keys (id) SELECT session_id FROM transcripts ORDER BY session_id;
INSERT OR IGNORE INTO session_keys (id) SELECT id FROM sessions ORDER BY id;

-- Truth: what every source said, one row a statement.
ALTER TABLE observations RENAME TO observations_1;
CREATE TABLE observations (
    id       INTEGER PRIMARY KEY,
    session  INTEGER NOT NULL,
    uid      BLOB NOT NULL,
    agent    TEXT NOT NULL,
    source   TEXT NOT NULL,
    at_ns    INTEGER,
    subagent TEXT,
    offset   INTEGER,
    body     BLOB NOT NULL
);
INSERT INTO observations
    SELECT (key << 32) + row_number() OVER (PARTITION BY session_id ORDER BY observations_1.id), key, uid, agent,
           source, at_ns, subagent, offset, body
    FROM observations_1 JOIN session_keys ON session_keys.id = session_id;
CREATE UNIQUE INDEX observations_by_uid ON observations (session, uid);
DROP TABLE observations_1;

-- Truth: the agent's process of each session, to see whether it still lives.
ALTER TABLE processes RENAME TO processes_1;
CREATE TABLE processes (
    session     INTEGER NOT NULL,
    boot        TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    start_ticks INTEGER NOT NULL,
    PRIMARY KEY (session, boot, pid, start_ticks)
) WITHOUT ROWID;
INSERT INTO processes SELECT key, boot, pid, start_ticks FROM processes_1 JOIN session_keys ON id = session_id;
DROP TABLE processes_1;

-- Truth: who is sent to, since when, and what holds it up.
ALTER TABLE destinations RENAME TO destinations_1;
CREATE TABLE destinations (
    key        INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    since_ns   INTEGER NOT NULL,
    retry_at_ns INTEGER NOT NULL DEFAULT 0,
    -- Whether the destination itself asked to be left alone until then.
    is_asked   INTEGER NOT NULL DEFAULT 0,
    failures   INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    last_success_ns INTEGER,
    delivered  INTEGER NOT NULL DEFAULT 0,
    rejected   INTEGER NOT NULL DEFAULT 0
);
INSERT INTO destinations (name, since_ns, retry_at_ns, failures, last_error, last_success_ns, delivered, rejected)
    SELECT name, since_ns, retry_at_ns, failures, last_error, last_success_ns, delivered, rejected
    FROM destinations_1 ORDER BY name;
DROP TABLE destinations_1;

-- Truth: the encoded bytes that are still to be sent, and which spans were ever encoded for whom, as what.
DROP INDEX outbox_by_destination;
ALTER TABLE outbox RENAME TO outbox_1;
CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    destination  INTEGER NOT NULL,
    signal       TEXT NOT NULL,
    content_type TEXT NOT NULL,
    is_full      INTEGER NOT NULL,
    items        INTEGER NOT NULL,
    created_ns   INTEGER NOT NULL,
    bytes        BLOB NOT NULL
);
INSERT INTO outbox
    SELECT id, key, signal, content_type, is_full, items, created_ns, bytes
    FROM outbox_1 JOIN destinations ON name = destination;
CREATE INDEX outbox_by_destination ON outbox (destination, id, items);
DROP TABLE outbox_1;
ALTER TABLE enqueued RENAME TO enqueued_1;
CREATE TABLE enqueued (
    destination INTEGER NOT NULL,
    session     INTEGER NOT NULL,
    span_id     BLOB NOT NULL,
    -- A hash of what was sent; NULL where an earlier version sent it.
    fingerprint INTEGER,
    PRIMARY KEY (destination, session, span_id)
) WITHOUT ROWID;
INSERT INTO enqueued
    SELECT destinations.key, session_keys.key, item, NULL
    FROM enqueued_1
    JOIN destinations ON destinations.name = destination
    JOIN spans ON span_id = item
    JOIN session_keys ON session_keys.id = session_id;
DROP TABLE enqueued_1;

-- Derived: everything below is made again from observations by `tacho rebuild`, and now, because it was dropped.
DROP TABLE sessions;
DROP TABLE spans;
CREATE TABLE sessions (
    key            INTEGER PRIMARY KEY,
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
    hook_events    TEXT NOT NULL,
    unknown        TEXT NOT NULL,
    settles_at_ns  INTEGER
);
CREATE INDEX sessions_by_start ON sessions (started_ns);
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_ns);
CREATE INDEX sessions_unsettled ON sessions (key) WHERE open_spans > 0 OR ended_ns IS NULL;
CREATE TABLE spans (
    id             INTEGER PRIMARY KEY,
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
    events         TEXT NOT NULL
);

-- Truth: sessions about which something was said since they were last derived.
DROP TABLE stale_sessions;
CREATE TABLE stale_sessions (session INTEGER PRIMARY KEY);
INSERT INTO stale_sessions SELECT DISTINCT session FROM observations;
