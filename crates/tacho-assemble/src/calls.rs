//! Logical calls of the model: an answer or a final failure, with the attempts that led to it.

use crate::facts::{CallFacts, FailedCall, RequestFacts, Retry, SessionFacts};
use std::collections::BTreeMap;
use tacho_model::id::{MessageId, SubagentId};
use tacho_model::time::UnixNanos;

/// One logical call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// What its span id is derived from: the request id, else the message id.
    pub(crate) key: &'a str,
    pub(crate) subagent: Option<&'a SubagentId>,
    pub(crate) outcome: CallOutcome<'a>,
    /// Requests sent for it, in order.
    pub(crate) attempts: Vec<&'a RequestFacts>,
    /// Attempts that failed and were followed by another.
    pub(crate) retries: Vec<&'a Retry>,
    /// Where it stands in its transcript.
    pub(crate) first_offset: Option<u64>,
    pub(crate) last_offset: Option<u64>,
    pub(crate) start: Option<UnixNanos>,
    pub(crate) end: Option<UnixNanos>,
}

/// How a call came out.
#[derive(Debug)]
pub(crate) enum CallOutcome<'a> {
    Answered(&'a MessageId, &'a CallFacts),
    Failed(&'a FailedCall),
}

/// All calls of a session.
pub(crate) fn calls(facts: &SessionFacts) -> Vec<Call<'_>> {
    let answered = facts.calls.iter().map(|(message, call)| answered(message, call));
    let failed = facts.failed_calls.iter().map(|(key, call)| failed(key, call));
    let mut calls: Vec<Call<'_>> = answered.chain(failed).collect();
    calls.sort_by(|left, right| place(left).cmp(&place(right)));
    attach_attempts(facts, &mut calls);
    for call in &mut calls {
        let asked = call.attempts.first().and_then(|request| request.asked.at());
        let before = || facts.places.time_before(call.subagent, call.first_offset);
        call.start = asked.or_else(before).or(call.start);
    }
    calls
}

fn place<'a>(call: &Call<'a>) -> (Option<&'a SubagentId>, Option<u64>, &'a str) {
    (call.subagent, call.first_offset, call.key)
}

fn answered<'a>(message: &'a MessageId, facts: &'a CallFacts) -> Call<'a> {
    let first = facts.blocks.first();
    let last = facts.blocks.last();
    Call {
        key: facts.request_id.value().map_or(message.as_str(), |id| id.as_str()),
        subagent: facts.subagent.as_ref(),
        outcome: CallOutcome::Answered(message, facts),
        attempts: Vec::new(),
        retries: Vec::new(),
        first_offset: first.and_then(|block| block.offset),
        last_offset: last.and_then(|block| block.offset),
        start: first.and_then(|block| block.at),
        end: facts.blocks.iter().filter_map(|block| block.at).max(),
    }
}

fn failed<'a>(key: &'a str, facts: &'a FailedCall) -> Call<'a> {
    Call {
        key: facts.request_id.as_ref().map_or(key, |id| id.as_str()),
        subagent: facts.subagent.as_ref(),
        outcome: CallOutcome::Failed(facts),
        attempts: Vec::new(),
        retries: Vec::new(),
        first_offset: facts.offset,
        last_offset: facts.offset,
        start: facts.error.at(),
        end: facts.error.at(),
    }
}

/// Gives every request to the first call behind it in the same transcript that has the same purpose.
fn attach_attempts<'a>(facts: &'a SessionFacts, calls: &mut [Call<'a>]) {
    let mut requests: Vec<&RequestFacts> = facts.requests.values().collect();
    requests.sort_by_key(|request| (request.subagent.as_ref(), request.offset));
    let purposes: BTreeMap<&str, Option<String>> =
        calls.iter().map(|call| (call.key, purpose_of(facts, call))).collect();
    for request in requests {
        let purpose = request.asked.value().and_then(|asked| asked.query_source.as_ref());
        let answers = |call: &&mut Call<'_>| {
            call.subagent == request.subagent.as_ref()
                && call.first_offset >= request.offset
                && purposes.get(call.key).is_none_or(|wanted| wanted.is_none() || wanted.as_ref() == purpose)
        };
        if let Some(call) = calls.iter_mut().find(answers) {
            call.attempts.push(request);
        }
    }
    for retry in &facts.retries {
        let follows = |call: &&mut Call<'_>| {
            call.subagent == retry.subagent.as_ref() && call.first_offset >= retry.offset
        };
        if let Some(call) = calls.iter_mut().find(follows) {
            call.retries.push(retry);
        }
    }
}

/// Why the agent made this call, where the answer names its request.
fn purpose_of(facts: &SessionFacts, call: &Call<'_>) -> Option<String> {
    let CallOutcome::Answered(_, answered) = &call.outcome else { return None };
    facts.requests.get(answered.request.value()?)?.asked.value()?.query_source.clone()
}

impl Call<'_> {
    /// Whether its last row was read: nothing of an answer follows its stop reason but more of its own blocks.
    pub(crate) fn is_complete(&self) -> bool {
        match &self.outcome {
            CallOutcome::Answered(_, facts) => facts.stop_reason.is_known(),
            CallOutcome::Failed(_) => true,
        }
    }

    /// Whether the agent goes on by itself after this call: it asked for tools.
    pub(crate) fn asks_for_tools(&self) -> bool {
        match &self.outcome {
            CallOutcome::Answered(_, facts) => {
                facts.stop_reason.value().is_some_and(|reason| reason == "tool_use")
            }
            CallOutcome::Failed(_) => false,
        }
    }

    /// Seconds from the last request to the first chunk: known when the first block says how long it streamed.
    pub(crate) fn seconds_to_first_chunk(&self) -> Option<f64> {
        let CallOutcome::Answered(_, facts) = &self.outcome else { return None };
        let first = facts.blocks.first()?;
        let asked = self.attempts.last()?.asked.at()?;
        let began = first.at?.0.checked_sub(first.block_ms?.checked_mul(1_000_000)?)?;
        Some(began.checked_sub(asked.0)? as f64 / 1e9)
    }
}
