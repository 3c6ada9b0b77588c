//! The tree: what a session consists of and what belongs below what. How it grows is `tree/grow.rs`, when its parts
//! begin and end `tree/times.rs`.

mod grow;
mod order;
mod times;

use crate::belief::Range;
use crate::calls::Call;
use crate::compactions::Compacting;
use crate::facts::{SessionFacts, SubagentFacts, ToolFacts};
use crate::moments::moments;
use crate::place::Recorded;
use crate::price::Prices;
use crate::settle::{SessionEnd, settle};
use crate::spans::spans;
use crate::summary::summary;
use crate::turns::Turn;
use crate::waits::Wait;
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::id::{MessageId, PromptId, SubagentId, ToolUseId};
use tacho_model::log::Moment;
use tacho_model::session::Session;
use tacho_model::span::Span;
use tacho_model::time::UnixNanos;

/// A session as it is understood at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Assembly {
    /// Its summary.
    pub session: Session,
    /// Its spans, parents before children, siblings by start.
    pub spans: Vec<Span>,
    /// What happened beside them, in its order.
    pub moments: Vec<Moment>,
    /// When time alone will settle something that is not settled yet.
    pub settles_at: Option<UnixNanos>,
    /// When a hook told of it first; what happened before is known from elsewhere.
    pub told_since: Option<UnixNanos>,
}

/// Makes the tree of a session, with what its calls cost by these prices. `now` only decides what has settled.
#[must_use]
pub fn assemble(facts: &SessionFacts, prices: &Prices, now: UnixNanos) -> Assembly {
    let mut tree = Tree::grow(facts, prices);
    tree.fill_times();
    tree.mark_first_calls();
    let settles_at = settle(&mut tree, now);
    let spans = spans(&tree);
    let session = summary(&tree, &spans);
    let moments = moments(&tree, &session, &spans);
    Assembly { session, spans, moments, settles_at, told_since: facts.told.first }
}

/// A node of the tree, by its place in [`Tree::nodes`].
pub(crate) type NodeIndex = usize;

/// What a node stands for.
#[derive(Debug)]
pub(crate) enum What<'a> {
    Turn(Turn<'a>),
    Subagent(&'a SubagentId, &'a SubagentFacts),
    Tool(&'a ToolUseId, &'a ToolFacts),
    Wait(Wait<'a>),
    Call(Call<'a>),
    Compaction(Compacting<'a>),
}

/// Why a span ended where it ended, when no source says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inferred {
    SessionEnd,
    AgentGone,
    NextPrompt,
    Idle,
    TurnEnd,
    ToolEnd,
    NextStep,
}

/// One node.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) what: What<'a>,
    pub(crate) parent: Option<NodeIndex>,
    pub(crate) children: Vec<NodeIndex>,
    pub(crate) start: Option<UnixNanos>,
    pub(crate) end: Option<UnixNanos>,
    pub(crate) inferred: Option<Inferred>,
    pub(crate) settled: bool,
    /// Everything seen at or below the node.
    pub(crate) seen: Range,
}

impl<'a> Node<'a> {
    const fn call(&self) -> Option<&Call<'a>> {
        match &self.what {
            What::Call(call) => Some(call),
            What::Turn(_) | What::Subagent(..) | What::Tool(..) | What::Wait(_) | What::Compaction(_) => None,
        }
    }
}

/// The tree of a session; its roots are the turns.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    pub(crate) facts: &'a SessionFacts,
    /// The state of the prices by which its calls are priced.
    pub(crate) price_table: String,
    pub(crate) nodes: Vec<Node<'a>>,
    /// The turns in the order of their starts.
    pub(crate) turns: Vec<NodeIndex>,
    /// What the agent wrote down of turns when they were over, by their prompts.
    pub(crate) recorded_turns: BTreeMap<&'a PromptId, Recorded>,
    /// The end of the session, if nothing was seen after it.
    pub(crate) session_end: Option<SessionEnd>,
    /// Tool calls of which it is not known whether a person was asked.
    pub(crate) perhaps_asked: BTreeSet<&'a ToolUseId>,
    /// The first calls after compactions.
    pub(crate) after_compaction: BTreeSet<NodeIndex>,
    /// The first calls of turns and subagents, of those that stand in a transcript.
    pub(crate) first_calls: BTreeSet<NodeIndex>,
    turn_of_prompt: BTreeMap<&'a PromptId, NodeIndex>,
    answers: BTreeMap<&'a MessageId, NodeIndex>,
    subagents: BTreeMap<&'a SubagentId, NodeIndex>,
    tools: BTreeMap<&'a ToolUseId, NodeIndex>,
}

impl<'a> Tree<'a> {
    /// The node and all above it.
    fn path(&self, from: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        std::iter::successors(Some(from), |index| self.nodes.get(*index).and_then(|node| node.parent))
    }

    /// The turn a node belongs to; `None` for one that belongs nowhere.
    pub(crate) fn turn_above(&self, index: NodeIndex) -> Option<&Turn<'a>> {
        match &self.nodes.get(self.path(index).last()?)?.what {
            What::Turn(turn) => Some(turn),
            What::Subagent(..) | What::Tool(..) | What::Wait(_) | What::Call(_) | What::Compaction(_) => None,
        }
    }

    /// What the agent wrote down of a turn when it was over; `None` where it wrote nothing yet.
    pub(crate) fn recorded(&self, turn: &Turn<'_>) -> Option<Recorded> {
        [Some(turn.key), turn.prompt]
            .into_iter()
            .flatten()
            .find_map(|prompt| self.recorded_turns.get(prompt))
            .copied()
    }

    /// The turn that was running at a time: the last that began before it, else the first.
    fn turn_at(&self, at: Option<UnixNanos>) -> Option<NodeIndex> {
        let began = |turn: &&NodeIndex| self.nodes.get(**turn).is_some_and(|turn| turn.start <= at);
        self.turns.iter().rev().find(began).or(self.turns.first()).copied()
    }

    /// Every call, in no particular order.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call<'a>> {
        self.nodes.iter().filter_map(Node::call)
    }

    /// The calls directly below a node.
    pub(crate) fn calls_below(&self, node: &Node<'_>) -> impl Iterator<Item = &Call<'a>> {
        node.children.iter().filter_map(|child| self.nodes.get(*child)?.call())
    }

    /// Those of them that stand in a transcript: what the conversation is made of.
    pub(crate) fn written_calls_below(&self, node: &Node<'_>) -> impl Iterator<Item = &Call<'a>> {
        self.calls_below(node).filter(|call| !call.is_unwritten())
    }

    /// Finds the call that each turn and each subagent began with.
    fn mark_first_calls(&mut self) {
        let first = |node: &Node<'_>| {
            let calls = node.children.iter().filter_map(|child| Some((*child, self.nodes.get(*child)?)));
            let written = calls.filter(|(_, node)| node.call().is_some_and(|call| !call.is_unwritten()));
            written.min_by_key(|(_, node)| node.call().and_then(|call| call.start)).map(|(index, _)| index)
        };
        self.first_calls = self.nodes.iter().filter_map(first).collect();
    }

    /// The node of an answer of the model.
    pub(crate) fn answer(&self, message: &MessageId) -> Option<NodeIndex> {
        self.answers.get(message).copied()
    }
}
