//! The drainer: the one process that takes the spool in, understands it, and sends what has settled.
//!
//! It may be killed at any instant: every step is one transaction, and what a step needs is either in the store,
//! in the spool, or still in the agent's transcripts.

mod blobs;
mod control;
mod deliver;
mod derive;
mod ingest;
mod liveness;
mod record;
mod resident;
mod retention;
mod rows;
mod transcripts;
mod wake;

pub(crate) use control::{Request, ask_running_drainer};
pub(crate) use resident::run_resident;

use crate::config::Config;
use crate::failure::Failure;
use crate::keys;
use crate::place::store_file;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tacho_assemble::facts::SessionFacts;
use tacho_export::otlp::Sender;
use tacho_model::id::SessionId;
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_spool::lock::DrainLock;
use tacho_spool::loss;
use tacho_spool::state::State;
use tacho_store::Store;

/// A new destination gets what was seen within this time, so that a first session shows up as soon as it is named.
const BACKFILL_NS: u64 = 24 * 3600 * 1_000_000_000;

/// The drainer, holding its lock.
#[derive(Debug)]
pub(crate) struct Drainer {
    state: State,
    store: Store,
    config: Config,
    identity_key: IdentityKey,
    instance_id: String,
    sender: Sender,
    /// The facts of sessions that are going on, so that they need not be read again for each event.
    facts: BTreeMap<SessionId, SessionFacts>,
    _lock: DrainLock,
}

/// What is left to do after a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    /// When time alone settles the next span.
    pub(crate) settles_at: Option<UnixNanos>,
    /// Items that wait to be sent.
    pub(crate) waiting: u64,
    /// When the next delivery may be tried; `None` when nothing waits for a destination that is configured.
    pub(crate) retry_at: Option<UnixNanos>,
    /// Sessions whose agent still runs, as far as one can tell.
    pub(crate) live_sessions: usize,
}

impl Drainer {
    /// Takes over the state directory; the caller has its lock.
    pub(crate) fn open(state: State, lock: DrainLock, config: Config) -> Result<Self, Failure> {
        let store = Store::open(&store_file(&state))?;
        // Without a ledger losses on a full disk go uncounted; that is no reason to stop recording.
        let _ = loss::prepare(&state);
        let identity_key = keys::identity_key(state.path())?;
        let instance_id = keys::instance_id(state.path())?;
        let mut drainer = Self {
            state,
            store,
            config,
            identity_key,
            instance_id,
            sender: Sender::default(),
            facts: BTreeMap::new(),
            _lock: lock,
        };
        drainer.introduce_destinations()?;
        Ok(drainer)
    }

    /// Makes the destinations known and puts in line for them what settled while they were not.
    fn introduce_destinations(&mut self) -> Result<(), Failure> {
        let since = UnixNanos(now().0.saturating_sub(BACKFILL_NS));
        let changes = self.store.change()?;
        for destination in &self.config.destinations {
            changes.introduce(destination.endpoint(), since)?;
        }
        changes.commit()?;
        let mut unsent = BTreeSet::new();
        for row in self.store.destinations()? {
            if self.is_configured(&row.name) {
                unsent.extend(self.store.sessions_to_send(&row.name, row.since)?);
            }
        }
        // Not derived here: what their transcripts say by now must be read first.
        let changes = self.store.change()?;
        unsent.iter().try_for_each(|session| changes.mark_stale(session))?;
        Ok(changes.commit()?)
    }

    /// The destinations it sends to.
    fn endpoints(&self) -> Vec<String> {
        self.config.destinations.iter().map(|destination| destination.endpoint().to_owned()).collect()
    }

    fn is_configured(&self, endpoint: &str) -> bool {
        self.config.destinations.iter().any(|known| known.endpoint() == endpoint)
    }

    /// One round: take in, conclude, derive, send.
    pub(crate) fn pass(&mut self) -> Result<Pending, Failure> {
        self.refresh()?;
        self.deliver()?;
        self.pending()
    }

    /// Takes in what the spool and the transcripts hold and understands it, without sending anything.
    pub(crate) fn refresh(&mut self) -> Result<(), Failure> {
        self.take_all_in()?;
        // A session that was first seen just now is concluded only when its agent was gone before.
        if !self.sessions_without_agent()?.is_empty() {
            self.take_all_in()?;
        }
        Ok(())
    }

    /// One reading of everything. Only sessions that have news are derived again; which ones those are stands in the
    /// store, so that being killed between taking in and deriving forgets none.
    fn take_all_in(&mut self) -> Result<(), Failure> {
        // Whether an agent lives is asked before its last words are read: it may speak and go in between.
        let gone = self.sessions_without_agent()?;
        self.ingest_segments()?;
        for session in self.store.stale_sessions()? {
            self.ingest_transcripts(&session)?;
        }
        let mut due = BTreeSet::new();
        for open in self.store.unsettled_sessions()? {
            self.ingest_transcripts(&open.session)?;
            if gone.contains(&open.session) {
                self.conclude(&open)?;
            }
            if open.settles_at.is_some_and(|at| at <= now()) {
                due.insert(open.session);
            }
        }
        due.extend(self.store.stale_sessions()?);
        due.iter().try_for_each(|session| self.derive(session))
    }

    /// What it keeps.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    fn pending(&self) -> Result<Pending, Failure> {
        let mut pending = Pending { settles_at: self.store.next_settling()?, ..Pending::default() };
        for destination in self.store.destinations()? {
            pending.waiting += destination.waiting;
            if destination.waiting > 0 && self.is_configured(&destination.name) {
                let at = destination.retry_at;
                pending.retry_at = Some(pending.retry_at.map_or(at, |earliest| earliest.min(at)));
            }
        }
        let unsettled = self.store.unsettled_sessions()?.len();
        let gone = self.sessions_without_agent()?.len();
        pending.live_sessions = unsettled.saturating_sub(gone);
        Ok(pending)
    }

    /// Makes everything derived again, session by session. What was sent stays sent.
    pub(crate) fn rebuild(&mut self, mut progress: impl FnMut(usize, usize)) -> Result<usize, Failure> {
        self.ingest_segments()?;
        let sessions = self.store.observed_sessions()?;
        for (number, session) in sessions.iter().enumerate() {
            progress(number, sessions.len());
            self.ingest_transcripts(session)?;
            self.facts.remove(session);
            self.derive(session)?;
        }
        let changes = self.store.change()?;
        changes.forget_unobserved_sessions()?;
        changes.commit()?;
        Ok(sessions.len())
    }
}

/// Moves a damaged store out of the way, where somebody may look at it; the next drainer makes it anew, from the
/// spool and the transcripts that still exist.
pub(crate) fn set_damaged_store_aside(state: &State) -> Result<PathBuf, Failure> {
    let path = store_file(state);
    let aside = path.with_extension(format!("damaged-{}", now().0 / 1_000_000_000));
    fs::rename(&path, &aside)?;
    for index in ["db-wal", "db-shm"] {
        // They belong to the damaged file and may not be there.
        let _ = fs::remove_file(path.with_extension(index));
    }
    Ok(aside)
}

/// The time by the system's clock.
pub(crate) fn now() -> UnixNanos {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    UnixNanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}
