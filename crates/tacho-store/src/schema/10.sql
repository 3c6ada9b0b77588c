-- Truth: sessions of which their project wants nothing sent, as it was said last.
CREATE TABLE withheld_sessions (session INTEGER PRIMARY KEY);

-- So much of a loss was found again; `count` is what is left.
ALTER TABLE losses ADD COLUMN found INTEGER NOT NULL DEFAULT 0;
