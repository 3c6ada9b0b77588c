//! Where a session works: the repository and the user behind its working directory, written down when they change.

use super::round::{Round, is_fresh};
use super::sessions::OpenSession;
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use tacho_model::event::Observation;
use tacho_model::time::UnixNanos;

/// Where a session was working.
#[derive(Debug)]
pub(super) struct SeenWorkplace {
    directory: PathBuf,
    at: UnixNanos,
    body: Vec<u8>,
}

impl OpenSession {
    /// Whether enough is known of where something happened.
    pub(super) fn works_in(&self, directory: &Path, at: UnixNanos) -> bool {
        self.workplace
            .as_ref()
            .is_some_and(|seen| is_fresh(seen.at, at) && seen.directory.as_os_str() == directory.as_os_str())
    }
}

impl Round<'_> {
    /// Looks where an event happened, and writes down what is new about that.
    pub(super) fn note_workplace(
        &mut self,
        event: &Observation,
        directory: &Path,
        at: UnixNanos,
    ) -> Result<(), Failure> {
        let Some(workplace) = self.workplaces.at(directory, at) else { return Ok(()) };
        let session = self.sessions.get(&self.changes, &event.session)?;
        let body = workplace.observation_body();
        let is_known = session.workplace.as_ref().is_some_and(|seen| seen.body == body);
        session.workplace = Some(SeenWorkplace { directory: directory.to_owned(), at, body: body.clone() });
        if is_known {
            return Ok(());
        }
        self.note("workplace", event, at, body)
    }
}
