//! The drainer's lock: whoever holds it is the one reader and writer of everything behind the spool.
//!
//! The kernel drops the lock with its process, so no state on disk can outlive a crash and need repair.

use crate::file_system::open_below;
use crate::state::State;
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;

/// Name of the lock file in the state directory.
pub const DRAIN_LOCK: &str = "drain.lock";

/// The drainer's lock, held until it is dropped.
#[derive(Debug)]
pub struct DrainLock(
    #[expect(dead_code, reason = "dropping the descriptor is what releases the lock")] OwnedFd,
);

impl DrainLock {
    /// Takes the lock; `None` when another process holds it.
    ///
    /// # Errors
    /// When the lock file cannot be opened or locked, as when a directory or a link bears its name.
    pub fn try_acquire(state: &State) -> io::Result<Option<Self>> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = match open_below(state.fd(), DRAIN_LOCK.as_ref(), flags) {
            Err(errno @ (Errno::ISDIR | Errno::LOOP | Errno::NXIO)) => return Err(in_the_way(state, errno)),
            opened => opened?,
        };
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// Says what to do about something that bears the name of the lock file and is none.
fn in_the_way(state: &State, errno: Errno) -> io::Error {
    let path = state.path().join(DRAIN_LOCK);
    io::Error::other(format!("{} is in the way of the drainer's lock ({errno}); remove it", path.display()))
}
