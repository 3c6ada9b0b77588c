//! Deciding when nothing is expected to change any more. What no source closes is closed first, see `close.rs`.
//!
//! A span leaves the machine once, when it has settled, so settling waits for the transcript, which the agent
//! writes about 100 ms late. It never waits for ever: after [`GRACE_NS`] what is known is what will be said.

use crate::close::closing;
use crate::facts::SessionFacts;
use crate::tree::{Inferred, Node, NodeIndex, Tree, What};
use tacho_model::time::UnixNanos;

/// How long a missing row is waited for.
pub(crate) const GRACE_NS: u64 = 5_000_000_000;
/// How far apart hooks that run at the same time may be written down.
const QUIET_NS: u64 = 500_000_000;

/// Closes and settles the nodes of the tree. Returns when time alone will settle the next one.
pub(crate) fn settle(tree: &mut Tree<'_>, now: UnixNanos) -> Option<UnixNanos> {
    let over = tree.session_end;
    let mut next = Deadline::default();
    for index in tree.roots_first() {
        let open = tree.nodes.get(index).filter(|node| node.end.is_none());
        let closing = open.and_then(|node| closing(tree, index, node));
        let closing = closing.filter(|closing| next.has_passed(closing.due, now));
        if let (Some(closing), Some(node)) = (closing, tree.nodes.get_mut(index)) {
            (node.end, node.inferred) = (Some(closing.end), Some(closing.inferred));
        }
    }
    for index in tree.leaves_first() {
        let settled = tree.nodes.get(index).is_some_and(|node| {
            let is_settled = |child: &NodeIndex| tree.nodes.get(*child).is_some_and(|child| child.settled);
            let due = ready_at(tree, node, over);
            node.children.iter().all(is_settled) && due.is_some_and(|due| next.has_passed(due, now))
        });
        if let Some(node) = tree.nodes.get_mut(index) {
            node.settled = settled;
        }
    }
    next.0
}

/// The earliest time that was still to come when it was asked about.
#[derive(Default)]
struct Deadline(Option<UnixNanos>);

impl Deadline {
    /// A due time is at most [`GRACE_NS`] after something that was seen; one that lies further ahead says that the
    /// clock was turned back, and waiting for it would be waiting for nothing.
    fn has_passed(&mut self, due: UnixNanos, now: UnixNanos) -> bool {
        let is_ahead = due > now && due <= now.plus_nanos(GRACE_NS);
        if is_ahead {
            self.0 = Some(self.0.map_or(due, |next| next.min(due)));
        }
        !is_ahead
    }
}

/// The end of a session that nothing was seen after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionEnd {
    pub(crate) inferred: Inferred,
    /// When its transcript counts as complete.
    pub(crate) complete_at: UnixNanos,
}

impl SessionEnd {
    /// Whether the agent did not say it.
    pub(crate) fn is_inferred(self) -> bool {
        self.inferred == Inferred::AgentGone
    }
}

/// How the session ended, if it did.
pub(crate) fn session_end(facts: &SessionFacts) -> Option<SessionEnd> {
    let seen = facts.active.last;
    let gone = facts.gone.at().filter(|gone| Some(*gone) >= seen);
    // Hooks of the end and of what came before it run at the same time and may be written down in any order.
    let ended = facts.ended.at().filter(|ended| Some(ended.plus_nanos(QUIET_NS)) >= seen);
    match (ended, gone) {
        (Some(ended), gone) => {
            let written = ended.plus_nanos(GRACE_NS);
            let complete_at = gone.map_or(written, |gone| gone.min(written));
            Some(SessionEnd { inferred: Inferred::SessionEnd, complete_at })
        }
        (None, Some(gone)) => Some(SessionEnd { inferred: Inferred::AgentGone, complete_at: gone }),
        (None, None) => None,
    }
}

/// When a closed node, its children aside, needs to be waited for no longer; `None` while it is open.
fn ready_at(tree: &Tree<'_>, node: &Node<'_>, over: Option<SessionEnd>) -> Option<UnixNanos> {
    if node.seen.first.is_none() {
        // Announced, and nothing ever seen of it: it becomes no span, and nobody waits for it.
        return Some(UnixNanos(0));
    }
    let end = node.end?;
    // The answer a wait lacks may still be on its way when its call is back.
    let is_concluded = node.inferred.is_some_and(|inferred| inferred != Inferred::ToolEnd);
    let alone = if is_concluded { end } else { ready_alone_at(tree, node, end) };
    Some(over.map_or(alone, |over| alone.min(over.complete_at)))
}

fn ready_alone_at(tree: &Tree<'_>, node: &Node<'_>, end: UnixNanos) -> UnixNanos {
    let is_written = match &node.what {
        What::Turn(turn) => tree.recorded(turn).is_some() || turn.facts.interrupted.at() == Some(end),
        What::Subagent(..) => is_below_a_tool(tree, node) && has_final_answer(tree, node),
        // The decision about a wait comes with the row of its tool.
        What::Tool(_, tool) => tool.is_written(),
        What::Wait(wait) => {
            let returned = wait.facts.came_back().unwrap_or(end);
            let is_known = wait.facts.is_written() && wait.is_measured(tree.facts);
            return if is_known { end } else { returned.plus_nanos(GRACE_NS) };
        }
        What::Compaction(compaction) => compaction.is_written,
        What::Call(call) => {
            let is_followed = tree.facts.places.has_step_after(call.subagent, call.last_offset);
            is_followed && call.is_measured(tree.facts)
        }
    };
    if is_written { end } else { end.plus_nanos(GRACE_NS) }
}

/// Whether the tool call is known that started a subagent. Older agents name it only when it comes back.
fn is_below_a_tool(tree: &Tree<'_>, node: &Node<'_>) -> bool {
    let parent = node.parent.and_then(|parent| tree.nodes.get(parent));
    parent.is_some_and(|parent| matches!(parent.what, What::Tool(..)))
}

/// Whether the last answer below a subagent is one after which the agent does not go on by itself.
fn has_final_answer(tree: &Tree<'_>, node: &Node<'_>) -> bool {
    let last = tree.calls_below(node).max_by_key(|call| call.last_offset);
    last.is_some_and(|call| call.is_complete() && !call.asks_for_tools())
}
