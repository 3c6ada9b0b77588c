//! Waits of tool calls for a person: who was asked what, and by which call. Where two calls fit, the agent has not
//! said which, and neither gets the wait.

use crate::compactions::numbered;
use crate::facts::{ElicitationStatement, ElicitationStep, PermissionAsk, SessionFacts, ToolFacts};
use crate::tree::Inferred;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::id::ToolUseId;
use tacho_model::time::UnixNanos;

/// One wait.
#[derive(Debug)]
pub(crate) struct Wait<'a> {
    pub(crate) tool: &'a ToolUseId,
    pub(crate) facts: &'a ToolFacts,
    pub(crate) reason: WaitReason<'a>,
    pub(crate) began: Option<UnixNanos>,
    pub(crate) ended: Option<UnixNanos>,
    pub(crate) inferred: Option<Inferred>,
}

/// What a person was asked for.
#[derive(Debug)]
pub(crate) enum WaitReason<'a> {
    /// To allow the call.
    Permission,
    /// To answer the tool.
    Elicitation {
        /// Which one of its call, counted from 0.
        number: usize,
        mode: Option<&'a str>,
        action: Option<&'a str>,
    },
}

/// Every wait whose call is known.
pub(crate) fn waits(facts: &SessionFacts) -> Vec<Wait<'_>> {
    let mut waits: Vec<Wait<'_>> =
        permissions(facts).into_iter().map(|(id, (tool, ask))| permission(id, tool, ask)).collect();
    for (id, (tool, statements)) in elicitations(facts) {
        waits.extend(answered(id, tool, &statements));
    }
    waits
}

/// Whether a question can have been about a call: one that an agent left open when it went is none that it asks about later.
fn can_be_about(facts: &SessionFacts, tool: &ToolFacts, ask: &PermissionAsk) -> bool {
    let mut went = facts.departures.iter().chain(&facts.ends).copied().map(Some);
    let mut was_left = || tool.came_back().is_none() && went.any(|went| tool.began() < went && went < ask.at);
    ask.fits(tool) && !was_left()
}

/// The calls of which two or more fit a question to a person: whether one of them was asked about is not known.
pub(crate) fn perhaps_asked(facts: &SessionFacts) -> BTreeSet<&ToolUseId> {
    let mut perhaps = BTreeSet::new();
    for ask in &facts.permission_asks {
        let fits = |tool: &ToolFacts| can_be_about(facts, tool, ask);
        let fitting = || facts.tools.iter().filter(|(_, tool)| fits(tool)).map(|(id, _)| id);
        if fitting().nth(1).is_some() {
            perhaps.extend(fitting());
        }
    }
    perhaps
}

/// The first question about each call.
fn permissions(facts: &SessionFacts) -> BTreeMap<&ToolUseId, (&ToolFacts, &PermissionAsk)> {
    let mut asked = BTreeMap::new();
    for ask in &facts.permission_asks {
        let Some((id, tool)) = only(facts, |tool| can_be_about(facts, tool, ask)) else { continue };
        // The agent also raises the question where nobody can answer, and then refuses by itself.
        if tool.decision.value().is_none_or(|decision| decision.by_person() != Some(false)) {
            asked.entry(id).or_insert((tool, ask));
        }
    }
    asked
}

fn permission<'a>(tool: &'a ToolUseId, facts: &'a ToolFacts, ask: &PermissionAsk) -> Wait<'a> {
    // Where nobody says when the answer came: a refused call ends with it, an allowed one then runs for its duration.
    let run_ns = facts.duration_ms.value().map_or(0, |duration| duration.saturating_mul(1_000_000));
    let by_run = || facts.came_back().map(|back| UnixNanos(back.0.saturating_sub(run_ns)));
    let ended = facts.answered.at().filter(|answered| Some(*answered) >= ask.at).or_else(by_run);
    Wait { tool, facts, reason: WaitReason::Permission, began: ask.at, ended, inferred: None }
}

/// What was said about elicitations, by the call that asked. Statements are in the order of time.
fn elicitations(facts: &SessionFacts) -> BTreeMap<&ToolUseId, (&ToolFacts, Vec<&ElicitationStatement>)> {
    let mut said: BTreeMap<_, (_, Vec<_>)> = BTreeMap::new();
    for statement in &facts.elicitations {
        if let Some((id, tool)) = only(facts, |tool| statement.fits(tool)) {
            said.entry(id).or_insert_with(|| (tool, Vec::new())).1.push(statement);
        }
    }
    said
}

/// Pairs questions with answers. A question while another is open is the same one, told by a second hook.
fn answered<'a>(
    tool: &'a ToolUseId,
    facts: &'a ToolFacts,
    statements: &[&'a ElicitationStatement],
) -> Vec<Wait<'a>> {
    let mut waits: Vec<Wait<'_>> = Vec::new();
    for statement in statements {
        let is_open = waits.last().is_some_and(|wait| wait.ended.is_none());
        match (&statement.step, waits.last_mut().filter(|_| is_open)) {
            (ElicitationStep::Asked { mode }, None) => {
                let (number, mode) = (waits.len(), mode.as_deref());
                let reason = WaitReason::Elicitation { number, mode, action: None };
                let began = Some(statement.at);
                waits.push(Wait { tool, facts, reason, began, ended: None, inferred: None });
            }
            (ElicitationStep::Answered { action }, Some(wait)) => {
                wait.ended = Some(statement.at);
                if let WaitReason::Elicitation { action: answer, .. } = &mut wait.reason {
                    *answer = action.as_deref();
                }
            }
            (ElicitationStep::Asked { .. }, Some(_)) | (ElicitationStep::Answered { .. }, None) => {}
        }
    }
    // Nobody waits any more when the call is back.
    if let (Some(wait), Some(back)) =
        (waits.last_mut().filter(|wait| wait.ended.is_none()), facts.came_back())
    {
        (wait.ended, wait.inferred) = (Some(back), Some(Inferred::ToolEnd));
    }
    waits
}

impl Wait<'_> {
    /// Whether the agent has said when it was answered, if it says what it measures.
    pub(crate) fn is_measured(&self, facts: &SessionFacts) -> bool {
        let is_said = !matches!(self.reason, WaitReason::Permission) || self.facts.answered.at().is_some();
        is_said || !facts.is_measured
    }

    /// What its span id is derived from: the call that waits, and which one of its waits it is.
    pub(crate) fn key(&self) -> Cow<'_, str> {
        match self.reason {
            WaitReason::Permission => Cow::Borrowed(self.tool.as_str()),
            WaitReason::Elicitation { number, .. } => numbered(self.tool.as_str(), number),
        }
    }
}

/// The one call that fits, if there are not two.
fn only(facts: &SessionFacts, fits: impl Fn(&ToolFacts) -> bool) -> Option<(&ToolUseId, &ToolFacts)> {
    let mut fitting = facts.tools.iter().filter(|(_, tool)| fits(tool));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}
