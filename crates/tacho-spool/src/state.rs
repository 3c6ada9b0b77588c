//! The state directory: where it may lie and what must hold before anything is written below it.

use crate::file_system::{Kernel, open_regular};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, fchmod, fstat, mkdirat, openat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::ffi::OsString;
use std::fs::File;
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
pub fn candidates(variable: impl Fn(&str) -> Option<OsString>) -> impl Iterator<Item = Candidate> {
    let places = [
        (Tier::Named, "TACHO_HOME", ""),
        (Tier::StateHome, "XDG_STATE_HOME", "tachograph"),
        (Tier::StateHome, "HOME", ".local/state/tachograph"),
        (Tier::PluginData, "CLAUDE_PLUGIN_DATA", ""),
        (Tier::Temporary, "XDG_RUNTIME_DIR", ""),
        (Tier::Temporary, "", ""),
    ];
    let candidate = move |(tier, name, rest): (Tier, &str, &str)| {
        let base = if name.is_empty() { Some(OsString::from("/tmp")) } else { variable(name) };
        let base = base.filter(|value| !value.is_empty()).map(PathBuf::from)?;
        let path = match (tier, rest) {
            // It lies among those of other users.
            (Tier::Temporary, _) => base.join(format!("tachograph-{}", geteuid().as_raw())),
            (_, "") => base,
            (_, rest) => base.join(rest),
        };
        path.is_absolute().then_some(Candidate { tier, path })
    };
    places.into_iter().filter_map(candidate)
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

    /// Opens the first candidate that can be used: one that can be opened and takes new files.
    #[must_use]
    pub fn open_first(mut candidates: impl Iterator<Item = Candidate>) -> Option<(Self, Tier)> {
        candidates.find_map(|candidate| {
            let state = Self::open(&candidate.path).ok()?;
            state.is_writable().then_some((state, candidate.tier))
        })
    }

    fn is_writable(&self) -> bool {
        accessat(&self.fd, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::empty()).is_ok()
    }

    /// Opens a file of ours in the state directory for reading, without waiting and without following links.
    ///
    /// # Errors
    /// When it is not there, or is no regular file of ours alone.
    pub fn open_to_read(&self, name: &str) -> io::Result<File> {
        let file = open_regular(&self.fd, Path::new(name))?;
        if self.kernel().owns_alone(&fstat(&file)?) { Ok(file) } else { Err(Errno::PERM.into()) }
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

    /// The files below it, as the user this process runs as may use them.
    pub(crate) fn kernel(&self) -> Kernel<'_> {
        Kernel { base: self.fd(), uid: self.uid }
    }
}

/// Opens a directory without following a symbolic link in its last component.
fn open_directory(base: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(base, path, flags, Mode::empty())
}

fn make_directories(path: &Path) -> Result<(), Errno> {
    let mut missing = Vec::new();
    for directory in path.ancestors() {
        match make_one(directory) {
            Err(Errno::NOENT) => missing.push(directory),
            other => {
                other?;
                break;
            }
        }
    }
    missing.into_iter().rev().try_for_each(make_one)
}

fn make_one(directory: &Path) -> Result<(), Errno> {
    match mkdirat(CWD, directory, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Refuses a directory of another user, or one that is meant for many, and takes write access from everyone else on our own.
fn restrict(directory: &OwnedFd, uid: u32) -> Result<(), Errno> {
    let stat = fstat(directory)?;
    let mode = Mode::from_raw_mode(stat.st_mode);
    if stat.st_uid != uid || mode.contains(Mode::SVTX) {
        return Err(Errno::PERM);
    }
    let shared_write = Mode::WGRP | Mode::WOTH;
    if mode.intersects(shared_write) { fchmod(directory, mode - shared_write) } else { Ok(()) }
}
