//! Decisions about tool calls: that the model wanted one, whether it may run, and by whose word.

use super::{Decision, DecisionKind, Made, number};
use crate::audit::calls::thoughts;
use crate::outcome::{Outcome, outcome};
use tacho_model::event::{Decider, Refusal};
use tacho_model::id::ToolUseId;
use tacho_model::semconv as key;

/// Those of a tool's span.
pub(super) fn decisions<'a>(decisions: &mut Vec<Decision<'a>>, made: Made<'a>, own: &[String]) {
    decisions.extend(decided(made));
    let input = made.text(key::GEN_AI_TOOL_CALL_ARGUMENTS);
    if input.is_some_and(|input| own.iter().any(|word| input.contains(word.as_str()))) {
        let mut touched = made.decision(DecisionKind::RecorderTouched, "touched", made.span.start);
        named(&mut touched, made);
        decisions.push(touched);
    }
    let mut called = made.decision(kind(made), "tool", made.span.start);
    named(&mut called, made);
    made.name(&mut called, "outcome", key::CLAUDE_CODE_TOOL_OUTCOME);
    made.name(&mut called, "error", key::ERROR_TYPE);
    made.name(&mut called, "decider", key::TACHOGRAPH_PERMISSION_DECIDER);
    made.name(&mut called, "server", key::MCP_SERVER_NAME);
    called.names.extend(made.turn.and_then(|turn| turn.mode).map(|mode| ("mode", mode)));
    called.input = input;
    called.output = made.text(key::GEN_AI_TOOL_CALL_RESULT).or(made.text(key::CLAUDE_CODE_TOOL_ERROR));
    let answer = call_id(made)
        .and_then(|id| made.facts.tools.get(&id)?.decided_by.value())
        .and_then(|message| made.facts.calls.get(message));
    called
        .names
        .extend(answer.and_then(|answer| answer.model.value()).map(|model| ("model", model.as_str())));
    called.reasoning = answer.and_then(thoughts);
    decisions.push(called);
}

/// That a person was asked.
pub(super) fn asked<'a>(made: Made<'a>) -> Option<Decision<'a>> {
    let mut asked = made.decision(DecisionKind::PermissionRequested, "asked", made.span.start);
    named(&mut asked, made);
    Some(asked)
}

/// Who or what said whether the call may run, when, and how long a person was waited for.
fn decided<'a>(made: Made<'a>) -> Option<Decision<'a>> {
    let attributes = &made.span.attributes;
    let decider = made.text(key::TACHOGRAPH_PERMISSION_DECIDER);
    let said = made.text(key::CLAUDE_CODE_PERMISSION_DECISION);
    if decider.is_none() && said.is_none() {
        return None;
    }
    let waited_ms = number(attributes, key::TACHOGRAPH_PERMISSION_WAIT_MS);
    let at = made.span.start.plus_nanos(waited_ms.unwrap_or(0).saturating_mul(1_000_000));
    let mut decided = made.decision(DecisionKind::PermissionDecided, "decided", at);
    named(&mut decided, made);
    let may_run = !matches!(kind(made), DecisionKind::ToolSkip | DecisionKind::SafetyBlock);
    decided.names.push(("outcome", if may_run { "allowed" } else { "refused" }));
    made.name(&mut decided, "decider", key::TACHOGRAPH_PERMISSION_DECIDER);
    made.name(&mut decided, "source", key::CLAUDE_CODE_PERMISSION_SOURCE);
    made.name(&mut decided, "reason", key::CLAUDE_CODE_PERMISSION_REASON);
    made.name(&mut decided, "rule", key::CLAUDE_CODE_PERMISSION_REASON_CODE);
    made.name(&mut decided, "rule_source", key::CLAUDE_CODE_PERMISSION_RULE_SOURCE);
    made.name(&mut decided, "grant", key::CLAUDE_CODE_PERMISSION_GRANT_SCOPE);
    decided.names.extend(made.turn.and_then(|turn| turn.mode).map(|mode| ("mode", mode)));
    decided.numbers.extend(waited_ms.map(|waited| ("waited_ms", waited)));
    Some(decided)
}

fn named<'a>(decision: &mut Decision<'a>, made: Made<'a>) {
    made.name(decision, "tool", key::GEN_AI_TOOL_NAME);
    made.name(decision, "call", key::GEN_AI_TOOL_CALL_ID);
}

fn call_id(made: Made<'_>) -> Option<ToolUseId> {
    made.text(key::GEN_AI_TOOL_CALL_ID).map(ToolUseId::from)
}

/// Whether it ran, did not run, or was kept from running by a guard.
fn kind(made: Made<'_>) -> DecisionKind {
    let Some(tool) = call_id(made).and_then(|id| made.facts.tools.get(&id)) else {
        return DecisionKind::ToolCall;
    };
    let decider = tool.decision.value().and_then(|said| said.decider);
    let by_guard = matches!(
        decider,
        Some(Decider::Hook | Decider::Classifier | Decider::SafetyCheck | Decider::Sandbox)
    );
    match outcome(made.facts, tool) {
        Outcome::Unknown | Outcome::Ok | Outcome::Failed(_) | Outcome::Interrupted => DecisionKind::ToolCall,
        Outcome::Denied if by_guard || tool.refused.is_known() => DecisionKind::SafetyBlock,
        Outcome::Refused(Refusal::Hook | Refusal::Blocked) => DecisionKind::SafetyBlock,
        Outcome::Denied | Outcome::Refused(Refusal::UnknownTool | Refusal::InvalidInput) => {
            DecisionKind::ToolSkip
        }
    }
}
