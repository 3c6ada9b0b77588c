//! The hook: reads one payload from standard input, appends one record to the spool, exits 0.
//!
//! Must not decide anything, print anything on standard output, fail, wait for anybody, or know any destination.
//! Every failure ends in the same silence: the agent's work is never worth less than our record of it.

mod drainer;
mod envelope;
mod payload;
mod process;
mod scan;

#[cfg(test)]
mod tests;

use envelope::Circumstances;
use rustix::fs::{AtFlags, Access, accessat};
use std::env;
use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::time::Instant;
use tacho_spool::append::{Destination, Durability, SYNC_MARKER, append};
use tacho_spool::blob::BlobWriter;
use tacho_spool::state::{State, candidates};
use tacho_spool::{frame, layout, loss};

/// The variables a record holds, and no others: an agent's environment is full of secrets.
const RECORDED_VARIABLES: [&str; 5] =
    ["CLAUDE_PID", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_PROJECT_DIR", "CLAUDE_CONFIG_DIR", "TRACEPARENT"];
/// A variable longer than this is not what its name says.
const VARIABLE_BYTES_MAX: usize = 1024;
/// The line a drainer leaves for the user, shown at the next session's start.
const NOTICE: &str = "notice";

#[expect(clippy::exit, reason = "the kernel frees all there is to free, and faster")]
fn main() {
    run();
    std::process::exit(0);
}

fn run() {
    let started = Instant::now();
    let mut circumstances = circumstances();
    let state = State::open_first(&candidates(|name| env::var_os(name))).map(|(state, _)| ManuallyDrop::new(state));
    let blob_name = format!("{:x}-{:x}", circumstances.boot_ns, circumstances.pid);
    let open_blob = || BlobWriter::create(state.as_ref()?, blob_name.clone()).ok();
    let mut intake = payload::read_stdin(started, open_blob);
    let Some(state) = &state else { return };
    circumstances.agent_start_ticks = circumstances.agent_pid.and_then(process::start_ticks);
    let payload = intake.finish();
    record(state, &circumstances, &payload);
    let event = payload.keys.event.as_str();
    if event == Some("SessionStart") {
        show_notice(state);
    }
    drainer::ensure_running(state, event);
}

fn circumstances() -> Circumstances {
    let variables = RECORDED_VARIABLES.into_iter().filter_map(|name| {
        let value = env::var(name).ok()?;
        (1..=VARIABLE_BYTES_MAX).contains(&value.len()).then_some((name, value))
    });
    Circumstances {
        unix_ns: process::unix_ns(),
        boot_ns: process::boot_ns(),
        boot_id: process::boot_id(),
        pid: std::process::id(),
        parent_pid: std::os::unix::process::parent_id(),
        agent_pid: env::var("CLAUDE_PID").ok().and_then(|pid| pid.parse().ok()),
        agent_start_ticks: None,
        agent: agent_argument(),
        variables: variables.collect(),
    }
}

/// The word behind `--agent`. All other arguments are ignored, and so is their absence: some agents drop them.
fn agent_argument() -> Option<String> {
    env::args().skip_while(|argument| argument != "--agent").nth(1)
}

fn record(state: &State, circumstances: &Circumstances, payload: &payload::Payload<'_>) {
    let record = frame::seal(&envelope::open_object(circumstances, payload));
    let host = rustix::system::uname();
    let host_directory =
        layout::host_directory(host.nodename().to_bytes(), circumstances.boot_id.as_bytes());
    let to = Destination {
        host_directory: &host_directory,
        session: payload.keys.session.as_str().unwrap_or("none"),
        unix_seconds: circumstances.unix_ns / 1_000_000_000,
    };
    let is_sync = accessat(state.fd(), SYNC_MARKER, Access::EXISTS, AtFlags::empty()).is_ok();
    let durability = if is_sync { Durability::Disk } else { Durability::Kernel };
    if let Err(error) = append(state, to, &record, durability) {
        let reason = error.raw_os_error().map_or_else(|| "error".to_owned(), |code| format!("errno{code}"));
        // A ledger that cannot be written leaves nothing that could still be done here.
        let _ = loss::count(state, circumstances.pid, &reason, circumstances.unix_ns);
    }
}

fn show_notice(state: &State) {
    let notice = state.path().join(NOTICE);
    let line = notice.to_str().and_then(process::read_start);
    if let Some(line) = line.as_deref().and_then(|text| text.lines().next()) {
        // Standard error may be closed; the notice waits for the next session.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
