//! The figures of a session, as `tacho` lists them and shows them above its spans. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::anthropic::ServedCall;
use crate::compare::{self, RunFacts, Served};
use crate::otlp::ReceivedSpan;
use crate::scenario::Outcome;

/// Events of whose hooks the CLI tells nothing, or not always.
const UNTOLD_EVENTS: [&str; 7] = [
    "SessionEnd",
    "StopFailure",
    "Elicitation",
    "ElicitationResult",
    "Notification",
    "PreCompact",
    "PostCompact",
];

/// A session's figures; the token classes are disjoint.
#[derive(Deserialize)]
pub(super) struct SessionRow {
    pub(super) id: String,
    started_ns: Option<u64>,
    ended_ns: Option<u64>,
    end_inferred: Option<bool>,
    turns: Option<u64>,
    llm_calls: Option<u64>,
    tool_calls: Option<u64>,
    tool_errors: Option<u64>,
    tool_denials: Option<u64>,
    subagents: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    cache_write_5m_tokens: Option<u64>,
    cache_write_1h_tokens: Option<u64>,
    cost_usd_nanos: Option<u64>,
    unpriced_calls: Option<u64>,
    not_understood: Option<u64>,
    open_spans: Option<u64>,
    hook_events: BTreeMap<String, u64>,
    unknown: BTreeMap<String, Value>,
}

impl SessionRow {
    /// Where the figures are not those of the session of `run`.
    pub(super) fn differences(
        &self,
        command: &str,
        truth: &[ServedCall],
        received: &[ReceivedSpan],
        run: &RunFacts<'_>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        if self.id != run.session_id {
            found.push(format!("{command}: id is {:?}, should be {:?}", self.id, run.session_id));
        }
        for (name, actual, expected) in self.figures(truth, received, run) {
            if actual != expected {
                let said =
                    |figure: Option<u64>| figure.map_or("absent".to_owned(), |figure| figure.to_string());
                found.push(format!("{command}: {name} is {}, should be {}", said(actual), said(expected)));
            }
        }
        found.extend(self.hook_differences(command, run));
        if !self.unknown.is_empty() {
            found.push(format!("{command}: unknown are {:?}", self.unknown));
        }
        if self.end_inferred != Some(run.expect.end_inferred) {
            let (actual, expected) = (self.end_inferred, run.expect.end_inferred);
            found.push(format!("{command}: end_inferred is {actual:?}, should be {expected}"));
        }
        let bounds = [self.started_ns, self.ended_ns].map(Option::unwrap_or_default);
        if bounds.iter().any(|time| !(run.started_unix_ns..=run.ended_unix_ns).contains(time))
            || !bounds.is_sorted()
        {
            let [start, end] = bounds;
            found.push(format!(
                "{command}: the session lasts from {start} to {end}, which is not within the run"
            ));
        }
        found
    }

    /// Every hook that the CLI ran was taken in, and no other.
    fn hook_differences(&self, command: &str, run: &RunFacts<'_>) -> Vec<String> {
        let Some(hooks) = run.hooks else { return Vec::new() };
        let events: BTreeSet<&String> = self.hook_events.keys().chain(hooks.keys()).collect();
        let count = |counts: &BTreeMap<String, u64>, event: &str| counts.get(event).copied().unwrap_or(0);
        let counted = events.into_iter().filter_map(|event| {
            let (actual, expected) = (count(&self.hook_events, event), count(hooks, event));
            let is_right =
                if UNTOLD_EVENTS.contains(&event.as_str()) { actual >= expected } else { actual == expected };
            (!is_right).then(|| format!("{command}: {actual} hooks {event}, should be {expected}"))
        });
        counted.collect()
    }

    /// Each figure with what it should be; an absent one is not known.
    fn figures(
        &self,
        truth: &[ServedCall],
        received: &[ReceivedSpan],
        run: &RunFacts<'_>,
    ) -> [(&'static str, Option<u64>, Option<u64>); 15] {
        let served = Served::new(truth);
        let answers: Vec<_> = served.answers().collect();
        let tools = || answers.iter().flat_map(|answer| &answer.tool_uses);
        let denied =
            tools().filter(|tool| run.expect.end_of(&[&tool.id, &tool.name]).outcome == Outcome::Denied);
        // Of calls that all failed, nobody knows what they cost.
        let sum = |tokens: fn(&ServedCall) -> u64| {
            (!answers.is_empty()).then(|| answers.iter().map(|call| tokens(call)).sum())
        };
        let costs: Vec<u64> = answers.iter().filter_map(|answer| compare::cost_nanos(answer)).collect();
        let cost = (!costs.is_empty()).then(|| costs.iter().sum());
        [
            ("turns", self.turns, count(run.turns)),
            ("llm_calls", self.llm_calls, count(served.calls.len())),
            ("tool_calls", self.tool_calls, count(tools().count())),
            ("tool_errors", self.tool_errors, count(compare::failed_tools(received))),
            ("tool_denials", self.tool_denials, count(denied.count())),
            ("subagents", self.subagents, count(run.expect.subagents.len())),
            ("input_tokens", self.input_tokens, sum(|call| call.usage.input)),
            ("output_tokens", self.output_tokens, sum(|call| call.usage.output)),
            ("cache_read_tokens", self.cache_read_tokens, sum(|call| call.usage.cache_read)),
            ("cache_write_5m_tokens", self.cache_write_5m_tokens, sum(|call| call.usage.cache_write_5m)),
            ("cache_write_1h_tokens", self.cache_write_1h_tokens, sum(|call| call.usage.cache_write_1h)),
            ("cost_usd_nanos", self.cost_usd_nanos, cost),
            ("unpriced_calls", self.unpriced_calls, count(answers.len() - costs.len())),
            ("not_understood", self.not_understood, Some(0)),
            ("open_spans", self.open_spans, Some(0)),
        ]
    }
}

fn count(number: usize) -> Option<u64> {
    u64::try_from(number).ok()
}
