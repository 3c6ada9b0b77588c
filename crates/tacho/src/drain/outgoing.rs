//! What a round puts in line: for each destination the spans that settled, and corrections of those it got before.

use super::now;
use crate::config::{Config, Named};
use crate::failure::Failure;
use std::env;
use tacho_assemble::tree::Assembly;
use tacho_export::destination::Destination;
use tacho_export::otlp::{REQUEST_ITEMS_MAX, Signal, encode};
use tacho_model::attribute::{Attributes, Key, Value};
use tacho_model::batch::{Batch, Draft};
use tacho_model::event::Repository;
use tacho_model::log::{LogRecord, Severity};
use tacho_model::semconv as key;
use tacho_model::session::Session;
use tacho_model::span::Span;
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_privacy::{CaptureLevel, Cleared, Policy, clear};
use tacho_store::destinations::{Claim, DestinationKey, DestinationRow};
use tacho_store::outbox::Parcel;
use tacho_store::spans::fingerprint;
use tacho_store::{Changes, SessionKey};

/// What is said of the resource, so that it is said once for many spans.
const LIFTED: [Key; 8] = [
    key::VCS_REPOSITORY_URL_FULL,
    key::VCS_REPOSITORY_NAME,
    key::VCS_OWNER_NAME,
    key::VCS_PROVIDER_NAME,
    key::VCS_REF_HEAD_NAME,
    key::VCS_REF_HEAD_TYPE,
    key::VCS_REF_HEAD_REVISION,
    key::TACHOGRAPH_VCS_WORKTREE,
];

/// What goes out, for each destination.
pub(super) struct Outgoing<'a> {
    lanes: Vec<Lane<'a>>,
    resources: Resources<'a>,
    identity_key: &'a IdentityKey,
}

/// One destination, and what waits to be packed for it.
struct Lane<'a> {
    destination: &'a Destination,
    key: DestinationKey,
    /// Sessions that were last seen before are not for it.
    since: UnixNanos,
    batches: Vec<Cleared<Batch>>,
    items: usize,
}

/// What every batch says about who made it.
#[derive(Clone, Copy)]
pub(super) struct Resources<'a> {
    pub(super) config: &'a Config,
    pub(super) instance_id: &'a str,
}

impl<'a> Outgoing<'a> {
    /// Nothing yet, for the destinations that are configured and known to the store.
    pub(super) fn new(
        resources: Resources<'a>,
        identity_key: &'a IdentityKey,
        known: &[DestinationRow],
    ) -> Self {
        let lane = |named: &'a Named| {
            let destination = &named.to;
            let row = known.iter().find(|row| row.name == destination.endpoint())?;
            Some(Lane { destination, key: row.key, since: row.since, batches: Vec::new(), items: 0 })
        };
        Self {
            lanes: resources.config.destinations.iter().filter_map(lane).collect(),
            resources,
            identity_key,
        }
    }

    /// Takes what has settled of a session and was not sent, or was sent as something else.
    pub(super) fn add(
        &mut self,
        changes: &Changes<'_>,
        session: SessionKey,
        assembly: &Assembly,
        repository: Option<&Repository>,
        fingerprints: &[i64],
    ) -> Result<(), Failure> {
        let resource = self.resources.of(&assembly.session, repository);
        for lane in self.lanes.iter_mut().filter(|lane| assembly.session.last_seen >= lane.since) {
            let policy = Policy {
                level: lane.destination.level,
                user_info: self.resources.config.user_info.value,
                identity_key: self.identity_key,
            };
            let claimed = changes.read().claimed(lane.key, session)?;
            let mut drafts = Drafts::of(&resource);
            let spans = assembly.spans.iter().zip(fingerprints.iter().copied());
            for (span, whole) in spans.filter(|(span, _)| span.settled) {
                match claimed.get(&span.span_id) {
                    None => drafts.add_span(span, whole),
                    Some(claim) if claim.compared == Some(whole) => {}
                    Some(claim) => {
                        let now_said = sent_as(span, policy);
                        if claim.sent.is_some_and(|sent| sent != now_said) {
                            drafts.add_correction(span);
                        }
                        let claim = Claim { sent: Some(now_said), compared: Some(whole) };
                        changes.claim(lane.key, session, span.span_id, claim)?;
                    }
                }
            }
            for PlacedDraft { draft, fingerprints, .. } in drafts.drafts {
                let cleared = clear(&draft, policy);
                for (span, whole) in cleared.get().spans.iter().zip(fingerprints) {
                    let claim = Claim { sent: Some(fingerprint(span)), compared: Some(whole) };
                    changes.claim(lane.key, session, span.span_id, claim)?;
                }
                let items = cleared.get().spans.len() + cleared.get().logs.len();
                if lane.items + items > REQUEST_ITEMS_MAX {
                    lane.pack(changes)?;
                }
                lane.items += items;
                lane.batches.push(cleared);
            }
        }
        Ok(())
    }

    /// Packs what is left.
    pub(super) fn pack_all(&mut self, changes: &Changes<'_>) -> Result<(), Failure> {
        self.lanes.iter_mut().try_for_each(|lane| lane.pack(changes))
    }
}

/// What one session has for a destination, a draft for each state of the repository in which spans began.
struct Drafts<'a> {
    of_session: &'a Attributes,
    drafts: Vec<PlacedDraft<'a>>,
}

/// What began in one place.
struct PlacedDraft<'a> {
    place: Place<'a>,
    draft: Draft<'a>,
    /// Those of its spans.
    fingerprints: Vec<i64>,
}

/// What of a span's attributes is said of its resource.
#[derive(PartialEq)]
struct Place<'a>([Option<&'a Value>; LIFTED.len()]);

impl<'a> Drafts<'a> {
    const fn of(session: &'a Attributes) -> Self {
        Self { of_session: session, drafts: Vec::new() }
    }

    fn add_span(&mut self, span: &'a Span, fingerprint: i64) {
        let placed = self.draft_of(span);
        placed.draft.spans.push(span);
        placed.fingerprints.push(fingerprint);
    }

    fn add_correction(&mut self, span: &'a Span) {
        self.draft_of(span).draft.logs.push(correction(span));
    }

    /// The draft for the place of a span. Spans come in the order of their starts, so it is mostly the one used last.
    fn draft_of(&mut self, span: &'a Span) -> &mut PlacedDraft<'a> {
        let place = Place(LIFTED.map(|key| span.attributes.get(key)));
        let known = self.drafts.iter().rposition(|known| known.place == place);
        let placed = match known {
            Some(at) => self.drafts.remove(at),
            None => {
                let mut resource = self.of_session.clone();
                LIFTED.iter().zip(place.0).for_each(|(key, value)| resource.set_known(*key, value.cloned()));
                let draft = Draft { resource, lifted: &LIFTED, ..Draft::default() };
                PlacedDraft { place, draft, fingerprints: Vec::new() }
            }
        };
        self.drafts.push_mut(placed)
    }
}

impl Lane<'_> {
    /// Puts all that waits in line.
    fn pack(&mut self, changes: &Changes<'_>) -> Result<(), Failure> {
        self.items = 0;
        let (batches, to) = (std::mem::take(&mut self.batches), self.destination);
        for signal in Signal::ALL {
            let bodies = encode(&batches, signal, to.protocol)
                .map_err(|error| Failure::external("encode what is to be sent", error))?;
            for body in bodies {
                let parcel = Parcel {
                    id: 0,
                    destination: self.key,
                    signal: signal.name().to_owned(),
                    content_type: to.protocol.content_type().to_owned(),
                    is_full: to.level == CaptureLevel::Full,
                    items: body.items as u64,
                    bytes: body.bytes,
                };
                changes.enqueue(&parcel, now())?;
            }
        }
        Ok(())
    }
}

/// The fingerprint of a span as a destination gets it.
fn sent_as(span: &Span, policy: Policy<'_>) -> i64 {
    let draft = Draft { spans: vec![span], lifted: &LIFTED, ..Draft::default() };
    clear(&draft, policy).get().spans.first().map_or(0, fingerprint)
}

/// A record that says how a span that was sent is understood now.
fn correction(span: &Span) -> LogRecord {
    let end = span.end.unwrap_or(span.start);
    let said = span.attributes.iter().filter(|(key, _)| !LIFTED.contains(key));
    let mut attributes: Attributes = said.map(|(key, value)| (key, value.clone())).collect();
    attributes.set(key::TACHOGRAPH_SPAN_NAME, span.name.as_str());
    attributes.set(key::TACHOGRAPH_SPAN_START_UNIX_NS, span.start.0);
    attributes.set(key::TACHOGRAPH_SPAN_END_UNIX_NS, end.0);
    LogRecord {
        at: end,
        observed_at: now(),
        name: key::EVENT_CORRECTED,
        severity: Severity::Info,
        span: Some((span.trace_id, span.span_id)),
        attributes,
    }
}

impl Resources<'_> {
    fn of(self, session: &Session, repository: Option<&Repository>) -> Attributes {
        let named = self.config.agent_name.as_ref().map(|said| &said.value);
        let agent_name = named.unwrap_or(&session.agent);
        let mut resource = Attributes::default();
        resource.set(key::SERVICE_NAME, agent_name.as_str());
        resource.set_known(key::SERVICE_VERSION, session.agent_version.clone());
        resource.set(key::SERVICE_INSTANCE_ID, self.instance_id);
        resource.set(key::GEN_AI_AGENT_NAME, agent_name.as_str());
        let of_git = repository.and_then(|seen| seen.user_name.clone());
        match of_git {
            Some(name) => {
                resource.set(key::USER_NAME, name);
                resource.set_known(key::USER_EMAIL, repository.and_then(|seen| seen.user_email.clone()));
                let source = repository.and_then(|seen| seen.user_source.clone());
                resource.set_known(key::TACHOGRAPH_USER_SOURCE, source);
            }
            None => resource.set_known(key::USER_NAME, user_name()),
        }
        resource.set_known(key::TACHOGRAPH_TEAM, self.config.team.as_ref().map(|said| said.value.as_str()));
        resource.set(key::TELEMETRY_SDK_NAME, "tachograph");
        resource.set(key::TELEMETRY_SDK_LANGUAGE, "rust");
        resource.set(key::TELEMETRY_SDK_VERSION, env!("CARGO_PKG_VERSION"));
        resource
    }
}

/// The name of the user this process runs for, as the operating system says.
fn user_name() -> Option<String> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    variable("USER").or_else(|| variable("LOGNAME"))
}
