//! Logical calls of the model: an answer or a final failure, with the attempts that led to it.

use crate::facts::{BlockFacts, CallFacts, FailedCall, ReportFacts, RequestFacts, Retry, SessionFacts};
use crate::price::{self, Priced, Prices, Unpriced};
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::event::{FinishReason, ModelReport};
use tacho_model::id::{MessageId, PromptId, RequestId, RequestRef, SubagentId};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

/// How far a first chunk may seem to stand before its request: both times and the duration between them are whole
/// milliseconds, of which an API close by takes one (2.1.330).
const ROUNDING_NS: u64 = 2_000_000;

/// One logical call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// What its span id is derived from: the request id, else the message id.
    pub(crate) key: &'a str,
    pub(crate) subagent: Option<&'a SubagentId>,
    pub(crate) outcome: CallOutcome<'a>,
    /// Why the agent made it, in its own words.
    purpose: Option<&'a str>,
    /// Requests sent for it, in order.
    pub(crate) attempts: Vec<&'a RequestFacts>,
    /// The answer before it in its transcript.
    pub(crate) after: Option<&'a CallFacts>,
    /// What the agent measured of it.
    pub(crate) report: Option<&'a ReportFacts>,
    /// Attempts that failed and were followed by another.
    pub(crate) retries: Vec<&'a Retry>,
    /// Where it stands in its transcript.
    pub(crate) first_offset: Option<u64>,
    pub(crate) last_offset: Option<u64>,
    pub(crate) start: Option<UnixNanos>,
    pub(crate) end: Option<UnixNanos>,
    /// What its answer costs; `None` where there is none.
    pub(crate) price: Option<Result<Priced<'a>, Unpriced>>,
}

/// How a call came out.
#[derive(Debug)]
pub(crate) enum CallOutcome<'a> {
    Answered(&'a MessageId, &'a CallFacts),
    Failed(&'a FailedCall),
    /// It was answered, and stands in no transcript: the agent made it for itself, or its rows are still to come.
    Reported(&'a RequestId),
}

/// All calls of a session.
pub(crate) fn calls<'a>(facts: &'a SessionFacts, prices: &'a Prices) -> Vec<Call<'a>> {
    let answered = facts.calls.iter().map(|(message, call)| answered(facts, prices, message, call));
    let failed = facts.failed_calls.iter().map(|(key, call)| failed(key, call));
    let written: BTreeSet<&RequestId> = written_requests(facts).collect();
    let unwritten = facts.reports.iter().filter(|(request, _)| !written.contains(request));
    let reported = unwritten.map(|(request, report)| reported(prices, request, report));
    let mut calls: Vec<Call<'a>> =
        answered.chain(failed).chain(reported).filter(|call| !facts.is_inherited(call.end)).collect();
    calls.sort_by(|left, right| place(left).cmp(&place(right)));
    attach_attempts(facts, &mut calls);
    attach_answers_before(&mut calls);
    for call in &mut calls {
        let asked = call.attempts.first().and_then(|request| request.asked.at());
        let before = || facts.places.time_before(call.subagent, call.first_offset);
        let measured = call.report.and_then(ReportFacts::began);
        call.start = asked.or(measured).or_else(before).or(call.start);
    }
    calls
}

/// The requests of which a transcript says how they came out.
fn written_requests(facts: &SessionFacts) -> impl Iterator<Item = &RequestId> {
    let answered = facts.calls.values().filter_map(|call| call.request_id.value());
    answered.chain(facts.failed_calls.values().filter_map(|call| call.request_id.as_ref()))
}

fn place<'a>(call: &Call<'a>) -> (Option<&'a SubagentId>, Option<u64>, &'a str) {
    (call.subagent, call.first_offset, call.key)
}

fn answered<'a>(
    session: &'a SessionFacts,
    prices: &'a Prices,
    message: &'a MessageId,
    facts: &'a CallFacts,
) -> Call<'a> {
    let (first, last) = (facts.blocks.first(), facts.blocks.last());
    let report = facts.request_id.value().and_then(|request| session.reports.get(request));
    Call {
        key: facts.request_id.value().map_or(message.as_str(), |id| id.as_str()),
        subagent: facts.subagent.as_ref(),
        outcome: CallOutcome::Answered(message, facts),
        purpose: purpose_of(session, facts),
        attempts: Vec::new(),
        after: None,
        report,
        retries: Vec::new(),
        first_offset: first.and_then(|block| block.offset),
        last_offset: last.and_then(|block| block.offset),
        start: first.and_then(|block| block.at),
        end: facts.blocks.iter().filter_map(|block| block.at).max(),
        price: Some(price(prices, facts, report)),
    }
}

/// What an answer costs. Its day is that of its first block, as in the list of what was used.
fn price<'a>(
    prices: &'a Prices,
    facts: &'a CallFacts,
    report: Option<&ReportFacts>,
) -> Result<Priced<'a>, Unpriced> {
    prices.price(&price::Call {
        model: facts.model.value().map(String::as_str),
        at: facts.blocks.iter().filter_map(|block| block.at).min().unwrap_or(UnixNanos(0)),
        usage: facts.usage.merged(usage_reported(report)),
        terms: &facts.terms,
    })
}

/// The tokens that the agent itself counted.
fn usage_reported(report: Option<&ReportFacts>) -> Usage {
    report.and_then(|report| report.said.value()).map_or_else(Usage::default, |said| said.usage)
}

fn failed<'a>(key: &'a str, facts: &'a FailedCall) -> Call<'a> {
    Call {
        key: facts.request_id.as_ref().map_or(key, |id| id.as_str()),
        subagent: facts.subagent.as_ref(),
        outcome: CallOutcome::Failed(facts),
        purpose: None,
        attempts: Vec::new(),
        after: None,
        report: None,
        retries: Vec::new(),
        first_offset: facts.offset,
        last_offset: facts.offset,
        start: facts.error.at(),
        end: facts.error.at(),
        price: None,
    }
}

fn reported<'a>(prices: &'a Prices, request: &'a RequestId, report: &'a ReportFacts) -> Call<'a> {
    let price = |said: &'a ModelReport| {
        let (model, at) = (said.model.as_deref(), report.ended().unwrap_or(UnixNanos(0)));
        prices.price(&price::Call { model, at, usage: said.usage, terms: &said.terms })
    };
    Call {
        key: request.as_str(),
        subagent: report.subagent.value(),
        outcome: CallOutcome::Reported(request),
        purpose: None,
        attempts: Vec::new(),
        after: None,
        report: Some(report),
        retries: Vec::new(),
        first_offset: None,
        last_offset: None,
        start: None,
        end: report.ended(),
        price: report.said.value().map(price),
    }
}

/// Gives every request to the answer that names it; one that no answer names, to the first call behind it in the same
/// transcript that has the same purpose; and every failed attempt to the first call behind it. What was asked for one prompt and
/// given up is no attempt of a call for the next. Requests are written down apart from answers, so one may stand behind its
/// own (2.1.330). `calls` are in the order of their places.
fn attach_attempts<'a>(facts: &'a SessionFacts, calls: &mut [Call<'a>]) {
    let requests = facts.requests.iter().filter(|(_, request)| !facts.is_inherited(request.asked.at()));
    let mut requests: Vec<(&RequestRef, &RequestFacts)> = requests.collect();
    requests.sort_by_key(|(_, request)| (request.subagent.as_ref(), request.offset));
    let answers: BTreeMap<&RequestRef, usize> =
        calls.iter().enumerate().filter_map(|(place, call)| Some((call.named_request()?, place))).collect();
    for (name, request) in requests {
        if let Some(call) = answers.get(name).and_then(|place| calls.get_mut(*place)) {
            call.attempts.push(request);
            continue;
        }
        let purpose = request.asked.value().and_then(|asked| asked.query_source.as_deref());
        let prompt = facts.places.prompt_at(request.subagent.as_ref(), request.offset);
        let fits = |call: &Call<'_>| {
            call.purpose.is_none_or(|wanted| Some(wanted) == purpose) && prompt_of(facts, call) == prompt
        };
        let behind = behind(calls, request.subagent.as_ref(), request.offset);
        if let Some(call) = behind.iter_mut().find(|call| fits(call)) {
            call.attempts.push(request);
        }
    }
    for retry in facts.retries.iter().filter(|retry| !facts.is_inherited(retry.at)) {
        let prompt = facts.places.prompt_at(retry.subagent.as_ref(), retry.offset);
        let next = behind(calls, retry.subagent.as_ref(), retry.offset).first_mut();
        if let Some(call) = next.filter(|call| prompt_of(facts, call) == prompt) {
            call.retries.push(retry);
        }
    }
}

/// The prompt in force where a call stands in its transcript.
fn prompt_of<'a>(facts: &'a SessionFacts, call: &Call<'_>) -> Option<&'a PromptId> {
    facts.places.prompt_at(call.subagent, call.first_offset)
}

/// Tells every call the answer before it in the same transcript. `calls` are in the order of their places.
fn attach_answers_before(calls: &mut [Call<'_>]) {
    let mut before = None;
    for call in calls {
        call.after = before.filter(|(subagent, _)| *subagent == call.subagent).map(|(_, answer)| answer);
        if let CallOutcome::Answered(_, facts) = &call.outcome {
            before = Some((call.subagent, *facts));
        }
    }
}

/// The calls of one transcript from a place on.
fn behind<'c, 'a>(
    calls: &'c mut [Call<'a>],
    subagent: Option<&SubagentId>,
    offset: Option<u64>,
) -> &'c mut [Call<'a>] {
    let from = calls.partition_point(|call| (call.subagent, call.first_offset) < (subagent, offset));
    let to = calls.partition_point(|call| call.subagent <= subagent);
    calls.get_mut(from..to).unwrap_or_default()
}

/// Why the agent made a call, where its answer names its request.
fn purpose_of<'a>(facts: &'a SessionFacts, answered: &CallFacts) -> Option<&'a str> {
    facts.requests.get(answered.request.value()?)?.asked.value()?.query_source.as_deref()
}

impl<'a> Call<'a> {
    /// The answer, if there is one.
    pub(crate) const fn message(&self) -> Option<&'a MessageId> {
        match &self.outcome {
            CallOutcome::Answered(message, _) => Some(message),
            CallOutcome::Failed(_) | CallOutcome::Reported(_) => None,
        }
    }

    /// The request that its answer names.
    fn named_request(&self) -> Option<&'a RequestRef> {
        match &self.outcome {
            CallOutcome::Answered(_, facts) => facts.request.value(),
            CallOutcome::Failed(_) | CallOutcome::Reported(_) => None,
        }
    }

    /// What the agent measured of it.
    pub(crate) fn measured(&self) -> Option<&'a ModelReport> {
        self.report.and_then(|report| report.said.value())
    }

    /// Its tokens; those of a failed call are unknown.
    pub(crate) fn usage(&self) -> Usage {
        let measured = usage_reported(self.report);
        match &self.outcome {
            CallOutcome::Answered(_, facts) => facts.usage.merged(measured),
            CallOutcome::Failed(_) | CallOutcome::Reported(_) => measured,
        }
    }

    /// The tokens of its prompt as the model saw it last. Of passes within an answer each has a prompt of its own.
    pub(crate) fn context_tokens(&self) -> Option<u64> {
        let passes = match &self.outcome {
            CallOutcome::Answered(_, facts) => &*facts.terms.iterations,
            CallOutcome::Failed(_) | CallOutcome::Reported(_) => &[],
        };
        let last = passes.iter().rev().find(|pass| price::is_message(pass)).map(|pass| pass.usage);
        last.unwrap_or_else(|| self.usage()).total_input()
    }

    /// Whether its last row was read: nothing of an answer follows its stop reason but more of its own blocks.
    pub(crate) fn is_complete(&self) -> bool {
        match &self.outcome {
            CallOutcome::Answered(_, facts) => facts.finish.is_known(),
            CallOutcome::Failed(_) | CallOutcome::Reported(_) => true,
        }
    }

    /// Whether it stands in no transcript.
    pub(crate) const fn is_unwritten(&self) -> bool {
        matches!(self.outcome, CallOutcome::Reported(_))
    }

    /// Whether the agent goes on by itself after this call: it asked for tools.
    pub(crate) fn asks_for_tools(&self) -> bool {
        match &self.outcome {
            CallOutcome::Answered(_, facts) => {
                facts.finish.value().is_some_and(|finish| finish.reason == FinishReason::ToolCall)
            }
            CallOutcome::Failed(_) | CallOutcome::Reported(_) => false,
        }
    }

    /// Whether all that the agent measures of it is known, if it measures anything.
    pub(crate) fn is_measured(&self, facts: &SessionFacts) -> bool {
        let is_answered = matches!(self.outcome, CallOutcome::Answered(..));
        self.report.is_some() || !facts.is_measured || !is_answered
    }

    /// Seconds from the last request to the first chunk: as the agent measured it, else known when the first block says
    /// how long it streamed.
    pub(crate) fn seconds_to_first_chunk(&self) -> Option<f64> {
        if let Some(measured) = self.measured().and_then(|report| report.first_chunk_ms) {
            return Some(measured as f64 / 1e3);
        }
        let (asked, first) = self.asked_and_first_block()?;
        let began = first.at?.0.checked_sub(first.block_ms?.checked_mul(1_000_000)?)?;
        let is_behind = began + ROUNDING_NS >= asked.0;
        is_behind.then(|| began.saturating_sub(asked.0) as f64 / 1e9)
    }

    /// The same at most: the first block was complete then.
    pub(crate) fn seconds_to_first_block(&self) -> Option<f64> {
        let (asked, first) = self.asked_and_first_block()?;
        Some(first.at?.0.checked_sub(asked.0)? as f64 / 1e9)
    }

    fn asked_and_first_block(&self) -> Option<(UnixNanos, &'a BlockFacts)> {
        let CallOutcome::Answered(_, facts) = &self.outcome else { return None };
        Some((self.attempts.last()?.asked.at()?, facts.blocks.first()?))
    }
}
