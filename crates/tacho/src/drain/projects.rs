//! What the project of a session says of recording, written down when it changes.

use super::round::{Round, is_fresh};
use super::sessions::OpenSession;
use crate::failure::Failure;
use crate::project::{ProjectFile, observation_body};
use crate::record::HookRecord;
use rustix::process::geteuid;
use std::path::{Path, PathBuf};
use tacho_agents::agent_named;
use tacho_model::event::Observation;
use tacho_model::time::UnixNanos;

/// What a project said.
#[derive(Debug)]
pub(super) struct SeenProject {
    at: UnixNanos,
    /// The directory in which nobody could look then, because it was not there.
    missing: Option<PathBuf>,
    /// What was found when somebody could look last.
    body: Option<Vec<u8>>,
}

impl OpenSession {
    /// Whether enough is known of what its project said when it worked in a directory.
    pub(super) fn has_project_at(&self, directory: &Path, at: UnixNanos) -> bool {
        let is_meant = |missing: &PathBuf| missing.as_os_str() == directory.as_os_str();
        self.project
            .as_ref()
            .is_some_and(|seen| is_fresh(seen.at, at) && seen.missing.as_ref().is_none_or(is_meant))
    }
}

impl Round<'_> {
    /// Looks what the project says in which an event happened, and writes down what is new about that.
    pub(super) fn note_project(
        &mut self,
        event: &Observation,
        record: &HookRecord<'_>,
        directory: &Path,
        at: UnixNanos,
    ) -> Result<(), Failure> {
        let Some(agent) = agent_named(Some(&event.agent)) else { return Ok(()) };
        let find = |directory: &Path| ProjectFile::find(agent, directory, geteuid()).ok();
        // The agent may work elsewhere for a while; its project stays the one that it was started in. But a variable
        // proves nothing, so what is said where it works takes away, too.
        let named = record.variable(agent.project_variable);
        let found = (named.and_then(|named| find(Path::new(&named))), find(directory));
        let session = self.sessions.get(&self.changes, &event.session)?;
        let known = session.project.take().and_then(|seen| seen.body);
        let file = match found {
            (None, None) => {
                let missing = Some(directory.to_owned());
                session.project = Some(SeenProject { at, missing, body: known });
                return Ok(());
            }
            (Some(Some(own)), Some(Some(here))) => Some(own.narrowed_by(&here)),
            (own, here) => own.flatten().or(here.flatten()),
        };
        let body = observation_body(file.as_ref());
        let is_known = known.map_or(file.is_none(), |known| known == body);
        session.project = Some(SeenProject { at, missing: None, body: Some(body.clone()) });
        if is_known {
            return Ok(());
        }
        self.note("project", event, at, body)
    }
}
