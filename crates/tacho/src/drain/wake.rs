//! Waiting for work: until the spool grows, somebody asks, or time is up.

use super::control::Control;
use crate::spool_watch::{BLIND_PAUSE, SpoolWatch};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

/// What may ring beside the spool.
pub(super) struct Bells<'a> {
    /// Somebody asks.
    pub(super) control: Option<&'a Control>,
    /// A courier is back.
    pub(super) couriers: BorrowedFd<'a>,
    /// The end.
    pub(super) end: Option<BorrowedFd<'a>>,
}

/// What a wait ended in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// There may be something to do, or time is up.
    ToWork,
    /// It is to end.
    ToEnd,
}

/// Waits until something is to be done, at most `at_most`.
pub(super) fn wait(watch: &mut SpoolWatch, state: &Path, bells: Bells<'_>, at_most: Duration) -> Woken {
    watch.cover(state);
    let end = bells.end.as_ref().map(|end| PollFd::new(end, PollFlags::IN));
    let has_end = end.is_some();
    let mut waited_for: Vec<PollFd<'_>> = end.into_iter().collect();
    waited_for.push(PollFd::new(&bells.couriers, PollFlags::IN));
    waited_for.extend(watch.bell().map(|bell| PollFd::new(bell, PollFlags::IN)));
    waited_for.extend(bells.control.map(|control| PollFd::new(control.listener(), PollFlags::IN)));
    let at_most = match watch.bell() {
        None => at_most.min(BLIND_PAUSE),
        Some(_) if watch.is_restless() => Duration::ZERO,
        Some(_) => at_most,
    };
    let timeout = Timespec {
        tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(at_most.subsec_nanos()),
    };
    // An interrupted wait is a short wait.
    let _ = poll(&mut waited_for, Some(&timeout));
    let is_rung = |bell: &PollFd<'_>| !bell.revents().is_empty();
    if has_end && waited_for.first().is_some_and(is_rung) { Woken::ToEnd } else { Woken::ToWork }
}
