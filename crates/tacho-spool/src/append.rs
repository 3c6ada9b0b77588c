//! Appending: one record, one `write`, no waiting.

use crate::file_system::FileSystem;
use crate::layout::{SEGMENT_BYTES_MAX, SEGMENT_DEPTH, SEGMENTS_PER_HOUR_MAX, SPOOL, segment_name};
use crate::state::State;
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use std::io;
use std::path::Path;

/// A file of this name in the state directory asks for every record to be on disk before its writer exits.
pub const SYNC_MARKER: &str = "sync";

/// When an append counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The kernel has the record: it survives the death of any process.
    Kernel,
    /// The disk has the record: it survives a power cut.
    Disk,
}

/// Where a record belongs.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// Name of the directory of this host and boot.
    pub host_directory: &'a str,
    /// The session, or anything else that groups records.
    pub session: &'a str,
    /// The time that chooses the segment, in seconds since the Unix epoch.
    pub unix_seconds: u64,
}

/// Why a segment does not hold a record.
enum Refusal {
    /// It has nothing of it; the next may take it.
    Passed(Errno),
    /// It has a part of it, or what it has may not reach the disk.
    Spoilt(Errno),
    /// No segment will take it.
    Final(Errno),
}

/// Appends one framed record as a whole.
///
/// A name that is sealed, full or taken by something that is no segment of ours is passed over for the next one.
///
/// # Errors
/// When no segment takes it whole, as on a full or read-only disk. Nothing is written behind a record that was
/// cut short, since another writer may already stand there.
pub fn append(state: &State, to: Destination<'_>, record: &[u8], durability: Durability) -> io::Result<()> {
    Ok(append_in(&state.kernel(), to, record, durability)?)
}

pub(crate) fn append_in(
    files: &impl FileSystem,
    to: Destination<'_>,
    record: &[u8],
    durability: Durability,
) -> Result<(), Errno> {
    let mut failure = Errno::NOSPC;
    let mut is_last_try = false;
    for number in 0..SEGMENTS_PER_HOUR_MAX {
        let name = segment_name(to.session, to.unix_seconds, number);
        let segment = format!("{SPOOL}/{}/{name}", to.host_directory);
        failure = match append_to(files, segment.as_ref(), record, durability) {
            Ok(()) => return Ok(()),
            Err(Refusal::Passed(errno)) => errno,
            // Written once more, as a whole and elsewhere.
            Err(Refusal::Spoilt(errno)) if !is_last_try => {
                is_last_try = true;
                errno
            }
            Err(Refusal::Spoilt(errno) | Refusal::Final(errno)) => return Err(errno),
        };
    }
    Err(failure)
}

fn append_to(
    files: &impl FileSystem,
    segment: &Path,
    record: &[u8],
    durability: Durability,
) -> Result<(), Refusal> {
    let file = open_for_append(files, segment)?;
    match files.append(&file, record) {
        Ok(count) if count == record.len() => {}
        Ok(_) => return Err(Refusal::Spoilt(Errno::NOSPC)),
        Err(Errno::FBIG) => return Err(Refusal::Passed(Errno::FBIG)),
        Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::ROFS)) => return Err(Refusal::Final(errno)),
        Err(errno) => return Err(Refusal::Spoilt(errno)),
    }
    if durability == Durability::Kernel {
        return Ok(());
    }
    // After a failed sync the kernel may have dropped the pages, so that only another write can help.
    files.sync_bytes(&file).map_err(Refusal::Spoilt)?;
    // Also of a segment that is not new: whoever began it may not have synced its name, or may be dead.
    sync_names(files, segment, SEGMENT_DEPTH).map_err(Refusal::Spoilt)
}

/// Opens a segment and takes part in its shared lock, until the file is dropped.
fn open_for_append<F: FileSystem>(files: &F, segment: &Path) -> Result<F::File, Refusal> {
    let opened = match files.open_to_append(segment) {
        Err(Errno::NOENT) => make_directories_of(files, segment).and_then(|()| files.open_to_append(segment)),
        other => other,
    };
    let file = opened.map_err(|errno| match errno {
        // It is sealed, or the name is taken by a symbolic link, a pipe, a directory or somebody else's file.
        Errno::ACCESS | Errno::LOOP | Errno::NXIO | Errno::ISDIR | Errno::PERM => Refusal::Passed(errno),
        _ => Refusal::Final(errno),
    })?;
    // A file system without locks refuses with another word; there nobody can seal either.
    if files.lock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK) {
        return Err(Refusal::Passed(Errno::WOULDBLOCK));
    }
    let standing = files.standing(&file).map_err(Refusal::Final)?;
    if !standing.is_ours_alone {
        return Err(Refusal::Passed(Errno::PERM));
    }
    // Whoever may do everything opens a sealed segment all the same.
    if standing.is_sealed || standing.bytes >= SEGMENT_BYTES_MAX {
        return Err(Refusal::Passed(Errno::FBIG));
    }
    Ok(file)
}

/// Makes the directories a segment lies in, below the state directory.
fn make_directories_of(files: &impl FileSystem, segment: &Path) -> Result<(), Errno> {
    let directories = segment.ancestors().skip(1).take(SEGMENT_DEPTH - 1).collect::<Vec<_>>();
    directories.into_iter().rev().try_for_each(|directory| make_directory(files, directory))
}

/// Brings the name of a file to the disk, and those of the directories it lies in.
pub(crate) fn sync_names(files: &impl FileSystem, path: &Path, depth: usize) -> Result<(), Errno> {
    path.ancestors().skip(1).take(depth).try_for_each(|directory| files.sync_directory(directory))
}

/// Makes a directory unless it is there.
pub(crate) fn make_directory(files: &impl FileSystem, path: &Path) -> Result<(), Errno> {
    match files.make_directory(path) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno),
    }
}
