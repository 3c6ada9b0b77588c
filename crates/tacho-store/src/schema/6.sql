-- Derived from usage_records: sums over a quarter of an hour of calls whose answers asked for the same tools.
CREATE TABLE usage_tool_sums (
    session        INTEGER NOT NULL,
    quarter        INTEGER NOT NULL,
    -- 0 for none.
    tools          INTEGER NOT NULL,
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
    PRIMARY KEY (session, quarter, tools)
) WITHOUT ROWID;
INSERT INTO usage_tool_sums
SELECT session, at_ns / 900000000000, coalesce(tools, 0), count(*), sum(cost_nanos IS NULL), sum(NOT is_final),
       coalesce(sum(input), 0), coalesce(sum(output), 0), coalesce(sum(cache_read), 0), coalesce(sum(cache_write_5m), 0),
       coalesce(sum(cache_write_1h), 0), coalesce(sum(thinking), 0), coalesce(sum(web_searches), 0),
       coalesce(sum(cost_nanos), 0)
FROM usage_records WHERE NOT is_absorbed GROUP BY 1, 2, 3;

-- Truth: which session began as a copy of which, and when the last call was answered that it was given.
CREATE TABLE inheritances (
    session INTEGER NOT NULL,
    origin  INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    PRIMARY KEY (session, origin)
) WITHOUT ROWID;
-- What was read before has to be read again for that; nothing of it counts twice.
DELETE FROM imported_files;
