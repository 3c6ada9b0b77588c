//! Where a session works: the repository and the user behind its working directory, written down when they change.

use super::round::Round;
use crate::failure::Failure;
use crate::record::uid_of;
use std::path::{Path, PathBuf};
use tacho_model::event::{Observation, Source};
use tacho_model::time::UnixNanos;

/// How long, by the time of the events, what was seen is taken to be so still.
const LOOK_PAUSE_NS: u64 = 1_000_000_000;

/// Where a session was working.
#[derive(Debug)]
pub(super) struct SeenWorkplace {
    directory: PathBuf,
    at: UnixNanos,
    body: Vec<u8>,
}

impl SeenWorkplace {
    /// Whether this says enough about an event in a directory.
    fn covers(&self, directory: &Path, at: UnixNanos) -> bool {
        self.directory == directory && at.0.abs_diff(self.at.0) < LOOK_PAUSE_NS
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
        let session = self.sessions.get(&self.changes, &event.session)?;
        if session.workplace.as_ref().is_some_and(|seen| seen.covers(directory, at)) {
            return Ok(());
        }
        let Some(workplace) = self.workplaces.at(directory, at) else { return Ok(()) };
        let body = workplace.observation_body();
        let is_known = session.workplace.as_ref().is_some_and(|seen| seen.body == body);
        session.workplace = Some(SeenWorkplace { directory: directory.to_owned(), at, body: body.clone() });
        if is_known {
            return Ok(());
        }
        let id = event.session.as_str().as_bytes();
        self.observe(&Observation {
            uid: uid_of(&[b"workplace", id, &at.0.to_be_bytes(), &body]),
            agent: event.agent.clone(),
            session: event.session.clone(),
            source: Source::Recorder,
            at: Some(at),
            subagent: None,
            offset: None,
            body,
        })?;
        Ok(())
    }
}
