-- Truth: what metrics came to so far. Labels are JSON of texts by name, in the order of names; sums are in the metric's base;
-- buckets are a JSON array of counts.
CREATE TABLE metric_series (
    key     INTEGER PRIMARY KEY,
    metric  TEXT NOT NULL,
    labels  TEXT NOT NULL,
    born_ns INTEGER NOT NULL,
    -- When it was counted last.
    last_ns INTEGER NOT NULL,
    sum     INTEGER NOT NULL,
    buckets TEXT NOT NULL,
    UNIQUE (metric, labels)
);

-- Truth: what of it came from which session, so that it counts once.
CREATE TABLE metric_shares (
    session INTEGER NOT NULL,
    series  INTEGER NOT NULL,
    sum     INTEGER NOT NULL,
    buckets TEXT NOT NULL,
    PRIMARY KEY (session, series)
) WITHOUT ROWID;

-- Truth: what of it a destination was told that is told differences.
CREATE TABLE metric_tellings (
    destination INTEGER NOT NULL,
    series      INTEGER NOT NULL,
    sum         INTEGER NOT NULL,
    buckets     TEXT NOT NULL,
    PRIMARY KEY (destination, series)
) WITHOUT ROWID;

-- When a destination was told metrics last.
ALTER TABLE destinations ADD COLUMN metrics_ns INTEGER NOT NULL DEFAULT 0;
