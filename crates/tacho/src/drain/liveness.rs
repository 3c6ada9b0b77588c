//! Whether the agent behind a session still runs.

use super::derive::tell;
use super::record::uid_of;
use super::{Drainer, now};
use crate::failure::Failure;
use std::fs;
use tacho_model::event::{Observation, Source};
use tacho_model::id::SessionId;
use tacho_store::cursor::AgentProcess;

/// A session whose process is unknown is taken for dead after so long without a sign.
const SILENCE_NS_MAX: u64 = 30 * 60 * 1_000_000_000;

impl Drainer {
    /// Notes that a session's agent is gone, if it is. A later event opens the session again.
    pub(super) fn conclude_if_gone(&mut self, session: &SessionId) -> Result<(), Failure> {
        let Some((agent, last_seen)) = self.last_sign(session)? else { return Ok(()) };
        let processes = self.store.processes(session)?;
        let is_gone = if processes.is_empty() {
            now().0.saturating_sub(last_seen) > SILENCE_NS_MAX
        } else {
            !has_live_agent(&processes)
        };
        if !is_gone {
            return Ok(());
        }
        let gone = Observation {
            uid: uid_of(&[b"gone", session.as_str().as_bytes(), &last_seen.to_be_bytes()]),
            agent,
            session: session.clone(),
            source: Source::Recorder,
            at: Some(now()),
            subagent: None,
            offset: None,
            body: br#"{"agent_gone":true}"#.to_vec(),
        };
        let changes = self.store.change()?;
        let is_new = changes.observe(&gone)?;
        if let Some(facts) = self.facts.get_mut(session).filter(|_| is_new) {
            tell(facts, &gone);
        }
        Ok(changes.commit()?)
    }

    /// The agent of a session, and when something was last seen of it.
    fn last_sign(&mut self, session: &SessionId) -> Result<Option<(String, u64)>, Failure> {
        self.load_facts(session)?;
        let facts = self.facts.get(session);
        Ok(facts.and_then(|facts| Some((facts.agent_name().to_owned(), facts.last_seen()?.0))))
    }
}

/// Whether one of the processes still runs.
pub(super) fn has_live_agent(processes: &[AgentProcess]) -> bool {
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
