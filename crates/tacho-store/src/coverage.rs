//! What each source saw of each session.

use crate::error::StoreError;
use crate::store::{Reader, SessionKey};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of one session, by who said it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Statements by the name of their source; none for a session that was only imported.
    pub statements: BTreeMap<String, u64>,
    /// Calls of models in the tree.
    pub calls: u64,
    /// Calls that transcripts say were made.
    pub used_calls: u64,
    /// Those whose end was not seen.
    pub open_calls: u64,
    /// Spans by how their end was concluded, where nobody said it.
    pub inferred_ends: BTreeMap<String, u64>,
}

impl Reader<'_> {
    /// What each source saw of these sessions; of every one that something is known of when none is named.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn coverage(
        &self,
        sessions: Option<&BTreeSet<SessionKey>>,
    ) -> Result<BTreeMap<SessionKey, Coverage>, StoreError> {
        let mut covered = BTreeMap::<SessionKey, Coverage>::new();
        let is_meant = |key: &SessionKey| sessions.is_none_or(|sessions| sessions.contains(key));
        self.each_count(
            "SELECT session, source, count(*) FROM observations GROUP BY 1, 2",
            |key, source, count| {
                if is_meant(&key) {
                    covered.entry(key).or_default().statements.insert(source, count);
                }
            },
        )?;
        self.each_count(
            "SELECT session, CASE is_final WHEN 0 THEN 'open' ELSE '' END, count(*)
             FROM usage_records WHERE NOT is_absorbed GROUP BY 1, 2",
            |key, state, count| {
                if is_meant(&key) {
                    let coverage = covered.entry(key).or_default();
                    coverage.used_calls += count;
                    coverage.open_calls += if state.is_empty() { 0 } else { count };
                }
            },
        )?;
        self.each_count(
            "SELECT id >> 32, coalesce(attributes ->> '$.\"tachograph.end.inferred\"', ''), count(*)
             FROM spans GROUP BY 1, 2 HAVING 2 <> ''",
            |key, how, count| {
                if is_meant(&key) && !how.is_empty() {
                    covered.entry(key).or_default().inferred_ends.insert(how, count);
                }
            },
        )?;
        self.each_count("SELECT key, '', llm_calls FROM sessions", |key, _, calls| {
            if is_meant(&key) {
                covered.entry(key).or_default().calls = calls;
            }
        })?;
        Ok(covered)
    }

    fn each_count(
        &self,
        select: &str,
        mut each: impl FnMut(SessionKey, String, u64),
    ) -> Result<(), StoreError> {
        let mut select = self.connection.prepare_cached(select)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            each(SessionKey(row.get(0)?), row.get(1)?, row.get::<_, i64>(2)?.cast_unsigned());
        }
        Ok(())
    }
}
