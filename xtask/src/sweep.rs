//! Kills the processes that a run of the CLI or of a hook left, told by their `HOME`.
//! It must never look at a process of another run.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tacho_testkit::processes;

const POLL: Duration = Duration::from_millis(5);
/// How long the killed may take to disappear.
const LIMIT: Duration = Duration::from_secs(2);

/// Kills whatever is left of a run when it is dropped.
pub(crate) struct Sweep(String);

impl Sweep {
    pub(crate) fn of(home: &Path) -> Self {
        Self(home.to_string_lossy().into_owned())
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        let limit = Instant::now() + LIMIT;
        loop {
            let left = processes::with_environment("HOME", &self.0);
            let killed = left.iter().filter(|process| process.kill()).count();
            if killed == 0 || Instant::now() > limit {
                return;
            }
            thread::sleep(POLL);
        }
    }
}
