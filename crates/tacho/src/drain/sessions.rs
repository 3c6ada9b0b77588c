//! What the drainer keeps in memory of sessions: of those that go on, and of those it is just working on.

use super::now;
use super::projects::SeenProject;
use super::round::Pace;
use super::workplaces::SeenWorkplace;
use crate::failure::Failure;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tacho_agents::{Agent, Decoded, Surroundings, agent_named};
use tacho_assemble::facts::{AgentIdentity, SessionFacts};
use tacho_model::event::Observation;
use tacho_model::id::SessionId;
use tacho_model::metric::Labels;
use tacho_model::time::UnixNanos;
use tacho_store::cursor::{AgentProcess, TranscriptCursor};
use tacho_store::{Changes, Reader, SessionKey};

/// What was heard is kept in memory up to this, as it came in; understood it takes a few times as much.
const HEARD_BYTES_MAX: usize = 6 * 1024 * 1024;

/// The sessions in memory.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: HashMap<SessionId, OpenSession>,
    uses: u64,
}

/// A session that goes on, has something unsettled, or has news.
#[derive(Debug)]
pub(super) struct OpenSession {
    pub(super) key: SessionKey,
    /// The number of what was said about it last.
    pub(super) last_observation: u32,
    /// Name of its agent; empty until something was said about it.
    pub(super) agent: String,
    /// Last thing known of it.
    pub(super) last_seen: UnixNanos,
    /// When time alone will settle the next of its spans.
    pub(super) settles_at: Option<UnixNanos>,
    /// The larger it is, the less often it is derived: it is left alone until then.
    pub(super) rests_until: Option<Instant>,
    /// Whether something was said about it since it was derived.
    pub(super) has_news: bool,
    /// The files that are followed for it, and how far they were read.
    pub(super) transcripts: Vec<TranscriptCursor>,
    /// Whether it was written down that its own telemetry is to be waited for.
    pub(super) is_announced: bool,
    /// Where it was working when that was said last; `None` also when what was said is not in memory.
    directory: Option<PathBuf>,
    /// Where it was working when that was looked at last.
    pub(super) workplace: Option<SeenWorkplace>,
    /// What its project said when that was looked at last.
    pub(super) project: Option<SeenProject>,
    /// What of it was counted in metrics when that was done last: which spans, and under which labels.
    pub(super) counted: Option<(u64, Option<Labels>)>,
    /// The processes that were seen to run it.
    pub(super) processes: Vec<AgentProcess>,
    heard: Heard,
    last_use: u64,
}

/// What was said about a session.
#[derive(Debug)]
enum Heard {
    /// It stands in the store and was not read.
    InStore,
    /// All of it, understood.
    InMemory {
        /// Nothing, while nobody we know has said anything.
        facts: Option<Box<SessionFacts>>,
        /// How much it was before it was understood.
        bytes: usize,
    },
}

impl Sessions {
    /// The sessions that go on or have something unsettled.
    pub(super) fn open(store: Reader<'_>) -> Result<Self, Failure> {
        let mut sessions = Self::default();
        for unsettled in store.unsettled_sessions()? {
            let open = OpenSession {
                last_seen: unsettled.last_seen,
                settles_at: unsettled.settles_at,
                ..OpenSession::load(store, &unsettled.session, unsettled.key)?
            };
            sessions.open.insert(unsettled.session, open);
        }
        Ok(sessions)
    }

    /// A session, brought to memory if it is not there; made known to the store if it never was.
    pub(super) fn get(&mut self, changes: &Changes<'_>, id: &SessionId) -> Result<&mut OpenSession, Failure> {
        self.uses += 1;
        let session = match self.open.entry(id.clone()) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => {
                let known = changes.read().key_of(id)?;
                let mut open = OpenSession::load(changes.read(), id, changes.key_of(id)?)?;
                if known.is_none() {
                    // Nothing was ever said about it: what is heard from now on is all there is.
                    open.heard = Heard::InMemory { facts: None, bytes: 0 };
                }
                place.insert(open)
            }
        };
        session.last_use = self.uses;
        Ok(session)
    }

    /// The sessions, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&SessionId, &OpenSession)> {
        self.open.iter()
    }

    /// How many are in memory.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether one is in memory.
    pub(super) fn is_open(&self, id: &SessionId) -> bool {
        self.open.contains_key(id)
    }

    /// Lets a session go.
    pub(super) fn close(&mut self, id: &SessionId) {
        self.open.remove(id);
    }

    /// Drops what can be read from the store again, the longest unused first, until the rest fits.
    pub(super) fn fit(&mut self) {
        let mut in_memory: Vec<(u64, SessionId, usize)> = Vec::new();
        for (id, open) in &self.open {
            if let Heard::InMemory { bytes, .. } = open.heard {
                in_memory.push((open.last_use, id.clone(), bytes));
            }
        }
        let mut sum: usize = in_memory.iter().map(|(_, _, bytes)| bytes).sum();
        in_memory.sort_unstable();
        // The one used last stays, however large it is: the next event is likely to be about it.
        in_memory.pop();
        for (_, id, bytes) in in_memory {
            if sum <= HEARD_BYTES_MAX {
                break;
            }
            sum -= bytes;
            if let Some(open) = self.open.get_mut(&id) {
                open.heard = Heard::InStore;
            }
        }
    }
}

impl OpenSession {
    fn load(store: Reader<'_>, id: &SessionId, key: SessionKey) -> Result<Self, Failure> {
        let (last_observation, agent) = store.last_observation(key)?.unwrap_or_default();
        Ok(Self {
            key,
            last_observation,
            agent,
            last_seen: store.last_seen(key)?.unwrap_or(UnixNanos(0)),
            settles_at: None,
            rests_until: None,
            has_news: false,
            transcripts: store.transcripts(id)?,
            is_announced: false,
            directory: None,
            workplace: None,
            project: None,
            counted: None,
            processes: store.processes(id)?,
            heard: Heard::InStore,
            last_use: 0,
        })
    }

    /// Takes in what was said, if what was said before is in memory; else it is read from the store when needed.
    /// Returns where it was said.
    pub(super) fn hear(&mut self, observation: &Observation) -> Surroundings {
        let Some(agent) = agent_named(Some(&observation.agent)) else { return Surroundings::default() };
        let decoded = (agent.decode)(observation);
        if let Heard::InMemory { facts, bytes } = &mut self.heard {
            add(facts, agent, observation, &decoded);
            *bytes += observation.body.len();
        }
        if let Some(directory) = &decoded.surroundings.directory {
            self.directory = Some(directory.clone());
        }
        decoded.surroundings
    }

    /// Where it was working when that was said last.
    pub(super) fn directory(&mut self, store: Reader<'_>, id: &SessionId) -> Result<Option<&Path>, Failure> {
        if self.directory.is_none() {
            self.facts(store, id)?;
        }
        Ok(self.directory.as_deref())
    }

    /// All that was said; `None` when nobody we know said anything.
    pub(super) fn facts(
        &mut self,
        store: Reader<'_>,
        id: &SessionId,
    ) -> Result<Option<&SessionFacts>, Failure> {
        if matches!(self.heard, Heard::InStore) {
            let (mut facts, mut bytes) = (None, 0);
            let directory = &mut self.directory;
            store.each_observation(id, |observation| {
                if let Some(agent) = agent_named(Some(&observation.agent)) {
                    let decoded = (agent.decode)(&observation);
                    add(&mut facts, agent, &observation, &decoded);
                    *directory = decoded.surroundings.directory.or_else(|| directory.take());
                }
                bytes += observation.body.len();
            })?;
            self.heard = Heard::InMemory { facts, bytes };
        }
        match &self.heard {
            Heard::InMemory { facts, .. } => Ok(facts.as_deref()),
            Heard::InStore => Ok(None),
        }
    }

    /// Whether there is something to do about it without any news.
    pub(super) fn is_due(&self, pace: Pace) -> bool {
        let is_left_alone =
            pace == Pace::Gentle && self.rests_until.is_some_and(|until| until > Instant::now());
        !is_left_alone && (self.has_news || self.settles_at.is_some_and(|at| at <= now()))
    }

    /// When there will be something to do about it without any news.
    pub(super) fn next_due(&self) -> Option<UnixNanos> {
        let due = if self.has_news { Some(now()) } else { self.settles_at };
        let rested = self.rests_until.map_or(UnixNanos(0), |until| {
            let left = until.saturating_duration_since(Instant::now());
            now().plus_nanos(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX))
        });
        due.map(|due| due.max(rested))
    }

    /// Forgets what was said, so that it is read from the store again.
    pub(super) fn forget_heard(&mut self) {
        self.heard = Heard::InStore;
    }
}

/// Adds what an observation says to what is known of its session. What an agent says that this version does not know
/// is kept in the store and nowhere else.
fn add(facts: &mut Option<Box<SessionFacts>>, agent: &Agent, observation: &Observation, decoded: &Decoded) {
    let identity = AgentIdentity { name: agent.name, provider: agent.provider };
    let facts =
        facts.get_or_insert_with(|| Box::new(SessionFacts::new(identity, observation.session.clone())));
    decoded.events.iter().for_each(|event| facts.add(event));
    if !decoded.warnings.is_empty() {
        facts.add_not_understood(observation);
    }
}
