//! `tacho drain`: take in, settle, send.

use crate::cli::{Drain, Output};
use crate::config::{self, Named};
use crate::drain::{Drainer, Request, ask_running_drainer, run_resident};
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::terminal::{note, print};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tacho_spool::lock::DrainLock;
use tacho_spool::state::State;

/// How much longer than asked a running drainer may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// How long a running drainer gets to make way.
const TAKE_OVER_MAX: Duration = Duration::from_secs(20);
/// A hook or `tacho status` holds the lock for a moment only to see whether it is free.
const LOCK_CHECK_MAX: Duration = Duration::from_millis(200);
/// Where a drainer without a terminal says what went wrong, and how long that file may grow.
pub(super) const LOG: &str = "drain.log";
const LOG_BYTES_MAX: u64 = 1024 * 1024;

/// Drains, once or for as long as sessions live.
pub(super) fn run(output: Output, drain: &Drain) -> Result<(), Failure> {
    let state = place::open_state(drain.state.as_deref())?;
    if drain.once {
        return once(output, state, Duration::from_secs(drain.timeout));
    }
    if drain.background {
        // Not the leader of a group: a hook's child never is, and where it fails we only stay in the agent's session.
        let _ = rustix::process::setsid();
        let path = state.path().to_owned();
        return stay(state, drain).inspect_err(|failure| log(&path, failure));
    }
    stay(state, drain)
}

fn stay(state: State, drain: &Drain) -> Result<(), Failure> {
    let patience = if drain.take_over { TAKE_OVER_MAX } else { LOCK_CHECK_MAX };
    let lock = acquire(&state, drain.take_over, patience)?;
    let Some(lock) = lock else {
        if !drain.background {
            note("another drainer is running; `tacho status` shows how it does");
        }
        return Ok(());
    };
    let config = config::load();
    if !drain.background {
        config.unread.iter().for_each(|unread| note(&format!("note: {}", unread.reason)));
        note("draining until the last session has ended; Ctrl-C ends it at once and loses nothing");
    }
    run_resident(&mut Drainer::open(state, lock, config)?)
}

/// Gets the lock, from a running drainer if need be. `None` when another process keeps it.
fn acquire(state: &State, takes_over: bool, patience: Duration) -> Result<Option<DrainLock>, Failure> {
    let began = Instant::now();
    loop {
        if let Some(lock) = DrainLock::try_acquire(state)? {
            return Ok(Some(lock));
        }
        if began.elapsed() > patience {
            return Ok(None);
        }
        if takes_over {
            ask_running_drainer(state, Request::MakeWay, patience);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn once(output: Output, state: State, at_most: Duration) -> Result<(), Failure> {
    let config = config::load();
    let all_read = config.all_read();
    for refused in &config.refused {
        note(&format!("note: {} is not used: {}", refused.origin, refused.reason));
    }
    for waiting in &config.waiting {
        note(&format!("note: {}", waiting.reason));
    }
    let began = Instant::now();
    loop {
        let left = at_most.saturating_sub(began.elapsed());
        if let Some(lock) = DrainLock::try_acquire(&state)? {
            let pending = Drainer::open(state, lock, config)?.flush(left)?;
            let reported = report(output, pending.waiting);
            return all_read.and(reported);
        }
        let request = Request::Flush { at_most: left };
        if let Some(reply) = ask_running_drainer(&state, request, left + ANSWER_MAX) {
            let is_known = |named: &Named| reply.endpoints.iter().any(|known| known == named.to.endpoint());
            if config.destinations.iter().all(is_known) {
                let reported = report(output, reply.waiting);
                return all_read.and(reported);
            }
            // It was started before that was said, or by somebody who does not say it; the next hook starts another.
            ask_running_drainer(&state, Request::MakeWay, TAKE_OVER_MAX);
        }
        if left.is_zero() {
            break;
        }
        // It just went away, or is only just coming up.
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(Failure::new(FailureKind::External, "the running drainer does not answer")
        .hint("it may be waiting for a slow receiver; ending the process `tacho drain` loses nothing"))
}

fn report(output: Output, waiting: u64) -> Result<(), Failure> {
    if output.json {
        print(&format!(
            "{}\n",
            json!({ "schema_version": crate::report::SCHEMA_VERSION, "waiting": waiting })
        ));
    }
    if waiting == 0 {
        return Ok(());
    }
    Err(Failure::new(FailureKind::External, format!("{waiting} items could not be delivered yet"))
        .hint("they stay in the store and are tried again; `tacho status` says what holds them up"))
}

fn log(state: &Path, failure: &Failure) {
    let path = state.join(LOG);
    let is_full = path.metadata().is_ok_and(|metadata| metadata.len() > LOG_BYTES_MAX);
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(is_full).append(!is_full);
    // Nobody is left to be told when even the log cannot be written.
    if let Ok(mut file) = options.open(path) {
        let _ = writeln!(file, "{} {}", crate::drain::now().0, failure.render());
    }
}
