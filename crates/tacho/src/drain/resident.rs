//! The drainer that stays: started by a hook, awake while sessions live, gone when there is nothing to do.

use super::control::{Control, Request};
use super::wake::Watch;
use super::{Drainer, Pending, now};
use crate::failure::Failure;
use std::time::{Duration, Instant};

/// How long it stays without work once no agent runs any more.
const LINGER: Duration = Duration::from_secs(60);
/// How soon the transcripts are looked at again while something closed has not settled.
const SETTLING_PAUSE: Duration = Duration::from_millis(200);
/// How often it looks whether the agents still run.
const QUIET_PAUSE: Duration = Duration::from_secs(15);
/// How often retention is applied.
const RETENTION_PAUSE: Duration = Duration::from_secs(600);
/// Hooks come in bursts; what comes within this is taken in together.
const BURST_PAUSE: Duration = Duration::from_millis(20);

/// Drains until nothing is left to wait for or another drainer takes over.
pub(crate) fn run_resident(drainer: &mut Drainer) -> Result<(), Failure> {
    // Without a socket nobody can ask for a flush; recording and sending go on.
    let control = Control::listen(&drainer.state).ok();
    let watch = Watch::new();
    let mut last_work = Instant::now();
    let mut next_retention = Instant::now();
    loop {
        let pending = drainer.pass()?;
        while let Some(asked) = control.as_ref().and_then(|control| control.next().ok().flatten()) {
            let answer = match asked.request {
                Request::MakeWay => pending.clone(),
                Request::Flush => drainer.flush(Duration::from_secs(30))?,
            };
            let makes_way = asked.request == Request::MakeWay;
            asked.answer(&answer, drainer.endpoints());
            if makes_way {
                return Ok(());
            }
        }
        if next_retention <= Instant::now() {
            // What cannot be forgotten now is tried again later; it must not stop recording.
            let _ = drainer.retain();
            next_retention = Instant::now() + RETENTION_PAUSE;
        }
        if pending.live_sessions > 0 || pending.settles_at.is_some() || pending.retry_at.is_some() {
            last_work = Instant::now();
        }
        if last_work.elapsed() >= LINGER {
            return Ok(());
        }
        watch.wait(drainer.state.path(), control.as_ref(), pause(&pending));
        std::thread::sleep(BURST_PAUSE);
    }
}

fn pause(pending: &Pending) -> Duration {
    let until = |at: tacho_model::time::UnixNanos| Duration::from_nanos(at.nanos_since(now()));
    let settling = pending.settles_at.map(|at| until(at).min(SETTLING_PAUSE));
    let retrying = pending.retry_at.map(until);
    [settling, retrying].into_iter().flatten().fold(QUIET_PAUSE, Duration::min).max(Duration::from_millis(1))
}

impl Drainer {
    /// Settles and sends all that can be within the time, waiting for rows that are due and for retries.
    pub(crate) fn flush(&mut self, at_most: Duration) -> Result<Pending, Failure> {
        let began = Instant::now();
        loop {
            let pending = self.pass()?;
            let settling = pending.settles_at.map(|_| SETTLING_PAUSE);
            let retrying = pending.retry_at.map(|at| Duration::from_nanos(at.nanos_since(now())));
            let Some(wait) = settling.into_iter().chain(retrying).min() else { return Ok(pending) };
            let wait = wait.max(Duration::from_millis(10));
            if began.elapsed() + wait >= at_most {
                return Ok(pending);
            }
            std::thread::sleep(wait);
        }
    }
}
