//! What the project of a session says of recording, written down when it changes.

use super::round::{Round, is_fresh};
use super::sessions::OpenSession;
use crate::failure::Failure;
use crate::project::{ProjectFile, observation_body};
use crate::record::HookRecord;
use rustix::process::geteuid;
use std::path::Path;
use tacho_agents::agent_named;
use tacho_model::event::Observation;
use tacho_model::time::UnixNanos;

/// What a project said.
#[derive(Debug)]
pub(super) struct SeenProject {
    at: UnixNanos,
    body: Vec<u8>,
}

impl OpenSession {
    /// Whether enough is known of what its project said at a time.
    pub(super) fn has_project_at(&self, at: UnixNanos) -> bool {
        self.project.as_ref().is_some_and(|seen| is_fresh(seen.at, at))
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
        let file = match (named.and_then(|named| find(Path::new(&named))), find(directory)) {
            (None, None) => return Ok(()),
            (Some(Some(own)), Some(Some(here))) => Some(own.narrowed_by(&here)),
            (own, here) => own.flatten().or(here.flatten()),
        };
        let session = self.sessions.get(&self.changes, &event.session)?;
        let body = observation_body(file.as_ref());
        let is_known = session.project.as_ref().map_or(file.is_none(), |seen| seen.body == body);
        session.project = Some(SeenProject { at, body: body.clone() });
        if is_known {
            return Ok(());
        }
        self.note("project", event, at, body)
    }
}
