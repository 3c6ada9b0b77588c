//! The hook: reads one payload from standard input, appends one record to the spool, exits 0.
//!
//! Must not decide anything, print anything on standard output, fail, wait for anybody, or know any destination.
//! Every failure ends in the same silence: the agent's work is never worth less than our record of it.

mod drainer;
mod envelope;
mod payload;
mod process;
mod propagation;
mod scan;
mod sha256;
mod utf8;

#[cfg(test)]
mod tests;

use envelope::Circumstances;
use payload::Payload;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Access, AtFlags, Mode, accessat};
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
/// The event of a session that begins.
const SESSION_START: &str = "SessionStart";
/// The event of a turn that begins.
const PROMPT: &str = "UserPromptSubmit";
/// The event of a session that ends.
const SESSION_END: &str = "SessionEnd";
/// A name of an agent is one short word.
const AGENT_BYTES_MAX: usize = 64;

fn main() {
    run();
    std::process::exit(0);
}

#[expect(clippy::exit, reason = "it is what this program ends in")]
fn run() {
    let started = Instant::now();
    process::always_exit_0();
    // What we make is for its owner alone, and its owner can read it, whatever the agent was started with.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let mut circumstances = circumstances();
    let opened = State::open_first(candidates(|name| env::var_os(name)));
    let state = opened.map(|(state, _)| ManuallyDrop::new(state));
    let blob_name = format!("{:x}-{:x}", circumstances.boot_ns, circumstances.pid);
    let open_blob = || BlobWriter::create(state.as_ref()?, blob_name.clone()).ok();
    let mut intake = payload::read_stdin(started, &open_blob);
    let Some(state) = &state else { return };
    circumstances.agent_start_ticks = circumstances.agent_pid.and_then(process::start_ticks);
    let durability = durability(state);
    let payload = intake.finish(durability);
    let event = payload.keys.event.as_str();
    let terms = matches!(event, Some(SESSION_START | PROMPT)).then(|| propagation::terms(state)).flatten();
    if event == Some(PROMPT) {
        circumstances.parent = propagation::parent(terms.as_ref(), |name| env::var(name).ok());
    }
    record(state, &circumstances, &payload, durability);
    match (event, &terms) {
        (Some(SESSION_START), Some(terms)) => propagation::lead_commands(state, terms, &payload.keys),
        (Some(PROMPT), Some(terms)) => propagation::hand_on(state, terms, &circumstances, &payload.keys),
        (Some(SESSION_END), _) => propagation::take_back(state, &payload.keys),
        _ => {}
    }
    if event == Some(SESSION_START) {
        show_notice(state);
    }
    drainer::ensure_running(state, event);
    // Before anything is dropped: the kernel frees all there is to free, and in one call.
    std::process::exit(0);
}

fn circumstances() -> Circumstances {
    let variables = RECORDED_VARIABLES
        .into_iter()
        .filter_map(|name| Some((name, env::var(name).ok().filter(|value| !value.is_empty())?)));
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
        parent: None,
    }
}

/// The word behind `--agent`. All other arguments are ignored, and so is their absence: some agents drop them.
fn agent_argument() -> Option<String> {
    let argument = env::args_os().skip_while(|argument| argument != "--agent").nth(1)?;
    argument.into_string().ok().filter(|agent| (1..=AGENT_BYTES_MAX).contains(&agent.len()))
}

fn durability(state: &State) -> Durability {
    let is_sync = accessat(state.fd(), SYNC_MARKER, Access::EXISTS, AtFlags::empty()).is_ok();
    if is_sync { Durability::Disk } else { Durability::Kernel }
}

fn record(state: &State, circumstances: &Circumstances, payload: &Payload<'_>, durability: Durability) {
    let host = rustix::system::uname();
    let host_directory = layout::host_directory(host.nodename().to_bytes(), circumstances.boot_id.as_bytes());
    let to = Destination {
        host_directory: &host_directory,
        session: payload.keys.session.as_str().unwrap_or("none"),
        unix_seconds: circumstances.unix_ns / 1_000_000_000,
    };
    let append_with = |payload: &Payload<'_>| {
        // Never freed: this process ends in a moment.
        let record = ManuallyDrop::new(frame::seal(&envelope::open_object(circumstances, payload)));
        append(state, to, &record, durability)
    };
    let recorded = append_with(payload).or_else(|error| match payload.without_blob(state) {
        Some(rest) => append_with(&rest),
        None => Err(error),
    });
    if let Err(error) = recorded {
        let reason = error.raw_os_error().map_or_else(|| "error".to_owned(), |code| format!("errno{code}"));
        // A ledger that cannot be written leaves nothing that could still be done here.
        let _ = loss::count(state, circumstances.pid, &reason, circumstances.unix_ns);
    }
}

/// Shows the user the first line of the drainer's notice, unless nobody takes it now: then it waits for the next
/// session.
fn show_notice(state: &State) {
    let Some(notice) = state.open_to_read(layout::NOTICE).ok().and_then(process::first_text) else { return };
    let Some(line) = notice.lines().next() else { return };
    let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
    let mut stderr = std::io::stderr();
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let takes_it = poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], Some(&now)).is_ok_and(|ready| ready > 0);
    if takes_it && !line.is_empty() {
        // Standard error may be closed.
        let _ = stderr.write_all(format!("{line}\n").as_bytes());
    }
}
