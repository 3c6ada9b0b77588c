//! Appending: one record, one `write`, no waiting.

use crate::layout::{SEGMENT_BYTES_MAX, SEGMENTS_PER_HOUR_MAX, SPOOL, segment_name};
use crate::state::State;
use rustix::fs::{FileType, FlockOperation, Mode, OFlags, ResolveFlags, fdatasync, flock, fstat, mkdirat, openat2};
use rustix::io::{Errno, write};
use std::io;
use std::os::fd::OwnedFd;

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

/// Appends one framed record as a whole.
///
/// # Errors
/// When no segment takes it whole: a full or read-only disk, or a file that is not ours. Nothing is retried
/// behind a record that was cut short, since another writer may already stand there.
pub fn append(state: &State, to: Destination<'_>, record: &[u8], durability: Durability) -> io::Result<()> {
    let mut retry_short_write = true;
    for number in 0..SEGMENTS_PER_HOUR_MAX {
        let name = segment_name(to.session, to.unix_seconds, number);
        let Some(segment) = open_for_append(state, to.host_directory, &name)? else {
            continue;
        };
        if write(&segment, record)? == record.len() {
            return if durability == Durability::Disk { Ok(fdatasync(&segment)?) } else { Ok(()) };
        }
        if !std::mem::take(&mut retry_short_write) {
            break;
        }
    }
    Err(Errno::NOSPC.into())
}

/// Opens a segment and takes part in its shared lock; `None` when it is sealed, being sealed or full.
fn open_for_append(state: &State, host_directory: &str, name: &str) -> io::Result<Option<OwnedFd>> {
    let path = format!("{SPOOL}/{host_directory}/{name}");
    let segment = match create_below(state, &path) {
        Err(Errno::NOENT) => {
            make_host_directory(state, host_directory)?;
            create_below(state, &path)?
        }
        // A sealed segment is read-only.
        Err(Errno::ACCESS) => return Ok(None),
        other => other?,
    };
    if flock(&segment, FlockOperation::NonBlockingLockShared).is_err() {
        return Ok(None);
    }
    let stat = fstat(&segment)?;
    let is_ours = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && stat.st_nlink == 1
        && state.owns(&stat);
    if !is_ours {
        return Err(Errno::PERM.into());
    }
    let takes_more = Mode::from_raw_mode(stat.st_mode).contains(Mode::WUSR)
        && u64::try_from(stat.st_size).is_ok_and(|size| size < SEGMENT_BYTES_MAX);
    Ok(takes_more.then_some(segment))
}

/// Opens or creates a file below the state directory for appending, refusing symbolic links on the way.
pub(crate) fn create_below(state: &State, path: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    open_below(state, path, flags | OFlags::CLOEXEC)
}

#[cfg(target_os = "linux")]
pub(crate) fn open_below(state: &State, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mode = if flags.contains(OFlags::CREATE) { Mode::RUSR | Mode::WUSR } else { Mode::empty() };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(state.fd(), path, flags, mode, resolve) {
        // Kernels before 5.6 and some sandboxes lack openat2.
        Err(Errno::NOSYS | Errno::PERM) => rustix::fs::openat(state.fd(), path, flags, mode),
        other => other,
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn open_below(state: &State, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(state.fd(), path, flags, Mode::RUSR | Mode::WUSR)
}

fn make_host_directory(state: &State, host_directory: &str) -> Result<(), Errno> {
    for path in ["spool", SPOOL, &format!("{SPOOL}/{host_directory}")] {
        match mkdirat(state.fd(), path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
