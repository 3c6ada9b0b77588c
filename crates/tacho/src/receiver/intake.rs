//! Recording what was heard: one record a session, appended like a hook's, before anybody is told that it was taken.

use super::logs::Heard;
use crate::drain::now;
use crate::record::{OwnRecord, Recorder, boot_ns};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};
use tacho_agents::{Agent, LogEvent};
use tacho_spool::append::{Durability, SYNC_MARKER};
use tacho_spool::state::State;

/// What one payload may hold, so that its record is none too large.
const PAYLOAD_BYTES_MAX: usize = 32 * 1024;
/// How many sessions it remembers to have heard. Greeting one again costs a record and changes nothing.
const GREETED_MAX: usize = 10_000;

/// Where records go.
pub(super) struct Intake {
    state: State,
    recorder: Recorder,
    progress: Mutex<Progress>,
}

/// What changes from record to record.
#[derive(Default)]
struct Progress {
    /// When the last record was made, by the clock that records are told apart by.
    last_boot_ns: u64,
    /// The sessions that were heard.
    greeted: BTreeSet<String>,
}

impl Intake {
    pub(super) fn new(state: State) -> Self {
        Self { state, recorder: Recorder::new(), progress: Mutex::default() }
    }

    /// Records it. Where that fails halfway, what was recorded is recorded again with the rest, and counts once.
    pub(super) fn record(&self, heard: Vec<Heard>) -> io::Result<()> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        for Heard { agent, session, events } in heard {
            let is_new = !progress.greeted.contains(&session);
            let greeting = is_new.then(|| (agent.own_telemetry.greeting)());
            for events in portions(greeting.into_iter().chain(events)) {
                self.append(agent, &session, events, &mut progress)?;
            }
            if progress.greeted.len() >= GREETED_MAX {
                progress.greeted.clear();
            }
            progress.greeted.insert(session);
        }
        Ok(())
    }

    fn append(
        &self,
        agent: &Agent,
        session: &str,
        events: Vec<LogEvent>,
        progress: &mut Progress,
    ) -> io::Result<()> {
        // One process writes many records here, and no two may be made at the same time.
        let boot_ns = boot_ns().max(progress.last_boot_ns + 1);
        progress.last_boot_ns = boot_ns;
        let record = OwnRecord {
            agent: agent.name,
            event: agent.own_telemetry.event,
            session,
            raw: &(agent.own_telemetry.payload)(session, events).to_string(),
            unix_ns: now().0,
            boot_ns,
        };
        self.recorder.append(&self.state, &record, self.durability())
    }

    fn durability(&self) -> Durability {
        let is_sync = self.state.path().join(SYNC_MARKER).symlink_metadata().is_ok();
        if is_sync { Durability::Disk } else { Durability::Kernel }
    }
}

/// Events in portions that fit into a record each.
fn portions(events: impl Iterator<Item = LogEvent>) -> Vec<Vec<LogEvent>> {
    let mut portions: Vec<Vec<LogEvent>> = Vec::new();
    let mut bytes = PAYLOAD_BYTES_MAX;
    for event in events {
        let needed = Json::from(event.attributes.clone()).to_string().len() + event.name.len();
        bytes += needed;
        match portions.last_mut() {
            Some(portion) if bytes <= PAYLOAD_BYTES_MAX => portion.push(event),
            _ => {
                portions.push(vec![event]);
                bytes = needed;
            }
        }
    }
    portions
}
