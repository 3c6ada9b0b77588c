//! Waiting for work: until the spool grows, somebody asks, or time is up.

use super::control::Control;
use crate::spool_watch::{BLIND_PAUSE, SpoolWatch};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

/// Waits until something is to be done, at most `at_most`.
pub(super) fn wait(
    watch: &mut SpoolWatch,
    state: &Path,
    control: Option<&Control>,
    bell: BorrowedFd<'_>,
    at_most: Duration,
) {
    watch.cover(state);
    let mut waited_for = vec![PollFd::new(&bell, PollFlags::IN)];
    waited_for.extend(watch.bell().map(|bell| PollFd::new(bell, PollFlags::IN)));
    waited_for.extend(control.map(|control| PollFd::new(control.listener(), PollFlags::IN)));
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
}
