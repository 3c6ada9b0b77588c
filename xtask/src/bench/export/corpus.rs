//! The spans of all recorded sessions, as often as it takes, each time with other ids.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tacho_export::otlp::REQUEST_ITEMS_MAX;
use tacho_model::attribute::Attributes;
use tacho_model::batch::{Batch, Draft, LIFTED};
use tacho_model::id::{SpanId, TraceId};
use tacho_model::semconv as key;
use tacho_model::span::{Link, Span};
use tacho_privacy::identity::IdentityKey;
use tacho_privacy::{CaptureLevel, Cleared, Disclosure, Policy, clear};
use tacho_store::Store;

/// Odd, so that no two copies of a span have the same id.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

pub(super) struct Corpus {
    resource: Attributes,
    spans: Vec<Span>,
}

impl Corpus {
    /// What was recorded, as a store has it.
    pub(super) fn read(store: &Path) -> Result<Self> {
        let store = Store::open_to_read(store)?.context("nothing was recorded")?;
        let (mut resource, mut spans) = (Attributes::default(), Vec::new());
        for session in store.read().sessions()? {
            resource.set(key::SERVICE_NAME, session.agent.as_str());
            resource.set(key::GEN_AI_AGENT_NAME, session.agent.as_str());
            resource.set_known(key::SERVICE_VERSION, session.agent_version.clone());
            spans.extend(store.read().spans(&session.id)?.into_iter().filter(|span| span.settled));
        }
        resource.set(key::TELEMETRY_SDK_NAME, "tachograph");
        resource.set(key::TELEMETRY_SDK_LANGUAGE, "rust");
        for known in LIFTED {
            resource.set_known(known, spans.iter().find_map(|span| span.attributes.get(known)).cloned());
        }
        ensure!(!spans.is_empty(), "no span has settled");
        Ok(Self { resource, spans })
    }

    /// So many spans from this number on, as batches that make one request each, cleared as they are by default.
    pub(super) fn batches(&self, first: usize, count: usize) -> Vec<Cleared<Batch>> {
        let policy = Policy {
            level: CaptureLevel::default(),
            user_info: Disclosure::default(),
            identity_key: &IdentityKey([7; 32]),
        };
        let batch = |first, end| {
            let spans: Vec<Span> = (first..end).map(|number| self.span(number)).collect();
            let spans = spans.iter().collect();
            let resource = self.resource.clone();
            clear(&Draft { resource, spans, lifted: &LIFTED, ..Draft::default() }, policy)
        };
        let end = first + count;
        let firsts = (first..end).step_by(REQUEST_ITEMS_MAX);
        firsts.map(|first| batch(first, end.min(first + REQUEST_ITEMS_MAX))).collect()
    }

    #[expect(clippy::indexing_slicing, reason = "there are spans, and a remainder is below their number")]
    fn span(&self, number: usize) -> Span {
        copied(&self.spans[number % self.spans.len()], number / self.spans.len())
    }
}

/// A span in a copy: all ids are others, and what they point to is the same.
fn copied(span: &Span, copy: usize) -> Span {
    let shift = STEP.wrapping_mul(copy as u64);
    let trace =
        |id: TraceId| TraceId(u128::from_be_bytes(id.0).wrapping_add(u128::from(shift)).to_be_bytes());
    let part = |id: SpanId| SpanId(u64::from_be_bytes(id.0).wrapping_add(shift).to_be_bytes());
    let link = |link: &Link| Link { trace_id: trace(link.trace_id), span_id: part(link.span_id) };
    Span {
        trace_id: trace(span.trace_id),
        span_id: part(span.span_id),
        parent_span_id: span.parent_span_id.map(part),
        links: span.links.iter().map(link).collect(),
        ..span.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_model::span::{SpanKind, Status};
    use tacho_model::time::UnixNanos;

    #[test]
    fn a_copy_is_a_tree_of_its_own() {
        let span = |number: u8, parent| Span {
            trace_id: TraceId([0xFF; 16]),
            span_id: SpanId([number; 8]),
            parent_span_id: parent,
            links: Vec::new(),
            kind: SpanKind::Tool,
            name: String::new(),
            start: UnixNanos(0),
            end: None,
            status: Status::Unset,
            attributes: Attributes::default(),
            events: Vec::new(),
            settled: true,
        };
        let (parent, child) = (span(0xFF, None), span(1, Some(SpanId([0xFF; 8]))));
        assert_eq!(copied(&child, 0), child);
        let mut ids = Vec::new();
        for copy in 0..1000 {
            let (parent, child) = (copied(&parent, copy), copied(&child, copy));
            assert_eq!((child.trace_id, child.parent_span_id), (parent.trace_id, Some(parent.span_id)));
            ids.extend([parent.span_id, child.span_id]);
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 2000);
    }
}
