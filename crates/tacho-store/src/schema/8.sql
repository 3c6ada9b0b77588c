-- Truth: which signals each destination has taken, and for which it has no place, as it said itself.
CREATE TABLE destination_signals (
    destination INTEGER NOT NULL,
    signal      TEXT NOT NULL,
    -- When it took the first; null before.
    taken_ns    INTEGER,
    -- When it said that it has no place for it, and how; null where it did not.
    declined_ns INTEGER,
    error       TEXT,
    PRIMARY KEY (destination, signal)
) WITHOUT ROWID;
-- What was taken before is nowhere written down but for this.
INSERT INTO destination_signals (destination, signal, taken_ns)
SELECT key, 'traces', last_success_ns FROM destinations WHERE last_success_ns IS NOT NULL;
