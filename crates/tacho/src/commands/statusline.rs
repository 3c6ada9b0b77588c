//! `tacho statusline`: stands between the agent and its status line, and takes down the figures that pass.
//!
//! It answers for another program: whatever goes wrong with us, that program is started with what the agent wrote, in the
//! environment that the agent gave, and answers itself. Must not read configuration, open the store or start anything
//! else, so that nobody waits.

mod line;
mod record;

use crate::cli::Statusline;
use crate::terminal::{note, print};
use rustix::fs::{MemfdFlags, Mode, SeekFrom, memfd_create, seek};
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};
use tacho_agents::agent_named;

/// Takes the figures down, then becomes the command that was asked for, or prints a line of our own. `umask` is the one
/// that this process was started with.
pub(crate) fn run(wanted: &Statusline, umask: Mode) -> ExitCode {
    if io::stdin().is_terminal() {
        note("tacho: statusline reads what the agent writes; `tacho statusline --help` says how to set it");
        return ExitCode::from(2);
    }
    let mut payload = Vec::new();
    // What arrived until then is passed on.
    let _ = io::stdin().read_to_end(&mut payload);
    let agent = agent_named(None);
    let status = agent.and_then(|agent| (agent.status_line)(&payload));
    if let (Some(agent), Some(status)) = (agent, &status) {
        // The line matters more; the next one tries again.
        let _ = record::record(agent, status);
    }
    rustix::process::umask(umask);
    if let Some(command) = &wanted.then {
        note(&format!("tacho: sh cannot be started: {}", become_command(command, &payload)));
    }
    if let Some(status) = &status {
        print(&format!("{}\n", line::line(status)));
    }
    ExitCode::SUCCESS
}

/// Goes on as `sh -c COMMAND` with these bytes on standard input, so that its output, its end and every signal are its
/// own. Comes back only if that fails.
fn become_command(command: &str, payload: &[u8]) -> io::Error {
    match held(payload) {
        Ok(input) => Command::new("sh").arg("-c").arg(command).stdin(Stdio::from(input)).exec(),
        Err(error) => error,
    }
}

/// A file in memory that holds the bytes: it needs nobody who writes while another reads.
fn held(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create("status", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    seek(&file, SeekFrom::Start(0))?;
    Ok(file)
}
