//! One round of work: what is taken in, derived and put in line for destinations in one transaction.
//!
//! Killed at any instant, the whole round happened or nothing of it.

use super::metrics::count;
use super::now;
use super::outgoing::{Derived, Outgoing};
use super::sealing::{Sealing, Understood};
use super::sessions::{OpenSession, Sessions};
use super::usage::{Pricer, Said};
use crate::failure::Failure;
use crate::record::uid_of;
use crate::vcs::Workplaces;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::time::{Duration, Instant};
use tacho_agents::Surroundings;
use tacho_assemble::tree::{Assembly, assemble};
use tacho_model::event::{Observation, Source};
use tacho_model::id::SessionId;
use tacho_model::time::UnixNanos;
use tacho_store::Changes;
use tacho_store::metrics::Tally;

/// How long, by the time of the events, what was seen around a session is taken to be so still.
const LOOK_PAUSE_NS: u64 = 1_000_000_000;
/// A session that takes longer than this to derive is derived less often.
const QUICK: Duration = Duration::from_millis(10);
/// How many times as long as deriving took it is left alone.
const REST: u32 = 20;

/// Whether what was seen at one time tells enough about another.
pub(super) const fn is_fresh(seen: UnixNanos, at: UnixNanos) -> bool {
    at.0.abs_diff(seen.0) < LOOK_PAUSE_NS
}

/// Tells what settled, and how many spans there are beside it, from what it was before.
fn settled(assembly: &Assembly, fingerprints: &[i64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (span, fingerprint) in assembly.spans.iter().zip(fingerprints) {
        (span.span_id, span.settled.then_some(fingerprint)).hash(&mut hasher);
    }
    hasher.finish()
}

/// Whether large sessions are left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// All that has news is derived now.
    Now,
    /// What takes long is done less often.
    Gentle,
}

/// A round that is going on.
pub(super) struct Round<'a> {
    pub(super) changes: Changes<'a>,
    pub(super) sessions: &'a mut Sessions,
    pub(super) workplaces: &'a mut Workplaces,
    pub(super) state: &'a Path,
    /// Whether transcripts are kept for when the agent deletes them.
    pub(super) archives: bool,
    /// Whether the agent is told to send its own telemetry here.
    pub(super) hears_telemetry: bool,
    pub(super) pricer: &'a mut Pricer,
    pub(super) usage: Said,
    tally: Tally,
    sealing: &'a mut Sealing,
    outgoing: Outgoing<'a>,
    /// The sessions that have news or are due.
    touched: BTreeSet<SessionId>,
}

impl<'a> Round<'a> {
    pub(super) fn begin(
        changes: Changes<'a>,
        sessions: &'a mut Sessions,
        workplaces: &'a mut Workplaces,
        pricer: &'a mut Pricer,
        sealing: &'a mut Sealing,
        state: &'a Path,
        outgoing: Outgoing<'a>,
    ) -> Self {
        Self {
            changes,
            sessions,
            workplaces,
            pricer,
            state,
            archives: false,
            hears_telemetry: false,
            usage: Said::default(),
            tally: Tally::default(),
            sealing,
            outgoing,
            touched: BTreeSet::new(),
        }
    }

    /// A session, for reading and changing what is kept of it in memory.
    pub(super) fn session(&mut self, id: &SessionId) -> Result<&mut OpenSession, Failure> {
        self.sessions.get(&self.changes, id)
    }

    /// Takes a statement down. Returns where it was said, if it was new.
    pub(super) fn observe(&mut self, observation: &Observation) -> Result<Option<Surroundings>, Failure> {
        let session = self.sessions.get(&self.changes, &observation.session)?;
        if !self.changes.observe(session.key, session.last_observation + 1, observation)? {
            return Ok(None);
        }
        session.last_observation += 1;
        session.agent.clone_from(&observation.agent);
        let surroundings = session.hear(observation);
        self.touch(&observation.session);
        Ok(Some(surroundings))
    }

    /// Takes down what the recorder itself saw when something happened.
    pub(super) fn note(
        &mut self,
        kind: &str,
        event: &Observation,
        at: UnixNanos,
        body: Vec<u8>,
    ) -> Result<(), Failure> {
        let session = event.session.as_str().as_bytes();
        self.observe(&Observation {
            uid: uid_of(&[kind.as_bytes(), session, &at.0.to_be_bytes(), &body]),
            agent: event.agent.clone(),
            session: event.session.clone(),
            source: Source::Recorder,
            at: Some(at),
            subagent: None,
            offset: None,
            body,
        })?;
        Ok(())
    }

    /// Has a session derived at the end of the round.
    pub(super) fn touch(&mut self, id: &SessionId) {
        if !self.touched.contains(id) {
            self.touched.insert(id.clone());
        }
    }

    /// The sessions that have news or are due.
    pub(super) const fn touched(&self) -> &BTreeSet<SessionId> {
        &self.touched
    }

    /// Derives what has news, puts in line what settled, and makes all of it last.
    pub(super) fn finish(mut self, pace: Pace) -> Result<(), Failure> {
        for id in std::mem::take(&mut self.touched) {
            let session = self.sessions.get(&self.changes, &id)?;
            let rests = session.rests_until.is_some_and(|until| until > Instant::now());
            if rests && pace == Pace::Gentle {
                session.has_news = true;
                self.changes.mark_stale(session.key)?;
            } else {
                self.derive(&id)?;
            }
        }
        self.seal()?;
        self.usage.write(&self.changes, self.pricer)?;
        self.changes.write_tally(self.tally, now())?;
        self.outgoing.pack_all(&self.changes)?;
        self.changes.commit()?;
        self.sessions.fit();
        self.sealing.fit(|id| self.sessions.is_open(id));
        Ok(())
    }

    /// Seals what was decided. Where that fails, its sessions are looked at again by whoever drains next.
    fn seal(&mut self) -> Result<(), Failure> {
        let left = self.sealing.seal(&self.changes)?;
        self.look_again_at(left)
    }

    /// Has sessions looked at again, as not all that was decided is sealed.
    fn look_again_at(&mut self, sessions: BTreeSet<SessionId>) -> Result<(), Failure> {
        for id in sessions {
            let key = self.session(&id)?.key;
            self.changes.mark_stale(key)?;
        }
        Ok(())
    }

    fn derive(&mut self, id: &SessionId) -> Result<(), Failure> {
        let began = Instant::now();
        let session = self.sessions.get(&self.changes, id)?;
        let key = session.key;
        let Some(facts) = session.facts(self.changes.read(), id)? else { return Ok(()) };
        let assembly = assemble(facts, &self.pricer.prices, now());
        let (repository, project) = (facts.repository().cloned(), facts.project());
        self.changes.put_session(key, &assembly.session, assembly.settles_at)?;
        let fingerprints = self.changes.put_spans(key, &assembly.spans)?;
        let user = self.outgoing.user(repository.as_ref());
        let understood =
            Understood { facts, assembly: &assembly, fingerprints: &fingerprints, user: user.as_deref() };
        let left = self.sealing.take(&self.changes, id, understood)?;
        let derived = Derived { assembly: &assembly, fingerprints: &fingerprints };
        self.outgoing.add(&self.changes, key, derived, repository.as_ref(), &project)?;
        let labels = self.outgoing.labels_of(&assembly.session, repository.as_ref(), &project);
        let counted = (settled(&assembly, &fingerprints), labels);
        if session.counted.as_ref() != Some(&counted) {
            count(&self.changes, &mut self.tally, key, &assembly, counted.1.as_ref())?;
            session.counted = Some(counted);
        }
        session.has_news = false;
        session.last_seen = assembly.session.last_seen;
        session.settles_at = assembly.settles_at;
        let taken = began.elapsed();
        session.rests_until = (taken > QUICK).then(|| Instant::now() + taken * REST);
        if assembly.session.ended.is_some() && assembly.session.open_spans == 0 {
            self.keep_whole(id)?;
            self.sessions.close(id);
        }
        self.look_again_at(left)
    }
}
