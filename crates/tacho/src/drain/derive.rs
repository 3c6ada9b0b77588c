//! Deriving: what was said about a session becomes its summary, its spans, and bytes for each destination.

use super::{Drainer, now};
use crate::failure::Failure;
use std::env;
use tacho_agents::agent_named;
use tacho_assemble::facts::{AgentIdentity, SessionFacts};
use tacho_assemble::tree::{Assembly, assemble};
use tacho_export::destination::Destination;
use tacho_export::otlp::{TRACES, encode};
use tacho_model::attribute::Attributes;
use tacho_model::batch::Batch;
use tacho_model::event::Observation;
use tacho_model::id::SessionId;
use tacho_model::semconv as key;
use tacho_model::session::Session;
use tacho_model::span::Span;
use tacho_model::time::UnixNanos;
use tacho_privacy::{CaptureLevel, Policy, clear};
use tacho_store::Changes;
use tacho_store::outbox::Parcel;

/// Spans of one request at most (default of `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`).
const PARCEL_SPANS_MAX: usize = 512;

impl Drainer {
    /// Derives a session anew and puts what has settled in line for every destination.
    pub(super) fn derive(&mut self, session: &SessionId) -> Result<(), Failure> {
        self.load_facts(session)?;
        let Some(facts) = self.facts.get(session) else { return Ok(()) };
        let now = now();
        let assembly = assemble(facts, now);
        let resource = self.resource(&assembly.session);
        let known = self.store.destinations()?;
        let changes = self.store.change()?;
        changes.put_session(&assembly.session, &assembly.spans, assembly.settles_at)?;
        for destination in &self.config.destinations {
            let since = known.iter().find(|row| row.name == destination.endpoint()).map(|row| row.since);
            if since.is_some_and(|since| assembly.session.last_seen >= since) {
                let spans = claim_settled(&changes, destination, &assembly, now)?;
                let policy = Policy { level: destination.level, identity_key: &self.identity_key };
                for spans in spans.chunks(PARCEL_SPANS_MAX) {
                    let batch = Batch { resource: resource.clone(), spans: spans.to_vec() };
                    let parcel = parcel(destination, &batch, policy)?;
                    changes.enqueue(&parcel, now)?;
                }
            }
        }
        changes.commit()?;
        if assembly.session.ended.is_some() && assembly.session.open_spans == 0 {
            self.facts.remove(session);
        }
        Ok(())
    }

    /// Makes sure that what was said about a session is in memory.
    pub(super) fn load_facts(&mut self, session: &SessionId) -> Result<(), Failure> {
        if self.facts.contains_key(session) {
            return Ok(());
        }
        let mut facts: Option<SessionFacts> = None;
        self.store.each_observation(session, |observation| {
            let Some(agent) = agent_named(Some(&observation.agent)) else { return };
            let identity = AgentIdentity { name: agent.name, provider: agent.provider };
            tell(facts.get_or_insert_with(|| SessionFacts::new(identity, session.clone())), &observation);
        })?;
        if let Some(facts) = facts {
            self.facts.insert(session.clone(), facts);
        }
        Ok(())
    }

    fn resource(&self, session: &Session) -> Attributes {
        let agent_name = self.config.agent_name.as_ref().unwrap_or(&session.agent);
        let mut resource = Attributes::default();
        resource.set(key::SERVICE_NAME, agent_name.as_str());
        resource.set_known(key::SERVICE_VERSION, session.agent_version.clone());
        resource.set(key::SERVICE_INSTANCE_ID, self.instance_id.as_str());
        resource.set(key::GEN_AI_AGENT_NAME, agent_name.as_str());
        resource.set_known(key::USER_NAME, user_name());
        resource.set(key::TELEMETRY_SDK_NAME, "tachograph");
        resource.set(key::TELEMETRY_SDK_LANGUAGE, "rust");
        resource.set(key::TELEMETRY_SDK_VERSION, env!("CARGO_PKG_VERSION"));
        resource
    }
}

/// Adds what an observation says to what is known of its session.
pub(super) fn tell(facts: &mut SessionFacts, observation: &Observation) {
    let Some(agent) = agent_named(Some(&observation.agent)) else { return };
    let decoded = (agent.decode)(observation);
    decoded.events.iter().for_each(|event| facts.add(event));
    if !decoded.warnings.is_empty() {
        facts.add_not_understood(observation);
    }
}

/// The settled spans that were never put in line for this destination; now they are.
fn claim_settled(
    changes: &Changes<'_>,
    destination: &Destination,
    assembly: &Assembly,
    now: UnixNanos,
) -> Result<Vec<Span>, Failure> {
    let unsent = changes.unsent_spans(destination.endpoint(), &assembly.session.id)?;
    let spans: Vec<Span> =
        assembly.spans.iter().filter(|span| unsent.contains(&span.span_id)).cloned().collect();
    for span in &spans {
        changes.claim(destination.endpoint(), span.span_id, now)?;
    }
    Ok(spans)
}

fn parcel(destination: &Destination, batch: &Batch, policy: Policy<'_>) -> Result<Parcel, Failure> {
    let bytes = encode(&clear(batch, policy), destination.protocol)
        .map_err(|error| Failure::external("encode spans", error))?;
    Ok(Parcel {
        id: 0,
        destination: destination.endpoint().to_owned(),
        signal: TRACES.to_owned(),
        content_type: destination.protocol.content_type().to_owned(),
        is_full: destination.level == CaptureLevel::Full,
        items: batch.spans.len() as u64,
        bytes,
    })
}

/// The name of the user this process runs for, as the operating system says.
fn user_name() -> Option<String> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    variable("USER").or_else(|| variable("LOGNAME"))
}
