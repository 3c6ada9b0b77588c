//! Waiting for work: until the spool grows, somebody asks, or time is up.

use super::control::Control;
use crate::spool_watch::{BLIND_PAUSE, SpoolWatch};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

/// What may ring.
pub(super) struct Bells<'a> {
    /// The spool grows; `None` while that has time.
    pub(super) spool: Option<&'a mut SpoolWatch>,
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
    /// It is to end.
    ToEnd,
    /// Somebody asks.
    Asked,
    /// Nothing but a courier that is back.
    ByCourier,
    /// The spool grew, or time is up.
    ToWork,
}

/// Waits until something is to be done, at most `at_most`.
pub(super) fn wait(state: &Path, mut bells: Bells<'_>, at_most: Duration) -> Woken {
    if let Some(spool) = &mut bells.spool {
        spool.cover(state);
    }
    let spool = bells.spool.as_deref();
    let at_most = match spool.map(|spool| (spool.bell(), spool.is_restless())) {
        None | Some((Some(_), false)) => at_most,
        Some((None, _)) => at_most.min(BLIND_PAUSE),
        Some((Some(_), true)) => Duration::ZERO,
    };
    let rings = [
        bells.end.as_ref().map(|end| (Woken::ToEnd, PollFd::new(end, PollFlags::IN))),
        bells.control.map(|control| (Woken::Asked, PollFd::new(control.listener(), PollFlags::IN))),
        spool.and_then(SpoolWatch::bell).map(|bell| (Woken::ToWork, PollFd::new(bell, PollFlags::IN))),
        Some((Woken::ByCourier, PollFd::new(&bells.couriers, PollFlags::IN))),
    ];
    let timeout = Timespec {
        tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(at_most.subsec_nanos()),
    };
    let (whats, mut waited_for): (Vec<_>, Vec<_>) = rings.into_iter().flatten().unzip();
    // An interrupted wait is a short wait.
    let _ = poll(&mut waited_for, Some(&timeout));
    let rung = whats.into_iter().zip(&waited_for).find(|(_, bell)| !bell.revents().is_empty());
    rung.map_or(Woken::ToWork, |(what, _)| what)
}
