//! Forgetting: by age, and when the file outgrows its quota.

use crate::error::StoreError;
use crate::store::{Changes, Reader, SessionKey, Store};
use rusqlite::params;
use tacho_model::id::SessionId;
use tacho_model::time::UnixNanos;

impl Reader<'_> {
    /// Bytes in use, free pages aside.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn used_bytes(&self) -> Result<u64, StoreError> {
        let pragma = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let pages = pragma("page_count")? - pragma("freelist_count")?;
        Ok((pages * pragma("page_size")?).cast_unsigned())
    }

    /// Sessions nothing was seen of since `before`, those that ended first, the oldest first; at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sessions_last_seen_before(
        &self,
        before: UnixNanos,
        limit: u32,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM sessions JOIN session_keys USING (key)
             WHERE last_seen_ns < ?1 ORDER BY ended_ns IS NULL, last_seen_ns LIMIT ?2",
        )?;
        let rows = statement.query_map(params![before.0.cast_signed(), limit], |row| {
            Ok(SessionId::from(row.get::<_, String>(0)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Store {
    /// Gives the space of forgotten rows back to the file system, so that nothing of them is in the file or its
    /// write-ahead log, whoever else has it open.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn shrink(&self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?)
    }
}

impl Changes<'_> {
    /// Forgets a session. What waits to be sent of it still is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_session(&self, session: &SessionId) -> Result<(), StoreError> {
        let Some(key) = self.read().key_of(session)? else { return Ok(()) };
        self.forget_derived(key)?;
        let ids = key.row_ids();
        self.prepare("DELETE FROM observations WHERE id BETWEEN ?1 AND ?2")?
            .execute([ids.start(), ids.end()])?;
        for delete in [
            "DELETE FROM processes WHERE session = ?1",
            "DELETE FROM stale_sessions WHERE session = ?1",
            // What it added to metrics stays in them.
            "DELETE FROM metric_shares WHERE session = ?1",
            "DELETE FROM withheld_sessions WHERE session = ?1",
            "DELETE FROM event_marks WHERE session = ?1",
            "DELETE FROM enqueued WHERE destination IN (SELECT key FROM destinations) AND session = ?1",
            // What was used stays, and whose it was.
            "DELETE FROM session_keys WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM usage_records WHERE session = ?1)",
        ] {
            self.prepare(delete)?.execute([key.0])?;
        }
        Ok(())
    }

    /// Removes what was derived about a session.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_derived(&self, session: SessionKey) -> Result<(), StoreError> {
        let ids = session.row_ids();
        self.prepare("DELETE FROM spans WHERE id BETWEEN ?1 AND ?2")?.execute([ids.start(), ids.end()])?;
        self.prepare("DELETE FROM sessions WHERE key = ?1")?.execute([session.0])?;
        Ok(())
    }

    /// Removes what was derived about sessions of which no observation is left.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_unobserved_sessions(&self) -> Result<(), StoreError> {
        let select = "SELECT key FROM session_keys WHERE NOT EXISTS (
                          SELECT 1 FROM observations
                          WHERE observations.id BETWEEN key << 32 AND (key << 32) + 4294967295)";
        let mut statement = self.prepare(select)?;
        let keys = statement.query_map([], |row| row.get(0).map(SessionKey))?;
        for key in keys.collect::<Result<Vec<_>, _>>()? {
            self.forget_derived(key)?;
        }
        Ok(())
    }

    /// Forgets what was put in line before `before` and still waits. Returns how many items went unsent.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_parcels_before(&self, before: UnixNanos) -> Result<u64, StoreError> {
        let before_ns = before.0.cast_signed();
        let unsent: i64 = self.transaction.query_row(
            "SELECT coalesce(sum(items), 0) FROM outbox WHERE created_ns < ?1",
            [before_ns],
            |row| row.get(0),
        )?;
        self.transaction.execute("DELETE FROM outbox WHERE created_ns < ?1", [before_ns])?;
        Ok(unsent.cast_unsigned())
    }

    /// Forgets a segment whose file is gone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_segment(&self, path: &str) -> Result<(), StoreError> {
        self.transaction.execute("DELETE FROM segments WHERE path = ?1", [path])?;
        Ok(())
    }

    /// Drops the oldest requests for a destination until at most `keep_bytes` wait; returns how many items went.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn drop_oldest_parcels(&self, keep_bytes: u64, now: UnixNanos) -> Result<u64, StoreError> {
        let mut dropped = 0;
        let mut last = None;
        {
            // From the newest on, what fits is kept; all before that goes.
            let mut select = self.prepare("SELECT id, items, length(bytes) FROM outbox ORDER BY id DESC")?;
            let mut rows = select.query([])?;
            let mut waiting = 0;
            while let Some(row) = rows.next()? {
                let (id, items, bytes): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                waiting += bytes.cast_unsigned();
                if last.is_none() && waiting > keep_bytes {
                    last = Some(id);
                }
                if last.is_some() {
                    dropped += items.cast_unsigned();
                }
            }
        }
        if let Some(last) = last {
            self.prepare("DELETE FROM outbox WHERE id <= ?1")?.execute([last])?;
            self.count_loss("outbox quota", dropped, now)?;
        }
        Ok(dropped)
    }
}
