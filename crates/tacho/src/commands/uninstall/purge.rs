//! What was recorded, and taking it away. Only names of ours go: the state directory may be one that its owner uses
//! for more.

use super::super::drain::LOG;
use super::super::native::NOTE;
use super::super::steps::{Action, Steps};
use super::super::words;
use crate::archive::ARCHIVE;
use crate::audit::{AUDIT, AuditPlace, Policy, UNSEALED};
use crate::drain::{CLOCK, Request, SOCKET, ask_running_drainer};
use crate::failure::{Failure, FailureKind};
use crate::place::{DAMAGED, existing_state_directories, existing_state_directory};
use crate::propagation;
use crate::receiver::SCRAPED;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tacho_spool::layout::{BLOBS, NOTICE};
use tacho_spool::lock::{DRAIN_LOCK, DrainLock};
use tacho_spool::loss::LOSS_LEDGER;
use tacho_spool::propagation::PROPAGATION;
use tacho_spool::state::State;

/// How long a running drainer gets to make way.
const TAKE_OVER_MAX: Duration = Duration::from_secs(20);
/// How files are called of which there are several; the configuration is none of them.
const STEMS: [&str; 2] = ["store.", "dead-letters."];
/// Everything else of ours in a state directory.
const NAMES: [&str; 17] = [
    CLOCK,
    "spool",
    BLOBS,
    DRAIN_LOCK,
    SOCKET,
    LOG,
    LOSS_LEDGER,
    tacho_spool::append::SYNC_MARKER,
    NOTICE,
    PROPAGATION,
    "keys",
    AUDIT,
    UNSEALED,
    SCRAPED,
    DAMAGED,
    ARCHIVE,
    NOTE,
];

/// What was recorded.
pub(super) struct Recorded {
    state: State,
    paths: Vec<PathBuf>,
}

impl Recorded {
    /// What lies in the state directory, if there is one: in the first in which there is anything of ours.
    pub(super) fn find() -> Result<Option<Self>, Failure> {
        for path in existing_state_directories() {
            let state = State::open(&path).map_err(|error| {
                Failure::external(format!("open the state directory {}", path.display()), error)
                    .hint("hooks do not record there, and what they recorded lies elsewhere: tacho doctor says where")
            })?;
            let recorded = Self::of(state);
            if !recorded.paths.is_empty() {
                return Ok(Some(recorded));
            }
        }
        Ok(None)
    }

    fn of(state: State) -> Self {
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            NAMES.contains(&&*name) || STEMS.iter().any(|stem| name.starts_with(stem))
        };
        let entries = fs::read_dir(state.path()).into_iter().flatten().flatten().map(|entry| entry.path());
        let paths = entries.filter(is_ours).collect();
        Self { state, paths }
    }

    /// Refuses where something of it is held.
    pub(super) fn let_go(&self) -> Result<(), Failure> {
        match Policy::load(&AuditPlace::below(self.state.path()))?.holds.first() {
            None => Ok(()),
            Some(hold) => {
                let what = format!("the session {} is held, and nothing of it may be deleted", hold.session);
                Err(Failure::new(FailureKind::User, what)
                    .hint("`tacho audit release` lets it go, and the log will say so"))
            }
        }
    }

    /// How much it is.
    pub(super) fn describe(&self) -> String {
        let bytes: u64 = self.paths.iter().map(|path| bytes_of(path)).sum();
        format!("Everything recorded in {} ({})", self.state.path().display(), words::bytes(bytes))
    }

    /// Takes it away.
    pub(super) fn remove(&self, steps: &mut Steps) -> Result<(), Failure> {
        if self.paths.is_empty() {
            return Ok(());
        }
        let object = format!("what was recorded in {}", self.state.path().display());
        steps.act(Action::Remove, object, || {
            let _lock = lock(&self.state)?;
            for path in &self.paths {
                remove(path)
                    .map_err(|error| Failure::external(format!("remove {}", path.display()), error))?;
            }
            // What is not ours keeps the directory.
            let _ = fs::remove_dir(self.state.path());
            Ok(())
        })
    }
}

/// Takes away what the next session would be told, what commands would be, and the directory if nothing was recorded.
pub(super) fn remove_words() {
    let Some(state) = existing_state_directory() else { return };
    // What cannot be removed is read by nobody, as no hook runs any more.
    let _ = fs::remove_file(state.join(NOTICE));
    let _ = propagation::forget_all(&state);
    let _ = fs::remove_dir(state);
}

/// Keeps every drainer away.
fn lock(state: &State) -> Result<DrainLock, Failure> {
    let began = Instant::now();
    loop {
        if let Some(lock) = DrainLock::try_acquire(state)? {
            return Ok(lock);
        }
        if began.elapsed() > TAKE_OVER_MAX {
            return Err(Failure::new(FailureKind::External, "a drainer is running and does not make way")
                .hint("end the process `tacho drain`, which loses nothing, and try again"));
        }
        ask_running_drainer(state, Request::MakeWay, TAKE_OVER_MAX);
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    let removed = if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        // A drainer that went away takes its socket along.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn bytes_of(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    fs::read_dir(path).into_iter().flatten().flatten().map(|entry| bytes_of(&entry.path())).sum()
}
