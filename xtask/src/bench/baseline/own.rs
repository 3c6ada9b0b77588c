//! What of the drainer's own work is parsing and inserting: it understands every record, and writes the rows of sessions, of
//! observations, of spans, of what was sealed and sent, and of requests until they are. All that leads from one to the
//! other is left out, and so are metrics.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tacho_agents::{Agent, agent_named};
use tacho_model::event::{Observation, Source};
use tacho_model::id::{SessionId, SpanId};
use tacho_model::session::Session;
use tacho_model::span::Span;
use tacho_model::time::UnixNanos;
use tacho_spool::read::segments;
use tacho_store::destinations::{Claim, DestinationKey};
use tacho_store::outbox::{Delivery, Parcel};
use tacho_store::sealed::Sealed;
use tacho_store::store::STORE_FILE;
use tacho_store::{Changes, Store};

use super::{TRANSACTION_BYTES, each_record, timed};

/// When all is said to happen.
const NOW: UnixNanos = UnixNanos(0);
/// How all requests end.
const TAKEN: Delivery<'static> = Delivery::Taken { rejected: 0, message: None };

/// The rows of one session.
struct Rows {
    session: SessionId,
    observations: Vec<Observation>,
    summary: Session,
    spans: Vec<Span>,
    sealed: HashMap<String, Sealed>,
    claims: Vec<(DestinationKey, Vec<(SpanId, Claim)>)>,
}

/// How long it takes to parse the segments below `state` and to insert the rows that were made of them, and these requests,
/// into a store at `database`.
pub(super) fn parse_and_insert(state: &Path, bodies: &[Vec<u8>], database: &Path) -> Result<Duration> {
    let drained = Store::open_to_read(&state.join(STORE_FILE))?.context("nothing was drained")?;
    let mut store = Store::open(database)?;
    let destination = drained.read().destinations()?.first().context("nothing was sent")?.key;
    let agent = agent_named(None).context("there is no agent")?;
    let mut taken = Duration::ZERO;
    let segments = segments(state)?;
    let (mut bodies, bodies_a_segment) = (bodies.iter(), bodies.len().div_ceil(segments.len().max(1)));
    let mut segments = segments.into_iter().peekable();
    while segments.peek().is_some() {
        let (mut bytes, mut rows, mut requests) = (0, Vec::new(), Vec::new());
        while bytes < TRANSACTION_BYTES
            && let Some(segment) = segments.next()
        {
            let mut sessions = HashSet::new();
            taken += timed(|| {
                bytes += parse(agent, &segment, &mut sessions)?;
                Ok(())
            })?;
            requests.extend(bodies.by_ref().take(bodies_a_segment));
            for session in sessions {
                rows.push(Rows::of(&drained, session)?);
            }
        }
        taken += timed(|| {
            let changes = store.change()?;
            rows.iter().try_for_each(|rows| rows.insert(&changes))?;
            requests.iter().try_for_each(|body| changes.enqueue(&parcel(destination, body), NOW))?;
            Ok(changes.commit()?)
        })?;
        for _ in requests {
            taken += timed(|| {
                let sent = store.read().next_parcel(destination)?.context("a request is gone")?;
                let changes = store.change()?;
                changes.settle_delivery(&sent, &TAKEN, NOW)?;
                Ok(changes.commit()?)
            })?;
        }
    }
    Ok(taken)
}

/// Understands all records of a segment, and notes of which sessions they are.
fn parse(agent: &Agent, segment: &Path, sessions: &mut HashSet<SessionId>) -> Result<u64> {
    each_record(segment, |record| {
        let observation = Observation {
            uid: [0; 16],
            agent: agent.name.to_owned(),
            session: SessionId::from(record.sid),
            source: Source::Hook,
            at: Some(UnixNanos(record.t)),
            subagent: None,
            offset: None,
            body: record.raw.get().as_bytes().to_vec(),
        };
        let decoded = (agent.decode)(&observation);
        anyhow::ensure!(!decoded.events.is_empty(), "a payload says nothing");
        sessions.insert(observation.session);
        Ok(())
    })
}

fn parcel(destination: DestinationKey, body: &[u8]) -> Parcel {
    Parcel {
        id: 0,
        destination,
        signal: "traces".to_owned(),
        content_type: "application/x-protobuf".to_owned(),
        is_full: false,
        has_names: false,
        items: 1,
        bytes: body.to_vec(),
    }
}

impl Rows {
    fn of(drained: &Store, session: SessionId) -> Result<Self> {
        let read = drained.read();
        let key = read.key_of(&session)?.context("a session was not drained")?;
        let mut observations = Vec::new();
        read.each_observation(&session, |observation| observations.push(observation))?;
        let mut claims = Vec::new();
        for destination in read.destinations()? {
            claims.push((destination.key, read.claimed(destination.key, key)?.into_iter().collect()));
        }
        let summary = read.sessions_named(session.as_str())?.into_iter().find(|known| known.id == session);
        let summary = summary.context("a session has no row")?;
        let (spans, sealed) = (read.spans(&session)?, read.sealed(Some(&session))?);
        Ok(Self { session, observations, summary, spans, sealed, claims })
    }

    fn insert(&self, changes: &Changes<'_>) -> Result<()> {
        let key = changes.key_of(&self.session)?;
        for (number, observation) in (1..).zip(&self.observations) {
            changes.observe(key, number, observation)?;
        }
        changes.put_session(key, &self.summary, None)?;
        changes.put_spans(key, &self.spans)?;
        for (about, sealed) in &self.sealed {
            changes.put_sealed(Some(&self.session), about, *sealed)?;
        }
        self.claims.iter().try_for_each(|(destination, claims)| changes.claim(*destination, key, claims))?;
        Ok(())
    }
}
