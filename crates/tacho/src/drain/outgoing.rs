//! What a round puts in line: for each destination the spans that settled, and corrections of those it got before.

use super::now;
use crate::config::{Config, Named, TrustedProject};
use crate::failure::Failure;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use tacho_assemble::tree::Assembly;
use tacho_export::destination::Destination;
use tacho_export::otlp::{Signal, encode};
use tacho_model::attribute::{Attributes, Key};
use tacho_model::batch::Batch;
use tacho_model::event::{ProjectRules, Repository};
use tacho_model::id::SpanId;
use tacho_model::log::{LogRecord, Severity};
use tacho_model::semconv as key;
use tacho_model::session::Session;
use tacho_model::span::Span;
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_privacy::{CaptureLevel, Cleared, Disclosure, Policy, clear};
use tacho_store::destinations::{DestinationKey, DestinationRow};
use tacho_store::outbox::Parcel;
use tacho_store::spans::fingerprint;
use tacho_store::{Changes, SessionKey};

/// Items of one request at most (default of `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`).
const PARCEL_ITEMS_MAX: usize = 512;

/// Stands for the fingerprint of a span that a destination was not to get.
const NOT_FOR_IT: i64 = 0;

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
    named: &'a Named,
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
            Some(Lane { named, destination, key: row.key, since: row.since, batches: Vec::new(), items: 0 })
        };
        Self {
            lanes: resources.config.destinations.iter().filter_map(lane).collect(),
            resources,
            identity_key,
        }
    }

    /// Takes what has settled of a session and was not sent, or was sent as something else. `changed` are the spans
    /// that are new or other than when the session was derived last.
    pub(super) fn add(
        &mut self,
        changes: &Changes<'_>,
        session: SessionKey,
        assembly: &Assembly,
        repository: Option<&Repository>,
        rules: &ProjectRules,
        changed: &BTreeSet<SpanId>,
    ) -> Result<(), Failure> {
        let config = self.resources.config;
        let project = config.trusted_project(rules);
        let resource = self.resources.of(&assembly.session, repository, project);
        for lane in self.lanes.iter_mut().filter(|lane| assembly.session.last_seen >= lane.since) {
            let is_for_it = !rules.is_withheld && config.is_for(lane.named, project);
            let policy = narrowed(
                Policy {
                    level: lane.destination.level,
                    user_info: config.user_info.value,
                    identity_key: self.identity_key,
                },
                rules,
            );
            let claimed = changes.read().claimed(lane.key, session)?;
            let mut batches =
                Batches { of_session: &resource, of_project: &rules.attributes, batches: Vec::new() };
            for span in assembly.spans.iter().filter(|span| span.settled) {
                match claimed.get(&span.span_id) {
                    None if is_for_it => batches.add_span(span),
                    // Written down, so that nobody asks about it again.
                    None => changes.claim(lane.key, session, span.span_id, NOT_FOR_IT)?,
                    Some(Some(NOT_FOR_IT)) => {}
                    Some(_) if !is_for_it || !changed.contains(&span.span_id) => {}
                    Some(sent) => {
                        let now_said = sent_as(span, policy);
                        if sent.is_some_and(|sent| sent != now_said) {
                            batches.add_correction(span);
                        }
                        changes.claim(lane.key, session, span.span_id, now_said)?;
                    }
                }
            }
            for batch in batches.batches {
                let cleared = clear(&batch, policy);
                for span in &cleared.get().spans {
                    changes.claim(lane.key, session, span.span_id, fingerprint(span))?;
                }
                lane.items += cleared.get().spans.len() + cleared.get().logs.len();
                lane.batches.push(cleared);
            }
            if lane.items >= PARCEL_ITEMS_MAX {
                lane.pack(changes)?;
            }
        }
        Ok(())
    }

    /// Packs what is left.
    pub(super) fn pack_all(&mut self, changes: &Changes<'_>) -> Result<(), Failure> {
        self.lanes.iter_mut().try_for_each(|lane| lane.pack(changes))
    }
}

/// Batches of one session, one for each state of the repository in which spans began.
struct Batches<'a> {
    of_session: &'a Attributes,
    of_project: &'a BTreeMap<String, String>,
    batches: Vec<Batch>,
}

impl Batches<'_> {
    fn add_span(&mut self, span: &Span) {
        let (place, attributes) = lifted(span);
        let span = Span { attributes, ..span.clone() };
        self.batch_of(place).spans.push(span);
    }

    fn add_correction(&mut self, span: &Span) {
        let (place, attributes) = lifted(span);
        self.batch_of(place).logs.push(correction(span, attributes));
    }

    /// The batch of a place. Spans come in the order of their starts, so it is mostly the one used last.
    fn batch_of(&mut self, place: Attributes) -> &mut Batch {
        let mut resource = self.of_session.clone();
        resource.extend(place);
        let project = self.of_project.clone();
        let known = self.batches.iter().rposition(|batch| batch.resource == resource);
        let batch = known
            .map_or_else(|| Batch { resource, project, ..Batch::default() }, |at| self.batches.remove(at));
        self.batches.push_mut(batch)
    }
}

/// The policy without what the project takes away.
fn narrowed<'a>(policy: Policy<'a>, rules: &ProjectRules) -> Policy<'a> {
    let (level, user_info) = (CaptureLevel::default(), Disclosure::default());
    Policy {
        level: if rules.omits_content { level } else { policy.level },
        user_info: if rules.omits_names { user_info } else { policy.user_info },
        ..policy
    }
}

/// What of a span's attributes is said of its resource, and the rest.
fn lifted(span: &Span) -> (Attributes, Attributes) {
    let mut attributes = span.attributes.clone();
    (attributes.take(&LIFTED), attributes)
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
    let span = Span { attributes: lifted(span).1, ..span.clone() };
    let batch = Batch { spans: vec![span], ..Batch::default() };
    clear(&batch, policy).get().spans.first().map_or(0, fingerprint)
}

/// A record that says how a span that was sent is understood now.
fn correction(span: &Span, mut attributes: Attributes) -> LogRecord {
    let end = span.end.unwrap_or(span.start);
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
    fn of(
        self,
        session: &Session,
        repository: Option<&Repository>,
        project: Option<&TrustedProject>,
    ) -> Attributes {
        let named = project.and_then(|project| project.agent_name.as_ref());
        let named = named.or(self.config.agent_name.as_ref().map(|said| &said.value));
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
