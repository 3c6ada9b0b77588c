//! What was said about a tool call.

use crate::belief::Believed;
use tacho_model::event::{
    AnsweredTool, Event, FailureCause, Json, LineChange, Makes, PermissionDecision, Printed, ShellCommand,
    Source, ToolDeed, ToolEnd, ToolFailure, ToolRecord, ToolStart,
};
use tacho_model::id::{MessageId, PromptId, SubagentId};
use tacho_model::time::UnixNanos;

/// Statements about one tool call.
#[derive(Debug)]
pub(crate) struct ToolFacts {
    pub(crate) name: Believed<String>,
    pub(crate) input: Believed<Json>,
    pub(crate) mcp_server: Believed<String>,
    pub(crate) on_server: bool,
    pub(crate) started: Believed<()>,
    /// How it came back, by a hook or, where no hook closes a call, by the transcript.
    pub(crate) ended: Believed<Option<ToolFailure>>,
    /// When the model was given what it came to.
    pub(crate) returned: Believed<()>,
    /// When its result stood in the transcript.
    pub(crate) recorded: Believed<()>,
    pub(crate) refused: Believed<()>,
    pub(crate) duration_ms: Believed<u64>,
    pub(crate) result: Believed<Json>,
    /// What the model was given of it.
    pub(crate) response: Believed<Json>,
    pub(crate) decision: Believed<PermissionDecision>,
    /// When a person decided.
    pub(crate) answered: Believed<()>,
    pub(crate) started_subagent: Believed<SubagentId>,
    pub(crate) decided_by: Believed<MessageId>,
    pub(crate) command: Believed<ShellCommand>,
    pub(crate) skill: Believed<String>,
    pub(crate) lines: Believed<LineChange>,
    /// What its output looks to have made.
    pub(crate) printed: Believed<Printed>,
    pub(crate) prompt: Believed<PromptId>,
    pub(crate) subagent: Believed<Option<SubagentId>>,
}

impl Default for ToolFacts {
    fn default() -> Self {
        Self {
            name: Believed::earliest(),
            input: Believed::earliest(),
            mcp_server: Believed::earliest(),
            on_server: false,
            started: Believed::earliest(),
            ended: Believed::earliest(),
            returned: Believed::earliest(),
            recorded: Believed::earliest(),
            refused: Believed::earliest(),
            duration_ms: Believed::earliest(),
            result: Believed::earliest(),
            response: Believed::earliest(),
            decision: Believed::earliest(),
            answered: Believed::earliest(),
            started_subagent: Believed::earliest(),
            decided_by: Believed::earliest(),
            command: Believed::earliest(),
            skill: Believed::earliest(),
            lines: Believed::earliest(),
            printed: Believed::earliest(),
            prompt: Believed::earliest(),
            subagent: Believed::earliest(),
        }
    }
}

impl ToolFacts {
    /// The model asked for the call.
    pub(crate) fn hear_decision(&mut self, event: &Event, asked: &AnsweredTool, message: &MessageId) {
        self.on_server |= asked.on_server;
        self.started.hear(event, &());
        self.decided_by.hear(event, message);
        self.name.hear(event, &asked.name);
        self.input.hear(event, &asked.input);
    }

    pub(crate) fn hear_start(&mut self, event: &Event, said: &ToolStart) {
        self.started.hear(event, &());
        self.name.hear(event, &said.name);
        self.input.hear(event, &said.input);
        self.mcp_server.hear_known(event, said.mcp_server.as_ref());
    }

    pub(crate) fn hear_decided(&mut self, event: &Event, said: &PermissionDecision) {
        self.decision.hear(event, said);
        if said.by_person() == Some(true) {
            self.answered.hear(event, &());
        }
    }

    pub(crate) fn hear_deed(&mut self, event: &Event, deed: &ToolDeed) {
        match deed {
            ToolDeed::Ran(command) => self.command.hear(event, command),
            ToolDeed::UsedSkill(name) => self.skill.hear(event, name),
            ToolDeed::ChangedLines(lines) => self.lines.hear(event, lines),
            ToolDeed::Printed(printed) => self.printed.hear(event, printed),
        }
    }

    /// What it made: what its output has, as far as its command makes such a thing.
    pub(crate) fn made(&self) -> Printed {
        let (Some(command), Some(printed)) = (self.command.value(), self.printed.value()) else {
            return Printed::default();
        };
        let makes = |what: Makes| command.makes.has(what);
        Printed {
            revision: printed.revision.clone().filter(|_| makes(Makes::COMMIT)),
            change: printed.change.clone().filter(|_| makes(Makes::CHANGE)),
            issue: printed.issue.clone().filter(|_| makes(Makes::ISSUE)),
        }
    }

    pub(crate) fn hear_end(&mut self, event: &Event, said: &ToolEnd) {
        self.ended.hear(event, &said.failure);
        self.hear_call(event, said);
    }

    /// The model was given what the call came to. Whether all went well is not said, only failures may be.
    pub(crate) fn hear_return(&mut self, event: &Event, said: &ToolEnd) {
        self.returned.hear(event, &());
        self.ended.hear_known(event, said.failure.is_some().then_some(&said.failure));
        self.hear_call(event, said);
    }

    fn hear_call(&mut self, event: &Event, said: &ToolEnd) {
        self.name.hear(event, &said.name);
        self.input.hear(event, &said.input);
        self.mcp_server.hear_known(event, said.mcp_server.as_ref());
        self.duration_ms.hear_known(event, said.duration_ms.as_ref());
        self.result.hear_known(event, said.result.as_ref());
        self.started_subagent.hear_known(event, said.started_subagent.as_ref());
    }

    pub(crate) fn hear_record(&mut self, event: &Event, said: &ToolRecord) {
        self.recorded.hear(event, &());
        self.ended.hear(event, &said.failure);
        self.decision.hear_known(event, said.decision.as_ref());
        self.response.hear_known(event, said.response.as_ref());
        self.started_subagent.hear_known(event, said.started_subagent.as_ref());
    }

    /// Whether all its sources have spoken: its row stands in the transcript, and a hook closed it unless it never
    /// ran.
    pub(crate) fn is_written(&self) -> bool {
        let is_reported = self.ended.source() == Some(Source::Hook);
        self.recorded.is_known() && (is_reported || self.on_server || self.never_ran())
    }

    /// Whether somebody kept it from running.
    fn never_ran(&self) -> bool {
        let cause = self.failure().map(|failure| failure.cause);
        matches!(cause, Some(FailureCause::Denied | FailureCause::Refused(_))) || self.refused.is_known()
    }

    /// What it came back with, if it did not go well.
    pub(crate) fn failure(&self) -> Option<&ToolFailure> {
        self.ended.value().and_then(Option::as_ref)
    }

    /// When it was decided or, failing that, came back.
    pub(crate) fn began(&self) -> Option<UnixNanos> {
        self.started.at().or(self.came_back())
    }

    /// When it came back or was refused.
    pub(crate) fn came_back(&self) -> Option<UnixNanos> {
        self.ended.at().or(self.refused.at()).or(self.returned.at())
    }

    /// The subagent it ran in, if not the main agent.
    pub(crate) fn owner(&self) -> Option<&SubagentId> {
        self.subagent.value().and_then(Option::as_ref)
    }
}

/// A question to a person about a tool call that the agent did not name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PermissionAsk {
    pub(crate) at: Option<UnixNanos>,
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) name: String,
    pub(crate) input: Json,
}

impl PermissionAsk {
    pub(crate) fn of(event: &Event, name: &str, input: &Json) -> Self {
        Self { at: event.at, subagent: event.subagent.clone(), name: name.to_owned(), input: input.clone() }
    }

    /// Whether the question can have been about this call.
    pub(crate) fn fits(&self, tool: &ToolFacts) -> bool {
        tool.name.value() == Some(&self.name)
            && tool.input.value() == Some(&self.input)
            && tool.owner() == self.subagent.as_ref()
            && tool.started.at() <= self.at
            && tool.ended.at().is_none_or(|ended| Some(ended) >= self.at)
    }
}
