-- Who said what a call used, one bit each: 1 hooks, 2 the transcript, 4 our module in the agent, 8 the agent's telemetry.
ALTER TABLE usage_records ADD COLUMN sources INTEGER NOT NULL DEFAULT 2;

-- A record of the agent's telemetry names nothing but the request; this finds the answer to it.
CREATE INDEX usage_records_by_request ON usage_records (request);
