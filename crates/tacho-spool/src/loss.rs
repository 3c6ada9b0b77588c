//! The loss ledger: records that could not be appended, counted where even a full disk leaves room.
//!
//! One file of 64 slots of 64 bytes, written whole before it is needed. A writer that loses a record overwrites
//! one slot in place, which needs no new block on file systems that update in place.

use crate::file_system::{open_below, open_regular};
use crate::state::State;
use rustix::fs::{AtFlags, CWD, OFlags, RenameFlags, fstat, renameat, renameat_with, unlinkat};
use rustix::io::{Errno, pread, pwrite};
use rustix::process::getpid;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Name of the ledger in the state directory.
pub const LOSS_LEDGER: &str = "losses";

const SLOT_BYTES: usize = 64;
const SLOTS: usize = 64;
const LEDGER_BYTES: usize = SLOTS * SLOT_BYTES;
const REASON_BYTES_MAX: usize = 10;
/// Keeps a slot's text within its bytes.
const COUNT_MAX: u64 = 999_999_999;

/// Losses that one slot has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Why the first was lost: a short word without spaces.
    pub reason: String,
    /// How many records.
    pub count: u64,
    /// Time of the first, nanoseconds since the Unix epoch.
    pub first_unix_ns: u64,
    /// Time of the last.
    pub last_unix_ns: u64,
}

/// Makes an empty ledger unless there is one.
///
/// # Errors
/// When it can be neither found nor written.
pub fn prepare(state: &State) -> io::Result<()> {
    match open(state) {
        Ok(ledger) => Ok(lengthen(&ledger)?),
        Err(Errno::NOENT) => Ok(create(state, RenameFlags::NOREPLACE)?),
        // What bears the name is no ledger.
        Err(Errno::LOOP | Errno::NXIO | Errno::PERM) => Ok(create(state, RenameFlags::empty())?),
        Err(errno) => Err(errno.into()),
    }
}

/// Counts one lost record. Two writers in one slot may count one loss for two.
///
/// # Errors
/// When there is no ledger and none can be made, or it cannot be written; then the loss stays uncounted.
pub fn count(state: &State, writer: u32, reason: &str, unix_ns: u64) -> io::Result<()> {
    let ledger = match open(state) {
        Ok(ledger) => ledger,
        Err(_) => {
            prepare(state)?;
            open(state)?
        }
    };
    let offset = (u64::from(writer) % SLOTS as u64) * SLOT_BYTES as u64;
    let mut slot = [0_u8; SLOT_BYTES];
    pread(&ledger, &mut slot, offset)?;
    let loss = match parse(&slot) {
        Some(before) => Loss { count: before.count.saturating_add(1), last_unix_ns: unix_ns, ..before },
        None => Loss { reason: reason.into(), count: 1, first_unix_ns: unix_ns, last_unix_ns: unix_ns },
    };
    pwrite(&ledger, &render(&loss), offset)?;
    Ok(())
}

/// All losses counted so far.
///
/// # Errors
/// When the ledger is there but cannot be read.
pub fn read(state_path: &Path) -> io::Result<Vec<Loss>> {
    let ledger = match open_regular(CWD, &state_path.join(LOSS_LEDGER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        ledger => ledger?,
    };
    let mut bytes = Vec::with_capacity(LEDGER_BYTES);
    ledger.take(LEDGER_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes.chunks(SLOT_BYTES).filter_map(parse).collect())
}

fn open(state: &State) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let ledger = open_below(state.fd(), LOSS_LEDGER.as_ref(), flags)?;
    if state.kernel().owns_alone(&fstat(&ledger)?) { Ok(ledger) } else { Err(Errno::PERM) }
}

/// Writes an empty ledger beside its place and moves it there, since another writer may make one too.
fn create(state: &State, replace: RenameFlags) -> Result<(), Errno> {
    let fresh = format!("{LOSS_LEDGER}.{}", getpid().as_raw_nonzero());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let written = lengthen(&open_below(state.fd(), fresh.as_ref(), flags | OFlags::NONBLOCK)?);
    let moved =
        written.and_then(|()| match renameat_with(state.fd(), &fresh, state.fd(), LOSS_LEDGER, replace) {
            Err(Errno::INVAL | Errno::NOSYS) => renameat(state.fd(), &fresh, state.fd(), LOSS_LEDGER),
            other => other,
        });
    if moved.is_err() {
        // Left behind it would be in nobody's way, but on a full disk every block counts.
        let _ = unlinkat(state.fd(), &fresh, AtFlags::empty());
    }
    // Another writer may have been faster.
    if moved == Err(Errno::EXIST) { Ok(()) } else { moved }
}

/// Gives a ledger the blocks it will need.
fn lengthen(ledger: &OwnedFd) -> Result<(), Errno> {
    let length = usize::try_from(fstat(ledger)?.st_size).unwrap_or(LEDGER_BYTES);
    let missing = LEDGER_BYTES.saturating_sub(length);
    if missing > 0 && pwrite(ledger, &vec![b' '; missing], length as u64)? < missing {
        return Err(Errno::NOSPC);
    }
    Ok(())
}

fn parse(slot: &[u8]) -> Option<Loss> {
    let mut words = std::str::from_utf8(slot).ok()?.split_ascii_whitespace();
    Some(Loss {
        reason: words.next()?.to_owned(),
        count: words.next()?.parse().ok()?,
        first_unix_ns: words.next()?.parse().ok()?,
        last_unix_ns: words.next()?.parse().ok()?,
    })
}

fn render(loss: &Loss) -> Vec<u8> {
    let letters = loss.reason.bytes().filter(u8::is_ascii_graphic).take(REASON_BYTES_MAX);
    let mut slot: Vec<u8> = letters.collect();
    if slot.is_empty() {
        slot.push(b'-');
    }
    let count = loss.count.min(COUNT_MAX);
    slot.extend(format!(" {count} {} {}", loss.first_unix_ns, loss.last_unix_ns).into_bytes());
    slot.resize(SLOT_BYTES - 1, b' ');
    slot.push(b'\n');
    slot
}
