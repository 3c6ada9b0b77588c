//! Side blobs: payloads too large for a record, written in pieces as they arrive.

use crate::append::{Durability, make_directory, sync_names};
use crate::crc32c::Crc32c;
use crate::file_system::{FileSystem as _, Kernel, open_below};
use crate::layout::{BLOB_DEPTH, BLOBS};
use crate::state::State;
use rustix::fs::{AtFlags, OFlags, fdatasync, renameat, unlinkat};
use rustix::io::{Errno, write};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

/// Suffix of a blob that is still being written.
pub const PART_SUFFIX: &str = ".part";

/// A blob being written. It has its final name only once it is complete.
#[derive(Debug)]
pub struct BlobWriter<'a> {
    state: &'a State,
    name: String,
    file: OwnedFd,
    crc: Crc32c,
    len: u64,
}

/// A complete blob, as the record that refers to it names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// File name below [`BLOBS`].
    pub name: String,
    /// Bytes in it.
    pub len: u64,
    /// CRC-32C of the bytes.
    pub crc: u32,
}

impl<'a> BlobWriter<'a> {
    /// Begins a blob of a name that no other has.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(state: &'a State, name: String) -> io::Result<Self> {
        let path = format!("{BLOBS}/{name}{PART_SUFFIX}");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = match open_below(state.fd(), path.as_ref(), flags) {
            Err(Errno::NOENT) => {
                make_directory(&state.kernel(), BLOBS.as_ref())?;
                open_below(state.fd(), path.as_ref(), flags)?
            }
            other => other?,
        };
        Ok(Self { state, name, file, crc: Crc32c::default(), len: 0 })
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// When they cannot all be written, as on a full disk.
    pub fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = write(&self.file, rest)?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            rest = rest.get(written..).unwrap_or_default();
        }
        self.crc.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Bytes written so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Gives the blob its final name.
    ///
    /// # Errors
    /// When it cannot be brought to the disk, if that is asked for, or cannot be renamed.
    pub fn finish(self, durability: Durability) -> io::Result<Blob> {
        if durability == Durability::Disk {
            fdatasync(&self.file)?;
        }
        let path = format!("{BLOBS}/{}", self.name);
        renameat(self.state.fd(), self.part_path(), self.state.fd(), &path)?;
        if durability == Durability::Disk {
            sync_names(&self.state.kernel(), path.as_ref(), BLOB_DEPTH)?;
        }
        Ok(Blob { name: self.name, len: self.len, crc: self.crc.value() })
    }

    /// Removes what was written, so that a blob that did not fit leaves the room to the record.
    pub fn discard(self) {
        // What cannot be removed keeps the suffix by which it is known to be incomplete.
        let _ = unlinkat(self.state.fd(), self.part_path(), AtFlags::empty());
    }

    fn part_path(&self) -> String {
        format!("{BLOBS}/{}{PART_SUFFIX}", self.name)
    }
}

/// Refuses a name that leads anywhere else.
fn check_name(name: &str) -> io::Result<()> {
    let mut components = Path::new(name).components();
    let is_plain = matches!((components.next(), components.next()), (Some(Component::Normal(_)), None));
    if is_plain { Ok(()) } else { Err(Errno::INVAL.into()) }
}

/// Removes a blob, which no record must refer to.
///
/// # Errors
/// When the name is no plain file name, or it is not there or cannot be removed.
pub fn remove(state: &State, blob: &Blob) -> io::Result<()> {
    check_name(&blob.name)?;
    Ok(unlinkat(state.fd(), format!("{BLOBS}/{}", blob.name), AtFlags::empty())?)
}

/// Opens a blob for reading. Its bytes and its name are on disk when this returns; whether they are intact is for
/// the caller to judge by length and checksum.
///
/// # Errors
/// When the name is no plain file name, or the file is not there or no regular file.
pub fn open(state_path: &Path, name: &str) -> io::Result<File> {
    check_name(name)?;
    let files = Kernel::here();
    let path = state_path.join(BLOBS).join(name);
    let file = files.open_to_read(&path)?;
    files.sync_bytes(&file)?;
    sync_names(&files, &path, BLOB_DEPTH)?;
    Ok(file)
}
