//! The log of this machine, for commands that read it or add to it.

use super::keeping::{beginning, none_begins};
use crate::audit::{AuditPlace, Book, Entry, Fields};
use crate::cli::audit::Filter;
use crate::commands::open_current_state;
use crate::drain::now;
use crate::failure::{Failure, FailureKind};
use crate::place;
use jiff::Timestamp;
use std::fs;
use tacho_audit::error::LogError;
use tacho_audit::key_chain::KeyChain;
use tacho_audit::layout::CHECKPOINT;
use tacho_audit::proof::TreeHead;
use tacho_audit::tiles::Tiles;
use tacho_spool::state::State;

/// A log as its newest checkpoint has it.
pub(super) struct ReadBook {
    pub(super) state: State,
    pub(super) place: AuditPlace,
    pub(super) chain: KeyChain,
    pub(super) checkpoint: String,
    pub(super) head: TreeHead,
    pub(super) minimum: u64,
}

impl ReadBook {
    /// The log, with what the spool holds taken in.
    pub(super) fn open() -> Result<Self, Failure> {
        let state = open_current_state()?;
        let place = AuditPlace::below(state.path());
        let log = place.log();
        let checkpoint = match fs::read_to_string(log.join(CHECKPOINT)) {
            Err(_) if !is_begun(&state, &place) => return Err(none_yet()),
            read => read.map_err(|error| {
                Failure::external("the checkpoint of the audit log cannot be read", error)
                    .hint("`tacho audit verify` says what is wrong with it")
            })?,
        };
        let chain = KeyChain::read(&log).map_err(unreadable)?;
        let head = chain.open(&checkpoint).map_err(|why| {
            Failure::new(FailureKind::External, format!("the checkpoint of the audit log {why}"))
                .hint("`tacho audit verify` says what is wrong with it")
        })?;
        let minimum = tacho_audit::prune::Pruned::read(&log, &chain).map_err(unreadable)?.minimum;
        Ok(Self { state, place, chain, checkpoint, head, minimum })
    }

    pub(super) fn tiles(&self) -> Tiles {
        Tiles::new(&self.place.log(), self.head.size)
    }

    /// An entry by its number.
    pub(super) fn entry(&self, number: u64) -> Result<Vec<u8>, Failure> {
        let missing = |why| Failure::new(FailureKind::User, format!("there is no entry {number}: {why}"));
        if number >= self.head.size {
            return Err(missing(format!("so far the log has {}", self.head.size)));
        }
        self.tiles().entry(number).map_err(|error| {
            if error.is_missing_file() && number < self.minimum {
                return missing("it was given up by its age".to_owned());
            }
            unreadable(error)
        })
    }

    /// Hands out the entries that the filter lets through, in their order, with their bytes. A session that neither the
    /// log nor the store knows is none of which nothing was decided.
    pub(super) fn each(&self, filter: &Filter, mut each: impl FnMut(Entry, &[u8])) -> Result<(), Failure> {
        let session = self.session(filter)?;
        let mut is_known = session.is_empty();
        for entry in self.tiles().entries_from(self.minimum) {
            let (_, bytes) = entry.map_err(unreadable)?;
            let is_of = |entry: &Entry| entry.text("session").unwrap_or_default().starts_with(&session);
            let Some(entry) = Entry::parse(&bytes).filter(is_of) else { continue };
            is_known = true;
            if passes(filter, &entry) {
                each(entry, &bytes);
            }
        }
        if is_known || !beginning(&self.state, &session)?.is_empty() {
            return Ok(());
        }
        Err(none_begins(&session))
    }

    /// How the id of the session begins that the filter names; empty where it names none.
    fn session(&self, filter: &Filter) -> Result<String, Failure> {
        let wanted = filter.session.clone().unwrap_or_default();
        if wanted != "last" {
            return Ok(wanted);
        }
        let store = place::open_store_to_read(&self.state)?;
        let sessions = store.map(|store| store.read().sessions()).transpose()?.unwrap_or_default();
        Ok(sessions.into_iter().next().map_or(wanted, |session| session.id.to_string()))
    }
}

/// Whether a log was ever begun here, as far as anything tells.
pub(super) fn is_begun(state: &State, place: &AuditPlace) -> bool {
    let known = || -> Result<bool, Failure> {
        let store = place::open_store_to_read(state)?;
        Ok(store.map(|store| store.read().sealed_log()).transpose()?.flatten().is_some())
    };
    // A store that cannot be read may know of one.
    place.has_traces() || known().unwrap_or(true)
}

pub(super) fn none_yet() -> Failure {
    Failure::new(FailureKind::User, "there is no audit log yet")
        .hint("it begins with the first session that is recorded")
}

pub(super) fn unreadable(error: LogError) -> Failure {
    Failure::external("the audit log cannot be read", error)
        .hint("`tacho audit verify` says what is wrong with it")
}

/// Appends what the recorder itself has to say, and returns the number of the first entry.
pub(super) fn append(place: &AuditPlace, entries: Vec<Fields>) -> Result<u64, Failure> {
    let appended = Book::new(place.clone()).append(entries, now(), None, None);
    Ok(appended.map_err(|error| Failure::external("write the audit log", error))?.first)
}

/// Whether what was decided is what is wanted, of whichever session.
fn passes(filter: &Filter, entry: &Entry) -> bool {
    let Filter { session: _, kind, tool, decider, since, until } = filter;
    let is = |wanted: &Option<String>, field: &str| {
        wanted.as_ref().is_none_or(|wanted| entry.text(field) == Some(wanted.as_str()))
    };
    let time = || entry.text("time").and_then(|time| time.parse::<Timestamp>().ok());
    is(kind, "type")
        && is(tool, "tool")
        && is(decider, "decider")
        && since.is_none_or(|since| time().is_some_and(|at| at >= since))
        && until.is_none_or(|until| time().is_some_and(|at| at < until))
}
