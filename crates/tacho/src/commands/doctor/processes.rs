//! Whether the drainer that runs does its work.

use super::Verdict;
use super::ground::Ground;
use crate::drain::{Request, ask_running_drainer};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;
use tacho_spool::lock::{DRAIN_LOCK, DrainLock};

/// How long a drainer gets to answer: it may be in the middle of a step.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lock, and who holds it.
pub(super) fn drainer(ground: &Ground) -> Verdict {
    match DrainLock::try_acquire(&ground.state) {
        Ok(Some(_)) => Verdict::fine("not running; the next hook starts it"),
        Err(error) => {
            let path = ground.in_state(DRAIN_LOCK);
            Verdict::found(error.to_string(), "no drainer can start", format!("rm -rf {path}"))
        }
        Ok(None) => {
            let now = Request::Flush { at_most: Duration::ZERO };
            if ask_running_drainer(&ground.state, now, PATIENCE).is_some() {
                return Verdict::fine("running, and answers");
            }
            let what = "a process holds the drainer's lock and does not answer";
            let why = "nothing is taken in or sent as long as it does";
            let remedy = holder(ground).map_or_else(
                || format!("end the process that has {} open", ground.in_state(DRAIN_LOCK)),
                |pid| format!("kill {pid}"),
            );
            Verdict::found(what, why, remedy)
        }
    }
}

/// The process that holds the lock, by the kernel's list: `1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF` (proc(5)).
pub(super) fn holder(ground: &Ground) -> Option<u32> {
    let inode = fs::metadata(ground.state.path().join(DRAIN_LOCK)).ok()?.ino().to_string();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = words.as_slice() else { return None };
        (place.rsplit(':').next()? == inode).then(|| pid.parse().ok())?
    })
}
