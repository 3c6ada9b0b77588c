//! Spans, made from the finished tree: ids, links, status, events. What stands on a span is `attributes.rs`.

use crate::attributes::attributes;
use crate::calls::{Call, CallOutcome};
use crate::facts::TurnFacts;
use crate::outcome::{INTERRUPTED, outcome};
use crate::tree::{Node, NodeIndex, Tree, What};
use crate::waits::WaitReason;
use std::borrow::Cow;
use std::collections::BTreeMap;
use tacho_model::attribute::Attributes;
use tacho_model::event::TraceContext;
use tacho_model::id::IdSpace;
use tacho_model::semconv as key;
use tacho_model::shape::SpanShape;
use tacho_model::span::{Link, Span, SpanEvent, SpanKind, Status};

/// The spans of the tree, parents before children. A node without any time is left out: nothing happened yet.
pub(crate) fn spans(tree: &Tree<'_>) -> Vec<Span> {
    let order = tree.roots_first();
    let ids = ids(tree, &order);
    order.into_iter().filter_map(|index| span(tree, &ids, index)).collect()
}

/// The ids of the span of each node, as a link to it has them.
type Ids = BTreeMap<NodeIndex, Link>;

fn span(tree: &Tree<'_>, ids: &Ids, index: NodeIndex) -> Option<Span> {
    let node = tree.nodes.get(index)?;
    let Link { trace_id, span_id } = *ids.get(&index)?;
    let start = node.start?;
    let kind = kind(&node.what);
    let error = error_type(tree, node);
    let mut attributes = attributes(tree, node, index);
    attributes.set_known(key::ERROR_TYPE, error.as_deref());
    Some(Span {
        trace_id,
        span_id,
        parent_span_id: above(tree, ids, node).map(|parent| parent.span_id),
        links: links(tree, ids, node, index),
        kind,
        name: SpanShape::of(kind)?.name_with(&attributes),
        start,
        end: node.end.map(|end| end.max(start)),
        status: if error.is_some() { Status::Error } else { Status::Unset },
        attributes,
        events: events(node),
        settled: node.settled,
    })
}

fn kind(what: &What<'_>) -> SpanKind {
    match what {
        What::Turn(_) => SpanKind::Turn,
        What::Subagent(..) => SpanKind::Subagent,
        What::Tool(..) => SpanKind::Tool,
        What::Wait(wait) => match wait.reason {
            WaitReason::Permission => SpanKind::Permission,
            WaitReason::Elicitation { .. } => SpanKind::Elicitation,
        },
        What::Call(_) => SpanKind::Llm,
        What::Compaction(_) => SpanKind::Compaction,
    }
}

/// Derives the ids of every node below a turn, whose trace is that of the turn, or of the span that the turn lies below.
/// Parents come before children.
fn ids(tree: &Tree<'_>, order: &[NodeIndex]) -> Ids {
    let space = IdSpace { agent: tree.facts.agent.name, session: &tree.facts.session };
    let mut ids = Ids::new();
    for index in order {
        let Some(node) = tree.nodes.get(*index) else { continue };
        let key = key_of(&node.what);
        let trace_id = above(tree, &ids, node).map_or_else(|| space.trace(&key), |above| above.trace_id);
        ids.insert(*index, Link { trace_id, span_id: space.span(kind(&node.what), &key) });
    }
    ids
}

fn key_of<'t>(what: &'t What<'_>) -> Cow<'t, str> {
    match what {
        What::Turn(turn) => Cow::Borrowed(turn.key.as_str()),
        What::Subagent(id, _) => Cow::Borrowed(id.as_str()),
        What::Tool(id, _) => Cow::Borrowed(id.as_str()),
        What::Wait(wait) => wait.key(),
        What::Call(call) => Cow::Borrowed(call.key),
        What::Compaction(compaction) => compaction.key(),
    }
}

/// The span that a node lies below: that of its parent; of a turn, the one that its agent was started for.
fn above(tree: &Tree<'_>, ids: &Ids, node: &Node<'_>) -> Option<Link> {
    match node.parent {
        Some(parent) => ids.get(&parent).copied(),
        None => traces_around(tree, node).parent,
    }
}

/// What of others' traces was around a turn when it began.
fn traces_around(tree: &Tree<'_>, node: &Node<'_>) -> TraceContext {
    match &node.what {
        What::Turn(turn) => tree.facts.traces_around(&turn.facts),
        What::Subagent(..) | What::Tool(..) | What::Wait(_) | What::Call(_) | What::Compaction(_) => {
            TraceContext::default()
        }
    }
}

fn links(tree: &Tree<'_>, ids: &Ids, node: &Node<'_>, index: NodeIndex) -> Vec<Link> {
    let target = link(tree, node, index).and_then(|target| ids.get(&target)).copied();
    target.into_iter().chain(traces_around(tree, node).beside).collect()
}

/// A turn links to the one before it, a tool call to the call of the model that decided it.
fn link(tree: &Tree<'_>, node: &Node<'_>, index: NodeIndex) -> Option<NodeIndex> {
    match &node.what {
        What::Turn(_) => {
            let at = tree.turns.iter().position(|turn| *turn == index)?;
            tree.turns.get(at.checked_sub(1)?).copied()
        }
        What::Tool(_, tool) => tool.decided_by.value().and_then(|message| tree.answer(message)),
        What::Subagent(..) | What::Wait(_) | What::Call(_) | What::Compaction(_) => None,
    }
}

fn events(node: &Node<'_>) -> Vec<SpanEvent> {
    let What::Call(call) = &node.what else { return Vec::new() };
    let retried = call.retries.iter().filter_map(|retry| {
        let mut attributes = Attributes::default();
        attributes.set(key::ERROR_TYPE, retry.error.as_str());
        attributes.set_known(key::CLAUDE_CODE_REQUEST_ID, retry.request_id.as_ref());
        Some(SpanEvent { at: retry.at?, name: key::EVENT_API_RETRY, attributes })
    });
    retried.collect()
}

fn error_type(tree: &Tree<'_>, node: &Node<'_>) -> Option<String> {
    match &node.what {
        What::Turn(turn) => turn_error(&turn.facts).or_else(|| final_failure(tree, node)),
        What::Subagent(..) => final_failure(tree, node),
        What::Tool(_, tool) => outcome(tree.facts, tool).error_type(),
        What::Call(call) => failure(call),
        What::Wait(_) | What::Compaction(_) => None,
    }
}

/// The last word counts: an agent may go on after it was interrupted or gave up.
fn turn_error(turn: &TurnFacts) -> Option<String> {
    let last = turn.ended();
    match turn.failed.value() {
        Some(error) if turn.failed.at() == last => Some(error.clone()),
        _ => (turn.interrupted.is_known() && turn.interrupted.at() == last).then(|| INTERRUPTED.to_owned()),
    }
}

fn failure(call: &Call<'_>) -> Option<String> {
    match &call.outcome {
        CallOutcome::Answered(..) | CallOutcome::Reported(_) => None,
        CallOutcome::Failed(failed) => failed.error.value().cloned(),
    }
}

/// The error of the last call below a turn or subagent, if that call failed: the agent gave up on it.
fn final_failure(tree: &Tree<'_>, node: &Node<'_>) -> Option<String> {
    tree.written_calls_below(node).max_by_key(|call| call.start).and_then(failure)
}
