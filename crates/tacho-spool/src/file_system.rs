//! What segments ask of a file system, and how the kernel answers.
//!
//! A method does what one system call does and decides nothing. The other implementation is the machine in
//! `tests/model`, where disks fill up and break, processes die within a call, and power fails under the same code.

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, ResolveFlags, Stat, fchmod, fdatasync, flock,
    fstat, fsync, mkdirat, openat, openat2, renameat, statat,
};
use rustix::io::{Errno, write};
use rustix::process::geteuid;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What is known of an open file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// Whether it is a regular file of this user that has one name.
    pub is_ours_alone: bool,
    /// Whether its owner may not write to it.
    pub is_sealed: bool,
    /// Its length.
    pub bytes: u64,
}

/// The calls that segments are made of.
pub(crate) trait FileSystem {
    /// An open file. Dropping it closes it and lets go of its lock.
    type File;

    /// Opens or makes a file of ours for appending.
    fn open_to_append(&self, path: &Path) -> Result<Self::File, Errno>;
    /// Opens a regular file for reading.
    fn open_to_read(&self, path: &Path) -> io::Result<Self::File>;
    /// Takes or drops a lock; does not wait for it.
    fn lock(&self, file: &Self::File, operation: FlockOperation) -> Result<(), Errno>;
    /// Says what is known of a file.
    fn standing(&self, file: &Self::File) -> Result<Standing, Errno>;
    /// Adds bytes at the end, or the first of them.
    fn append(&self, file: &Self::File, bytes: &[u8]) -> Result<usize, Errno>;
    /// Fills `bytes` with what begins at `offset`.
    fn read_exact_at(&self, file: &Self::File, bytes: &mut [u8], offset: u64) -> io::Result<()>;
    /// Takes write access from everyone.
    fn make_read_only(&self, file: &Self::File) -> Result<(), Errno>;
    /// Brings a file's bytes to the disk.
    fn sync_bytes(&self, file: &Self::File) -> Result<(), Errno>;
    /// Brings a file's bytes and its mode to the disk.
    fn sync_file(&self, file: &Self::File) -> Result<(), Errno>;
    /// Brings the names in a directory to the disk; the empty path is the directory where relative paths begin.
    fn sync_directory(&self, path: &Path) -> Result<(), Errno>;
    /// Makes a directory for its owner alone.
    fn make_directory(&self, path: &Path) -> Result<(), Errno>;
    /// Whether a name is taken, by whatever.
    fn is_taken(&self, path: &Path) -> bool;
    /// Gives a file another name.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), Errno>;
}

/// The kernel's files as a user sees them from a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernel<'a> {
    /// Where relative paths begin.
    pub base: BorrowedFd<'a>,
    /// Whose files are ours.
    pub uid: u32,
}

impl Kernel<'static> {
    /// As this process sees them from where it is.
    pub(crate) fn here() -> Self {
        Self { base: CWD, uid: geteuid().as_raw() }
    }
}

impl Kernel<'_> {
    /// Whether this is a regular file of the user and has no second name elsewhere.
    pub(crate) fn owns_alone(&self, stat: &Stat) -> bool {
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            && stat.st_nlink == 1
            && stat.st_uid == self.uid
    }
}

impl FileSystem for Kernel<'_> {
    type File = File;

    fn open_to_append(&self, path: &Path) -> Result<File, Errno> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        open_below(self.base, path, flags | OFlags::CLOEXEC).map(File::from)
    }

    fn open_to_read(&self, path: &Path) -> io::Result<File> {
        open_regular(self.base, path)
    }

    fn lock(&self, file: &File, operation: FlockOperation) -> Result<(), Errno> {
        flock(file, operation)
    }

    fn standing(&self, file: &File) -> Result<Standing, Errno> {
        let stat = fstat(file)?;
        Ok(Standing {
            is_ours_alone: self.owns_alone(&stat),
            is_sealed: !Mode::from_raw_mode(stat.st_mode).contains(Mode::WUSR),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
        })
    }

    fn append(&self, file: &File, bytes: &[u8]) -> Result<usize, Errno> {
        write(file, bytes)
    }

    fn read_exact_at(&self, file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        file.read_exact_at(bytes, offset)
    }

    fn make_read_only(&self, file: &File) -> Result<(), Errno> {
        fchmod(file, Mode::RUSR)
    }

    fn sync_bytes(&self, file: &File) -> Result<(), Errno> {
        fdatasync(file)
    }

    fn sync_file(&self, file: &File) -> Result<(), Errno> {
        fsync(file)
    }

    fn sync_directory(&self, path: &Path) -> Result<(), Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let synced = if path.as_os_str().is_empty() {
            fsync(self.base)
        } else {
            fsync(openat(self.base, path, flags, Mode::empty())?)
        };
        match synced {
            // Some file systems cannot; there is nothing else to ask them for.
            Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            other => other,
        }
    }

    fn make_directory(&self, path: &Path) -> Result<(), Errno> {
        mkdirat(self.base, path, Mode::RWXU)
    }

    fn is_taken(&self, path: &Path) -> bool {
        statat(self.base, path, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), Errno> {
        renameat(self.base, from, self.base, to)
    }
}

/// Opens or creates a file below a directory, refusing symbolic links on the way.
#[cfg(target_os = "linux")]
pub(crate) fn open_below(base: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mode = if flags.contains(OFlags::CREATE) { Mode::RUSR | Mode::WUSR } else { Mode::empty() };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(base, path, flags, mode, resolve) {
        // Kernels before 5.6 and some sandboxes lack openat2.
        Err(Errno::NOSYS | Errno::PERM) => openat(base, path, flags, mode),
        other => other,
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn open_below(base: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    openat(base, path, flags, Mode::RUSR | Mode::WUSR)
}

/// Opens a regular file for reading. Does not wait for a pipe's other end or follow a link in the last component.
pub(crate) fn open_regular(base: impl AsFd, path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(openat(base, path, flags, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(Errno::INVAL.into()) }
}
