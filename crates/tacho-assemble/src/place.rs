//! Where rows stand in transcripts: what a row does not say, its neighbours do.

use std::collections::{BTreeMap, BTreeSet};
use tacho_model::event::{Event, Fact};
use tacho_model::id::{PromptId, SubagentId};
use tacho_model::time::UnixNanos;

/// A place in a transcript: whose, and how many bytes in.
pub(crate) type Place = (Option<SubagentId>, u64);

/// What the agent wrote down of a turn when it was over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Recorded {
    /// How long our hook took then; the longest, where it ran more than once.
    pub(crate) hook_ms: Option<u64>,
}

/// The places of all rows that were read.
#[derive(Debug, Default)]
pub(crate) struct Places {
    rows: BTreeMap<Place, Option<UnixNanos>>,
    prompts: BTreeMap<Place, PromptId>,
    turn_ends: BTreeMap<u64, Recorded>,
    /// Where a new request or answer begins, or a turn ends.
    steps: BTreeSet<Place>,
}

impl Places {
    pub(crate) fn include(&mut self, event: &Event) {
        let Some(offset) = event.offset else { return };
        let place = (event.subagent.clone(), offset);
        if let (Fact::TurnRecorded { hook_ms }, None) = (&event.fact, &event.subagent) {
            self.turn_ends.insert(offset, Recorded { hook_ms: *hook_ms });
        }
        if is_step(&event.fact) {
            self.steps.insert(place.clone());
        }
        if let Some(prompt) = &event.prompt {
            self.prompts.insert(place.clone(), prompt.clone());
        }
        self.rows.insert(place, event.at);
    }

    /// The prompt in force at a place: that of the last row before it that names one.
    pub(crate) fn prompt_at(&self, subagent: Option<&SubagentId>, offset: Option<u64>) -> Option<&PromptId> {
        let owner = subagent.cloned();
        let range = (owner.clone(), 0)..=(owner, offset?);
        self.prompts.range(range).next_back().map(|(_, prompt)| prompt)
    }

    /// When the last row before a place was written.
    pub(crate) fn time_before(
        &self,
        subagent: Option<&SubagentId>,
        offset: Option<u64>,
    ) -> Option<UnixNanos> {
        let owner = subagent.cloned();
        let range = (owner.clone(), 0)..(owner, offset?);
        self.rows.range(range).rev().find_map(|(_, at)| *at)
    }

    /// Whether the agent took a next step behind a place. Results of tools are none: they can stand between the
    /// blocks of the answer that asked for them.
    pub(crate) fn has_step_after(&self, subagent: Option<&SubagentId>, offset: Option<u64>) -> bool {
        let Some(next) = offset.and_then(|offset| offset.checked_add(1)) else { return false };
        let owner = subagent.cloned();
        self.steps.range((owner.clone(), next)..=(owner, u64::MAX)).next().is_some()
    }

    /// What the agent wrote down of turns when they were over, at a time that counts, by their prompts.
    pub(crate) fn recorded_turns(
        &self,
        counts: impl Fn(Option<UnixNanos>) -> bool,
    ) -> BTreeMap<&PromptId, Recorded> {
        let mut turns: BTreeMap<&PromptId, Recorded> = BTreeMap::new();
        for (offset, recorded) in &self.turn_ends {
            let at = self.rows.get(&(None, *offset)).copied().flatten();
            if let Some(prompt) = self.prompt_at(None, Some(*offset)).filter(|_| counts(at)) {
                let longest = turns.entry(prompt).or_default();
                longest.hook_ms = longest.hook_ms.max(recorded.hook_ms);
            }
        }
        turns
    }
}

const fn is_step(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::ModelAsked(_)
            | Fact::ModelAnswered(_)
            | Fact::ModelFailed { .. }
            | Fact::TurnRecorded { .. }
            | Fact::Interrupted
    )
}
