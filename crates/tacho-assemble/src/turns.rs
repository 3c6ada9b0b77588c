//! Turns: which prompts make one, what each is called, and what was said about it.
//!
//! Older agents do not name a prompt in their hooks. The announcement itself then names the turn, and the name that
//! the transcript uses is found by time and text.

use crate::facts::{SessionFacts, TurnFacts};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::event::Source;
use tacho_model::id::PromptId;
use tacho_model::time::UnixNanos;

/// How far apart a prompt may be announced and written down, or announced by two hooks.
const SAME_PROMPT_NS: u64 = 2_000_000_000;

/// One turn.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    /// What its ids are derived from.
    pub(crate) key: &'a PromptId,
    /// The agent's name for its prompt.
    pub(crate) prompt: Option<&'a PromptId>,
    pub(crate) facts: Cow<'a, TurnFacts>,
}

/// The turns of a session, and under which keys the prompts of the others are found.
pub(crate) struct Turns<'a> {
    pub(crate) turns: Vec<Turn<'a>>,
    pub(crate) keys: BTreeMap<&'a PromptId, &'a PromptId>,
}

/// A prompt makes a turn when a hook announced it or the agent worked for it; `worked` has the prompts of all work.
pub(crate) fn turns<'a>(facts: &'a SessionFacts, worked: impl Iterator<Item = &'a PromptId>) -> Turns<'a> {
    let keys = keys(facts);
    let announced = facts.turns.iter().filter(|(_, turn)| turn.is_announced).map(|(prompt, _)| prompt);
    let prompts: BTreeSet<&PromptId> =
        announced.chain(worked).map(|prompt| keys.get(prompt).copied().unwrap_or(prompt)).collect();
    let mut turns: Vec<Turn<'_>> = prompts.into_iter().map(|key| turn(facts, key)).collect();
    for (prompt, key) in &keys {
        let found = turns.iter_mut().find(|turn| turn.key == *key);
        if let (Some(turn), Some(same)) = (found, facts.turns.get(*prompt)) {
            turn.facts.to_mut().join(same);
            turn.prompt = turn.prompt.or((!same.is_unnamed).then_some(*prompt));
        }
    }
    turns.sort_by_key(|turn| turn.facts.prompted.at());
    for (at, said) in &facts.unnamed_ends {
        let began = turns.iter().rposition(|turn| turn.facts.prompted.at() <= Some(*at));
        if let Some(turn) = turns.get_mut(began.unwrap_or(0)) {
            turn.facts.to_mut().join(said);
        }
    }
    Turns { turns, keys }
}

fn turn<'a>(facts: &'a SessionFacts, key: &'a PromptId) -> Turn<'a> {
    let said = facts.turns.get(key);
    let is_unnamed = said.is_some_and(|said| said.is_unnamed);
    let mut said = said.map_or_else(Cow::default, Cow::Borrowed);
    // The rows that a fork took over carry the name of its own first prompt.
    if facts.is_inherited(said.interrupted.at()) {
        said.to_mut().interrupted = TurnFacts::default().interrupted;
    }
    Turn { key, prompt: (!is_unnamed).then_some(key), facts: said }
}

/// The prompts that are another turn's: those that two hooks announced, and those that only the transcript names.
fn keys(facts: &SessionFacts) -> BTreeMap<&PromptId, &PromptId> {
    let mut keys = BTreeMap::new();
    let mut heads: Vec<Prompt<'_>> = Vec::new();
    for announced in prompts(facts, |turn| turn.is_unnamed) {
        let told_twice = |head: &&Prompt<'_>| head.text == announced.text && head.is_near(&announced);
        match heads.iter().find(told_twice) {
            Some(head) => drop(keys.insert(announced.id, head.id)),
            None => heads.push(announced),
        }
    }
    let is_written =
        |turn: &TurnFacts| !turn.is_announced && turn.prompted.source() == Some(Source::Transcript);
    for written in prompts(facts, is_written) {
        let fits = |head: &&Prompt<'_>| head.is_near(&written) || head.text == written.text;
        let nearest = heads.iter().filter(fits).min_by_key(|head| head.at.0.abs_diff(written.at.0));
        if let Some(id) = nearest.map(|head| head.id) {
            heads.retain(|head| head.id != id);
            keys.insert(written.id, id);
        }
    }
    keys
}

/// A prompt that was sent at a known time.
struct Prompt<'a> {
    at: UnixNanos,
    id: &'a PromptId,
    text: Option<&'a String>,
}

impl Prompt<'_> {
    const fn is_near(&self, other: &Self) -> bool {
        self.at.0.abs_diff(other.at.0) <= SAME_PROMPT_NS
    }
}

/// Prompts in the order in which they were sent.
fn prompts(facts: &SessionFacts, wanted: impl Fn(&TurnFacts) -> bool) -> Vec<Prompt<'_>> {
    let found = facts.turns.iter().filter(|(_, turn)| wanted(turn));
    let mut prompts: Vec<Prompt<'_>> = found
        .filter_map(|(id, turn)| Some(Prompt { at: turn.prompted.at()?, id, text: turn.text.value() }))
        .collect();
    prompts.sort_by_key(|prompt| (prompt.at, prompt.id));
    prompts
}
