//! When the nodes of the tree begin and end, as far as sources say.

use super::{Inferred, NodeIndex, Tree, What};
use tacho_model::time::UnixNanos;

/// What sources say of a node's time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) start: Option<UnixNanos>,
    pub(super) end: Option<UnixNanos>,
    /// The last that was seen of it, if that is not its end.
    pub(super) seen: Option<UnixNanos>,
    pub(super) inferred: Option<Inferred>,
}

/// When a node began and ended, as far as its own sources say.
pub(super) fn times_said(what: &What<'_>) -> Times {
    let (start, end, inferred) = match what {
        What::Turn(turn) => (turn.facts.prompted.at(), turn.facts.ended(), None),
        What::Subagent(_, subagent) => (subagent.started.at(), subagent.stopped.at(), None),
        What::Tool(_, tool) => (tool.began(), tool.came_back(), None),
        What::Wait(wait) => (wait.began, wait.ended, wait.inferred),
        What::Call(call) => (call.start, call.end.filter(|_| call.is_complete()), None),
        What::Compaction(compaction) => (compaction.began, compaction.ended, None),
    };
    let seen = match what {
        What::Call(call) => call.end,
        What::Turn(_) | What::Subagent(..) | What::Tool(..) | What::Wait(_) | What::Compaction(_) => None,
    };
    Times { start, end: not_before(start, end), seen, inferred }
}

/// An end that is known, moved to the start where clocks of two sources disagree.
fn not_before(start: Option<UnixNanos>, end: Option<UnixNanos>) -> Option<UnixNanos> {
    end.map(|end| start.map_or(end, |start| end.max(start)))
}

impl Tree<'_> {
    /// Starts no source gave, or only the row before gives, and the span of time seen below each node.
    pub(super) fn fill_times(&mut self) {
        for index in self.leaves_first() {
            let Some(node) = self.nodes.get(index) else { continue };
            let mut seen = node.seen;
            for child in node.children.iter().filter_map(|child| self.nodes.get(*child)) {
                seen.include_range(child.seen);
            }
            if let Some(node) = self.nodes.get_mut(index) {
                node.start = node.start.or(seen.first);
                node.seen = seen;
            }
        }
        self.sort_turns();
        for index in self.roots_first() {
            let start_above = self.nodes.get(index).and_then(|node| self.nodes.get(node.parent?)?.start);
            if let Some(node) = self.nodes.get_mut(index)
                && matches!(&node.what, What::Call(call) if call.attempts.is_empty())
            {
                node.start = node.start.max(start_above);
            }
        }
    }

    /// Puts the turns in the order of their starts.
    pub(super) fn sort_turns(&mut self) {
        let start_of = |index: &NodeIndex| self.nodes.get(*index).and_then(|node| node.start);
        let mut turns = std::mem::take(&mut self.turns);
        turns.sort_by_key(start_of);
        self.turns = turns;
    }
}
