//! Watching the spool: which segments were written to, where the system lets it be watched.

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tacho_spool::layout::SPOOL;

/// How long one waits at most where the spool cannot be watched.
pub(crate) const BLIND_PAUSE: Duration = Duration::from_secs(1);

/// What happened to the spool.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// These segments were written to, or are new.
    Segments(BTreeSet<PathBuf>),
    /// Nobody can tell: all of it must be looked at.
    Unknown,
}

/// A watch over the directories of the spool.
#[derive(Debug)]
pub(crate) struct SpoolWatch {
    inotify: Option<OwnedFd>,
    /// The directories that are watched, by the numbers the kernel gives them.
    directories: BTreeMap<i32, PathBuf>,
    /// The numbers of the directories that the spool will be made in, which are watched while there is none.
    above: BTreeSet<i32>,
    news: News,
}

impl SpoolWatch {
    /// Watches nothing yet.
    pub(crate) fn new() -> Self {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
        Self { inotify, directories: BTreeMap::new(), above: BTreeSet::new(), news: News::Unknown }
    }

    /// Watches every directory there is by now; watching one twice is watching it once. What a directory held
    /// before it was watched is no news to the kernel.
    pub(crate) fn cover(&mut self, state: &Path) {
        let Some(inotify) = &self.inotify else { return };
        let spool = state.join(SPOOL);
        if !spool.exists() {
            let above = spool.ancestors().skip(1).take_while(|path| path.starts_with(state));
            self.above
                .extend(above.filter_map(|path| inotify::add_watch(inotify, path, WatchFlags::CREATE).ok()));
        }
        let below = fs::read_dir(&spool).into_iter().flatten().flatten().map(|entry| entry.path());
        for directory in below.chain([spool]) {
            // What cannot be watched is still read at the next timeout.
            let watched = inotify::add_watch(inotify, &directory, WatchFlags::MODIFY | WatchFlags::CREATE);
            if let Ok(number) = watched
                && self.directories.insert(number, directory).is_none()
            {
                self.news = News::Unknown;
                for above in std::mem::take(&mut self.above) {
                    // Much else is made there. What is gone already needs no removal.
                    let _ = inotify::remove_watch(inotify, above);
                }
            }
        }
    }

    /// Readable when something happened; `None` where nothing can be watched.
    pub(crate) const fn bell(&self) -> Option<&OwnedFd> {
        self.inotify.as_ref()
    }

    /// Whether there is something to look at that no bell will ring for.
    pub(crate) fn is_restless(&self) -> bool {
        self.news == News::Unknown
    }

    /// What happened since this was asked last.
    pub(crate) fn news(&mut self) -> News {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    /// Whether the bell rings now.
    fn rings(watch: &SpoolWatch) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let bell = watch.bell().unwrap().as_fd();
        poll(&mut [PollFd::new(&bell, PollFlags::IN)], Some(&now)).unwrap() == 1
    }

    /// Every directory on the way to a segment may be made at its own moment.
    #[test]
    fn from_before_the_spool_is_there() {
        let state = tempfile::tempdir().unwrap();
        let spool = state.path().join(SPOOL);
        let mut watch = SpoolWatch::new();
        watch.cover(state.path());
        watch.news();
        let mut level = state.path().to_owned();
        for part in Path::new(SPOOL).components().chain(Path::new("host").components()) {
            level.push(part);
            fs::create_dir(&level).unwrap();
            assert!(rings(&watch), "{}", level.display());
            watch.news();
            watch.cover(state.path());
            watch.news();
        }
        let segment = spool.join("host/segment");
        fs::write(&segment, "a").unwrap();
        assert_eq!(watch.news(), News::Segments([segment].into()));
        fs::write(state.path().join("store.db"), "a").unwrap();
        assert!(!rings(&watch));
    }
}
