//! Waiting until the spool grows, or nobody reads what is printed.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::Path;
use tacho_spool::layout::SPOOL;

/// How long one waits where the spool cannot be watched.
const BLIND_PAUSE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// A watch over the directories of the spool.
#[derive(Debug)]
pub(super) struct SpoolWatch {
    inotify: Option<OwnedFd>,
}

impl SpoolWatch {
    /// Begins to watch.
    pub(super) fn new(state: &Path) -> Self {
        let watch = Self { inotify: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok() };
        watch.cover(state);
        watch
    }

    /// Watches every directory there is by now; watching one twice is watching it once. Where the spool is not there
    /// yet, whatever it will be made in is watched.
    fn cover(&self, state: &Path) {
        let Some(inotify) = &self.inotify else { return };
        let spool = state.join(SPOOL);
        let above = spool.ancestors().skip(1).take_while(|path| path.starts_with(state));
        let missing = above.filter(|_| !spool.exists()).map(Path::to_owned);
        let below = fs::read_dir(&spool).into_iter().flatten().flatten().map(|entry| entry.path());
        for directory in missing.chain(below).chain([spool.clone()]) {
            // One that is gone holds nothing; one that cannot be watched is looked into with the next event of another.
            let _ = inotify::add_watch(inotify, &directory, WatchFlags::MODIFY | WatchFlags::CREATE);
        }
    }

    /// Waits until something happened; a break where nobody reads any more.
    pub(super) fn wait(&mut self, state: &Path) -> ControlFlow<()> {
        let stdout = io::stdout();
        // Whether nobody reads is told without being asked for.
        let mut waited_for = vec![PollFd::new(&stdout, PollFlags::empty())];
        waited_for.extend(self.inotify.as_ref().map(|inotify| PollFd::new(inotify, PollFlags::IN)));
        let timeout = self.inotify.is_none().then_some(BLIND_PAUSE);
        // An interrupted wait is a short wait.
        let _ = poll(&mut waited_for, timeout.as_ref());
        let reader = waited_for.first().map_or(PollFlags::empty(), PollFd::revents);
        if reader.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) {
            return ControlFlow::Break(());
        }
        self.forget_events();
        self.cover(state);
        ControlFlow::Continue(())
    }

    fn forget_events(&self) {
        let Some(inotify) = &self.inotify else { return };
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut events = inotify::Reader::new(inotify, &mut buffer);
        while events.next().is_ok() {}
    }
}
