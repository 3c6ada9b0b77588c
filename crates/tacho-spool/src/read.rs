//! Reading: from a cursor to the last intact record, then sealing what is complete.

use crate::append::{make_directory, sync_names};
use crate::file_system::{FileSystem, Kernel};
use crate::frame::Line;
use crate::layout::{SEALED, SEGMENT_DEPTH, SEGMENT_SUFFIX, SPOOL};
use crate::state::State;
use rustix::fs::FlockOperation;
use std::fs::{self, DirEntry};
use std::io::{self, BufRead as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// How many bytes one call of [`read_from`] takes in at most.
pub const CHUNK_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One intact record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where its line begins in the segment.
    pub offset: u64,
    /// The open object that was sealed, without checksum and closing brace.
    pub open_object: Vec<u8>,
}

/// What stood between a cursor and the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The intact records, in order.
    pub records: Vec<Record>,
    /// Lines that are no intact record: torn, cut or overwritten. Only they are lost.
    pub damaged: u64,
    /// Where to go on.
    pub cursor: u64,
    /// Whether the segment may hold more right now.
    pub more: bool,
}

/// All segments, in the order of their names: those being written, then the sealed ones.
///
/// # Errors
/// When a directory is there but cannot be read.
pub fn segments(state_path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for host_directory in list(&state_path.join(SPOOL), |entry| Ok(entry.file_type()?.is_dir()))? {
        found.extend(list(&host_directory, is_segment)?);
    }
    found.sort();
    Ok(found)
}

/// What a directory holds of a kind; links are of no kind. A directory that is not there holds nothing.
fn list(directory: &Path, is_of_kind: fn(&DirEntry) -> io::Result<bool>) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if is_of_kind(&entry)? {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn is_segment(entry: &DirEntry) -> io::Result<bool> {
    let is_named_so = entry.file_name().as_bytes().ends_with(SEGMENT_SUFFIX.as_bytes());
    Ok(is_named_so && entry.file_type()?.is_file())
}

/// Reads the records after `cursor`. Bytes that are new to the caller are on disk when this returns, and so is the
/// segment's name.
///
/// An unterminated last line is torn when no writer holds the segment, and then is judged like any other;
/// otherwise it is still being written and stays before the cursor. A segment that ends before the cursor is not
/// the one that was read; it is read from its start.
///
/// # Errors
/// When the segment cannot be opened or read.
pub fn read_from(segment: &Path, cursor: u64) -> io::Result<Chunk> {
    read_in(&Kernel::here(), segment, cursor)
}

pub(crate) fn read_in(files: &impl FileSystem, segment: &Path, cursor: u64) -> io::Result<Chunk> {
    let file = files.open_to_read(segment)?;
    let size = files.standing(&file)?.bytes;
    let start = if cursor <= size { cursor } else { 0 };
    if start == size {
        return Ok(Chunk { cursor: size, ..Chunk::default() });
    }
    files.sync_bytes(&file)?;
    if start == 0 {
        sync_names(files, segment, SEGMENT_DEPTH)?;
    }
    let wanted = usize::try_from(size - start).unwrap_or(usize::MAX).min(CHUNK_BYTES_MAX);
    let mut bytes = vec![0; wanted];
    files.read_exact_at(&file, &mut bytes, start)?;
    let terminated = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let (lines, tail) = bytes.split_at(terminated);
    let mut chunk = Chunk { cursor: start, more: start + (wanted as u64) < size, ..Chunk::default() };
    let mut behind = lines;
    while !behind.is_empty() {
        // Faster than to split by a closure.
        let (line, rest) = behind.split_at((&mut &*behind).skip_until(b'\n')?);
        chunk.take(line);
        behind = rest;
    }
    let fills_the_chunk = tail.len() == CHUNK_BYTES_MAX;
    if !tail.is_empty() && (fills_the_chunk || !chunk.more && tail_is_torn(files, &file, size)?) {
        chunk.take(tail);
    }
    Ok(chunk)
}

impl Chunk {
    /// Judges the line at the cursor.
    fn take(&mut self, line: &[u8]) {
        match Line::judge(line.strip_suffix(b"\n").unwrap_or(line)) {
            Line::Blank => {}
            Line::Damaged => self.damaged += 1,
            Line::Record(open_object) => {
                self.records.push(Record { offset: self.cursor, open_object: open_object.to_vec() });
            }
        }
        self.cursor += line.len() as u64;
    }
}

/// Whether the unterminated end of a segment is what a dead writer left. Where locks do not work nobody can tell.
fn tail_is_torn<F: FileSystem>(files: &F, file: &F::File, size_when_read: u64) -> io::Result<bool> {
    if files.lock(file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(false);
    }
    let is_unchanged = files.standing(file)?.bytes == size_when_read;
    files.lock(file, FlockOperation::Unlock)?;
    Ok(is_unchanged)
}

/// Seals a segment that was read to `cursor`: read-only, on disk, and moved among the sealed ones.
/// Returns its new place, or `None` when a writer still has it or it grew. Only the holder of the drainer's lock
/// may seal.
///
/// # Errors
/// When it cannot be locked, changed or moved.
pub fn seal(state: &State, segment: &Path, cursor: u64) -> io::Result<Option<PathBuf>> {
    seal_in(&Kernel::here(), state.path(), segment, cursor)
}

pub(crate) fn seal_in(
    files: &impl FileSystem,
    state_path: &Path,
    segment: &Path,
    cursor: u64,
) -> io::Result<Option<PathBuf>> {
    let file = files.open_to_read(segment)?;
    if files.lock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
        || files.standing(&file)?.bytes != cursor
    {
        return Ok(None);
    }
    files.make_read_only(&file)?;
    files.sync_file(&file)?;
    let sealed = state_path.join(SEALED);
    make_directory(files, &sealed)?;
    // Else the move may reach the disk before the directory it leads to.
    files.sync_directory(&state_path.join(SPOOL))?;
    let target = free_name(files, &sealed, segment);
    files.rename(segment, &target)?;
    Ok(Some(target))
}

/// Where a sealed segment lay before; `None` for one that is not sealed.
#[must_use]
pub fn place_before_sealing(state_path: &Path, segment: &Path) -> Option<PathBuf> {
    let name = segment.strip_prefix(state_path.join(SEALED)).ok()?.to_str()?;
    let (host_directory, name) = name.split_once('.')?;
    let stem = name.strip_suffix(SEGMENT_SUFFIX)?;
    let stem = stem.split_once('~').map_or(stem, |(stem, _)| stem);
    Some(state_path.join(SPOOL).join(host_directory).join(format!("{stem}{SEGMENT_SUFFIX}")))
}

/// A name among the sealed segments that no other has: a writer may begin a segment of the same name again, as
/// when the clock was set back.
fn free_name(files: &impl FileSystem, sealed: &Path, segment: &Path) -> PathBuf {
    let name_of = |path: Option<&Path>| {
        path.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
    };
    let name = format!("{}.{}", name_of(segment.parent()), name_of(Some(segment)));
    let stem = name.strip_suffix(SEGMENT_SUFFIX).unwrap_or(&name);
    let mut target = sealed.join(&name);
    let mut number = 1;
    while files.is_taken(&target) {
        target = sealed.join(format!("{stem}~{number}{SEGMENT_SUFFIX}"));
        number += 1;
    }
    target
}
