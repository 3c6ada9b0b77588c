//! Decisions of calls of the model: that it answered, that it refused, that another one answers now; and compactions.

use super::{Decision, DecisionKind, Made, number};
use crate::facts::CallFacts;
use tacho_model::event::{AnswerPart, FinishReason};
use tacho_model::id::MessageId;
use tacho_model::semconv as key;

/// Those of a call's span. A call without an answer decided nothing.
pub(super) fn decisions<'a>(decisions: &mut Vec<Decision<'a>>, made: Made<'a>) {
    let answered = made.text(key::GEN_AI_RESPONSE_ID).map(MessageId::from);
    let facts = answered.as_ref().and_then(|id| made.facts.calls.get(id));
    if facts.is_none() && made.text(key::GEN_AI_RESPONSE_MODEL).is_none() {
        return;
    }
    if let Some(before) = made.text(key::TACHOGRAPH_MODEL_PREVIOUS) {
        let mut switched = made.decision(DecisionKind::ModelSwitched, "switched", made.span.start);
        made.name(&mut switched, "model", key::GEN_AI_RESPONSE_MODEL);
        switched.names.push(("before", before));
        made.name(&mut switched, "reason", key::TACHOGRAPH_MODEL_SWITCH);
        decisions.push(switched);
    }
    let is_refusal = facts
        .and_then(|facts| facts.finish.value())
        .is_some_and(|finish| finish.reason == FinishReason::ContentFilter);
    let kind = if is_refusal { DecisionKind::SafetyBlock } else { DecisionKind::ResponseGenerated };
    let mut answer = made.decision(kind, "answer", made.span.end.unwrap_or(made.span.start));
    made.name(&mut answer, "model", key::GEN_AI_RESPONSE_MODEL);
    made.name(&mut answer, "call", key::GEN_AI_RESPONSE_ID);
    made.name(&mut answer, "request", key::CLAUDE_CODE_REQUEST_ID);
    let finish = facts.and_then(|facts| facts.finish.value()).map(|finish| finish.word.as_str());
    answer.names.extend(finish.map(|word| ("outcome", word)));
    if is_refusal {
        answer.names.push(("decider", "model"));
    }
    answer.input = made.text(key::GEN_AI_INPUT_MESSAGES);
    answer.output = made.text(key::GEN_AI_OUTPUT_MESSAGES);
    answer.reasoning = facts.and_then(thoughts);
    decisions.push(answer);
}

/// That of a compaction's span.
pub(super) fn compaction<'a>(made: Made<'a>) -> Decision<'a> {
    let mut compaction = made.decision(DecisionKind::Compaction, "compaction", made.span.start);
    made.name(&mut compaction, "reason", key::CLAUDE_CODE_COMPACTION_TRIGGER);
    let tokens = |key| number(&made.span.attributes, key);
    compaction
        .numbers
        .extend(tokens(key::CLAUDE_CODE_COMPACTION_PRE_TOKENS).map(|before| ("tokens_before", before)));
    compaction
        .numbers
        .extend(tokens(key::CLAUDE_CODE_COMPACTION_POST_TOKENS).map(|after| ("tokens_after", after)));
    compaction
}

/// What the model thought before it answered, as far as it tells.
pub(super) fn thoughts(answer: &CallFacts) -> Option<&str> {
    answer.blocks.iter().find_map(|block| match block.part.as_ref()? {
        AnswerPart::Reasoning(text) if !text.is_empty() => Some(text.as_str()),
        AnswerPart::Reasoning(_)
        | AnswerPart::Text(_)
        | AnswerPart::ToolCall(_)
        | AnswerPart::ToolResult { .. } => None,
    })
}
