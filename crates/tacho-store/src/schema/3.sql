-- Truth: on which terms each destination was sent to last, so that a change of them is noticed.
ALTER TABLE destinations ADD COLUMN terms TEXT;

-- Truth: the fingerprint of each span when what was sent of it was compared last, so that a destination hears of a
-- change whoever derived it.
ALTER TABLE enqueued ADD COLUMN compared INTEGER;
