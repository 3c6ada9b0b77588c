//! The state directory: where it may lie and what must hold before anything is written below it.

use rustix::fs::{CWD, Mode, OFlags, Stat, fchmod, fstat, mkdirat, openat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Why a directory is a candidate, in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The owner named it: `TACHO_HOME`.
    Named,
    /// The user's state home.
    StateHome,
    /// The agent's data folder for the plugin.
    PluginData,
    /// Under the runtime or temporary directory: lost at the next boot.
    Temporary,
}

/// One place where the state directory may lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Why it is one.
    pub tier: Tier,
    /// The directory.
    pub path: PathBuf,
}

/// The places to try, best first. `variable` looks an environment variable up; empty counts as unset.
pub fn candidates(variable: impl Fn(&str) -> Option<OsString>) -> Vec<Candidate> {
    let directory = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let below = |name: &str, rest: &str| directory(name).map(|base| base.join(rest));
    let temporary = format!("tachograph-{}", geteuid().as_raw());
    let places = [
        (Tier::Named, directory("TACHO_HOME")),
        (Tier::StateHome, below("XDG_STATE_HOME", "tachograph")),
        (Tier::StateHome, below("HOME", ".local/state/tachograph")),
        (Tier::PluginData, directory("CLAUDE_PLUGIN_DATA")),
        (Tier::Temporary, below("XDG_RUNTIME_DIR", &temporary)),
        (Tier::Temporary, Some(Path::new("/tmp").join(&temporary))),
    ];
    let found = places.into_iter().filter_map(|(tier, path)| Some(Candidate { tier, path: path? }));
    found.filter(|candidate| candidate.path.is_absolute()).collect()
}

/// A state directory that is ours alone to write.
#[derive(Debug)]
pub struct State {
    fd: OwnedFd,
    path: PathBuf,
    uid: u32,
}

impl State {
    /// Opens the directory, making it and its parents when they are missing.
    ///
    /// # Errors
    /// When it cannot be made or opened, is a symbolic link, or belongs to another user.
    pub fn open(path: &Path) -> io::Result<Self> {
        let fd = match open_directory(CWD, path) {
            Err(Errno::NOENT) => {
                make_directories(path)?;
                open_directory(CWD, path)?
            }
            other => other?,
        };
        let uid = geteuid().as_raw();
        restrict(&fd, uid)?;
        Ok(Self { fd, path: path.to_owned(), uid })
    }

    /// Opens the first candidate that can be used.
    #[must_use]
    pub fn open_first(candidates: &[Candidate]) -> Option<(Self, Tier)> {
        candidates.iter().find_map(|candidate| Some((Self::open(&candidate.path).ok()?, candidate.tier)))
    }

    /// The open directory.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a file belongs to the user this process runs as.
    pub(crate) fn owns(&self, stat: &Stat) -> bool {
        stat.st_uid == self.uid
    }
}

/// Opens a directory without following a symbolic link in its last component.
pub(crate) fn open_directory(base: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(base, path, flags, Mode::empty())
}

fn make_directories(path: &Path) -> Result<(), Errno> {
    match mkdirat(CWD, path, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(Errno::NOENT) => match path.parent() {
            Some(parent) if parent != path => {
                make_directories(parent)?;
                make_directories(path)
            }
            _ => Err(Errno::NOENT),
        },
        Err(errno) => Err(errno),
    }
}

/// Refuses a directory of another user and takes write access from everyone else on our own.
fn restrict(directory: &OwnedFd, uid: u32) -> Result<(), Errno> {
    let stat = fstat(directory)?;
    if stat.st_uid != uid {
        return Err(Errno::PERM);
    }
    let mode = Mode::from_raw_mode(stat.st_mode);
    let shared_write = Mode::WGRP | Mode::WOTH;
    if mode.intersects(shared_write) { fchmod(directory, mode - shared_write) } else { Ok(()) }
}

