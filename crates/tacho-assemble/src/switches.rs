//! Where the conversation went on with another model.

use crate::calls::{Call, CallOutcome};
use crate::facts::{CallFacts, SessionFacts};
use tacho_model::attribute::Attributes;
use tacho_model::semconv as key;
use tacho_model::time::UnixNanos;

/// The model before, on the first answer of another one, and through what that was chosen. Only the main agent's
/// conversation has models one after the other; each subagent is told its own.
pub(crate) fn call(attributes: &mut Attributes, facts: &SessionFacts, call: &Call<'_>) {
    let (CallOutcome::Answered(_, answer), None, Some(before)) = (&call.outcome, call.subagent, call.after)
    else {
        return;
    };
    let (Some(now), Some(previous)) = (answer.model.value(), before.model.value()) else { return };
    if now == previous {
        return;
    }
    attributes.set(key::TACHOGRAPH_MODEL_PREVIOUS, previous.as_str());
    let (from, to) = (last_seen(before), call.start);
    let chosen = facts.model_switches.iter().rev().find(|(at, _)| Some(*at) >= from && Some(*at) <= to);
    attributes.set_known(key::TACHOGRAPH_MODEL_SWITCH, chosen.and_then(|(_, through)| through.as_deref()));
}

fn last_seen(answer: &CallFacts) -> Option<UnixNanos> {
    answer.blocks.iter().filter_map(|block| block.at).max()
}
