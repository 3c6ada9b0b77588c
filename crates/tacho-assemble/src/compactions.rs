//! Compactions of the context, put together from what hooks and transcript say of their beginnings and ends.

use crate::facts::{CompactionStatement, SessionFacts};
use std::borrow::Cow;
use std::collections::BTreeMap;
use tacho_model::event::{CompactionStep, Source};
use tacho_model::id::{PromptId, SubagentId};
use tacho_model::time::UnixNanos;

/// How far apart statements about the same moment are at most.
const SAME_MOMENT_NS: u64 = 2_000_000_000;

/// One compaction.
#[derive(Debug)]
pub(crate) struct Compacting<'a> {
    pub(crate) prompt: Option<&'a PromptId>,
    pub(crate) subagent: Option<&'a SubagentId>,
    /// Which one of its turn or subagent, counted from 0.
    pub(crate) number: usize,
    pub(crate) began: Option<UnixNanos>,
    pub(crate) ended: Option<UnixNanos>,
    pub(crate) trigger: Option<&'a str>,
    pub(crate) tokens_before: Option<u64>,
    pub(crate) tokens_after: Option<u64>,
    /// Whether its boundary stands in the transcript.
    pub(crate) is_written: bool,
}

/// All compactions in the order in which they began, those of each owner numbered.
pub(crate) fn compactions(facts: &SessionFacts) -> Vec<Compacting<'_>> {
    let mut statements: BTreeMap<Option<&SubagentId>, Vec<&CompactionStatement>> = BTreeMap::new();
    for statement in facts.compactions.iter().filter(|statement| !facts.is_inherited(Some(statement.at))) {
        statements.entry(statement.subagent.as_ref()).or_default().push(statement);
    }
    let mut found: Vec<Compacting<'_>> =
        statements.into_values().flat_map(together).map(|of_one| compacting(facts, &of_one)).collect();
    found.sort_by_key(|compaction| (compaction.began, compaction.subagent));
    let mut numbers: BTreeMap<_, usize> = BTreeMap::new();
    for compaction in &mut found {
        let number = numbers.entry((compaction.subagent, compaction.prompt)).or_default();
        compaction.number = *number;
        *number += 1;
    }
    found
}

/// Statements in the order of time, those about one compaction together. Compactions of one agent follow each other,
/// and each moment may be stated by several sources and by two hooks.
fn together(statements: Vec<&CompactionStatement>) -> Vec<Vec<&CompactionStatement>> {
    let mut groups: Vec<Vec<&CompactionStatement>> = Vec::new();
    for statement in statements {
        match groups.last_mut().filter(|group| belongs(group, statement)) {
            Some(group) => group.push(statement),
            None => groups.push(vec![statement]),
        }
    }
    groups
}

fn belongs(group: &[&CompactionStatement], next: &CompactionStatement) -> bool {
    let is_at_once = group.last().is_some_and(|last| next.at.nanos_since(last.at) <= SAME_MOMENT_NS);
    let has_ended = group.iter().any(|statement| statement.said.step == CompactionStep::Ended);
    match next.said.step {
        CompactionStep::Began => is_at_once && !has_ended,
        CompactionStep::Ended => is_at_once || !has_ended,
    }
}

fn compacting<'a>(facts: &'a SessionFacts, statements: &[&'a CompactionStatement]) -> Compacting<'a> {
    let of = |step| statements.iter().copied().filter(move |statement| statement.said.step == step);
    let ends = || of(CompactionStep::Ended);
    let by_hooks = ends().filter(|end| end.source == Source::Hook).map(|end| end.at).max();
    let by_duration = || {
        let began = |end: &CompactionStatement| {
            let duration_ns = end.said.duration_ms?.checked_mul(1_000_000)?;
            Some(UnixNanos(end.at.0.checked_sub(duration_ns)?))
        };
        ends().find_map(began)
    };
    let ended = by_hooks.or_else(|| ends().map(|end| end.at).max());
    let before = |statement: &&'a CompactionStatement| {
        facts.places.prompt_at(statement.subagent.as_ref(), statement.offset)
    };
    Compacting {
        prompt: statements
            .iter()
            .find_map(|statement| statement.prompt.as_ref())
            .or_else(|| statements.iter().find_map(before)),
        subagent: statements.first().and_then(|statement| statement.subagent.as_ref()),
        number: 0,
        began: of(CompactionStep::Began).map(|began| began.at).min().or_else(by_duration).or(ended),
        ended,
        trigger: statements.iter().find_map(|statement| statement.said.trigger.as_deref()),
        tokens_before: statements.iter().find_map(|statement| statement.said.tokens_before),
        tokens_after: statements.iter().find_map(|statement| statement.said.tokens_after),
        is_written: ends().any(|end| end.said.duration_ms.is_some() || end.said.tokens_before.is_some())
            // A hook that told of the beginning tells of the end, too, which may be behind the boundary.
            && (by_hooks.is_some() || !statements.iter().any(|statement| statement.source == Source::Hook)),
    }
}

impl Compacting<'_> {
    /// What its span id is derived from: the prompt or the subagent it belongs to, and which one of them it is.
    pub(crate) fn key(&self) -> Cow<'_, str> {
        let owner = self.subagent.map_or_else(|| self.prompt.map(PromptId::as_str), |id| Some(id.as_str()));
        numbered(owner.unwrap_or_default(), self.number)
    }
}

/// The key of the one of several that an owner has: its own for the first.
pub(crate) fn numbered(owner: &str, number: usize) -> Cow<'_, str> {
    match number {
        0 => Cow::Borrowed(owner),
        _ => Cow::Owned(format!("{owner}#{}", number + 1)),
    }
}
