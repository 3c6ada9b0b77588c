//! Closing what no source closes: from what it is concluded that a node is over, and when it was seen last.

use crate::settle::GRACE_NS;
use crate::tree::{Inferred, Node, NodeIndex, Tree, What};
use tacho_model::time::UnixNanos;

/// How an open node is concluded to have ended.
pub(crate) struct Closing {
    /// When the conclusion may be drawn.
    pub(crate) due: UnixNanos,
    pub(crate) end: UnixNanos,
    pub(crate) inferred: Inferred,
}

/// How an open node ended; `None` while it may go on. Its parents were looked at before.
pub(crate) fn closing(tree: &Tree<'_>, index: NodeIndex, node: &Node<'_>) -> Option<Closing> {
    match &node.what {
        What::Turn(_) => {
            let next = next_turn(tree, index).and_then(|turn| turn.start);
            by_idleness(tree, node, next)
                .or_else(|| by_departure(tree, node, next))
                .or_else(|| by_next(tree, node, next))
                .or_else(|| by_session(tree, node))
        }
        // A subagent may outlive its turn.
        What::Subagent(..) => by_departure(tree, node, None).or_else(|| by_session(tree, node)),
        What::Compaction(_) => by_next_step(tree, node).or_else(|| by_container(tree, node)),
        // What is on disk of an answer is all there is of it.
        What::Call(_) => {
            let closing = by_container(tree, node)?;
            Some(Closing { end: node.seen.last.max(node.start)?, ..closing })
        }
        What::Tool(..) | What::Wait(_) => by_container(tree, node),
    }
}

fn next_turn<'t, 'a>(tree: &'t Tree<'a>, index: NodeIndex) -> Option<&'t Node<'a>> {
    let next = tree.turns.iter().skip_while(|turn| **turn != index).nth(1)?;
    tree.nodes.get(*next)
}

/// The agent waited for a prompt, and nothing of the turn was seen since.
fn by_idleness(tree: &Tree<'_>, node: &Node<'_>, next: Option<UnixNanos>) -> Option<Closing> {
    let since = node.seen.last.max(node.start)?;
    let idle = tree.facts.idle.range(since..).next().filter(|idle| next.is_none_or(|next| **idle <= next))?;
    Some(Closing { due: *idle, end: since, inferred: Inferred::Idle })
}

/// The agent was found to be gone after the last that was seen of the node, even if it came back later.
fn by_departure(tree: &Tree<'_>, node: &Node<'_>, next: Option<UnixNanos>) -> Option<Closing> {
    let since = node.seen.last.max(node.start)?;
    let gone = *tree.facts.departures.range(since..).next()?;
    let was_over = tree.facts.ends.range(since..=gone).next().is_some();
    let went_on = next.is_some_and(|next| next < gone);
    (!was_over && !went_on).then_some(Closing { due: gone, end: since, inferred: Inferred::AgentGone })
}

/// Another prompt was sent. Where the session had ended before, the turn had ended with it.
fn by_next(tree: &Tree<'_>, node: &Node<'_>, next: Option<UnixNanos>) -> Option<Closing> {
    let (next, since) = (next?, node.seen.last.max(node.start)?);
    let of_session = tree.facts.ends.range(since..).next().filter(|end| **end <= next);
    Some(Closing {
        due: next.plus_nanos(GRACE_NS),
        end: of_session.copied().unwrap_or(since),
        inferred: if of_session.is_some() { Inferred::SessionEnd } else { Inferred::NextPrompt },
    })
}

/// The session is over; the node went on until nothing more was seen of it.
fn by_session(tree: &Tree<'_>, node: &Node<'_>) -> Option<Closing> {
    let over = tree.session_end?;
    let end = tree.facts.seen.last.max(node.seen.last).max(node.start)?;
    Some(Closing { due: over.complete_at, end, inferred: over.inferred })
}

/// The turn or subagent it belongs to is over, and it with it.
fn by_container(tree: &Tree<'_>, node: &Node<'_>) -> Option<Closing> {
    let of_container = container(tree, node).and_then(|container| {
        let wait_ns = if container.inferred.is_some() { 0 } else { GRACE_NS };
        let end = container.end?;
        Some(Closing {
            due: end.plus_nanos(wait_ns),
            end: end.max(node.seen.last.max(node.start)?),
            inferred: container.inferred.unwrap_or(Inferred::TurnEnd),
        })
    });
    of_container.or_else(|| by_session(tree, node))
}

/// The agent does nothing else while it compacts: when it works again, it had given up on it.
fn by_next_step(tree: &Tree<'_>, node: &Node<'_>) -> Option<Closing> {
    let siblings = tree.nodes.get(node.parent?)?.children.iter().filter_map(|child| tree.nodes.get(*child));
    let next =
        siblings.filter_map(|sibling| sibling.start).filter(|start| Some(*start) > node.start).min()?;
    Some(Closing { due: next.plus_nanos(GRACE_NS), end: next, inferred: Inferred::NextStep })
}

/// The turn or subagent a node belongs to.
fn container<'t, 'a>(tree: &'t Tree<'a>, node: &Node<'_>) -> Option<&'t Node<'a>> {
    let parent_of = |node: &Node<'_>| node.parent.and_then(|parent| tree.nodes.get(parent));
    let above = std::iter::successors(parent_of(node), |node| parent_of(node));
    above.into_iter().find(|node| matches!(node.what, What::Turn(_) | What::Subagent(..)))
}
