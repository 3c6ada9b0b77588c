//! Who decided over tool calls, by what, and how long a person was waited for: attributes.

use crate::facts::ToolFacts;
use crate::outcome::{Outcome, outcome};
use crate::tree::{Node, Tree, What};
use crate::waits::WaitReason;
use tacho_model::attribute::Attributes;
use tacho_model::event::{Decider, Refusal};
use tacho_model::id::ToolUseId;
use tacho_model::semconv as key;

/// Who let the call run or kept it from running, and for how long a person was waited for.
pub(crate) fn tool(
    attributes: &mut Attributes,
    tree: &Tree<'_>,
    id: &ToolUseId,
    tool: &ToolFacts,
    node: &Node<'_>,
) {
    said(attributes, tool);
    let decided = tool.decision.value().and_then(|said| said.decider);
    let decider = match outcome(tree.facts, tool) {
        // Who stopped a call is said in place of who had let it run.
        Outcome::Interrupted => None,
        Outcome::Refused(Refusal::Hook) => decided.or(Some(Decider::Hook)),
        Outcome::Refused(Refusal::UnknownTool | Refusal::InvalidInput | Refusal::Blocked) => {
            decided.or(Some(Decider::Agent))
        }
        Outcome::Unknown | Outcome::Ok | Outcome::Failed(_) | Outcome::Denied => decided,
    };
    attributes.set_known(key::TACHOGRAPH_PERMISSION_DECIDER, decider.map(Decider::word));
    let waits = node.children.iter().filter_map(|child| tree.nodes.get(*child)).filter(
        |child| matches!(&child.what, What::Wait(wait) if matches!(wait.reason, WaitReason::Permission)),
    );
    let waited = waits.filter_map(|wait| Some(wait.end?.nanos_since(wait.start?))).next();
    attributes.set_known(key::TACHOGRAPH_PERMISSION_WAIT_MS, waited.map(|nanos| nanos / 1_000_000));
    let is_ambiguous = tree.perhaps_asked.contains(id);
    attributes.set_known(key::TACHOGRAPH_PERMISSION_AMBIGUOUS, is_ambiguous.then_some(true));
}

/// Who decided, as the agent says it.
pub(crate) fn said(attributes: &mut Attributes, tool: &ToolFacts) {
    let Some(said) = tool.decision.value() else { return };
    attributes.set(key::CLAUDE_CODE_PERMISSION_DECISION, said.decision.as_str());
    attributes.set_known(key::CLAUDE_CODE_PERMISSION_SOURCE, said.source.as_deref());
    attributes.set_known(key::CLAUDE_CODE_PERMISSION_REASON, said.reason.as_deref());
    attributes.set_known(key::CLAUDE_CODE_PERMISSION_REASON_CODE, said.reason_code.as_deref());
    attributes.set_known(key::CLAUDE_CODE_PERMISSION_RULE_SOURCE, said.rule_source.as_deref());
    attributes.set_known(key::CLAUDE_CODE_PERMISSION_GRANT_SCOPE, said.grant_scope.as_deref());
}
