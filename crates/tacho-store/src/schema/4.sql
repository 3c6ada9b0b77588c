-- Names that stand in many rows: models, projects, types of subagents, sets of tools, rows of the price table.
CREATE TABLE names (
    key  INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

-- Truth: what each call of a model used. The agent deletes its transcripts after a while, so this is never the copy.
CREATE TABLE usage_records (
    message        TEXT NOT NULL,
    -- Empty where the row did not name it: then it speaks of every request with this message.
    request        TEXT NOT NULL,
    session        INTEGER NOT NULL,
    at_ns          INTEGER NOT NULL,
    is_sidechain   INTEGER NOT NULL,
    -- Whether the statement that says whose call it was says no tokens.
    is_empty       INTEGER NOT NULL,
    is_final       INTEGER NOT NULL,
    model          INTEGER,
    project        INTEGER,
    subagent       INTEGER,
    tools          INTEGER,
    input          INTEGER,
    output         INTEGER,
    cache_read     INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    thinking       INTEGER,
    web_searches   INTEGER,
    -- Whatever else the price depends on, as JSON; NULL for the usual.
    terms          TEXT,
    -- NULL for a call without a price: `price` then says why.
    cost_nanos     INTEGER,
    price          INTEGER,
    price_table    INTEGER,
    -- Whether another record speaks of the same call, and this one counts for nothing.
    is_absorbed    INTEGER NOT NULL,
    PRIMARY KEY (message, request)
) WITHOUT ROWID;
CREATE INDEX usage_records_by_session ON usage_records (session);

-- Truth: what the agent itself said a session came to, its last word.
CREATE TABLE reported_costs (
    session     INTEGER NOT NULL,
    -- NULL for the session's sum.
    model       INTEGER,
    cost_nanos     INTEGER NOT NULL,
    -- Whether it had to guess a price.
    has_guessed    INTEGER NOT NULL,
    input          INTEGER,
    output         INTEGER,
    cache_read     INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    thinking       INTEGER,
    web_searches   INTEGER,
    UNIQUE (session, model)
);

-- Truth: how far each transcript was read for what was used.
CREATE TABLE imported_files (
    path       TEXT PRIMARY KEY,
    inode      INTEGER NOT NULL,
    cursor     INTEGER NOT NULL,
    mark       INTEGER NOT NULL,
    -- Rows that say something of usage and could not be read.
    unreadable INTEGER NOT NULL
) WITHOUT ROWID;

-- Derived from usage_records: sums over a quarter of an hour, the coarsest that days of every time zone are made of.
CREATE TABLE usage_sums (
    session        INTEGER NOT NULL,
    quarter        INTEGER NOT NULL,
    model          INTEGER NOT NULL,
    project        INTEGER NOT NULL,
    subagent       INTEGER NOT NULL,
    calls          INTEGER NOT NULL,
    unpriced_calls INTEGER NOT NULL,
    open_calls     INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    thinking       INTEGER NOT NULL,
    web_searches   INTEGER NOT NULL,
    cost_nanos     INTEGER NOT NULL,
    PRIMARY KEY (session, quarter, model, project, subagent)
) WITHOUT ROWID;

-- Derived: what the calls of each session cost that have a price; NULL where none has.
ALTER TABLE sessions ADD COLUMN cost_nanos INTEGER;
-- Answered calls without a price.
ALTER TABLE sessions ADD COLUMN unpriced_calls INTEGER NOT NULL DEFAULT 0;
