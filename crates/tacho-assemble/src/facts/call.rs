//! What was said about calls of the model: requests, answers, failures.

use crate::belief::Believed;
use std::collections::BTreeSet;
use tacho_model::event::{AnswerPart, Event, Finish, ModelAnswer, ModelReport, ModelRequest};
use tacho_model::id::{PromptId, RequestId, RequestRef, SubagentId};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::Terms;

/// Statements about one answer.
#[derive(Debug)]
pub(crate) struct CallFacts {
    pub(crate) request_id: Believed<RequestId>,
    pub(crate) request: Believed<RequestRef>,
    pub(crate) model: Believed<String>,
    pub(crate) requested_model: Believed<String>,
    pub(crate) effort: Believed<String>,
    pub(crate) finish: Believed<Finish>,
    pub(crate) usage: Usage,
    pub(crate) terms: Terms,
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) blocks: BTreeSet<BlockFacts>,
}

/// One block of an answer, in the order of the transcript.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockFacts {
    pub(crate) offset: Option<u64>,
    /// Which one of its row.
    number: u64,
    pub(crate) at: Option<UnixNanos>,
    pub(crate) block_ms: Option<u64>,
    pub(crate) part: Option<AnswerPart>,
}

impl CallFacts {
    pub(crate) fn of(event: &Event) -> Self {
        Self {
            request_id: Believed::earliest(),
            request: Believed::earliest(),
            model: Believed::earliest(),
            requested_model: Believed::earliest(),
            effort: Believed::earliest(),
            finish: Believed::latest(),
            usage: Usage::default(),
            terms: Terms::default(),
            subagent: event.subagent.clone(),
            blocks: BTreeSet::new(),
        }
    }

    pub(crate) fn hear_answer(&mut self, event: &Event, said: &ModelAnswer) {
        self.request_id.hear_known(event, said.request_id.as_ref());
        self.request.hear_known(event, said.request.as_ref());
        self.model.hear_known(event, said.model.as_ref());
        self.requested_model.hear_known(event, said.requested_model.as_ref());
        self.effort.hear_known(event, said.effort.as_ref());
        self.finish.hear_known(event, said.finish.as_ref());
        self.usage = self.usage.merged(said.usage);
        self.terms.merge(&said.terms);
        self.blocks.insert(BlockFacts {
            offset: event.offset,
            number: said.block,
            at: event.at,
            block_ms: said.block_ms,
            part: said.part.clone(),
        });
    }
}

/// What the agent measured of a call that was answered.
#[derive(Debug)]
pub(crate) struct ReportFacts {
    /// At the end of the answer.
    pub(crate) said: Believed<ModelReport>,
    pub(crate) prompt: Believed<PromptId>,
    pub(crate) subagent: Believed<SubagentId>,
}

impl Default for ReportFacts {
    fn default() -> Self {
        Self { said: Believed::earliest(), prompt: Believed::earliest(), subagent: Believed::earliest() }
    }
}

impl ReportFacts {
    pub(crate) fn hear(&mut self, event: &Event, said: &ModelReport) {
        self.said.hear(event, said);
        self.prompt.hear_known(event, event.prompt.as_ref());
        self.subagent.hear_known(event, event.subagent.as_ref());
    }

    /// When the answer had come.
    pub(crate) fn ended(&self) -> Option<UnixNanos> {
        self.said.at()
    }

    /// When the request was sent.
    pub(crate) fn began(&self) -> Option<UnixNanos> {
        let duration_ns = self.said.value()?.duration_ms?.checked_mul(1_000_000)?;
        Some(UnixNanos(self.ended()?.0.checked_sub(duration_ns)?))
    }
}

/// Statements about a call that failed for good.
#[derive(Debug)]
pub(crate) struct FailedCall {
    pub(crate) request_id: Option<RequestId>,
    pub(crate) error: Believed<String>,
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) offset: Option<u64>,
}

impl FailedCall {
    pub(crate) fn of(event: &Event, request_id: Option<&RequestId>) -> Self {
        Self {
            request_id: request_id.cloned(),
            error: Believed::earliest(),
            subagent: event.subagent.clone(),
            offset: event.offset,
        }
    }
}

/// Statements about one request.
#[derive(Debug)]
pub(crate) struct RequestFacts {
    pub(crate) asked: Believed<ModelRequest>,
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) offset: Option<u64>,
}

impl RequestFacts {
    pub(crate) fn of(event: &Event) -> Self {
        Self { asked: Believed::earliest(), subagent: event.subagent.clone(), offset: event.offset }
    }
}

/// An attempt that failed and was followed by another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Retry {
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) offset: Option<u64>,
    pub(crate) at: Option<UnixNanos>,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) error: String,
}

impl Retry {
    pub(crate) fn of(event: &Event, request_id: Option<&RequestId>, error: &str) -> Self {
        Self {
            subagent: event.subagent.clone(),
            offset: event.offset,
            at: event.at,
            request_id: request_id.cloned(),
            error: error.to_owned(),
        }
    }
}
