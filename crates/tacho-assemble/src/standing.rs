//! How it stood when a turn was over: how full the context was, what the agent told its status line, and what the
//! session was called.

use crate::calls::Call;
use crate::facts::TurnFacts;
use crate::tree::{Node, Tree};
use tacho_model::attribute::{Attributes, Key};
use tacho_model::event::{LimitWindow, Share, Source};
use tacho_model::semconv as key;

/// How a turn left the session. What was told later belongs to the next one.
pub(crate) fn turn(attributes: &mut Attributes, tree: &Tree<'_>, turn: &TurnFacts, node: &Node<'_>) {
    context(attributes, tree, node);
    title(attributes, tree, turn, node);
    let Some((told, figures)) = tree.facts.status.until(node.end) else { return };
    attributes.set(key::TACHOGRAPH_STATUS_SOURCE, Source::StatusLine.name());
    attributes.set(key::TACHOGRAPH_STATUS_TOLD_UNIX_NS, told.0);
    attributes.set_known(key::CLAUDE_CODE_CONTEXT_WINDOW_TOKENS, figures.context_window_tokens);
    attributes.set_known(key::CLAUDE_CODE_CONTEXT_USED_PERCENT, figures.context_used.map(Share::percent));
    attributes.set_known(key::CLAUDE_CODE_SESSION_COST_NANOS, figures.cost.map(|cost| cost.0));
    attributes.set_known(key::CLAUDE_CODE_SESSION_LINES_ADDED, figures.lines_added);
    attributes.set_known(key::CLAUDE_CODE_SESSION_LINES_REMOVED, figures.lines_removed);
    for limit in &figures.limits {
        let (used, resets) = keys(limit.window);
        attributes.set(used, limit.used.percent());
        attributes.set_known(resets, limit.resets_at.map(|at| at.0 / 1_000_000_000));
    }
}

/// How full the context was at the last call of a turn or subagent.
pub(crate) fn context(attributes: &mut Attributes, tree: &Tree<'_>, node: &Node<'_>) {
    let last = tree.written_calls_below(node).max_by_key(|call| call.last_offset);
    attributes.set_known(key::TACHOGRAPH_CONTEXT_TOKENS, last.and_then(Call::context_tokens));
}

/// What the session was called: what its transcript says up to the last answer of the turn, else what it was called
/// when the turn began.
fn title(attributes: &mut Attributes, tree: &Tree<'_>, turn: &TurnFacts, node: &Node<'_>) {
    let last = tree.written_calls_below(node).filter_map(|call| call.last_offset).max();
    let title = tree.facts.titles.at(last).or(turn.title.value().map(String::as_str));
    attributes.set_known(key::GEN_AI_CONVERSATION_NAME, title);
}

const fn keys(window: LimitWindow) -> (Key, Key) {
    match window {
        LimitWindow::FiveHours => (
            key::CLAUDE_CODE_RATE_LIMIT_FIVE_HOUR_USED_PERCENT,
            key::CLAUDE_CODE_RATE_LIMIT_FIVE_HOUR_RESETS_UNIX_S,
        ),
        LimitWindow::SevenDays => (
            key::CLAUDE_CODE_RATE_LIMIT_SEVEN_DAY_USED_PERCENT,
            key::CLAUDE_CODE_RATE_LIMIT_SEVEN_DAY_RESETS_UNIX_S,
        ),
        LimitWindow::Spending => (
            key::CLAUDE_CODE_RATE_LIMIT_SPEND_LIMIT_USED_PERCENT,
            key::CLAUDE_CODE_RATE_LIMIT_SPEND_LIMIT_RESETS_UNIX_S,
        ),
    }
}
