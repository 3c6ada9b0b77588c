//! Whether the agent behind a session still runs.

use super::derive::tell;
use super::record::uid_of;
use super::{Drainer, now};
use crate::failure::Failure;
use std::collections::BTreeSet;
use std::fs;
use tacho_model::event::{Observation, Source};
use tacho_model::id::SessionId;
use tacho_store::cursor::AgentProcess;
use tacho_store::derived::Unsettled;

/// A session whose process is unknown is taken for dead after so long without a sign.
const SILENCE_NS_MAX: u64 = 30 * 60 * 1_000_000_000;

impl Drainer {
    /// The sessions that go on or have something unsettled, and whose agent is gone.
    pub(super) fn sessions_without_agent(&self) -> Result<BTreeSet<SessionId>, Failure> {
        let mut gone = BTreeSet::new();
        for open in self.store.unsettled_sessions()? {
            let processes = self.store.processes(&open.session)?;
            let is_gone = if processes.is_empty() {
                now().nanos_since(open.last_seen) > SILENCE_NS_MAX
            } else {
                !has_live_agent(&processes)
            };
            if is_gone {
                gone.insert(open.session);
            }
        }
        Ok(gone)
    }

    /// Notes that the agent of a session is gone. A later event opens the session again.
    pub(super) fn conclude(&mut self, open: &Unsettled) -> Result<(), Failure> {
        let gone = Observation {
            uid: uid_of(&[b"gone", open.session.as_str().as_bytes(), &open.last_seen.0.to_be_bytes()]),
            agent: open.agent.clone(),
            session: open.session.clone(),
            source: Source::Recorder,
            // Not before what was seen, whatever the clock says now.
            at: Some(now().max(open.last_seen)),
            subagent: None,
            offset: None,
            body: br#"{"agent_gone":true}"#.to_vec(),
        };
        let changes = self.store.change()?;
        let is_new = changes.observe(&gone)?;
        if let Some(facts) = self.facts.get_mut(&open.session).filter(|_| is_new) {
            tell(facts, &gone);
        }
        Ok(changes.commit()?)
    }
}

/// Whether one of the processes still runs.
fn has_live_agent(processes: &[AgentProcess]) -> bool {
    processes.iter().any(is_alive)
}

fn is_alive(process: &AgentProcess) -> bool {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    boot.trim() == process.boot && start_ticks(process.pid) == Some(process.start_ticks)
}

/// Start of a process in clock ticks since boot; field 22 of `/proc/PID/stat` (proc(5)). A zombie counts as gone.
fn start_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace();
    let is_running = !matches!(fields.next()?, "Z" | "X");
    fields.nth(18)?.parse().ok().filter(|_| is_running)
}
