//! Reading a file line by line from an offset, each line cut to what the store keeps, however long it is.

use crate::failure::Failure;
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use tacho_agents::clip::{Clipper, STRING_BYTES_MAX};

/// A row that is longer than this with its strings cut is left out.
const ROW_BYTES_MAX: usize = 1024 * 1024;

/// One complete line of a file.
#[derive(Debug)]
pub(super) struct FileRow {
    /// Where it begins.
    pub(super) offset: u64,
    /// The line, without its line feed, its strings cut.
    pub(super) text: Vec<u8>,
}

/// A file of another program that may be read: a regular file of this user, no symbolic link.
pub(super) struct ForeignFile {
    file: File,
    /// Its inode: another one means that the file was written anew.
    pub(super) inode: u64,
    /// Its size in bytes.
    pub(super) size: u64,
}

/// Opens a file for reading; `None` when it is missing or nothing we may read.
pub(super) fn open(path: &Path) -> Option<ForeignFile> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(CWD, path, flags, Mode::empty()).ok()?);
    let metadata = file.metadata().ok()?;
    let is_ours = metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw();
    is_ours.then(|| ForeignFile { inode: metadata.ino(), size: metadata.len(), file })
}

impl ForeignFile {
    /// All of it, as long as it was when it was opened.
    pub(super) fn read_whole(self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.take(self.size).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Hands every complete line from `offset` on to `each`. Returns the offset behind the last one.
    pub(super) fn each_row(
        self,
        offset: u64,
        mut each: impl FnMut(FileRow) -> Result<(), Failure>,
    ) -> Result<u64, RowsError> {
        let mut reader = BufReader::with_capacity(64 * 1024, self.file);
        reader.seek(SeekFrom::Start(offset)).map_err(|_| RowsError::Unreadable)?;
        let mut line = OpenLine::at(offset);
        loop {
            let piece = reader.fill_buf().map_err(|_| RowsError::Unreadable)?;
            if piece.is_empty() {
                return Ok(line.offset);
            }
            let end = piece.iter().position(|byte| *byte == b'\n');
            line.take(piece.get(..end.unwrap_or(piece.len())).unwrap_or_default());
            let consumed = end.map_or(piece.len(), |end| end + 1);
            reader.consume(consumed);
            if end.is_some() {
                let next = OpenLine::at(line.offset + line.len + 1);
                if let Some(row) = std::mem::replace(&mut line, next).finish() {
                    each(row).map_err(RowsError::Each)?;
                }
            }
        }
    }
}

/// Why a file was not read to its end.
#[derive(Debug)]
pub(super) enum RowsError {
    /// The file could not be read.
    Unreadable,
    /// What was to be done with a row failed.
    Each(Failure),
}

/// A line that is being read.
struct OpenLine {
    offset: u64,
    len: u64,
    clipper: Clipper,
    kept: Vec<u8>,
}

impl OpenLine {
    fn at(offset: u64) -> Self {
        Self { offset, len: 0, clipper: Clipper::new(STRING_BYTES_MAX), kept: Vec::new() }
    }

    fn take(&mut self, piece: &[u8]) {
        self.len += piece.len() as u64;
        if self.kept.len() <= ROW_BYTES_MAX {
            self.clipper.feed(piece, &mut self.kept);
        }
    }

    /// The row, unless it is too long to keep.
    fn finish(self) -> Option<FileRow> {
        (self.kept.len() <= ROW_BYTES_MAX).then_some(FileRow { offset: self.offset, text: self.kept })
    }
}
