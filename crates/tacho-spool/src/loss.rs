//! The loss ledger: records that could not be appended, counted where even a full disk leaves room.
//!
//! One file of 64 slots of 64 bytes, written whole when the state directory is first drained. A writer that
//! loses a record overwrites one slot in place, which needs no new block on file systems that update in place.

use crate::append::open_below;
use crate::state::State;
use rustix::fs::OFlags;
use rustix::io::{pread, pwrite};
use std::fs;
use std::io;
use std::path::Path;

/// Name of the ledger in the state directory.
pub const LOSS_LEDGER: &str = "losses";

const SLOT_BYTES: usize = 64;
const SLOTS: u64 = 64;

/// Losses that one slot has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Why: a short word without spaces.
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
    let path = state.path().join(LOSS_LEDGER);
    if path.exists() {
        return Ok(());
    }
    let fresh = path.with_extension("new");
    fs::write(&fresh, vec![b' '; SLOT_BYTES * SLOTS as usize])?;
    fs::rename(fresh, path)
}

/// Counts one lost record. Two writers in one slot may count one loss for two.
///
/// # Errors
/// When there is no ledger or it cannot be written; then the loss stays uncounted.
pub fn count(state: &State, writer: u32, reason: &str, unix_ns: u64) -> io::Result<()> {
    let ledger = open_below(state, LOSS_LEDGER, OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC)?;
    let offset = u64::from(writer) % SLOTS * SLOT_BYTES as u64;
    let mut slot = [0_u8; SLOT_BYTES];
    pread(&ledger, &mut slot, offset)?;
    let loss = match parse(&slot) {
        Some(before) => Loss { count: before.count + 1, last_unix_ns: unix_ns, ..before },
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
    match fs::read(state_path.join(LOSS_LEDGER)) {
        Ok(bytes) => Ok(bytes.chunks(SLOT_BYTES).filter_map(parse).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
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
    let reason: String = loss.reason.chars().filter(|letter| !letter.is_whitespace()).take(12).collect();
    let text = format!("{reason} {} {} {}", loss.count, loss.first_unix_ns, loss.last_unix_ns);
    let mut slot = text.into_bytes();
    slot.resize(SLOT_BYTES - 1, b' ');
    slot.push(b'\n');
    slot
}
