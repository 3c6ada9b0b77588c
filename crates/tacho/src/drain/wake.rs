//! Waiting for work: until the spool grows, somebody asks, or time is up.

use super::control::Control;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tacho_spool::layout::SPOOL;

/// How long one waits at most where the spool cannot be watched.
const BLIND_PAUSE: Duration = Duration::from_secs(1);

/// What happened to the spool.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// These segments were written to, or are new.
    Segments(BTreeSet<PathBuf>),
    /// Nobody can tell: all of it must be looked at.
    Unknown,
}

/// Watches the directories of the spool, where the system lets it.
#[derive(Debug)]
pub(super) struct Watch {
    inotify: Option<OwnedFd>,
    /// The directories that are watched, by the numbers the kernel gives them.
    directories: BTreeMap<i32, PathBuf>,
    news: News,
}

impl Watch {
    /// Begins to watch.
    pub(super) fn new() -> Self {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
        Self { inotify, directories: BTreeMap::new(), news: News::Unknown }
    }

    /// Watches every directory there is by now; watching one twice is watching it once. What a directory held
    /// before it was watched is no news to the kernel.
    fn cover(&mut self, state: &Path) {
        let Some(inotify) = &self.inotify else { return };
        let spool = state.join(SPOOL);
        let below = fs::read_dir(&spool).into_iter().flatten().flatten().map(|entry| entry.path());
        for directory in below.chain([spool]) {
            // What cannot be watched is still read at the next timeout.
            let watched = inotify::add_watch(inotify, &directory, WatchFlags::MODIFY | WatchFlags::CREATE);
            if let Ok(number) = watched
                && self.directories.insert(number, directory).is_none()
            {
                self.news = News::Unknown;
            }
        }
    }

    /// Waits until something is to be done, at most `at_most`.
    pub(super) fn wait(
        &mut self,
        state: &Path,
        control: Option<&Control>,
        bell: BorrowedFd<'_>,
        at_most: Duration,
    ) {
        self.cover(state);
        let mut waited_for = vec![PollFd::new(&bell, PollFlags::IN)];
        waited_for.extend(self.inotify.as_ref().map(|inotify| PollFd::new(inotify, PollFlags::IN)));
        waited_for.extend(control.map(|control| PollFd::new(control.listener(), PollFlags::IN)));
        let at_most = match (&self.inotify, &self.news) {
            (None, _) => at_most.min(BLIND_PAUSE),
            (Some(_), News::Unknown) => Duration::ZERO,
            (Some(_), News::Segments(_)) => at_most,
        };
        let timeout = Timespec {
            tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(at_most.subsec_nanos()),
        };
        // An interrupted wait is a short wait.
        let _ = poll(&mut waited_for, Some(&timeout));
    }

    /// What happened since this was asked last.
    pub(super) fn news(&mut self) -> News {
        let mut news = std::mem::replace(&mut self.news, News::Segments(BTreeSet::new()));
        let Some(inotify) = &self.inotify else { return News::Unknown };
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut events = inotify::Reader::new(inotify, &mut buffer);
        while let Ok(event) = events.next() {
            let directory = self.directories.get(&event.wd());
            let name = event.file_name().map(|name| Path::new(OsStr::from_bytes(name.to_bytes())));
            match (&mut news, directory, name) {
                // The queue ran over, a directory is gone or new.
                (news, None, _) | (news, _, None) => *news = News::Unknown,
                (News::Segments(changed), Some(directory), Some(name)) => {
                    changed.insert(directory.join(name));
                }
                (News::Unknown, _, _) => {}
            }
        }
        news
    }
}
