//! Figures of a status line as a record of the spool, unless the same were recorded last.

use crate::record::uid_of;
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::{Errno, pread, pwrite};
use rustix::process::{geteuid, getppid};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use std::env;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use tacho_agents::{Agent, StatusLine};
use tacho_spool::append::{Destination, Durability, append};
use tacho_spool::state::{State, candidates};
use tacho_spool::{frame, layout};

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
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let host = rustix::system::uname();
    let host_directory = layout::host_directory(host.nodename().to_bytes(), boot.trim().as_bytes());
    let at = nanoseconds(ClockId::Realtime);
    // The name of the segment is made of the id as the payload spells it, as with the hook.
    let session = json!(status.session.as_str()).to_string();
    let to = Destination {
        host_directory: &host_directory,
        session: session.trim_matches('"'),
        unix_seconds: at / 1_000_000_000,
    };
    let record = frame::seal(open_object(agent, status, boot.trim(), at).as_bytes());
    append(&state, to, &record, Durability::Kernel)?;
    seen.remember(&state)
}

/// The record without checksum and closing brace (`docs/formats/spool.md`).
fn open_object(agent: &Agent, status: &StatusLine, boot: &str, at: u64) -> String {
    format!(
        r#"{{"v":1,"t":{at},"b":{},"boot":{},"pid":{},"ppid":{},"agent":{},"pv":{},"ev":{},"sid":{},"raw":{}"#,
        nanoseconds(ClockId::Boottime),
        json!(boot),
        std::process::id(),
        getppid().map_or(0, |parent| parent.as_raw_nonzero().get()),
        json!(agent.name),
        json!(env!("CARGO_PKG_VERSION")),
        json!(agent.status_event),
        json!(status.session.as_str()),
        status.kept,
    )
}

fn nanoseconds(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
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
