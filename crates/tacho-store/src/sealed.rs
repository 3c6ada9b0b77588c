//! What the audit log says already, so that nothing is sealed twice. It is made again from the log where it is behind.
//!
//! Of a session of which nothing else is kept any more, it is only kept where in the log its entries lie: one row, about
//! nothing, that stands for all of its rows. Should the session go on, they are learnt from there.

use crate::error::StoreError;
use crate::store::{Changes, Reader};
use rusqlite::{OptionalExtension as _, params};
use std::collections::HashMap;
use std::ops::Range;
use tacho_model::id::SessionId;

/// The session of what the recorder itself had to say.
const OF_RECORDER: &str = "";
/// Whether nothing is kept of the session of a row but what was sealed.
const IS_GONE: &str = "NOT EXISTS (
    SELECT 1 FROM session_keys JOIN observations
        ON observations.id BETWEEN session_keys.key << 32 AND (session_keys.key << 32) + 4294967295
    WHERE session_keys.id = sealed.session)";

/// The entry that said something last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its number in the log.
    pub entry: u64,
    /// Tells what it says from what another entry says of the same thing.
    pub fingerprint: u64,
}

fn name(session: Option<&SessionId>) -> &str {
    session.map_or(OF_RECORDER, SessionId::as_str)
}

impl Reader<'_> {
    /// What was sealed of a session, by what it is about; of the recorder itself for none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sealed(&self, session: Option<&SessionId>) -> Result<HashMap<String, Sealed>, StoreError> {
        let select = "SELECT about, entry, fingerprint FROM sealed WHERE session = ?1 AND about <> ''";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([name(session)], |row| {
            let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok((row.get(0)?, Sealed { entry: number(1)?, fingerprint: number(2)? }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The first of the entries that say what is said of a session.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn first_entry_of(&self, session: &SessionId) -> Result<Option<u64>, StoreError> {
        let select = "SELECT min(first) FROM sealed WHERE session = ?1";
        let mut select = self.connection.prepare_cached(select)?;
        let first: Option<i64> = select.query_row([session.as_str()], |row| row.get(0))?;
        Ok(first.map(i64::cast_unsigned))
    }

    /// Between which entries those of a session lie of which only that is kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn folded_up(&self, session: &SessionId) -> Result<Option<Range<u64>>, StoreError> {
        let select = "SELECT first, entry + 1 FROM sealed WHERE session = ?1 AND about = ''";
        let mut select = self.connection.prepare_cached(select)?;
        let row = select.query_row([session.as_str()], |row| {
            let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok(number(0)?..number(1)?)
        });
        Ok(row.optional()?)
    }

    /// The log of which it is known what was sealed, by its name, and up to which size of it; `None` before there was any.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sealed_log(&self) -> Result<Option<(String, u64)>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT origin, size FROM sealed_log")?;
        let row = select.query_row([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())));
        Ok(row.optional()?)
    }
}

impl Changes<'_> {
    /// Takes down which entry says something last; what an earlier one says is no news.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_sealed(
        &self,
        session: Option<&SessionId>,
        about: &str,
        sealed: Sealed,
    ) -> Result<(), StoreError> {
        let (entry, fingerprint) = (sealed.entry.cast_signed(), sealed.fingerprint.cast_signed());
        let insert =
            "INSERT INTO sealed (session, about, first, entry, fingerprint) VALUES (?1, ?2, ?3, ?3, ?4)
                      ON CONFLICT DO UPDATE SET first = min(first, ?3), entry = max(entry, ?3),
                          fingerprint = iif(entry > ?3, fingerprint, ?4)";
        self.prepare(insert)?.execute(params![name(session), about, entry, fingerprint])?;
        Ok(())
    }

    /// Takes down up to which size of which log it is known what was sealed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_sealed_log(&self, origin: &str, size: u64) -> Result<(), StoreError> {
        self.prepare("DELETE FROM sealed_log")?.execute([])?;
        self.prepare("INSERT INTO sealed_log (origin, size) VALUES (?1, ?2)")?
            .execute(params![origin, size.cast_signed()])?;
        Ok(())
    }

    /// Keeps, of each session of which nothing else is kept any more, only where its entries lie.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn fold_sealed_up(&self) -> Result<(), StoreError> {
        let select = format!(
            "SELECT session FROM sealed WHERE session <> '' GROUP BY session HAVING count(*) > 1 AND {IS_GONE}"
        );
        let mut select = self.prepare(&select)?;
        let gone = select.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        for session in gone {
            self.prepare(
                "INSERT OR REPLACE INTO sealed (session, about, first, entry, fingerprint)
                 SELECT ?1, '', min(first), max(entry), 0 FROM sealed WHERE session = ?1",
            )?
            .execute([&session])?;
            self.prepare("DELETE FROM sealed WHERE session = ?1 AND about <> ''")?.execute([&session])?;
        }
        Ok(())
    }

    /// Forgets where a session's entries lie, as what they say is taken down again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn unfold_sealed(&self, session: &SessionId) -> Result<(), StoreError> {
        self.prepare("DELETE FROM sealed WHERE session = ?1 AND about = ''")?.execute([session.as_str()])?;
        Ok(())
    }

    /// Forgets what entries before this one say of sessions of which nothing else is kept any more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_sealed_before(&self, entry: u64) -> Result<(), StoreError> {
        let delete = format!("DELETE FROM sealed WHERE entry < ?1 AND session <> '' AND {IS_GONE}");
        self.prepare(&delete)?.execute([entry.cast_signed()])?;
        Ok(())
    }

    /// Forgets what was sealed, as it is of a log that is none any more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_sealed(&self) -> Result<(), StoreError> {
        self.prepare("DELETE FROM sealed")?.execute([])?;
        self.prepare("DELETE FROM sealed_log")?.execute([])?;
        Ok(())
    }
}
