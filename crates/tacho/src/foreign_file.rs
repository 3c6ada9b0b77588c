//! Files that another program writes: opened with care, and recognised again.

use rustix::fs::{CWD, Mode, OFlags, openat};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use tacho_spool::crc32c::crc32c;

/// Bytes that tell whether a file is still the one that was read.
const MARKED_BYTES: u64 = 256;
/// What an agent writes down about something is a small file; a larger one is none.
const SMALL_BYTES_MAX: u64 = 64 * 1024;

/// A file of another program that may be read: a regular file of this user, no symbolic link.
pub(crate) struct ForeignFile {
    file: File,
    /// Its inode: another one means that the file was written anew.
    pub(crate) inode: u64,
    /// Its size in bytes.
    pub(crate) size: u64,
}

/// Opens a file for reading; `None` when it is missing or nothing we may read.
pub(crate) fn open(path: &Path) -> Option<ForeignFile> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(CWD, path, flags, Mode::empty()).ok()?);
    let metadata = file.metadata().ok()?;
    let is_ours = metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw();
    is_ours.then(|| ForeignFile { inode: metadata.ino(), size: metadata.len(), file })
}

impl ForeignFile {
    /// The open file.
    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    /// Whether it is no larger than a description is.
    pub(crate) const fn is_small(&self) -> bool {
        self.size <= SMALL_BYTES_MAX
    }

    /// All of it, as long as it was when it was opened; `None` for one that is not small.
    pub(crate) fn read_small(self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.is_small().then(|| self.file.take(self.size).read_to_end(&mut bytes).ok())??;
        Some(bytes)
    }

    /// A checksum of the last bytes before `offset`.
    pub(crate) fn mark_before(&self, offset: u64) -> io::Result<u32> {
        let bytes = MARKED_BYTES.min(offset);
        let mut marked = vec![0; usize::try_from(bytes).unwrap_or_default()];
        self.file.read_exact_at(&mut marked, offset - bytes)?;
        Ok(crc32c(&marked))
    }

    /// Whether it is the file that had this inode, this checksum before this offset, and was read up to there.
    pub(crate) fn is_as_it_was_read(&self, inode: u64, offset: u64, mark: Option<u32>) -> bool {
        let stands = |mark| self.mark_before(offset).is_ok_and(|now| now == mark);
        self.inode == inode && self.size >= offset && mark.is_none_or(stands)
    }
}
