//! The file system as far as one user's repositories may be read: regular files of that user, opened without waiting.
//!
//! Must not open what it has not looked at: opening a device does things, opening a pipe waits.

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::Uid;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The coarsest step in which a file system notes times (FAT).
const STEP_OF_TIME: Duration = Duration::from_secs(2);

/// What tells a file from every other and from itself after a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    /// When its content was written, in nanoseconds since the Unix epoch; by a clock of the kernel's that may be some
    /// milliseconds behind.
    pub(crate) modified_ns: u64,
    /// When anything about it changed. Only the system sets this time.
    status_ns: u64,
}

/// What there is under a name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// Something that is not read: a link, a device, another user's file, what permissions hide.
    Barred,
    /// A regular file.
    File(Stamp),
    /// A directory.
    Directory(Stamp),
}

/// What may be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disk {
    owner: Uid,
    links: Links,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    Refused,
    /// Links are followed, and the administrator's files are read too.
    Followed,
}

impl Disk {
    /// For files that a stranger may have arranged.
    pub(crate) const fn of_repositories(owner: Uid) -> Self {
        Self { owner, links: Links::Refused }
    }

    /// For files that only the user can have arranged; many keep their settings elsewhere and link to them.
    pub(crate) const fn of_home(owner: Uid) -> Self {
        Self { owner, links: Links::Followed }
    }

    /// What there is, without opening it.
    pub(crate) fn look(&self, path: &Path) -> Found {
        let metadata = match self.links {
            Links::Refused => fs::symlink_metadata(path),
            Links::Followed => fs::metadata(path),
        };
        match metadata {
            Ok(metadata) => self.found(&metadata),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Found::Nothing
            }
            Err(_) => Found::Barred,
        }
    }

    /// What it is that has this metadata.
    pub(crate) fn found(&self, metadata: &Metadata) -> Found {
        let is_root = metadata.uid() == Uid::ROOT.as_raw();
        let is_ours = metadata.uid() == self.owner.as_raw() || is_root && self.links == Links::Followed;
        match metadata.file_type() {
            _ if !is_ours => Found::Barred,
            kind if kind.is_file() => Found::File(Stamp::of(metadata)),
            kind if kind.is_dir() => Found::Directory(Stamp::of(metadata)),
            _ => Found::Barred,
        }
    }

    /// Opens a file below a directory.
    pub(crate) fn open(&self, directory: &Path, name: &Path) -> Option<(File, Stamp)> {
        if self.links == Links::Refused && !self.leads_straight(directory, name) {
            return None;
        }
        let path = directory.join(name);
        let Found::File(_) = self.look(&path) else { return None };
        let nofollow = if self.links == Links::Refused { OFlags::NOFOLLOW } else { OFlags::empty() };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | nofollow;
        let file = File::from(openat(CWD, &path, flags, Mode::empty()).ok()?);
        match self.found(&file.metadata().ok()?) {
            Found::File(stamp) => Some((file, stamp)),
            Found::Nothing | Found::Barred | Found::Directory(_) => None,
        }
    }

    /// Whether every directory between `directory` and the file is one, and no link to one.
    fn leads_straight(&self, directory: &Path, name: &Path) -> bool {
        let between = name.ancestors().skip(1).filter(|part| !part.as_os_str().is_empty());
        let mut found = between.map(|part| self.look(&directory.join(part)));
        found.all(|found| matches!(found, Found::Directory(_)))
    }

    /// The whole of a file that is no longer than `bytes_max`.
    pub(crate) fn read(&self, directory: &Path, name: &Path, bytes_max: u64) -> Option<Vec<u8>> {
        let (file, stamp) = self.open(directory, name)?;
        read_all(file, stamp, bytes_max)
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            status_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether every change from now on will show: a file that changed a moment ago may change again without it, as file
    /// systems note times in steps and use inodes again.
    pub(crate) fn is_distinct(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        now.saturating_sub(Duration::from_nanos(self.status_ns)) > STEP_OF_TIME
    }
}

/// Before 1970 is 0.
fn nanoseconds(seconds: i64, rest: i64) -> u64 {
    let nanoseconds = i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    u64::try_from(nanoseconds.max(0)).unwrap_or(u64::MAX)
}

/// The whole of an open file that is no longer than `bytes_max`.
pub(crate) fn read_all(file: File, stamp: Stamp, bytes_max: u64) -> Option<Vec<u8>> {
    if stamp.size > bytes_max {
        return None;
    }
    let mut bytes = Vec::new();
    // One more than allowed shows that the file has grown meanwhile.
    file.take(bytes_max + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= bytes_max).then_some(bytes)
}
