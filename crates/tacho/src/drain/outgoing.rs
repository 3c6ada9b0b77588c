//! What a round puts in line: for each destination the spans that settled, what happened beside them, and corrections of
//! those it got before.

mod drafts;
mod events;
mod resource;
mod sampled;

pub(super) use resource::{Resources, labels};

use super::now;
use crate::config::Named;
use crate::failure::Failure;
use drafts::{Drafts, PlacedDraft, sent_as};
use events::Events;
use sampled::{Fate, Sampled};
use tacho_assemble::tree::Assembly;
use tacho_export::destination::{Destination, Signals};
use tacho_export::otlp::{REQUEST_ITEMS_MAX, Signal, encode};
use tacho_model::batch::Batch;
use tacho_model::event::{PROJECT_PREFIX, ProjectRules, Repository};
use tacho_model::metric::Labels;
use tacho_model::session::Session;
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_privacy::{CaptureLevel, Cleared, Disclosure, Policy, clear};
use tacho_store::destinations::{Claim, DestinationKey, DestinationRow};
use tacho_store::outbox::Parcel;
use tacho_store::spans::fingerprint;
use tacho_store::{Changes, SessionKey};

/// Stands for the fingerprint of a span that a destination was not to get.
const NOT_FOR_IT: i64 = 0;

/// Stands for the fingerprint of what was left out by sampling with its trace.
const LEFT_OUT: i64 = 1;

/// Whether a destination was not to get a span.
fn is_withheld(claim: &Claim) -> bool {
    matches!(claim.sent, Some(NOT_FOR_IT | LEFT_OUT))
}

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
    /// What leaves of people, unless their project says otherwise.
    user_info: Disclosure,
    /// Sessions that were last seen before are not for it.
    since: UnixNanos,
    /// The signals that it has a place for, as far as is known.
    signals: Signals,
    batches: Vec<Cleared<Batch>>,
    items: usize,
    events: Events,
}

/// A session as it is understood now.
#[derive(Clone, Copy)]
pub(super) struct Derived<'a> {
    pub(super) assembly: &'a Assembly,
    /// Those of its spans, in their order.
    pub(super) fingerprints: &'a [i64],
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
            let user_info = resources.config.disclosure_to(named);
            let (key, since, batches) = (row.key, row.since, Vec::new());
            let is_sent = |signal: Signal| {
                destination.signals.contains(signal) && row.declines(signal.name()).is_none()
            };
            let signals = Signals::of(is_sent);
            Some(Lane {
                named,
                destination,
                key,
                user_info,
                since,
                signals,
                batches,
                items: 0,
                events: Events::default(),
            })
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
        derived: Derived<'_>,
        repository: Option<&Repository>,
        rules: &ProjectRules,
    ) -> Result<(), Failure> {
        let config = self.resources.config;
        let project = config.trusted_project(rules);
        let resource = self.resources.of(&derived.assembly.session, repository, project);
        let last_seen = derived.assembly.session.last_seen;
        for lane in self.lanes.iter_mut().filter(|lane| last_seen >= lane.since) {
            let policy = Policy {
                level: lane.destination.level,
                user_info: lane.user_info,
                identity_key: self.identity_key,
            };
            let terms = Terms {
                is_for_it: !rules.is_withheld && config.is_for(lane.named, project),
                policy: narrowed(policy, rules),
            };
            let mut declared = self.resources.declared();
            for (name, value) in &rules.attributes {
                declared.entry(format!("{PROJECT_PREFIX}{name}")).or_insert_with(|| value.clone());
            }
            let drafts = Drafts {
                of_session: &resource,
                tells: lane.signals.contains(Signal::Logs),
                declared: &declared,
                drafts: Vec::new(),
            };
            lane.take(changes, session, derived, terms, drafts)?;
            let of = (session, &derived.assembly.session.id);
            lane.take_events(changes, of, terms.is_for_it, terms.policy.level)?;
        }
        Ok(())
    }

    /// The labels that everything has which a session adds to metrics; `None` where its project wants nothing sent.
    pub(super) fn labels_of(
        &self,
        session: &Session,
        repository: Option<&Repository>,
        rules: &ProjectRules,
    ) -> Option<Labels> {
        let project = self.resources.config.trusted_project(rules);
        let resource = self.resources.of(session, repository, project);
        (!rules.is_withheld).then(|| labels(&resource, self.identity_key))
    }

    /// The pseudonym of the person whose sessions in this repository are.
    pub(super) fn user(&self, repository: Option<&Repository>) -> Option<String> {
        Some(self.identity_key.pseudonym(&resource::user_name(repository)?))
    }

    /// Packs what is left.
    pub(super) fn pack_all(&mut self, changes: &Changes<'_>) -> Result<(), Failure> {
        self.lanes.iter_mut().try_for_each(|lane| lane.pack(changes).and_then(|()| lane.pack_events(changes)))
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

/// What a destination gets of a session.
#[derive(Clone, Copy)]
struct Terms<'a> {
    /// Whether it gets anything.
    is_for_it: bool,
    policy: Policy<'a>,
}

impl Lane<'_> {
    /// Takes what it has not got yet, or got as something else.
    fn take<'s>(
        &mut self,
        changes: &Changes<'_>,
        session: SessionKey,
        derived: Derived<'s>,
        terms: Terms<'_>,
        mut drafts: Drafts<'s>,
    ) -> Result<(), Failure> {
        let claimed = changes.read().claimed(self.key, session)?;
        let mut claims = Vec::new();
        let sampled = Sampled::of(self.destination.sampling, &derived.assembly.spans);
        let spans = derived.assembly.spans.iter().zip(derived.fingerprints.iter().copied());
        for (span, whole) in spans.filter(|(span, _)| span.settled) {
            let mut claim = |sent| claims.push((span.span_id, Claim { sent, compared: Some(whole) }));
            let fate = sampled.fate_of(span.trace_id);
            match claimed.get(&span.span_id) {
                // It may be that something fails yet in what is left out otherwise.
                None if terms.is_for_it && fate == Fate::Open => {}
                None if terms.is_for_it && fate == Fate::LeftOut => claim(Some(LEFT_OUT)),
                Some(known) if known.sent == Some(LEFT_OUT) && terms.is_for_it && fate == Fate::Failed => {
                    drafts.add_span(span, whole);
                }
                None if terms.is_for_it => drafts.add_span(span, whole),
                // Written down, so that nobody asks about it again.
                None => claim(Some(NOT_FOR_IT)),
                Some(known) if known.compared == Some(whole) => {}
                Some(known) if !terms.is_for_it || is_withheld(known) => claim(known.sent),
                Some(known) => {
                    let now_said = sent_as(span, terms.policy);
                    if known.sent.is_some_and(|sent| sent != now_said) {
                        drafts.add_correction(span);
                    }
                    claim(Some(now_said));
                }
            }
        }
        for moment in &derived.assembly.moments {
            let trace = moment.record.span.filter(|_| terms.is_for_it);
            let fate = trace.map_or(Fate::Kept, |(trace, _)| sampled.fate_of(trace));
            let is_due = match claimed.get(&moment.id) {
                None => fate != Fate::Open,
                Some(known) => known.sent == Some(LEFT_OUT) && fate == Fate::Failed,
            };
            if !is_due {
                continue;
            }
            let is_left_out = fate == Fate::LeftOut;
            if terms.is_for_it && !is_left_out && drafts.tells {
                drafts.add_record(&moment.record, &derived.assembly.spans);
            }
            // It is told once: what is learnt of it later changes nothing.
            let sent = Some(if is_left_out { LEFT_OUT } else { NOT_FOR_IT });
            claims.push((moment.id, Claim { sent, compared: Some(NOT_FOR_IT) }));
        }
        for PlacedDraft { draft, fingerprints, .. } in drafts.drafts {
            let cleared = clear(&draft, terms.policy);
            for (span, whole) in cleared.get().spans.iter().zip(fingerprints) {
                claims.push((span.span_id, Claim { sent: Some(fingerprint(span)), compared: Some(whole) }));
            }
            let items = cleared.get().spans.len() + cleared.get().logs.len();
            if self.items + items > REQUEST_ITEMS_MAX {
                self.pack(changes)?;
            }
            self.items += items;
            self.batches.push(cleared);
        }
        Ok(changes.claim(self.key, session, &claims)?)
    }

    /// Puts all that waits in line.
    fn pack(&mut self, changes: &Changes<'_>) -> Result<(), Failure> {
        self.items = 0;
        let (batches, to) = (std::mem::take(&mut self.batches), self.destination);
        for signal in self.signals.iter() {
            let bodies = encode(&batches, signal, to.protocol, to.compression)
                .map_err(|error| Failure::external("encode what is to be sent", error))?;
            for body in bodies {
                let parcel = Parcel {
                    id: 0,
                    destination: self.key,
                    signal: signal.name().to_owned(),
                    content_type: to.protocol.content_type().to_owned(),
                    is_full: to.level == CaptureLevel::Full,
                    has_names: self.user_info == Disclosure::Name,
                    items: body.items as u64,
                    bytes: body.bytes,
                };
                changes.enqueue(&parcel, now())?;
            }
        }
        Ok(())
    }
}
