//! Waiting for work: until the spool grows, somebody asks, or time is up.

use super::control::Control;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::read;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;
use tacho_spool::layout::SPOOL;

/// How long one waits at most where the spool cannot be watched.
const BLIND_PAUSE: Duration = Duration::from_secs(1);

/// Watches the directories of the spool, where the system lets it.
#[derive(Debug)]
pub(super) struct Watch {
    inotify: Option<OwnedFd>,
}

impl Watch {
    /// Begins to watch.
    pub(super) fn new() -> Self {
        Self { inotify: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok() }
    }

    /// Watches every directory there is by now; watching one twice is watching it once.
    fn cover(inotify: &OwnedFd, state: &Path) {
        let spool = state.join(SPOOL);
        let below = fs::read_dir(&spool).into_iter().flatten().flatten().map(|entry| entry.path());
        for directory in below.chain([spool]) {
            // What cannot be watched is still read at the next timeout.
            let _ = inotify::add_watch(inotify, &directory, WatchFlags::MODIFY | WatchFlags::CREATE);
        }
    }

    /// Waits until something is to be done, at most `at_most`.
    pub(super) fn wait(&self, state: &Path, control: Option<&Control>, at_most: Duration) {
        let mut waited_for = Vec::new();
        if let Some(inotify) = &self.inotify {
            Self::cover(inotify, state);
            waited_for.push(PollFd::new(inotify, PollFlags::IN));
        }
        if let Some(control) = control {
            waited_for.push(PollFd::new(control.listener(), PollFlags::IN));
        }
        let at_most = if self.inotify.is_some() { at_most } else { at_most.min(BLIND_PAUSE) };
        let timeout = Timespec {
            tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(at_most.subsec_nanos()),
        };
        // An interrupted wait is a short wait.
        let _ = poll(&mut waited_for, Some(&timeout));
        if let Some(inotify) = &self.inotify {
            let mut events = [0_u8; 4096];
            while read(inotify, &mut events).is_ok_and(|count| count > 0) {}
        }
    }
}
