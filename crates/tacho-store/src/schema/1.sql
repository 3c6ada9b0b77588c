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
