//! The drainer: the one process that takes the spool in, understands it, and sends what has settled.
//!
//! It may be killed at any instant: every step is one transaction, and what a step needs is either in the store,
//! in the spool, or still in the agent's transcripts.

mod blobs;
mod clock;
mod control;
mod courier;
mod dead_letters;
mod declined;
mod deliver;
mod forgotten;
mod hand_over;
mod held_off;
mod ingest;
mod keeping;
mod liveness;
mod lowered;
mod metrics;
mod notice;
mod outgoing;
mod projects;
mod reception;
mod refusals;
mod resident;
mod retention;
mod round;
mod rows;
mod sealing;
mod segments;
mod sessions;
mod terms;
mod textfile;
mod trace_context;
mod transcripts;
mod usage;
mod wake;
mod workplaces;

pub(crate) use clock::CLOCK;
pub(crate) use control::{FLUSH_SECONDS_MAX, Flushed, Request, SOCKET, ask_running_drainer};
pub(crate) use dead_letters::{DEAD_LETTERS, forget_dead_letters};
pub(crate) use forgotten::forget_unsent;
pub(crate) use reception::{Reception, port_wanted};
pub(crate) use resident::{Left, Stay, run_resident};
pub(crate) use rows::behind_torn;

use crate::config::{self, Config, owner};
use crate::failure::Failure;
use crate::keys;
use crate::place::store_file;
use crate::prices::{self, Pricing, again};
use crate::vcs::Workplaces;
use courier::Couriers;
use deliver::may_be_tried_at;
use metrics::Telling;
use outgoing::{Outgoing, Resources};
use round::{Pace, Round};
use sealing::Sealing;
use segments::Segments;
use sessions::{OpenSession, Sessions};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tacho_export::exporters::Place;
use tacho_model::id::SessionId;
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_spool::lock::DrainLock;
use tacho_spool::loss;
use tacho_spool::state::State;
use tacho_store::Store;
use tacho_store::destinations::DestinationRow;
use terms::terms;
use usage::Pricer;

/// A new destination gets what was seen within this time, so that a first session shows up as soon as it is named.
const BACKFILL_NS: u64 = 24 * 3600 * 1_000_000_000;
/// How many sessions one transaction derives at most.
const ROUND_SESSIONS_MAX: usize = 64;
/// How often sessions are looked after that no hook speaks of: whether their agents run, what their transcripts say.
const CARE_PAUSE: Duration = Duration::from_secs(15);

/// What a damaged store that was moved out of the way is called, before the time.
const DAMAGED: &str = "damaged-";

/// The drainer, holding its lock.
#[derive(Debug)]
pub(crate) struct Drainer {
    state: State,
    store: Store,
    config: Config,
    identity_key: IdentityKey,
    instance_id: String,
    segments: Segments,
    sessions: Sessions,
    /// The destinations as the store knows them.
    known: Vec<DestinationRow>,
    couriers: Couriers,
    workplaces: Workplaces,
    pricer: Pricer,
    metrics: Telling,
    sealing: Sealing,
    /// When sessions are looked after again.
    next_care: Instant,
    /// Sessions that were not derived since something was said about them.
    stale: BTreeSet<SessionId>,
    live_sessions: usize,
    _lock: DrainLock,
}

/// Which sessions are looked after.
#[derive(Clone, Copy)]
enum Rest<'a> {
    /// Those of which something settles with time, and those whose news had to wait.
    Due,
    /// All, and these have no agent any more.
    All { gone: &'a BTreeSet<SessionId> },
}

/// What is left to do after a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    /// When time alone settles the next span.
    pub(crate) settles_at: Option<UnixNanos>,
    /// Items that wait to be sent.
    pub(crate) waiting: u64,
    /// Items that wait for destinations that are not named here.
    pub(crate) unclaimed: u64,
    /// When the next delivery may be tried; `None` when nothing waits for a destination that is configured.
    pub(crate) retry_at: Option<UnixNanos>,
    /// Sessions whose agent still runs, as far as one can tell.
    pub(crate) live_sessions: usize,
}

impl Drainer {
    /// Takes over the state directory; the caller has its lock.
    pub(crate) fn open(state: State, lock: DrainLock, config: Config) -> Result<Self, Failure> {
        let mut store = Store::open(&store_file(&state))?;
        // Without a ledger losses on a full disk go uncounted; that is no reason to stop recording.
        let _ = loss::prepare(&state);
        let mut drainer = Self {
            identity_key: keys::identity_key(state.path())?,
            instance_id: keys::instance_id(state.path())?,
            segments: Segments::open(state.path(), &mut store)?,
            sessions: Sessions::open(store.read())?,
            known: Vec::new(),
            couriers: Couriers::new()?,
            workplaces: Workplaces::new(owner::account().of_a_person()),
            pricer: Pricer::new(prices::load().prices),
            metrics: Telling::default(),
            sealing: Sealing::open(state.path(), &config),
            next_care: Instant::now(),
            stale: store.read().stale_sessions()?.into_iter().collect(),
            live_sessions: 0,
            state,
            store,
            config,
            _lock: lock,
        };
        drainer.introduce_destinations()?;
        Ok(drainer)
    }

    /// The same, to take in what there is and send nothing of it. How it is understood, counted and sealed does not depend on
    /// who takes it in.
    pub(crate) fn open_silent(state: State, lock: DrainLock) -> Result<Self, Failure> {
        let mut config = config::load();
        let destinations = std::mem::take(&mut config.destinations);
        let mut drainer = Self::open(state, lock, config)?;
        drainer.sealing.follow(&destinations);
        Ok(drainer)
    }

    /// Makes the destinations known and puts in line for them what settled while they were not.
    fn introduce_destinations(&mut self) -> Result<(), Failure> {
        let since = UnixNanos(now().0.saturating_sub(BACKFILL_NS));
        let changes = self.store.change()?;
        for named in &self.config.destinations {
            changes.introduce(named.to.endpoint(), since)?;
            if named.to.kind.place == Place::Terminal {
                // Who looks at a terminal has not looked all the while.
                changes.begin_anew(named.to.endpoint(), since)?;
            }
            changes.agree(named.to.endpoint(), &terms(&named.to, &self.identity_key))?;
        }
        changes.commit()?;
        self.known = self.store.read().destinations()?;
        self.introduce_differences()?;
        for row in &self.known {
            if self.is_configured(&row.name) {
                // Not derived here: what their transcripts say by now must be read first.
                self.stale.extend(self.store.read().sessions_to_send(row.key, row.since)?);
            }
        }
        Ok(())
    }

    /// The destinations it sends to.
    fn endpoints(&self) -> Vec<String> {
        self.config.destinations.iter().map(|named| named.to.endpoint().to_owned()).collect()
    }

    fn is_configured(&self, endpoint: &str) -> bool {
        self.config.destination(endpoint).is_some()
    }

    /// One pass: take in, conclude, derive, send.
    fn pass(&mut self, pace: Pace) -> Result<Pending, Failure> {
        self.take_all_in(pace)?;
        self.tell_metrics(pace)?;
        self.deliver(Duration::ZERO)?;
        self.pending()
    }

    /// Takes in what the spool and the transcripts hold and understands it, without sending anything.
    pub(crate) fn refresh(&mut self) -> Result<(), Failure> {
        self.take_all_in(Pace::Now)
    }

    /// Reads everything that has news. Sessions of which no hook speaks are looked after now and then, or now.
    fn take_all_in(&mut self, pace: Pace) -> Result<(), Failure> {
        if pace == Pace::Gentle && self.next_care > Instant::now() {
            self.take_segments_in(pace)?;
            return self.take_rest_in(Rest::Due, pace);
        }
        self.next_care = Instant::now() + CARE_PAUSE;
        self.seal_gaps()?;
        if self.sealing.problem().is_some() && !self.sealing.rests() {
            // It may work again: what was not sealed waits with them.
            self.stale.extend(self.store.read().stale_sessions()?);
        }
        // Whether an agent lives is asked before its last words are read: it may speak and go in between. A session
        // that is seen for the first time now is asked about afterwards, and then read once more.
        let known_gone = self.sessions.without_agent();
        self.segments.look_everywhere()?;
        self.take_segments_in(pace)?;
        self.take_rest_in(Rest::All { gone: &known_gone }, pace)?;
        let gone = self.sessions.without_agent();
        self.live_sessions = self.sessions.len() - gone.len();
        if gone.is_subset(&known_gone) {
            return Ok(());
        }
        self.segments.look_everywhere()?;
        self.take_segments_in(pace)?;
        self.take_rest_in(Rest::All { gone: &gone }, pace)
    }

    /// Seals what the recorder could not record.
    fn seal_gaps(&mut self) -> Result<(), Failure> {
        let changes = self.store.change()?;
        self.sealing.take_gaps(&changes)?;
        Ok(changes.commit()?)
    }

    /// Takes segments in, with the transcripts of their sessions, and sends in between.
    fn take_segments_in(&mut self, pace: Pace) -> Result<(), Failure> {
        while self.segments.next_unread().is_some() {
            let (mut round, segments) = self.begin_round()?;
            round.take_in(segments)?;
            for session in round.touched().clone() {
                round.take_transcripts_in(&session)?;
            }
            round.finish(pace)?;
            self.deliver(Duration::ZERO)?;
        }
        Ok(())
    }

    /// Looks after sessions of which no hook speaks.
    fn take_rest_in(&mut self, rest: Rest<'_>, pace: Pace) -> Result<(), Failure> {
        let stale = std::mem::take(&mut self.stale);
        let mut ids = stale.clone();
        let is_meant = |open: &OpenSession| open.settles_at.is_some() || open.is_due(pace);
        let meant =
            self.sessions.iter().filter(|(_, open)| matches!(rest, Rest::All { .. }) || is_meant(open));
        ids.extend(meant.map(|(id, _)| id.clone()));
        let mut ids = ids.into_iter().peekable();
        while ids.peek().is_some() {
            let (mut round, _) = self.begin_round()?;
            for id in ids.by_ref().take(ROUND_SESSIONS_MAX) {
                round.take_transcripts_in(&id)?;
                if matches!(rest, Rest::All { gone } if gone.contains(&id)) {
                    round.conclude(&id)?;
                }
                if stale.contains(&id) || round.session(&id)?.is_due(pace) {
                    round.touch(&id);
                }
            }
            round.finish(pace)?;
            self.deliver(Duration::ZERO)?;
        }
        Ok(())
    }

    fn begin_round(&mut self) -> Result<(Round<'_>, &mut Segments), Failure> {
        let resources = Resources { config: &self.config, instance_id: &self.instance_id };
        let outgoing = Outgoing::new(resources, &self.identity_key, &self.known);
        let changes = self.store.change()?;
        let archives = self.config.retention.archive_days.value > 0;
        let hears_telemetry = port_wanted(&self.state, &self.config).is_some();
        let mut round = Round::begin(
            changes,
            &mut self.sessions,
            &mut self.workplaces,
            &mut self.pricer,
            &mut self.sealing,
            self.state.path(),
            outgoing,
        );
        round.archives = archives;
        round.hears_telemetry = hears_telemetry;
        Ok((round, &mut self.segments))
    }

    /// What it keeps.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// What is left to do; its owner is told of what only a person can.
    fn pending(&mut self) -> Result<Pending, Failure> {
        self.known = self.store.read().destinations()?;
        self.write_notice();
        let mut pending = Pending { live_sessions: self.live_sessions, ..Pending::default() };
        pending.settles_at = self.sessions.iter().filter_map(|(_, open)| open.next_due()).min();
        for destination in &self.known {
            if self.is_configured(&destination.name) {
                pending.waiting += destination.waiting;
            } else {
                pending.unclaimed += destination.waiting;
            }
            // What is under way announces itself when it comes back.
            let is_idle = !self.couriers.is_busy(&destination.name);
            if destination.waiting > 0 && is_idle && self.is_configured(&destination.name) {
                let at = may_be_tried_at(destination);
                pending.retry_at = Some(pending.retry_at.map_or(at, |earliest| earliest.min(at)));
            }
        }
        Ok(pending)
    }

    /// Makes everything derived again, session by session. What was sent stays sent.
    pub(crate) fn rebuild(&mut self, mut progress: impl FnMut(usize, usize)) -> Result<usize, Failure> {
        self.segments.look_everywhere()?;
        self.take_segments_in(Pace::Now)?;
        let (mut pricing, mut changed) = (Pricing::new(&self.pricer.prices), Vec::new());
        again::each_changed(self.store.read(), &mut pricing, |record, _, _| changed.push(record))?;
        again::keep(&mut self.store, &mut pricing, changed)?;
        let sessions = self.store.read().observed_sessions()?;
        for (number, session) in sessions.iter().enumerate() {
            progress(number, sessions.len());
            let (mut round, _) = self.begin_round()?;
            round.session(session)?.forget_heard();
            round.take_transcripts_in(session)?;
            round.touch(session);
            round.finish(Pace::Now)?;
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
    let aside = path.with_extension(format!("{DAMAGED}{}", now().0 / 1_000_000_000));
    fs::rename(&path, &aside)?;
    for index in ["db-wal", "db-shm"] {
        // They belong to the damaged file and may not be there.
        let _ = fs::remove_file(path.with_extension(index));
    }
    Ok(aside)
}

/// The stores that were moved out of the way.
pub(crate) fn damaged_stores(state: &State) -> Vec<PathBuf> {
    let entries = fs::read_dir(state.path()).into_iter().flatten().flatten().map(|entry| entry.path());
    let store = store_file(state);
    let is_one = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        path.file_stem() == store.file_stem() && extension.starts_with(DAMAGED)
    };
    entries.filter(is_one).collect()
}

/// The time by the system's clock.
pub(crate) fn now() -> UnixNanos {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    UnixNanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}
