//! `tacho serve`: a drainer that stays, listens for the agent's own telemetry and shows metrics, until somebody ends it.
//!
//! A drainer that a hook starts has the plugin's options and takes over the draining, not the listening; when it has gone,
//! draining goes on here.

use super::drain::{TAKE_OVER_MAX, take_lock};
use crate::cli::{Output, Serve};
use crate::config::{self, Terminal};
use crate::drain::{Drainer, Left, Reception, Stay, port_wanted, run_resident};
use crate::failure::Failure;
use crate::place;
use crate::receiver::{PORT, Shows};
use crate::terminal::note;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use tacho_spool::lock::DrainLock;
use tacho_spool::state::State;

/// How often it is looked whether another drainer has gone.
const LOOK_PAUSE: Duration = Duration::from_secs(1);
/// How soon it drains again after that failed, as while a disk is full. What comes meanwhile is recorded all the same.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// Serves until it is ended.
pub(super) fn run(_output: Output, serve: &Serve) -> Result<(), Failure> {
    let end = end_signals()?;
    let place = place::open_state(None)?;
    let config = config::load().seen_from(Terminal::Watched);
    config.unread.iter().for_each(|unread| note(&format!("note: {}", unread.reason)));
    let port = serve.port.or_else(|| port_wanted(&place, &config)).unwrap_or(PORT);
    // Whoever drains now may be listening, too.
    let mut handed = None;
    let mut lock = take_lock(&place, true, TAKE_OVER_MAX, &mut |port| handed = Some(port))?;
    let shows = if serve.no_metrics { Shows::Nothing } else { Shows::Metrics };
    let mut reception = Reception::at(&place, port, handed, shows)?;
    if let Some(port) = reception.port() {
        note(&format!(
            "listening for telemetry at http://127.0.0.1:{port}; Ctrl-C ends it and loses nothing"
        ));
        if shows == Shows::Metrics {
            note(&format!("metrics for Prometheus at http://127.0.0.1:{port}/metrics"));
        }
    }
    let mut has_drained = false;
    loop {
        let Some(held) =
            lock.take().map_or_else(|| wait_for_lock(&place, end.as_fd()), |lock| Ok(Some(lock)))?
        else {
            return Ok(());
        };
        let config = config::load().seen_from(Terminal::Watched);
        let opened = State::open(place.path()).map_err(Failure::from);
        let left = opened.and_then(|state| Drainer::open(state, held, config)).and_then(|mut drainer| {
            has_drained = true;
            run_resident(&mut drainer, &mut reception, Stay::Until(end.as_fd()))
        });
        let pause = match left {
            Ok(Left::Ended | Left::Done) => return Ok(()),
            Ok(Left::MadeWay) => LOOK_PAUSE,
            Err(failure) if !has_drained || !failure.may_pass() => return Err(failure),
            Err(failure) => {
                note(&format!("{}; trying again", failure.sentence()));
                TROUBLE_PAUSE
            }
        };
        if is_told_to_end(end.as_fd(), pause) {
            return Ok(());
        }
    }
}

/// Something to read once the process is told to end.
fn end_signals() -> Result<UnixStream, Failure> {
    let failed = |error| Failure::external("learn of signals", error);
    let (heard, told) = UnixStream::pair().map_err(failed)?;
    for signal in [SIGINT, SIGTERM] {
        pipe::register(signal, told.try_clone().map_err(failed)?).map_err(failed)?;
    }
    Ok(heard)
}

/// The lock, once no other drainer has it; `None` when the process is told to end before.
fn wait_for_lock(state: &State, end: BorrowedFd<'_>) -> Result<Option<DrainLock>, Failure> {
    loop {
        let lock = DrainLock::try_acquire(state)?;
        if lock.is_some() || is_told_to_end(end, LOOK_PAUSE) {
            return Ok(lock);
        }
    }
}

/// Whether the process is told to end within this time.
fn is_told_to_end(end: BorrowedFd<'_>, at_most: Duration) -> bool {
    let timeout =
        Timespec { tv_sec: at_most.as_secs().cast_signed(), tv_nsec: at_most.subsec_nanos().into() };
    let mut waited_for = [PollFd::new(&end, PollFlags::IN)];
    poll(&mut waited_for, Some(&timeout)).is_ok_and(|ready| ready > 0)
}
