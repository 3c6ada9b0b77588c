-- Truth: on which terms each destination was sent to last, so that a change of them is noticed.
ALTER TABLE destinations ADD COLUMN terms TEXT;

-- Truth: a checksum of what stands before the cursor in each file, so that one that was written anew is noticed.
ALTER TABLE transcripts ADD COLUMN mark INTEGER;
-- Bytes that were read of what the file was before.
ALTER TABLE transcripts ADD COLUMN read_before INTEGER NOT NULL DEFAULT 0;

-- Truth: the fingerprint of each span when what was sent of it was compared last, so that a destination hears of a
-- change whoever derived it.
ALTER TABLE enqueued ADD COLUMN compared INTEGER;

-- Truth: how many requests each destination refused as a whole in a row.
ALTER TABLE destinations ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;

-- Truth: whether people's names are in a request. An earlier version did not write that down.
ALTER TABLE outbox ADD COLUMN has_names INTEGER NOT NULL DEFAULT 1;
