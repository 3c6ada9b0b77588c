//! Sealing: what was decided goes into the audit log before the store takes note that it was derived, so that a drainer that dies
//! in between leaves nothing out. What it sealed then is learnt from the log, so that nothing is sealed twice either.

mod keeping_up;

use super::now;
use crate::audit::{
    AuditPlace, Book, Fields, Known, Opening, Reasoning, note_sealed, note_unsealed, summary,
};
use crate::config::{Config, Named};
use crate::failure::Failure;
use crate::place;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tacho_assemble::audit::decisions;
use tacho_assemble::facts::SessionFacts;
use tacho_assemble::tree::Assembly;
use tacho_audit::error::LogError;
use tacho_model::id::{SessionId, SpanId};
use tacho_model::time::UnixNanos;
use tacho_privacy::CaptureLevel;
use tacho_spool::loss;
use tacho_store::sealed::Sealed;
use tacho_store::{Changes, StoreError};

/// What is sealed, and what waits to be.
#[derive(Debug)]
pub(super) struct Sealing {
    state: PathBuf,
    pub(super) place: AuditPlace,
    pub(super) book: Book,
    sessions: HashMap<SessionId, SealedSession>,
    waiting: Vec<Waiting>,
    /// Words by which the recorder's own files are known in what a tool is told.
    own: Vec<String>,
    /// Hash of the recorder's configuration files.
    config: Option<String>,
    /// Whether summaries of what the model thought are kept.
    keeps_reasoning: bool,
    /// The newest checkpoint; none while the store may not know all that was sealed.
    checkpoint: Option<String>,
    /// Why nothing can be sealed; none while that works.
    problem: Option<String>,
    /// Sessions of which nothing can be sealed while others can, and why.
    closed: BTreeMap<SessionId, String>,
    /// When it is tried again, after a problem.
    rests_until: Option<Instant>,
}

/// How long nothing is sealed after that failed, so that a log which cannot be written holds up nothing else.
const REST: Duration = Duration::from_secs(60);

/// Why something was not sealed.
pub(super) enum Trouble {
    /// The store failed, and with it all of the transaction.
    Store(StoreError),
    /// The log failed. Recording and sending go on without.
    Log(Failure),
    /// What lies beside the log failed. Nothing but what needs it goes on without.
    Beside(Failure),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<LogError> for Trouble {
    fn from(error: LogError) -> Self {
        Self::Log(Failure::external("write the audit log", error))
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Beside(Failure::external("read or write what lies beside the audit log", error))
    }
}

/// What was sealed of a session.
#[derive(Debug)]
struct SealedSession {
    known: HashMap<String, Sealed>,
    opening: Opening,
    /// The spans that were looked at, as they were.
    seen: HashMap<SpanId, i64>,
}

/// A decision that is not in the log yet.
#[derive(Debug)]
struct Waiting {
    session: Option<SessionId>,
    about: String,
    fingerprint: u64,
    fields: Fields,
}

/// A session as it is understood now, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Understood<'a> {
    pub(super) facts: &'a SessionFacts,
    pub(super) assembly: &'a Assembly,
    /// Those of its spans, in their order.
    pub(super) fingerprints: &'a [i64],
    /// The pseudonym of the person.
    pub(super) user: Option<&'a str>,
}

impl Sealing {
    /// Goes on with the log below the state directory.
    pub(super) fn open(state: &Path, config: &Config) -> Self {
        let place = AuditPlace::below(state);
        let own = ["tachograph", "tacho-hook", "TACHO_HOME"].map(str::to_owned);
        let own = own.into_iter().chain([state.display().to_string()]).collect();
        let mut sealing = Self {
            state: state.to_owned(),
            book: Book::new(place.clone()),
            place,
            sessions: HashMap::new(),
            waiting: Vec::new(),
            own,
            config: config_hash(),
            keeps_reasoning: false,
            checkpoint: None,
            problem: None,
            closed: BTreeMap::new(),
            rests_until: None,
        };
        sealing.follow(&config.destinations);
        sealing
    }

    /// The newest checkpoint, once something was sealed.
    pub(super) fn checkpoint(&self) -> Option<&str> {
        self.checkpoint.as_deref()
    }

    /// Why something cannot be sealed; none while all can.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref().or_else(|| self.closed.values().next().map(String::as_str))
    }

    /// Whether it is left alone, as it failed a moment ago.
    pub(super) fn rests(&self) -> bool {
        self.rests_until.is_some_and(|until| until > Instant::now())
    }

    /// Bears that the log failed: what was not sealed is looked at again, which is what is known of these sessions.
    fn bear(&mut self, done: Result<(), Trouble>) -> Result<BTreeSet<SessionId>, StoreError> {
        match done {
            Ok(()) => Ok(BTreeSet::new()),
            Err(Trouble::Store(error)) => Err(error),
            Err(Trouble::Log(failure) | Trouble::Beside(failure)) => Ok(self.postpone(&failure)),
        }
    }

    /// Notes that sealing failed; the sessions of which something waited.
    fn postpone(&mut self, failure: &Failure) -> BTreeSet<SessionId> {
        self.problem = Some(failure.sentence());
        self.rests_until = Some(Instant::now() + REST);
        note_unsealed(&self.state, now());
        self.learn_anew();
        self.waiting.drain(..).filter_map(|one| one.session).collect()
    }

    /// Drops what is known of the log: it was learnt in a transaction that was given up, or may not be so any more.
    pub(super) fn learn_anew(&mut self) {
        self.checkpoint = None;
        self.sessions.clear();
    }

    /// Notes that of a session nothing can be sealed now.
    fn close(&mut self, id: &SessionId, failure: &Failure) {
        self.closed.insert(id.clone(), failure.sentence());
        note_unsealed(&self.state, now());
        self.sessions.remove(id);
        self.waiting.retain(|one| one.session.as_ref() != Some(id));
    }

    /// Notes that what was taken is sealed, or will be.
    fn note_works(&self) {
        if self.problem().is_none() {
            note_sealed(&self.state);
        }
    }

    /// Follows who is sent to.
    pub(super) fn follow(&mut self, destinations: &[Named]) {
        self.keeps_reasoning = destinations.iter().any(|named| named.to.level == CaptureLevel::Full);
    }

    /// Takes what is decided and not sealed, or sealed as something else. Returns the sessions that are to be looked at again.
    pub(super) fn take(
        &mut self,
        changes: &Changes<'_>,
        id: &SessionId,
        understood: Understood<'_>,
    ) -> Result<BTreeSet<SessionId>, StoreError> {
        if self.rests() {
            return Ok(BTreeSet::from([id.clone()]));
        }
        let mut left = match self.try_take(changes, id, understood) {
            Ok(()) => {
                if self.closed.remove(id).is_some() {
                    self.note_works();
                }
                return Ok(BTreeSet::new());
            }
            Err(Trouble::Beside(failure)) => {
                self.close(id, &failure);
                BTreeSet::new()
            }
            failed => self.bear(failed)?,
        };
        left.insert(id.clone());
        Ok(left)
    }

    fn try_take(
        &mut self,
        changes: &Changes<'_>,
        id: &SessionId,
        understood: Understood<'_>,
    ) -> Result<(), Trouble> {
        let Understood { facts, assembly, fingerprints, user } = understood;
        self.catch_up(changes)?;
        if !self.sessions.contains_key(id) {
            let known = self.known_of(changes, id)?;
            let opening = Opening::of(&self.place, id.as_str())?;
            self.sessions.insert(id.clone(), SealedSession { known, opening, seen: HashMap::new() });
        }
        let Some(sealed) = self.sessions.get_mut(id) else { return Ok(()) };
        let fingerprint = |place: usize| fingerprints.get(place).copied();
        let is_news = |place: usize| {
            let span = assembly.spans.get(place).and_then(|span| sealed.seen.get(&span.span_id).copied());
            span.is_none() || span != fingerprint(place)
        };
        let known = Known { session: id.as_str(), agent: &assembly.session.agent, user };
        let mut summaries = Vec::new();
        for decision in decisions(facts, assembly, &self.own, is_news) {
            let mut fields = Fields::of(&decision, known, &sealed.opening);
            let (about, fingerprint) = (fields.about().to_owned(), fields.fingerprint());
            match sealed.known.get(&about) {
                Some(before) if before.fingerprint == fingerprint => continue,
                // Without its opening nothing can be compared with what was said.
                Some(_) if sealed.opening.is_given_up() => continue,
                Some(before) => fields.number("corrects", before.entry),
                None => {}
            }
            if let Some(thoughts) = decision.reasoning.filter(|_| self.keeps_reasoning) {
                let reasoning = summary(thoughts);
                if let Some(commitment) = sealed.opening.commit(&about, "reasoning", &reasoning) {
                    fields.text("reasoning", &commitment);
                    summaries.push(Reasoning { about: about.clone(), reasoning });
                }
            }
            self.waiting.push(Waiting { session: Some(id.clone()), about, fingerprint, fields });
        }
        if !summaries.is_empty() {
            sealed.opening.keep(&summaries)?;
        }
        for (span, fingerprint) in assembly.spans.iter().zip(fingerprints).filter(|(span, _)| span.settled) {
            if sealed.seen.get(&span.span_id) != Some(fingerprint) {
                sealed.seen.insert(span.span_id, *fingerprint);
            }
        }
        Ok(())
    }

    /// Takes what the recorder could not record.
    pub(super) fn take_gaps(&mut self, changes: &Changes<'_>) -> Result<(), StoreError> {
        self.config = config_hash();
        if self.rests() {
            return Ok(());
        }
        match self.try_take_gaps(changes) {
            // Decisions do not wait for a ledger that cannot be read; `tacho doctor` tells of it.
            Err(Trouble::Beside(_)) => {}
            taken => {
                self.bear(taken)?;
            }
        }
        self.seal(changes)?;
        Ok(())
    }

    fn try_take_gaps(&mut self, changes: &Changes<'_>) -> Result<(), Trouble> {
        // Processes count apart; what they lost for one reason is one gap.
        let mut losses: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for lost in loss::read(&self.state)?.into_iter().filter(|lost| lost.count > 0) {
            let (count, last) = losses.entry(lost.reason).or_default();
            (*count, *last) = (count.saturating_add(lost.count), lost.last_unix_ns.max(*last));
        }
        if losses.is_empty() {
            return Ok(());
        }
        self.catch_up(changes)?;
        let known = changes.read().sealed(None)?;
        for (reason, (count, last)) in losses {
            let about = format!("gap:{reason}");
            let mut fields = Fields::of_recorder("recorder_gap", &about, UnixNanos(last));
            fields.text("reason", &reason);
            fields.number("lost", count);
            let fingerprint = fields.fingerprint();
            match known.get(&about) {
                Some(before) if before.fingerprint == fingerprint => continue,
                Some(before) => fields.number("corrects", before.entry),
                None => {}
            }
            self.waiting.push(Waiting { session: None, about, fingerprint, fields });
        }
        Ok(())
    }

    /// Puts what waits into the log, and signs it. Returns the sessions that are to be looked at again.
    pub(super) fn seal(&mut self, changes: &Changes<'_>) -> Result<BTreeSet<SessionId>, StoreError> {
        if self.waiting.is_empty() {
            return Ok(BTreeSet::new());
        }
        let sealed = self.try_seal(changes);
        self.bear(sealed)
    }

    fn try_seal(&mut self, changes: &Changes<'_>) -> Result<(), Trouble> {
        let entries = self.waiting.iter_mut().map(|one| std::mem::take(&mut one.fields)).collect();
        let first = self.append(changes, entries)?;
        for (entry, Waiting { session, about, fingerprint, .. }) in (first..).zip(self.waiting.drain(..)) {
            let sealed = Sealed { entry, fingerprint };
            changes.put_sealed(session.as_ref(), &about, sealed)?;
            if let Some(open) = session.and_then(|id| self.sessions.get_mut(&id)) {
                open.known.insert(about, sealed);
            }
        }
        self.problem = None;
        self.note_works();
        Ok(())
    }

    /// Drops what can be read again.
    pub(super) fn fit(&mut self, is_open: impl Fn(&SessionId) -> bool) {
        self.sessions.retain(|id, _| is_open(id));
    }
}

/// Hash of the recorder's configuration files, as they are now.
fn config_hash() -> Option<String> {
    let mut hash = Sha256::new();
    let mut is_empty = true;
    for file in place::config_files() {
        let Ok(bytes) = fs::read(&file.path) else { continue };
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
        is_empty = false;
    }
    let digest = hash.finalize();
    (!is_empty).then(|| digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}
