//! Sealing: what was decided goes into the audit log before the store takes note that it was derived, so that a drainer that dies
//! in between leaves nothing out. What it sealed then is learnt from the log, so that nothing is sealed twice either.

use super::now;
use crate::audit::{
    Appended, AuditPlace, Book, Entry, Fields, Known, Opening, Reasoning, fingerprint_of, note_sealed,
    note_unsealed, summary,
};
use crate::config::{Config, Named};
use crate::failure::Failure;
use crate::place;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map};
use std::fs;
use std::path::{Path, PathBuf};
use tacho_assemble::audit::decisions;
use tacho_assemble::facts::SessionFacts;
use tacho_assemble::tree::Assembly;
use tacho_audit::error::LogError;
use tacho_audit::tiles::Tiles;
use tacho_model::id::{SessionId, SpanId};
use tacho_model::time::UnixNanos;
use tacho_privacy::CaptureLevel;
use tacho_spool::loss;
use tacho_store::Changes;
use tacho_store::sealed::Sealed;

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
    /// The name of the log.
    origin: Option<String>,
    /// The newest checkpoint.
    checkpoint: Option<String>,
    /// Why nothing can be sealed; none while that works.
    problem: Option<String>,
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
            origin: None,
            checkpoint: None,
            problem: None,
        };
        sealing.follow(config);
        sealing
    }

    /// The newest checkpoint, once something was sealed.
    pub(super) fn checkpoint(&self) -> Option<&str> {
        self.checkpoint.as_deref()
    }

    /// Why nothing can be sealed; none while that works.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Notes that sealing failed. Recording and sending go on without it: what was not sealed is looked at again.
    pub(super) fn postpone(&mut self, failure: &Failure) {
        self.problem = Some(failure.sentence());
        note_unsealed(&self.state, now());
        self.waiting.clear();
        self.sessions.clear();
    }

    /// The sessions of which something waits to be sealed.
    pub(super) fn waiting_sessions(&self) -> BTreeSet<SessionId> {
        self.waiting.iter().filter_map(|one| one.session.clone()).collect()
    }

    /// Follows what is configured.
    pub(super) fn follow(&mut self, config: &Config) {
        let is_full = |named: &Named| named.to.level == CaptureLevel::Full;
        self.keeps_reasoning = config.destinations.iter().any(is_full);
    }

    /// Takes what is decided and not sealed, or sealed as something else.
    pub(super) fn take(
        &mut self,
        changes: &Changes<'_>,
        id: &SessionId,
        understood: Understood<'_>,
    ) -> Result<(), Failure> {
        let Understood { facts, assembly, fingerprints, user } = understood;
        self.catch_up(changes)?;
        let sealed = match self.sessions.entry(id.clone()) {
            hash_map::Entry::Occupied(open) => open.into_mut(),
            hash_map::Entry::Vacant(place) => place.insert(SealedSession {
                known: changes.read().sealed(Some(id))?,
                opening: Opening::of(&self.place, id.as_str())?,
                seen: HashMap::new(),
            }),
        };
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
    pub(super) fn take_gaps(&mut self, changes: &Changes<'_>) -> Result<(), Failure> {
        self.config = config_hash();
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
        self.seal(changes)
    }

    /// Puts what waits into the log, and signs it.
    pub(super) fn seal(&mut self, changes: &Changes<'_>) -> Result<(), Failure> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        let entries = waiting.iter_mut().map(|one| std::mem::take(&mut one.fields)).collect();
        let appended = self.book.append(entries, now(), self.config.as_deref()).map_err(|error| {
            // What was not sealed is looked at again.
            self.sessions.clear();
            failed(error)
        })?;
        self.note(changes, &appended)?;
        for (entry, Waiting { session, about, fingerprint, .. }) in (appended.first..).zip(waiting) {
            let sealed = Sealed { entry, fingerprint };
            changes.put_sealed(session.as_ref(), &about, sealed)?;
            if let Some(open) = session.and_then(|id| self.sessions.get_mut(&id)) {
                open.known.insert(about, sealed);
            }
        }
        self.problem = None;
        note_sealed(&self.state);
        Ok(())
    }

    /// Puts into the log what the recorder itself did.
    pub(super) fn append_own(&mut self, changes: &Changes<'_>, entries: Vec<Fields>) -> Result<(), Failure> {
        self.catch_up(changes)?;
        let appended = self.book.append(entries, now(), self.config.as_deref()).map_err(failed)?;
        self.note(changes, &appended)
    }

    /// Takes down how far the log is. Another log knows nothing of what was sealed in the one before.
    fn note(&mut self, changes: &Changes<'_>, appended: &Appended) -> Result<(), Failure> {
        if self.origin.as_deref() != Some(&appended.origin) {
            changes.forget_sealed()?;
            self.sessions.clear();
            self.origin = Some(appended.origin.clone());
        }
        changes.set_sealed_up_to(&appended.origin, appended.size)?;
        self.checkpoint = Some(appended.checkpoint.clone());
        Ok(())
    }

    /// Drops what can be read again.
    pub(super) fn fit(&mut self, is_open: impl Fn(&SessionId) -> bool) {
        self.sessions.retain(|id, _| is_open(id));
    }

    /// Learns from the log, once, what a drainer sealed that died before the store knew.
    pub(super) fn catch_up(&mut self, changes: &Changes<'_>) -> Result<(), Failure> {
        if self.checkpoint.is_some() {
            return Ok(());
        }
        let found = self.book.writer().and_then(|writer| {
            let (origin, size) = (writer.chain().origin().to_owned(), writer.size());
            Ok((origin, size, writer.minimum()?, writer.checkpoint().to_owned()))
        });
        // A damaged log is set aside when something is appended.
        let Ok((origin, size, minimum, checkpoint)) = found else { return Ok(()) };
        let known = changes.read().sealed_up_to(&origin)?;
        if known.is_none_or(|known| known > size) {
            changes.forget_sealed()?;
        }
        self.learn(changes, size, known.filter(|known| *known <= size).unwrap_or(0).max(minimum))?;
        changes.set_sealed_up_to(&origin, size)?;
        self.origin = Some(origin);
        self.checkpoint = Some(checkpoint);
        match known.and_then(|known| known.checked_sub(size)) {
            Some(lost) if lost > 0 => self.append_own(changes, vec![cut(lost)]),
            _ => Ok(()),
        }
    }

    /// Takes down what the entries from this one on say.
    fn learn(&self, changes: &Changes<'_>, size: u64, first: u64) -> Result<(), Failure> {
        let mut taken = Ok(());
        let learnt = Tiles::new(&self.place.log(), size).each_entry(first, &mut |number, bytes| {
            let Some(entry) = Entry::parse(bytes).filter(|_| taken.is_ok()) else { return };
            let Some(about) = entry.text("about") else { return };
            let session = entry.text("session").map(SessionId::from);
            let sealed = Sealed { entry: number, fingerprint: fingerprint_of(&entry) };
            taken = changes.put_sealed(session.as_ref(), about, sealed);
        });
        learnt.map_err(failed)?;
        Ok(taken?)
    }
}

/// That entries which were sealed are not in the log any more.
fn cut(lost: u64) -> Fields {
    let mut gap = Fields::of_recorder("recorder_gap", "gap:log", now());
    gap.text("reason", "the audit log lacks entries that it had");
    gap.number("lost", lost);
    gap
}

fn failed(error: LogError) -> Failure {
    Failure::external("write the audit log", error)
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
