//! Whether the agent behind a session still runs.

use super::now;
use super::round::Round;
use super::sessions::{OpenSession, Sessions};
use crate::failure::Failure;
use crate::record::uid_of;
use std::collections::BTreeSet;
use std::fs;
use tacho_model::event::{Observation, Source};
use tacho_model::id::SessionId;
use tacho_store::cursor::AgentProcess;

/// A session whose process is unknown is taken for dead after so long without a sign.
const SILENCE_NS_MAX: u64 = 30 * 60 * 1_000_000_000;

impl Sessions {
    /// The sessions that go on or have something unsettled, and whose agent is gone.
    pub(super) fn without_agent(&self) -> BTreeSet<SessionId> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let is_gone = |open: &OpenSession| {
            if open.processes.is_empty() {
                now().nanos_since(open.last_seen) > SILENCE_NS_MAX
            } else {
                !open.processes.iter().any(|process| is_alive(process, boot.trim()))
            }
        };
        self.iter().filter(|(_, open)| is_gone(open)).map(|(id, _)| id.clone()).collect()
    }
}

impl Round<'_> {
    /// Notes that the agent of a session is gone. A later event opens the session again.
    pub(super) fn conclude(&mut self, id: &SessionId) -> Result<(), Failure> {
        let open = self.session(id)?;
        let gone = Observation {
            uid: uid_of(&[b"gone", id.as_str().as_bytes(), &open.last_seen.0.to_be_bytes()]),
            agent: open.agent.clone(),
            session: id.clone(),
            source: Source::Recorder,
            // Not before what was seen, whatever the clock says now.
            at: Some(now().max(open.last_seen)),
            subagent: None,
            offset: None,
            body: br#"{"agent_gone":true}"#.to_vec(),
        };
        self.observe(&gone)?;
        Ok(())
    }
}

fn is_alive(process: &AgentProcess, boot: &str) -> bool {
    boot == process.boot && start_ticks(process.pid) == Some(process.start_ticks)
}

/// Start of a process in clock ticks since boot; field 22 of `/proc/PID/stat` (proc(5)). A zombie counts as gone.
fn start_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace();
    let is_running = !matches!(fields.next()?, "Z" | "X");
    fields.nth(18)?.parse().ok().filter(|_| is_running)
}
