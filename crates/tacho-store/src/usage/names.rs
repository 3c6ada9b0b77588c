//! Names that stand in many rows, by numbers.

use crate::error::StoreError;
use rusqlite::Connection;
use std::collections::HashMap;

/// All of them: there are few.
pub(super) struct Names {
    keys: HashMap<String, i64, foldhash::fast::FixedState>,
    texts: HashMap<i64, String, foldhash::fast::FixedState>,
}

impl Names {
    pub(super) fn load(connection: &Connection) -> Result<Self, StoreError> {
        let mut names = Self { keys: HashMap::default(), texts: HashMap::default() };
        let mut select = connection.prepare_cached("SELECT key, text FROM names")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            names.note(row.get(0)?, row.get(1)?);
        }
        Ok(names)
    }

    fn note(&mut self, key: i64, text: String) {
        self.keys.insert(text.clone(), key);
        self.texts.insert(key, text);
    }

    /// The number of a name, which gets one if it has none.
    pub(super) fn key(
        &mut self,
        connection: &Connection,
        text: Option<&str>,
    ) -> Result<Option<i64>, StoreError> {
        let Some(text) = text else { return Ok(None) };
        if let Some(key) = self.keys.get(text) {
            return Ok(Some(*key));
        }
        let key = connection.prepare_cached("INSERT INTO names (text) VALUES (?1)")?.insert([text])?;
        self.note(key, text.to_owned());
        Ok(Some(key))
    }

    /// The name with this number.
    pub(super) fn text(&self, key: Option<i64>) -> Option<String> {
        self.texts.get(&key?).cloned()
    }
}
