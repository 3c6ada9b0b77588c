//! Events: what hooks said, for destinations that keep it as it was said.

use crate::destinations::DestinationKey;
use crate::error::StoreError;
use crate::observation::observation;
use crate::store::{Changes, Reader, SessionKey};
use rusqlite::params;
use tacho_model::event::{Observation, Source};
use tacho_model::id::SessionId;

impl Reader<'_> {
    /// Hands what hooks said of a session, and a destination did not get, to `each`, in the order it was taken down.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_event_since(
        &self,
        destination: DestinationKey,
        (key, session): (SessionKey, &SessionId),
        mut each: impl FnMut(Observation),
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT uid, agent, source, at_ns, subagent, offset, body FROM observations
             WHERE id BETWEEN ?1 AND ?2 AND source = ?3 AND id - ?1 > coalesce(
                 (SELECT number FROM event_marks WHERE destination = ?4 AND session = ?5), -1)
             ORDER BY id",
        )?;
        let ids = key.row_ids();
        let mut rows =
            statement.query(params![ids.start(), ids.end(), Source::Hook.name(), destination.0, key.0])?;
        while let Some(row) = rows.next()? {
            each(observation(session, row)?);
        }
        Ok(())
    }
}

impl Changes<'_> {
    /// Notes that a destination got all events of a session that there are.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark_events(&self, destination: DestinationKey, session: SessionKey) -> Result<(), StoreError> {
        let Some((last, _)) = self.read().last_observation(session)? else { return Ok(()) };
        let mark = "INSERT OR REPLACE INTO event_marks (destination, session, number) VALUES (?1, ?2, ?3)";
        self.prepare(mark)?.execute(params![destination.0, session.0, last])?;
        Ok(())
    }
}
