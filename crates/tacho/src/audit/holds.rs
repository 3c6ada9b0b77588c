//! What is kept for how long, and what nobody may delete meanwhile: the policy of the audit log. Each change of it is an
//! entry; this file is what is in force now.

use super::{AuditPlace, Fields};
use crate::failure::{Failure, FailureKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use tacho_model::time::UnixNanos;
use tacho_spool::layout::{BLOBS, segment_name};

/// How long another command that has the policy is waited for. One that was stopped would hold up the drainer for ever.
const POLICY_WAIT: Duration = Duration::from_secs(2);

/// The policy in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    /// Days after which entries may be given up; none where they are kept.
    #[serde(default)]
    pub(crate) retention_days: Option<u64>,
    /// What is held.
    #[serde(default)]
    pub(crate) holds: Vec<Hold>,
}

/// A session that nobody deletes anything of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    /// The session.
    pub(crate) session: String,
    /// Since when, as entries say times.
    pub(crate) since: String,
    /// Why.
    pub(crate) reason: Option<String>,
}

impl AuditPlace {
    /// Keeps everybody else from changing the policy, and from deleting what it lets go, until it is dropped.
    pub(crate) fn policy_lock(&self) -> Result<File, Failure> {
        let audit = self.audit();
        let opened = fs::create_dir_all(&audit).and_then(|()| File::open(&audit));
        let directory =
            opened.map_err(|error| Failure::external(format!("make or open {}", audit.display()), error))?;
        let until = Instant::now() + POLICY_WAIT;
        loop {
            match directory.try_lock() {
                Ok(()) => return Ok(directory),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::new(
                        FailureKind::External,
                        "something else has what is kept in hand",
                    )
                    .hint("a drainer that forgets, or another `tacho audit`: let it end, then try again"));
                }
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
    }
}

impl Hold {
    /// As the log says it.
    pub(crate) fn said(&self) -> Fields {
        let since = self.since.parse::<Timestamp>().unwrap_or_default().as_nanosecond();
        let since = UnixNanos(u64::try_from(since).unwrap_or(0));
        let mut said = Fields::of_recorder("hold_set", "hold_set", since);
        said.text("session", &self.session);
        if let Some(reason) = &self.reason {
            said.text("reason", reason);
        }
        said
    }
}

impl Policy {
    /// As a log says it that takes the place of another.
    pub(super) fn said(&self, now: UnixNanos) -> Vec<Fields> {
        let retention = self.retention_days.map(|days| retention_said(&format!("{days}d"), now));
        retention.into_iter().chain(self.holds.iter().map(Hold::said)).collect()
    }

    /// The policy; none where none was made. One that cannot be understood is no leave to delete.
    pub(crate) fn load(place: &AuditPlace) -> Result<Self, Failure> {
        let path = place.policy();
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.map_err(|error| Failure::external(format!("read {}", path.display()), error))?,
        };
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::external(format!("read {}", path.display()), error)
                .hint("nothing is deleted while it cannot be read; `tacho audit show` has what it said")
        })
    }

    /// Puts it in force.
    pub(crate) fn save(&self, place: &AuditPlace) -> Result<(), Failure> {
        let path = place.policy();
        self.write(&path).map_err(|error| Failure::external(format!("write {}", path.display()), error))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let directory = path.parent().unwrap_or(path);
        fs::create_dir_all(directory)?;
        let mut fresh = tempfile::Builder::new().tempfile_in(directory)?;
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        fresh.write_all(text.as_bytes())?;
        fresh.as_file().sync_all()?;
        fresh.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Whether nothing of a session may be deleted.
    pub(crate) fn holds(&self, session: &str) -> bool {
        self.holds.iter().any(|hold| hold.session == session)
    }

    /// Whether a file of the spool is of a session of which nothing may be deleted. Blobs do not say whose they are.
    pub(crate) fn holds_file(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return false };
        let is_its = |hold: &Hold| {
            let segment = segment_name(&hold.session, 0, 0);
            let stem = segment.split('.').next().unwrap_or(&segment);
            name.split('.').any(|part| part == stem)
        };
        let is_blob = path.parent().is_some_and(|directory| directory.ends_with(BLOBS));
        !self.holds.is_empty() && (is_blob || self.holds.iter().any(is_its))
    }
}

/// For how long entries are kept, as the log says it.
pub(crate) fn retention_said(age: &str, now: UnixNanos) -> Fields {
    let mut said = Fields::of_recorder("retention_changed", "retention", now);
    said.text("retention", age);
    said
}
