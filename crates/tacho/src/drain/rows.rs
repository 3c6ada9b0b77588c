//! Reading a file line by line from an offset, each line cut to what the store keeps, however long it is.

use crate::failure::Failure;
use crate::foreign_file::ForeignFile;
use memchr::memmem;
use serde::de::IgnoredAny;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use tacho_agents::clip::{Clipper, STRING_BYTES_MAX};

/// Bytes that are looked through in a line for a row behind what was torn.
const SEARCHED_BYTES_MAX: usize = 16 * ROW_BYTES_MAX;
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

impl FileRow {
    /// What a line holds: a row; or what was torn when its writer died, and the row of the next writer behind it.
    fn apart(self) -> [Option<Self>; 2] {
        match behind_torn(&self.text) {
            None => [Some(self), None],
            Some(at) => {
                let (torn, row) = self.text.split_at(at);
                let row = Self { offset: self.offset + at as u64, text: row.to_vec() };
                [Some(Self { offset: self.offset, text: torn.to_vec() }), Some(row)]
            }
        }
    }
}

/// Where the row begins that a line ends with, if the line is none itself. Only an object of the outermost level ends
/// where the line does.
pub(crate) fn behind_torn(line: &[u8]) -> Option<usize> {
    let mut searched = 0;
    if is_object(line) {
        return None;
    }
    for at in memmem::find_iter(line, br#"{""#) {
        match serde_json::from_slice::<IgnoredAny>(line.get(at..)?) {
            Ok(_) => return Some(at),
            Err(error) => searched += error.column(),
        }
        if searched > SEARCHED_BYTES_MAX {
            break;
        }
    }
    None
}

fn is_object(text: &[u8]) -> bool {
    text.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

impl ForeignFile {
    /// Hands every row from `offset` on to `each`, the last one also if it lacks nothing but its line feed. Returns
    /// the offset behind it.
    pub(super) fn each_row(
        &self,
        offset: u64,
        mut each: impl FnMut(FileRow) -> Result<(), Failure>,
    ) -> Result<u64, RowsError> {
        let mut reader = BufReader::with_capacity(64 * 1024, self.file());
        reader.seek(SeekFrom::Start(offset)).map_err(|_| RowsError::Unreadable)?;
        let mut line = OpenLine::at(offset);
        loop {
            let piece = reader.fill_buf().map_err(|_| RowsError::Unreadable)?;
            if piece.is_empty() {
                let (offset, end) = (line.offset, line.offset + line.len);
                let Some(row) = line.finish().filter(|row| is_object(&row.text)) else { return Ok(offset) };
                each(row).map_err(RowsError::Each)?;
                return Ok(end);
            }
            let end = piece.iter().position(|byte| *byte == b'\n');
            line.take(piece.get(..end.unwrap_or(piece.len())).unwrap_or_default());
            let consumed = end.map_or(piece.len(), |end| end + 1);
            reader.consume(consumed);
            if end.is_some() {
                let next = OpenLine::at(line.offset + line.len + 1);
                if let Some(row) = std::mem::replace(&mut line, next).finish() {
                    row.apart().into_iter().flatten().try_for_each(&mut each).map_err(RowsError::Each)?;
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

    /// The row, unless there is none or it is too long to keep.
    fn finish(self) -> Option<FileRow> {
        let is_row = (1..=ROW_BYTES_MAX).contains(&self.kept.len());
        is_row.then_some(FileRow { offset: self.offset, text: self.kept })
    }
}
