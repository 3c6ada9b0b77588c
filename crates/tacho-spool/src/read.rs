//! Reading: from a cursor to the last intact record, then sealing what is complete.

use crate::frame::Line;
use crate::layout::{SEALED, SEGMENT_SUFFIX, SPOOL};
use crate::state::State;
use rustix::fs::{FlockOperation, Mode, OFlags, fchmod, fdatasync, flock, fsync, open};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
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
    for host_directory in list(&state_path.join(SPOOL))? {
        if host_directory.is_dir() {
            found.extend(list(&host_directory)?.into_iter().filter(|path| is_segment(path)));
        }
    }
    found.sort();
    Ok(found)
}

fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn is_segment(path: &Path) -> bool {
    path.to_str().is_some_and(|name| name.ends_with(SEGMENT_SUFFIX))
}

/// Reads the records after `cursor`. Bytes that are new to the caller are on disk when this returns.
///
/// An unterminated last line is torn when no writer holds the segment, and then counts as damaged; otherwise
/// it is still being written and stays before the cursor.
///
/// # Errors
/// When the segment cannot be opened or read.
pub fn read_from(segment: &Path, cursor: u64) -> io::Result<Chunk> {
    let file = open_segment(segment)?;
    let size = file.metadata()?.len();
    if size <= cursor {
        return Ok(Chunk { cursor, ..Chunk::default() });
    }
    fdatasync(&file)?;
    let wanted = usize::try_from(size - cursor).unwrap_or(usize::MAX).min(CHUNK_BYTES_MAX);
    let mut bytes = vec![0; wanted];
    file.read_exact_at(&mut bytes, cursor)?;
    let mut chunk = split(&bytes, cursor);
    chunk.more = cursor + (wanted as u64) < size;
    let rest = cursor + wanted as u64 - chunk.cursor;
    let fills_a_chunk = rest as usize == CHUNK_BYTES_MAX;
    if rest > 0 && (fills_a_chunk || !chunk.more && tail_is_torn(&file, size)?) {
        chunk.damaged += 1;
        chunk.cursor += rest;
    }
    Ok(chunk)
}

fn open_segment(segment: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(open(segment, flags, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(Errno::INVAL.into()) }
}

/// Judges every terminated line of `bytes`, which begin at `start` in the segment.
fn split(bytes: &[u8], start: u64) -> Chunk {
    let mut chunk = Chunk { cursor: start, ..Chunk::default() };
    let terminated = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    for line in bytes.split_at(terminated).0.split_inclusive(|byte| *byte == b'\n') {
        match Line::judge(line.strip_suffix(b"\n").unwrap_or(line)) {
            Line::Blank => {}
            Line::Damaged => chunk.damaged += 1,
            Line::Record(open_object) => {
                chunk.records.push(Record { offset: chunk.cursor, open_object: open_object.to_vec() });
            }
        }
        chunk.cursor += line.len() as u64;
    }
    chunk
}

/// Whether the unterminated end of a segment is what a dead writer left.
fn tail_is_torn(file: &File, size_when_read: u64) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {
            let is_unchanged = file.metadata()?.len() == size_when_read;
            flock(file, FlockOperation::Unlock)?;
            Ok(is_unchanged)
        }
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Seals a segment that was read to `cursor`: read-only, on disk, and moved among the sealed ones.
/// Returns its new place, or `None` when a writer still has it or it grew.
///
/// # Errors
/// When it cannot be locked, changed or moved.
pub fn seal(state: &State, segment: &Path, cursor: u64) -> io::Result<Option<PathBuf>> {
    let file = open_segment(segment)?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() || file.metadata()?.len() != cursor {
        return Ok(None);
    }
    fchmod(&file, Mode::RUSR)?;
    fsync(&file)?;
    let sealed = state.path().join(SEALED);
    fs::create_dir_all(&sealed)?;
    let name_of = |path: Option<&Path>| {
        path.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
    };
    let target = sealed.join(format!("{}.{}", name_of(segment.parent()), name_of(Some(segment))));
    fs::rename(segment, &target)?;
    Ok(Some(target))
}
