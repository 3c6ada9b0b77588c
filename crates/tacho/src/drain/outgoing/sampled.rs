//! Which traces of a session a destination gets that gets a share of them.
//!
//! A trace that is left out unless something fails in it has to wait until it is whole: then it is known. Of a trace in which several
//! sessions take part, each is asked by itself.

use std::collections::BTreeMap;
use tacho_export::sampling::Sampling;
use tacho_model::id::TraceId;
use tacho_model::span::{Span, Status};

/// What becomes of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is sent, by its id.
    Kept,
    /// It is sent, as something failed in it.
    Failed,
    /// It is left out unless something fails yet.
    Open,
    /// It is left out.
    LeftOut,
}

/// The traces of a session that are not sent by their ids alone.
pub(super) struct Sampled(BTreeMap<TraceId, Fate>);

impl Sampled {
    /// What becomes of the traces of these spans.
    pub(super) fn of(sampling: Sampling, spans: &[Span]) -> Self {
        let mut fates = BTreeMap::new();
        let is_sampled = !sampling.keeps_all();
        for span in spans.iter().filter(|span| is_sampled && !sampling.keeps(span.trace_id)) {
            let fate = fates.entry(span.trace_id).or_insert(Fate::LeftOut);
            if !sampling.keeps_errors {
                continue;
            }
            if span.settled && span.status == Status::Error {
                *fate = Fate::Failed;
            } else if !span.settled && *fate == Fate::LeftOut {
                *fate = Fate::Open;
            }
        }
        Self(fates)
    }

    /// What becomes of a trace.
    pub(super) fn fate_of(&self, trace: TraceId) -> Fate {
        self.0.get(&trace).copied().unwrap_or(Fate::Kept)
    }
}
