-- Derived from the audit log: for each thing that was sealed, the entry that said it first and the one that said it last.
-- What the recorder itself had to say is of the session ''.
CREATE TABLE sealed (
    session     TEXT NOT NULL,
    about       TEXT NOT NULL,
    first       INTEGER NOT NULL,
    entry       INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,
    PRIMARY KEY (session, about)
) WITHOUT ROWID;

-- Of which log that is, and up to which size of it; no row where it is of none.
CREATE TABLE sealed_log (
    origin TEXT NOT NULL,
    size   INTEGER NOT NULL
);
