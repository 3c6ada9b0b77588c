//! What was said about a session, merged. Merging is commutative and idempotent: order and repetition of events
//! leave no trace here.

use crate::belief::{Believed, Range};
use crate::place::Places;
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::event::{
    Event, Fact, FailureCause, Json, ModelAnswer, ModelRequest, PermissionDecision, Source,
    SubagentDescription, ToolFailure,
};
use tacho_model::id::{MessageId, PromptId, RequestId, RequestRef, SessionId, SubagentId, ToolUseId};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

/// The agent a session is with.
#[derive(Clone, Copy, Debug)]
pub struct AgentIdentity {
    /// Its name, as in ids.
    pub name: &'static str,
    /// Who serves its models.
    pub provider: &'static str,
}

/// Everything said about one session.
#[derive(Debug)]
pub struct SessionFacts {
    pub(crate) agent: AgentIdentity,
    pub(crate) session: SessionId,
    pub(crate) seen: Range,
    pub(crate) started: Believed<()>,
    pub(crate) ended: Believed<()>,
    pub(crate) gone: Believed<()>,
    pub(crate) version: Believed<String>,
    pub(crate) turns: BTreeMap<PromptId, TurnFacts>,
    pub(crate) tools: BTreeMap<ToolUseId, ToolFacts>,
    pub(crate) calls: BTreeMap<MessageId, CallFacts>,
    pub(crate) failed_calls: BTreeMap<String, FailedCall>,
    pub(crate) requests: BTreeMap<RequestRef, RequestFacts>,
    pub(crate) retries: BTreeSet<Retry>,
    pub(crate) subagents: BTreeMap<SubagentId, SubagentFacts>,
    pub(crate) permission_asks: BTreeSet<PermissionAsk>,
    /// Ends of turns that older agents do not name, by their observation.
    pub(crate) loose_stops: BTreeMap<[u8; 16], Event>,
    pub(crate) places: Places,
}

/// What was said about a turn.
#[derive(Debug)]
pub(crate) struct TurnFacts {
    pub(crate) prompted: Believed<()>,
    pub(crate) text: Believed<String>,
    pub(crate) permission_mode: Believed<String>,
    pub(crate) stopped: Believed<Option<String>>,
    pub(crate) failed: Believed<String>,
    /// Whether a hook announced the prompt; rows of a transcript alone need not be a turn.
    pub(crate) is_announced: bool,
}

/// What was said about a tool call.
#[derive(Debug)]
pub(crate) struct ToolFacts {
    pub(crate) name: Believed<String>,
    pub(crate) input: Believed<Json>,
    pub(crate) mcp_server: Believed<String>,
    pub(crate) on_server: bool,
    pub(crate) started: Believed<()>,
    /// How it came back, by a hook or, where no hook closes a call, by the transcript.
    pub(crate) ended: Believed<Option<ToolFailure>>,
    /// When its result stood in the transcript.
    pub(crate) recorded: Believed<()>,
    pub(crate) refused: Believed<()>,
    pub(crate) duration_ms: Believed<u64>,
    pub(crate) result: Believed<Json>,
    pub(crate) decision: Believed<PermissionDecision>,
    pub(crate) started_subagent: Believed<SubagentId>,
    pub(crate) decided_by: Believed<MessageId>,
    pub(crate) prompt: Believed<PromptId>,
    pub(crate) subagent: Believed<Option<SubagentId>>,
}

/// What was said about an answer of the model.
#[derive(Debug)]
pub(crate) struct CallFacts {
    pub(crate) request_id: Believed<RequestId>,
    pub(crate) request: Believed<RequestRef>,
    pub(crate) model: Believed<String>,
    pub(crate) requested_model: Believed<String>,
    pub(crate) effort: Believed<String>,
    pub(crate) stop_reason: Believed<String>,
    pub(crate) service_tier: Believed<String>,
    pub(crate) speed: Believed<String>,
    pub(crate) usage: Usage,
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) prompt: Believed<PromptId>,
    pub(crate) blocks: BTreeSet<BlockFacts>,
}

/// One block of an answer, in the order of the transcript.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockFacts {
    pub(crate) offset: Option<u64>,
    pub(crate) at: Option<UnixNanos>,
    pub(crate) block_ms: Option<u64>,
}

/// What was said about a call that failed for good.
#[derive(Debug)]
pub(crate) struct FailedCall {
    pub(crate) request_id: Option<RequestId>,
    pub(crate) error: Believed<String>,
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) offset: Option<u64>,
}

/// What was said about a request.
#[derive(Debug)]
pub(crate) struct RequestFacts {
    pub(crate) asked: Believed<ModelRequest>,
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) offset: Option<u64>,
}

/// An attempt that failed and was followed by another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Retry {
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) offset: Option<u64>,
    pub(crate) at: Option<UnixNanos>,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) error: String,
}

/// What was said about a subagent.
#[derive(Debug)]
pub(crate) struct SubagentFacts {
    pub(crate) started: Believed<()>,
    pub(crate) stopped: Believed<Option<String>>,
    pub(crate) kind: Believed<String>,
    pub(crate) description: Believed<SubagentDescription>,
    pub(crate) prompt: Believed<PromptId>,
}

/// A question to a person about a tool call that the agent did not name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PermissionAsk {
    pub(crate) at: Option<UnixNanos>,
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) name: String,
    pub(crate) input: Json,
}

impl SessionFacts {
    /// Nothing said yet.
    #[must_use]
    pub fn new(agent: AgentIdentity, session: SessionId) -> Self {
        Self {
            agent,
            session,
            seen: Range::default(),
            started: Believed::earliest(),
            ended: Believed::latest(),
            gone: Believed::latest(),
            version: Believed::latest(),
            turns: BTreeMap::new(),
            tools: BTreeMap::new(),
            calls: BTreeMap::new(),
            failed_calls: BTreeMap::new(),
            requests: BTreeMap::new(),
            retries: BTreeSet::new(),
            subagents: BTreeMap::new(),
            permission_asks: BTreeSet::new(),
            loose_stops: BTreeMap::new(),
            places: Places::default(),
        }
    }

    /// The session all of it is about.
    #[must_use]
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// Name of the agent the session is with.
    #[must_use]
    pub const fn agent_name(&self) -> &'static str {
        self.agent.name
    }

    /// The last time anything was seen of it.
    #[must_use]
    pub const fn last_seen(&self) -> Option<UnixNanos> {
        self.seen.last
    }

    /// Takes an event in.
    pub fn add(&mut self, event: &Event) {
        let (source, at) = (event.source, event.at);
        if source != Source::Recorder {
            self.seen.include(at);
        }
        self.places.include(event);
        match &event.fact {
            Fact::SessionStarted { .. } => self.started.hear(source, at, ()),
            Fact::SessionEnded { .. } => self.ended.hear(source, at, ()),
            Fact::AgentGone => self.gone.hear(source, at, ()),
            Fact::Prompted { .. } | Fact::Stopped { .. } | Fact::StopFailed { .. } => self.add_to_turn(event),
            Fact::ToolStarted(_) | Fact::ToolEnded(_) | Fact::ToolRecorded(_) | Fact::PermissionRefused { .. } => {
                self.add_to_tool(event);
            }
            Fact::PermissionAsked { name, input } => {
                let (name, input) = (name.clone(), input.clone());
                self.permission_asks.insert(PermissionAsk { at, subagent: event.subagent.clone(), name, input });
            }
            Fact::SubagentStarted { .. } | Fact::SubagentStopped { .. } | Fact::SubagentDescribed(_) => {
                self.add_to_subagent(event);
            }
            Fact::ModelAsked(_)
            | Fact::ModelAnswered(_)
            | Fact::ModelRetried { .. }
            | Fact::ModelFailed { .. } => self.add_to_calls(event),
            Fact::TurnRecorded | Fact::Other { .. } => {}
        }
    }

    fn add_to_turn(&mut self, event: &Event) {
        let (source, at) = (event.source, event.at);
        if event.subagent.is_some() {
            return;
        }
        let Some(prompt) = event.prompt.clone().or_else(|| announced_without_id(event)) else {
            self.loose_stops.insert(event.observation, event.clone());
            return;
        };
        let turn = self.turns.entry(prompt).or_default();
        match &event.fact {
            Fact::Prompted { text, permission_mode, agent_version } => {
                turn.is_announced |= source == Source::Hook;
                turn.prompted.hear(source, at, ());
                turn.text.hear_known(source, at, text.clone());
                turn.permission_mode.hear_known(source, at, permission_mode.clone());
                self.version.hear_known(source, at, agent_version.clone());
            }
            Fact::Stopped { last_message } => turn.stopped.hear(source, at, last_message.clone()),
            Fact::StopFailed { error } => turn.failed.hear(source, at, error.clone()),
            _ => {}
        }
    }

    fn tool(&mut self, id: &ToolUseId, event: &Event) -> &mut ToolFacts {
        let tool = self.tools.entry(id.clone()).or_default();
        tool.prompt.hear_known(event.source, event.at, event.prompt.clone());
        tool.subagent.hear(event.source, event.at, event.subagent.clone());
        tool
    }

    fn add_to_tool(&mut self, event: &Event) {
        let (source, at) = (event.source, event.at);
        match &event.fact {
            Fact::ToolStarted(said) => {
                let tool = self.tool(&said.tool, event);
                tool.started.hear(source, at, ());
                tool.describe(event, &said.name, &said.input, said.mcp_server.as_ref());
            }
            Fact::ToolEnded(said) => {
                let tool = self.tool(&said.tool, event);
                tool.describe(event, &said.name, &said.input, said.mcp_server.as_ref());
                tool.ended.hear(source, at, said.failure.clone());
                tool.duration_ms.hear_known(source, at, said.duration_ms);
                tool.result.hear_known(source, at, said.result.clone());
                tool.started_subagent.hear_known(source, at, said.started_subagent.clone());
            }
            Fact::ToolRecorded(said) => {
                let tool = self.tool(&said.tool, event);
                tool.recorded.hear(source, at, ());
                tool.ended.hear(source, at, said.failure.clone());
                tool.decision.hear_known(source, at, said.decision.clone());
                tool.started_subagent.hear_known(source, at, said.started_subagent.clone());
            }
            Fact::PermissionRefused { tool } => self.tool(tool, event).refused.hear(source, at, ()),
            _ => {}
        }
    }

    fn add_to_subagent(&mut self, event: &Event) {
        let (source, at) = (event.source, event.at);
        let Some(id) = &event.subagent else { return };
        // The agent ends helpers of its own with an empty type; they are no subagents.
        if matches!(&event.fact, Fact::SubagentStopped { kind, .. } if kind.is_empty()) {
            return;
        }
        let subagent = self.subagents.entry(id.clone()).or_default();
        subagent.prompt.hear_known(source, at, event.prompt.clone());
        match &event.fact {
            Fact::SubagentStarted { kind } => {
                subagent.started.hear(source, at, ());
                subagent.kind.hear(source, at, kind.clone());
            }
            Fact::SubagentStopped { kind, last_message } => {
                subagent.stopped.hear(source, at, last_message.clone());
                subagent.kind.hear(source, at, kind.clone());
            }
            Fact::SubagentDescribed(description) => {
                subagent.kind.hear_known(source, at, description.kind.clone());
                subagent.description.hear(source, at, description.clone());
            }
            _ => {}
        }
    }

    fn add_to_calls(&mut self, event: &Event) {
        let (source, at, subagent) = (event.source, event.at, event.subagent.clone());
        match &event.fact {
            Fact::ModelAsked(asked) => {
                let request = self.requests.entry(asked.request.clone()).or_insert_with(|| RequestFacts {
                    asked: Believed::earliest(),
                    subagent,
                    offset: event.offset,
                });
                request.asked.hear(source, at, asked.clone());
            }
            Fact::ModelAnswered(answer) => self.add_answer(event, answer),
            Fact::ModelRetried { request_id, error } => {
                let (request_id, error) = (request_id.clone(), error.clone());
                self.retries.insert(Retry { subagent, offset: event.offset, at, request_id, error });
            }
            Fact::ModelFailed { request_id, row, error } => {
                let key = request_id.as_ref().map_or_else(|| row.clone(), |id| id.as_str().to_owned());
                let failed = self.failed_calls.entry(key).or_insert_with(|| FailedCall {
                    request_id: request_id.clone(),
                    error: Believed::earliest(),
                    subagent,
                    offset: event.offset,
                });
                failed.error.hear(source, at, error.clone());
            }
            _ => {}
        }
    }

    fn add_answer(&mut self, event: &Event, answer: &ModelAnswer) {
        let (source, at) = (event.source, event.at);
        let call = self.calls.entry(answer.message.clone()).or_insert_with(|| CallFacts::of(event));
        call.request_id.hear_known(source, at, answer.request_id.clone());
        call.request.hear_known(source, at, answer.request.clone());
        call.model.hear_known(source, at, answer.model.clone());
        call.requested_model.hear_known(source, at, answer.requested_model.clone());
        call.effort.hear_known(source, at, answer.effort.clone());
        call.stop_reason.hear_known(source, at, answer.stop_reason.clone());
        call.service_tier.hear_known(source, at, answer.service_tier.clone());
        call.speed.hear_known(source, at, answer.speed.clone());
        call.prompt.hear_known(source, at, event.prompt.clone());
        call.usage = call.usage.merged(answer.usage);
        call.blocks.insert(BlockFacts { offset: event.offset, at, block_ms: answer.block_ms });
        if let Some(asked) = &answer.tool {
            let tool = self.tool(&asked.tool, event);
            tool.on_server |= asked.on_server;
            tool.started.hear(source, at, ());
            tool.decided_by.hear(source, at, answer.message.clone());
            tool.describe(event, &asked.name, &asked.input, None);
        }
    }
}

/// Older agents announce a prompt without naming it: the announcement itself names the turn.
fn announced_without_id(event: &Event) -> Option<PromptId> {
    let is_announcement = event.source == Source::Hook && matches!(event.fact, Fact::Prompted { .. });
    is_announcement
        .then(|| PromptId(event.observation.iter().map(|byte| format!("{byte:02x}")).collect()))
}

impl ToolFacts {
    fn describe(&mut self, event: &Event, name: &str, input: &Json, mcp_server: Option<&String>) {
        self.name.hear(event.source, event.at, name.to_owned());
        self.input.hear(event.source, event.at, input.clone());
        self.mcp_server.hear_known(event.source, event.at, mcp_server.cloned());
    }

    /// The failure it came back with: `None` while it has not come back, `Some(None)` when all went well.
    pub(crate) fn outcome(&self) -> Option<Option<&ToolFailure>> {
        self.ended.value().map(Option::as_ref)
    }

    /// Whether a hook closed it; a call the transcript alone closes may still get its hook.
    pub(crate) fn is_reported(&self) -> bool {
        self.ended.source() == Some(Source::Hook)
    }

    pub(crate) fn is_denied(&self) -> bool {
        let cause = self.outcome().flatten().map(|failure| failure.cause);
        cause == Some(FailureCause::Denied) || self.refused.is_known()
    }
}

impl Default for TurnFacts {
    fn default() -> Self {
        Self {
            prompted: Believed::earliest(),
            text: Believed::earliest(),
            permission_mode: Believed::earliest(),
            stopped: Believed::latest(),
            failed: Believed::latest(),
            is_announced: false,
        }
    }
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
            recorded: Believed::earliest(),
            refused: Believed::earliest(),
            duration_ms: Believed::earliest(),
            result: Believed::earliest(),
            decision: Believed::earliest(),
            started_subagent: Believed::earliest(),
            decided_by: Believed::earliest(),
            prompt: Believed::earliest(),
            subagent: Believed::earliest(),
        }
    }
}

impl Default for SubagentFacts {
    fn default() -> Self {
        Self {
            started: Believed::earliest(),
            stopped: Believed::latest(),
            kind: Believed::earliest(),
            description: Believed::latest(),
            prompt: Believed::earliest(),
        }
    }
}

impl CallFacts {
    fn of(event: &Event) -> Self {
        Self {
            request_id: Believed::earliest(),
            request: Believed::earliest(),
            model: Believed::earliest(),
            requested_model: Believed::earliest(),
            effort: Believed::earliest(),
            stop_reason: Believed::latest(),
            service_tier: Believed::latest(),
            speed: Believed::latest(),
            usage: Usage::default(),
            subagent: event.subagent.clone(),
            prompt: Believed::earliest(),
            blocks: BTreeSet::new(),
        }
    }
}
