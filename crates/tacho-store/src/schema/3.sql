-- Truth: on which terms each destination was sent to last, so that a change of them is noticed.
ALTER TABLE destinations ADD COLUMN terms TEXT;
