//! Waiting for work: until the spool grows, somebody asks, or time is up.

use super::control::Control;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::{Errno, read};
use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;
use tacho_spool::layout::SPOOL;

/// Watches the directories of the spool.
#[derive(Debug)]
pub(super) struct Watch {
    inotify: OwnedFd,
}

impl Watch {
    /// Begins to watch.
    pub(super) fn new() -> Result<Self, Errno> {
        Ok(Self { inotify: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)? })
    }

    /// Watches every directory there is by now; watching one twice is watching it once.
    fn cover(&self, state: &Path) {
        let spool = state.join(SPOOL);
        let below = fs::read_dir(&spool).into_iter().flatten().flatten().map(|entry| entry.path());
        for directory in below.chain([spool]) {
            // What cannot be watched is still read at the next timeout.
            let _ = inotify::add_watch(&self.inotify, &directory, WatchFlags::MODIFY | WatchFlags::CREATE);
        }
    }

    /// Waits until something is to be done, at most `at_most`.
    pub(super) fn wait(&self, state: &Path, control: &Control, at_most: Duration) {
        self.cover(state);
        let mut waited_for =
            [PollFd::new(&self.inotify, PollFlags::IN), PollFd::new(control.listener(), PollFlags::IN)];
        let timeout = Timespec {
            tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(at_most.subsec_nanos()),
        };
        // An interrupted wait is a short wait.
        let _ = poll(&mut waited_for, Some(&timeout));
        let mut events = [0_u8; 4096];
        while read(&self.inotify, &mut events).is_ok_and(|count| count > 0) {}
    }
}
