//! How the tree grows: what becomes a node, and below what it belongs.

use super::times::{Times, times_said};
use super::{Node, NodeIndex, Tree, What};
use crate::belief::Range;
use crate::calls::{Call, calls};
use crate::compactions::{Compacting, compactions};
use crate::facts::{SessionFacts, ToolFacts};
use crate::price::Prices;
use crate::settle::session_end;
use crate::turns::turns;
use crate::waits::{perhaps_asked, waits};
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::id::{PromptId, SubagentId};
use tacho_model::time::UnixNanos;

impl<'a> Tree<'a> {
    pub(super) fn grow(facts: &'a SessionFacts, prices: &'a Prices) -> Self {
        let mut tree = Self {
            facts,
            price_table: prices.version(),
            nodes: Vec::new(),
            turns: Vec::new(),
            recorded_turns: facts.places.recorded_turns(|at| !facts.is_inherited(at)),
            session_end: session_end(facts),
            perhaps_asked: perhaps_asked(facts),
            after_compaction: BTreeSet::new(),
            first_calls: BTreeSet::new(),
            turn_of_prompt: BTreeMap::new(),
            answers: BTreeMap::new(),
            subagents: BTreeMap::new(),
            tools: BTreeMap::new(),
        };
        let (calls, compactions) = (calls(facts, prices), compactions(facts));
        tree.plant_turns(&calls, &compactions);
        for (id, tool) in facts.own_tools() {
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
        for compaction in compactions {
            tree.mark_next_call(&compaction);
            tree.plant(What::Compaction(compaction));
        }
        for index in 0..tree.nodes.len() {
            tree.find_place(index);
        }
        for wait in waits(facts) {
            let Some(tool) = tree.tools.get(wait.tool).copied() else { continue };
            let index = tree.plant(What::Wait(wait));
            tree.attach(index, tool);
        }
        tree
    }

    fn plant(&mut self, what: What<'a>) -> NodeIndex {
        let Times { start, end, seen, inferred } = times_said(&what);
        self.nodes.push(Node {
            what,
            parent: None,
            children: Vec::new(),
            start,
            end,
            inferred,
            settled: false,
            seen: Range { first: start, last: end.or(seen).or(start) },
        });
        self.nodes.len() - 1
    }

    fn plant_turns(&mut self, calls: &[Call<'a>], compactions: &[Compacting<'a>]) {
        let facts = self.facts;
        let called = calls.iter().filter_map(|call| prompt_of_call(facts, call));
        let used = facts.own_tools().filter_map(|(_, tool)| tool.prompt.value());
        let compacted = compactions.iter().filter_map(|compaction| compaction.prompt);
        let turns = turns(facts, called.chain(used).chain(compacted));
        for turn in turns.turns {
            let key = turn.key;
            let index = self.plant(What::Turn(turn));
            self.turns.push(index);
            self.turn_of_prompt.insert(key, index);
        }
        for (prompt, key) in turns.keys {
            let index = self.turn_of_prompt.get(key).copied();
            self.turn_of_prompt.extend(index.map(|index| (prompt, index)));
        }
        self.sort_turns();
        self.end_turns_of_compactions(compactions);
    }

    /// A compaction that a person asked for is all there is of its turn, and no hook says that the turn is over.
    fn end_turns_of_compactions(&mut self, compactions: &[Compacting<'a>]) {
        for compaction in compactions {
            let turn = compaction.prompt.and_then(|prompt| self.turn_of_prompt.get(prompt));
            let Some(node) = turn.and_then(|turn| self.nodes.get_mut(*turn)) else { continue };
            if matches!(&node.what, What::Turn(turn) if !turn.facts.is_announced) {
                node.end = node.end.max(compaction.ended);
            }
        }
    }

    /// Finds the call that a compaction was made for: the first one of the same agent after it.
    fn mark_next_call(&mut self, compaction: &Compacting<'a>) {
        let Some(ended) = compaction.ended else { return };
        let calls = self.nodes.iter().enumerate().filter_map(|(index, node)| Some((index, node.call()?)));
        let later = calls
            .filter(|(_, call)| call.subagent == compaction.subagent)
            .filter_map(|(index, call)| Some((call.start.filter(|start| *start >= ended)?, index)));
        self.after_compaction.extend(later.min().map(|(_, index)| index));
    }

    fn find_place(&mut self, index: NodeIndex) {
        let Some(parent) = self.parent_of(index) else { return };
        if !self.attach(index, parent)
            && let Some(turn) = self.turn_at(self.nodes.get(index).and_then(|node| node.start))
        {
            self.attach(index, turn);
        }
    }

    fn parent_of(&self, index: NodeIndex) -> Option<NodeIndex> {
        let facts = self.facts;
        match &self.nodes.get(index)?.what {
            What::Turn(_) | What::Wait(_) => None,
            What::Tool(_, tool) => self.owner(tool.owner(), tool.prompt.value(), tool.began()),
            What::Call(call) => self.owner(call.subagent, prompt_of_call(facts, call), call.start),
            What::Compaction(compaction) => {
                self.owner(compaction.subagent, compaction.prompt, compaction.began)
            }
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
}

/// The prompt a call was made for: what stands before it in the transcript, or what its tool calls say.
fn prompt_of_call<'a>(facts: &'a SessionFacts, call: &Call<'a>) -> Option<&'a PromptId> {
    let of_tools = || {
        let message = call.message()?;
        let decided = facts.tools.values().filter(|tool| tool.decided_by.value() == Some(message));
        decided.filter_map(|tool| tool.prompt.value()).min()
    };
    let measured = || call.report.and_then(|report| report.prompt.value());
    facts.places.prompt_at(call.subagent, call.first_offset).or_else(of_tools).or_else(measured)
}
