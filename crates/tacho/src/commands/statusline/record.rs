//! Figures of a status line as a record of the spool, unless the same were recorded last.

use crate::drain::now;
use crate::record::{OwnRecord, Recorder, boot_ns, uid_of};
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::{Errno, pread, pwrite};
use rustix::process::geteuid;
use std::env;
use std::io;
use std::os::fd::OwnedFd;
use tacho_agents::{Agent, StatusLine};
use tacho_spool::append::Durability;
use tacho_spool::state::{State, candidates};

/// The file beside the segments that tells what was recorded last, by session: slots of a digest each. Where two
/// sessions fall on one slot, figures are recorded more often than needed.
const SEEN_FILE: &str = "spool/status-lines";
const SLOTS: u64 = 512;
const DIGEST_BYTES: usize = 8;

/// Appends the figures to the spool if they changed.
pub(super) fn record(agent: &Agent, status: &StatusLine) -> io::Result<()> {
    let (state, _) = State::open_first(candidates(|name| env::var_os(name))).ok_or(Errno::NOENT)?;
    let seen = Seen::of(status);
    if seen.is_known(&state)? {
        return Ok(());
    }
    let record = OwnRecord {
        agent: agent.name,
        event: agent.status_event,
        session: status.session.as_str(),
        raw: &status.kept,
        unix_ns: now().0,
        boot_ns: boot_ns(),
    };
    Recorder::new().append(&state, &record, Durability::Kernel)?;
    seen.remember(&state)
}

/// The place where it stands what was recorded last of a session.
struct Seen {
    offset: u64,
    digest: [u8; DIGEST_BYTES],
}

impl Seen {
    fn of(status: &StatusLine) -> Self {
        let session = status.session.as_str().as_bytes();
        let slot = u64::from_be_bytes(digest(&[session])) % SLOTS;
        Self { offset: slot * DIGEST_BYTES as u64, digest: digest(&[session, status.kept.as_bytes()]) }
    }

    fn is_known(&self, state: &State) -> io::Result<bool> {
        let file = match open(state, OFlags::RDONLY) {
            // Nothing was recorded yet.
            Err(Errno::NOENT) => return Ok(false),
            other => other?,
        };
        let mut last = [0; DIGEST_BYTES];
        let count = pread(&file, &mut last, self.offset)?;
        Ok(count == DIGEST_BYTES && last == self.digest)
    }

    fn remember(&self, state: &State) -> io::Result<()> {
        pwrite(&open(state, OFlags::WRONLY | OFlags::CREATE)?, &self.digest, self.offset)?;
        Ok(())
    }
}

/// Opens the file if it is one of this user alone.
fn open(state: &State, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(state.fd(), SEEN_FILE, flags, Mode::RUSR | Mode::WUSR)?;
    let stat = fstat(&file)?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    let is_ours = is_file && stat.st_uid == geteuid().as_raw() && stat.st_nlink == 1;
    if is_ours { Ok(file) } else { Err(Errno::PERM) }
}

fn digest(parts: &[&[u8]]) -> [u8; DIGEST_BYTES] {
    let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = uid_of(parts);
    [b0, b1, b2, b3, b4, b5, b6, b7]
}
