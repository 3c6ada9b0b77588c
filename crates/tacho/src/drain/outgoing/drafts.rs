//! What one session has for one destination, before the gate: spans by the state of the repository in which they began,
//! what happened beside them, and corrections of spans that were sent before.

use super::super::now;
use std::collections::BTreeMap;
use tacho_model::attribute::{Attributes, Value};
use tacho_model::batch::{Correction, Draft, LIFTED};
use tacho_model::log::LogRecord;
use tacho_model::span::Span;
use tacho_privacy::{Policy, clear};
use tacho_store::spans::fingerprint;

/// What one session has for a destination, a draft for each state of the repository in which spans began.
pub(super) struct Drafts<'a> {
    /// What the resource says of the session.
    pub(super) of_session: &'a Attributes,
    /// Whether what happened is told as log records, too.
    pub(super) tells: bool,
    /// What the project and the owner say of who sends, by the names that are sent.
    pub(super) declared: &'a BTreeMap<String, String>,
    pub(super) drafts: Vec<PlacedDraft<'a>>,
}

/// What began in one place.
pub(super) struct PlacedDraft<'a> {
    place: Place<'a>,
    pub(super) draft: Draft<'a>,
    /// Those of its spans.
    pub(super) fingerprints: Vec<i64>,
}

/// What of a span's attributes is said of its resource.
#[derive(PartialEq)]
struct Place<'a>([Option<&'a Value>; LIFTED.len()]);

impl<'a> Place<'a> {
    fn of(span: Option<&'a Span>) -> Self {
        Self(LIFTED.map(|key| span?.attributes.get(key)))
    }
}

impl<'a> Drafts<'a> {
    pub(super) fn add_span(&mut self, span: &'a Span, fingerprint: i64) {
        let placed = self.draft_of(span);
        placed.draft.spans.push(span);
        placed.fingerprints.push(fingerprint);
    }

    pub(super) fn add_correction(&mut self, span: &'a Span) {
        self.draft_of(span).draft.corrections.push(Correction { span, observed_at: now() });
    }

    /// Adds what happened beside spans: in the place of the span that it happened in, else of the first there is.
    pub(super) fn add_record(&mut self, record: &'a LogRecord, spans: &'a [Span]) {
        let around = spans.iter().find(|span| record.span.is_some_and(|(_, id)| id == span.span_id));
        let place = Place::of(around.or(spans.first()));
        self.draft_in(place).draft.records.push(record);
    }

    /// The draft for the place of a span. Spans come in the order of their starts, so it is mostly the one used last.
    fn draft_of(&mut self, span: &'a Span) -> &mut PlacedDraft<'a> {
        self.draft_in(Place::of(Some(span)))
    }

    fn draft_in(&mut self, place: Place<'a>) -> &mut PlacedDraft<'a> {
        let known = self.drafts.iter().rposition(|known| known.place == place);
        let placed = match known {
            Some(at) => self.drafts.remove(at),
            None => {
                let mut resource = self.of_session.clone();
                LIFTED.iter().zip(place.0).for_each(|(key, value)| resource.set_known(*key, value.cloned()));
                let declared = self.declared.clone();
                let told_at = self.tells.then(now);
                let draft = Draft { resource, declared, told_at, lifted: &LIFTED, ..Draft::default() };
                PlacedDraft { place, draft, fingerprints: Vec::new() }
            }
        };
        self.drafts.push_mut(placed)
    }
}

/// The fingerprint of a span as a destination gets it.
pub(super) fn sent_as(span: &Span, policy: Policy<'_>) -> i64 {
    let draft = Draft { spans: vec![span], lifted: &LIFTED, ..Draft::default() };
    clear(&draft, policy).get().spans.first().map_or(0, fingerprint)
}
