//! Kills the drainers of one run, told by their `HOME`, at random moments.
//! It must never look at a process of another run.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tacho_testkit::processes;

/// The first kill comes within this time of the run's start: from before the first drainer to after the last hook.
const FIRST_KILL_MS: u64 = 1500;
/// Later kills come within this time of each other, so that some drainers get to their work and some do not.
const NEXT_KILL_MS: u64 = 250;
const POLL: Duration = Duration::from_millis(5);

/// A thread that kills the run's drainers until it is stopped.
pub(super) struct DrainerKiller {
    stopping: Arc<AtomicBool>,
    killing: JoinHandle<usize>,
}

impl DrainerKiller {
    pub(super) fn start(home: &Path) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let home = home.to_string_lossy().into_owned();
        let killing = thread::spawn({
            let stopping = Arc::clone(&stopping);
            move || kill_drainers(&home, &stopping)
        });
        Self { stopping, killing }
    }

    /// Stops, and tells how many drainers were killed.
    pub(super) fn stop(self) -> usize {
        self.stopping.store(true, Ordering::SeqCst);
        self.killing.join().unwrap_or(0)
    }
}

fn kill_drainers(home: &str, stopping: &AtomicBool) -> usize {
    let mut kills = 0;
    let mut pause_ms = random_below(FIRST_KILL_MS);
    loop {
        let due = Instant::now() + Duration::from_millis(pause_ms);
        while Instant::now() < due {
            if stopping.load(Ordering::SeqCst) {
                return kills;
            }
            thread::sleep(POLL);
        }
        let running = processes::with_environment("HOME", home);
        kills += running.iter().filter(|process| process.runs("tacho", "drain") && process.kill()).count();
        pause_ms = 1 + random_below(NEXT_KILL_MS);
    }
}

/// A random number from the seed that the standard library takes for its hash maps.
fn random_below(limit: u64) -> u64 {
    RandomState::new().hash_one(0) % limit
}
