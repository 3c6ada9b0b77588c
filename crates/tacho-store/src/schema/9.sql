-- Truth: up to which of a session's observations a destination that keeps events got them.
CREATE TABLE event_marks (
    destination INTEGER NOT NULL,
    session     INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    PRIMARY KEY (destination, session)
) WITHOUT ROWID;
