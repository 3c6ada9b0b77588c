//! The tree: what belongs below what, from merged facts to spans.

use crate::belief::Range;
use crate::calls::{Call, calls};
use crate::facts::{PermissionAsk, SessionFacts, SubagentFacts, ToolFacts, TurnFacts};
use crate::settle::{SessionEnd, session_end, settle};
use crate::spans::spans;
use crate::summary::summary;
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::id::{MessageId, PromptId, SubagentId, ToolUseId};
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
    /// When time alone will settle something that is not settled yet.
    pub settles_at: Option<UnixNanos>,
}

/// Makes the tree of a session. `now` only decides what has settled.
#[must_use]
pub fn assemble(facts: &SessionFacts, now: UnixNanos) -> Assembly {
    let mut tree = Tree::grow(facts);
    tree.fill_times();
    let settles_at = settle(&mut tree, now);
    let spans = spans(&tree);
    let session = summary(&tree, &spans);
    Assembly { session, spans, settles_at }
}

/// A node of the tree, by its place in [`Tree::nodes`].
pub(crate) type NodeIndex = usize;

/// What a node stands for.
#[derive(Debug)]
pub(crate) enum What<'a> {
    Turn(&'a PromptId, Option<&'a TurnFacts>),
    Subagent(&'a SubagentId, &'a SubagentFacts),
    Tool(&'a ToolUseId, &'a ToolFacts),
    Wait(&'a ToolUseId, &'a ToolFacts, &'a PermissionAsk),
    Call(Call<'a>),
}

/// Why a span ended where it ended, when no source says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inferred {
    SessionEnd,
    AgentGone,
    NextPrompt,
    TurnEnd,
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
            What::Turn(..) | What::Subagent(..) | What::Tool(..) | What::Wait(..) => None,
        }
    }
}

/// The tree of a session; its roots are the turns.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    pub(crate) facts: &'a SessionFacts,
    pub(crate) nodes: Vec<Node<'a>>,
    /// The turns in the order of their starts.
    pub(crate) turns: Vec<NodeIndex>,
    /// The prompts whose turns the agent wrote down to be over.
    pub(crate) recorded_turns: BTreeSet<&'a PromptId>,
    /// The end of the session, if nothing was seen after it.
    pub(crate) session_end: Option<SessionEnd>,
    turn_of_prompt: BTreeMap<&'a PromptId, NodeIndex>,
    answers: BTreeMap<&'a MessageId, NodeIndex>,
    subagents: BTreeMap<&'a SubagentId, NodeIndex>,
    tools: BTreeMap<&'a ToolUseId, NodeIndex>,
}

impl<'a> Tree<'a> {
    fn grow(facts: &'a SessionFacts) -> Self {
        let mut tree = Self {
            facts,
            nodes: Vec::new(),
            turns: Vec::new(),
            recorded_turns: facts.places.recorded_turns(),
            session_end: session_end(facts),
            turn_of_prompt: BTreeMap::new(),
            answers: BTreeMap::new(),
            subagents: BTreeMap::new(),
            tools: BTreeMap::new(),
        };
        let calls = calls(facts);
        tree.plant_turns(&calls);
        for (id, tool) in &facts.tools {
            let index = tree.plant(What::Tool(id, tool));
            tree.tools.insert(id, index);
        }
        for (id, subagent) in &facts.subagents {
            let index = tree.plant(What::Subagent(id, subagent));
            tree.subagents.insert(id, index);
        }
        for call in calls {
            let message = call.message();
            let index = tree.plant(What::Call(call));
            tree.answers.extend(message.map(|message| (message, index)));
        }
        for index in 0..tree.nodes.len() {
            if let Some(parent) = tree.parent_of(index)
                && !tree.attach(index, parent)
                && let Some(turn) = tree.turn_at(tree.nodes.get(index).and_then(|node| node.start))
            {
                tree.attach(index, turn);
            }
        }
        tree.plant_waits();
        tree
    }

    fn plant(&mut self, what: What<'a>) -> NodeIndex {
        let (start, end) = times_said(&what);
        self.nodes.push(Node {
            what,
            parent: None,
            children: Vec::new(),
            start,
            end,
            inferred: None,
            settled: false,
            seen: Range { first: start, last: end.or(start) },
        });
        self.nodes.len() - 1
    }

    /// A prompt makes a turn when a hook announced it or the model or a tool worked for it.
    fn plant_turns(&mut self, calls: &[Call<'a>]) {
        let facts = self.facts;
        let announced = facts.turns.iter().filter(|(_, turn)| turn.is_announced).map(|(prompt, _)| prompt);
        let called = calls.iter().filter_map(|call| prompt_of_call(facts, call));
        let used = facts.tools.values().filter_map(|tool| tool.prompt.value());
        let prompts: BTreeSet<&PromptId> = announced.chain(called).chain(used).collect();
        for prompt in prompts {
            let index = self.plant(What::Turn(prompt, facts.turns.get(prompt)));
            self.turns.push(index);
            self.turn_of_prompt.insert(prompt, index);
        }
        let start_of = |index: &NodeIndex| self.nodes.get(*index).and_then(|node| node.start);
        self.turns.sort_by_key(start_of);
        for stop in &facts.unnamed_stops {
            if let Some(turn) = self.turn_at(Some(*stop)).and_then(|turn| self.nodes.get_mut(turn)) {
                turn.end = turn.end.max(Some(*stop));
            }
        }
    }

    fn parent_of(&self, index: NodeIndex) -> Option<NodeIndex> {
        let facts = self.facts;
        match &self.nodes.get(index)?.what {
            What::Turn(..) | What::Wait(..) => None,
            What::Tool(_, tool) => self.owner(tool.owner(), tool.prompt.value(), tool.began()),
            What::Call(call) => self.owner(call.subagent, prompt_of_call(facts, call), call.start),
            What::Subagent(id, subagent) => {
                let said = subagent.description.value().and_then(|said| said.tool.as_ref());
                let launcher = said.and_then(|tool| self.tools.get(tool)).copied();
                let fallback = || self.owner(None, subagent.prompt.value(), subagent.started.at());
                launcher.or_else(|| self.launcher_of(id)).or_else(fallback)
            }
        }
    }

    /// The tool call that says it started this subagent.
    fn launcher_of(&self, id: &SubagentId) -> Option<NodeIndex> {
        let started = |tool: &ToolFacts| tool.started_subagent.value() == Some(id);
        let (tool, _) = self.facts.tools.iter().find(|(_, tool)| started(tool))?;
        self.tools.get(tool).copied()
    }

    fn owner(
        &self,
        subagent: Option<&SubagentId>,
        prompt: Option<&PromptId>,
        at: Option<UnixNanos>,
    ) -> Option<NodeIndex> {
        let within = subagent.and_then(|id| self.subagents.get(id));
        let turn = || prompt.and_then(|prompt| self.turn_of_prompt.get(prompt)).copied();
        within.copied().or_else(turn).or_else(|| self.turn_at(at))
    }

    /// The turn that was running at a time: the last that began before it, else the first.
    fn turn_at(&self, at: Option<UnixNanos>) -> Option<NodeIndex> {
        let began = |turn: &&NodeIndex| self.nodes.get(**turn).is_some_and(|turn| turn.start <= at);
        self.turns.iter().rev().find(began).or(self.turns.first()).copied()
    }

    fn attach(&mut self, child: NodeIndex, parent: NodeIndex) -> bool {
        // Facts that contradict each other could tie a knot: a subagent below its own tool call.
        if self.path(parent).any(|above| above == child) {
            return false;
        }
        if let Some(node) = self.nodes.get_mut(child) {
            node.parent = Some(parent);
        }
        if let Some(node) = self.nodes.get_mut(parent) {
            node.children.push(child);
        }
        true
    }

    /// The node and all above it.
    fn path(&self, from: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        std::iter::successors(Some(from), |index| self.nodes.get(*index).and_then(|node| node.parent))
    }

    /// The turn a node belongs to; `None` for one that belongs nowhere.
    pub(crate) fn turn_above(&self, index: NodeIndex) -> Option<&'a PromptId> {
        match self.nodes.get(self.path(index).last()?)?.what {
            What::Turn(prompt, _) => Some(prompt),
            What::Subagent(..) | What::Tool(..) | What::Wait(..) | What::Call(_) => None,
        }
    }

    /// Every call, in no particular order.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call<'a>> {
        self.nodes.iter().filter_map(Node::call)
    }

    /// The calls directly below a node.
    pub(crate) fn calls_below(&self, node: &Node<'_>) -> impl Iterator<Item = &Call<'a>> {
        node.children.iter().filter_map(|child| self.nodes.get(*child)?.call())
    }

    /// The node of an answer of the model.
    pub(crate) fn answer(&self, message: &MessageId) -> Option<NodeIndex> {
        self.answers.get(message).copied()
    }

    /// Finds for each question to a person the one call it can have been about. Where two calls fit, the agent has
    /// not said which, and neither gets it.
    fn plant_waits(&mut self) {
        for ask in &self.facts.permission_asks {
            let mut fitting = self.facts.tools.iter().filter(|(_, tool)| ask.fits(tool));
            let (Some((id, tool)), None) = (fitting.next(), fitting.next()) else { continue };
            // The agent also raises the question where nobody can answer, and then refuses by itself.
            if tool.decision.value().is_some_and(|decision| decision.by_person == Some(false)) {
                continue;
            }
            let wait = self.plant(What::Wait(id, tool, ask));
            if let Some(owner) = self.tools.get(id).copied() {
                self.attach(wait, owner);
            }
        }
    }

    /// Starts no source gave, and the span of time seen below each node.
    fn fill_times(&mut self) {
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
        let start_of = |index: &NodeIndex| self.nodes.get(*index).and_then(|node| node.start);
        let mut turns = std::mem::take(&mut self.turns);
        turns.sort_by_key(start_of);
        self.turns = turns;
    }

    /// Every node below a turn, children before parents.
    pub(crate) fn leaves_first(&self) -> Vec<NodeIndex> {
        let mut order = self.roots_first();
        order.reverse();
        order
    }

    /// Every node below a turn, parents before children, siblings by start.
    pub(crate) fn roots_first(&self) -> Vec<NodeIndex> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut open: Vec<NodeIndex> = self.turns.iter().rev().copied().collect();
        while let Some(index) = open.pop() {
            order.push(index);
            let Some(node) = self.nodes.get(index) else { continue };
            let mut children = node.children.clone();
            children.sort_by_key(|child| self.nodes.get(*child).and_then(|node| node.start));
            open.extend(children.into_iter().rev());
        }
        order
    }
}

/// The prompt a call was made for: what stands before it in the transcript, or what its tool calls say.
fn prompt_of_call<'a>(facts: &'a SessionFacts, call: &Call<'a>) -> Option<&'a PromptId> {
    let of_tools = || {
        let message = call.message()?;
        let decided = facts.tools.values().filter(|tool| tool.decided_by.value() == Some(message));
        decided.filter_map(|tool| tool.prompt.value()).min()
    };
    facts.places.prompt_at(call.subagent, call.first_offset).or_else(of_tools)
}

/// When a node began and ended, as far as its own sources say.
fn times_said(what: &What<'_>) -> (Option<UnixNanos>, Option<UnixNanos>) {
    match what {
        What::Turn(_, turn) => {
            let start = turn.and_then(|turn| turn.prompted.at());
            (start, not_before(start, turn.and_then(|turn| turn.ended())))
        }
        What::Subagent(_, subagent) => (subagent.started.at(), subagent.stopped.at()),
        What::Tool(_, tool) => {
            let start = tool.began();
            (start, not_before(start, tool.came_back()))
        }
        What::Wait(_, tool, ask) => (ask.at, not_before(ask.at, wait_end(tool))),
        What::Call(call) if call.is_complete() => (call.start, not_before(call.start, call.end)),
        What::Call(call) => (call.start, None),
    }
}

/// An end that is known, moved to the start where clocks of two sources disagree.
fn not_before(start: Option<UnixNanos>, end: Option<UnixNanos>) -> Option<UnixNanos> {
    end.map(|end| start.map_or(end, |start| end.max(start)))
}

/// When a person had answered: a refused call ends with the refusal, an allowed one then runs for its duration.
fn wait_end(tool: &ToolFacts) -> Option<UnixNanos> {
    let ended = tool.came_back()?;
    let run_ns = tool.duration_ms.value().map_or(0, |duration| duration.saturating_mul(1_000_000));
    Some(UnixNanos(ended.0.saturating_sub(run_ns)))
}
