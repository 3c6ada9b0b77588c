//! What was said about tools that asked a person for something.

use crate::facts::ToolFacts;
use tacho_model::event::Event;
use tacho_model::id::{PromptId, SubagentId};
use tacho_model::time::UnixNanos;

/// A question of a tool, or the answer to one. The agent names the server, not the call.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ElicitationStatement {
    pub(crate) at: UnixNanos,
    pub(crate) server: String,
    pub(crate) step: ElicitationStep,
    prompt: Option<PromptId>,
    subagent: Option<SubagentId>,
}

/// Whether it is the question or the answer.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ElicitationStep {
    Asked { mode: Option<String> },
    Answered { action: Option<String> },
}

impl ElicitationStatement {
    /// `None` for a statement without a time or a server: it could be about any call.
    pub(crate) fn of(event: &Event, server: Option<&String>, step: ElicitationStep) -> Option<Self> {
        Some(Self {
            at: event.at?,
            server: server?.clone(),
            step,
            prompt: event.prompt.clone(),
            subagent: event.subagent.clone(),
        })
    }

    /// Whether it can have been about this call.
    pub(crate) fn fits(&self, tool: &ToolFacts) -> bool {
        let prompt = tool.prompt.value();
        let is_same_turn = self.prompt.is_none() || prompt.is_none() || self.prompt.as_ref() == prompt;
        tool.mcp_server.value() == Some(&self.server)
            && is_same_turn
            && (self.subagent.is_none() || self.subagent.as_ref() == tool.owner())
            && tool.started.at().is_some_and(|started| started <= self.at)
            && tool.came_back().is_none_or(|back| back >= self.at)
    }
}
