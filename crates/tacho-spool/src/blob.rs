//! Side blobs: payloads too large for a record, written in pieces as they arrive.

use crate::append::open_below;
use crate::crc32c::Crc32c;
use crate::layout::BLOBS;
use crate::state::State;
use rustix::fs::{Mode, OFlags, mkdirat, renameat};
use rustix::io::{Errno, write};
use std::io;
use std::os::fd::OwnedFd;

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
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = match open_below(state, &path, flags) {
            Err(Errno::NOENT) => {
                mkdirat(state.fd(), BLOBS, Mode::RWXU).or_else(exists_already)?;
                open_below(state, &path, flags)?
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
    /// When it cannot be renamed.
    pub fn finish(self) -> io::Result<Blob> {
        let path = format!("{BLOBS}/{}", self.name);
        renameat(self.state.fd(), format!("{path}{PART_SUFFIX}"), self.state.fd(), path)?;
        Ok(Blob { name: self.name, len: self.len, crc: self.crc.value() })
    }
}

fn exists_already(errno: Errno) -> Result<(), Errno> {
    if errno == Errno::EXIST { Ok(()) } else { Err(errno) }
}
