//! Spans and the summary, made from the finished tree.

use crate::calls::{Call, CallOutcome};
use crate::facts::{SubagentFacts, ToolFacts, TurnFacts};
use crate::tree::{Inferred, Node, NodeIndex, Tree, What};
use tacho_model::attribute::{Attributes, Value};
use tacho_model::event::FailureCause;
use tacho_model::id::{IdKind, IdSpace, SpanId, SubagentId, ToolUseId, TraceId};
use tacho_model::semconv as key;
use tacho_model::session::Session;
use tacho_model::shape::SpanShape;
use tacho_model::span::{Link, Span, SpanEvent, SpanKind, Status};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

/// The spans of the tree, parents before children. A node without any time is left out: nothing happened yet.
pub(crate) fn spans(tree: &Tree<'_>) -> Vec<Span> {
    tree.roots_first().into_iter().filter_map(|index| Painter { tree }.span(index)).collect()
}

struct Painter<'t, 'a> {
    tree: &'t Tree<'a>,
}

impl Painter<'_, '_> {
    fn span(&self, index: NodeIndex) -> Option<Span> {
        let node = self.tree.nodes.get(index)?;
        let start = node.start?;
        let error = self.error_type(node);
        let kind = kind(&node.what);
        let mut attributes = self.attributes(node, index);
        attributes.set_known(key::ERROR_TYPE, error.clone());
        Some(Span {
            trace_id: self.trace_id(index)?,
            span_id: self.span_id(node),
            parent_span_id: node.parent.and_then(|parent| self.tree.nodes.get(parent)).map(|parent| self.span_id(parent)),
            links: self.links(node, index),
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

    fn ids(&self) -> IdSpace<'_> {
        IdSpace { agent: self.tree.facts.agent.name, session: &self.tree.facts.session }
    }

    fn trace_id(&self, index: NodeIndex) -> Option<TraceId> {
        Some(self.ids().trace(self.tree.turn_above(index)?.as_str()))
    }

    fn span_id(&self, node: &Node<'_>) -> SpanId {
        let ids = self.ids();
        match &node.what {
            What::Turn(prompt, _) => ids.span(IdKind::Turn, prompt.as_str()),
            What::Subagent(id, _) => ids.span(IdKind::Subagent, id.as_str()),
            What::Tool(id, _) => ids.span(IdKind::Tool, id.as_str()),
            What::Wait(id, _, _) => ids.span(IdKind::Permission, id.as_str()),
            What::Call(call) => ids.span(IdKind::Llm, call.key),
        }
    }

    /// A turn links to the one before it, a tool call to the call of the model that decided it.
    fn links(&self, node: &Node<'_>, index: NodeIndex) -> Vec<Link> {
        let target = match &node.what {
            What::Turn(..) => {
                let at = self.tree.turns.iter().position(|turn| *turn == index);
                at.and_then(|at| at.checked_sub(1)).and_then(|before| self.tree.turns.get(before)).copied()
            }
            What::Tool(_, tool) => tool.decided_by.value().and_then(|message| {
                self.tree.nodes.iter().position(|node| is_answer(node, message))
            }),
            What::Subagent(..) | What::Wait(..) | What::Call(_) => None,
        };
        let link = target.and_then(|target| {
            let span_id = self.span_id(self.tree.nodes.get(target)?);
            Some(Link { trace_id: self.trace_id(target)?, span_id })
        });
        link.into_iter().collect()
    }

    fn attributes(&self, node: &Node<'_>, index: NodeIndex) -> Attributes {
        let mut attributes = Attributes::default();
        let session = self.tree.facts.session.as_str();
        attributes.set(key::SESSION_ID, session);
        attributes.set(key::GEN_AI_CONVERSATION_ID, session);
        let prompt = self.tree.turn_above(index);
        attributes.set_known(key::CLAUDE_CODE_PROMPT_ID, prompt.map(|prompt| prompt.as_str()));
        attributes.set_known(key::TACHOGRAPH_END_INFERRED, node.inferred.map(inferred_word));
        match &node.what {
            What::Turn(_, turn) => self.turn(&mut attributes, *turn, node),
            What::Subagent(id, subagent) => self.subagent(&mut attributes, id, subagent, node),
            What::Tool(id, tool) => self.tool(&mut attributes, id, tool),
            What::Wait(id, tool, ask) => {
                attributes.set(key::GEN_AI_TOOL_NAME, ask.name.as_str());
                attributes.set(key::GEN_AI_TOOL_CALL_ID, id.as_str());
                decision(&mut attributes, tool);
            }
            What::Call(call) => self.call(&mut attributes, call),
        }
        attributes
    }

    fn operation(&self, attributes: &mut Attributes, operation: &str) {
        attributes.set(key::GEN_AI_OPERATION_NAME, operation);
        attributes.set(key::GEN_AI_PROVIDER_NAME, self.tree.facts.agent.provider);
        attributes.set(key::GEN_AI_SYSTEM, self.tree.facts.agent.provider);
    }

    fn turn(&self, attributes: &mut Attributes, turn: Option<&TurnFacts>, node: &Node<'_>) {
        self.operation(attributes, "invoke_agent");
        attributes.set(key::GEN_AI_AGENT_NAME, self.tree.facts.agent.name);
        attributes.set(key::GEN_AI_CONVERSATION_ROOT, true);
        attributes.set_known(key::CLAUDE_CODE_AGENT_VERSION, self.tree.facts.version.value().cloned());
        self.usage_below(attributes, node);
        let Some(turn) = turn else { return };
        attributes.set_known(key::CLAUDE_CODE_PERMISSION_MODE, turn.permission_mode.value().cloned());
        let text = turn.text.value();
        attributes.set_known(key::CLAUDE_CODE_PROMPT_LENGTH, text.map(|text| text.chars().count() as u64));
        attributes.set_known(key::CLAUDE_CODE_PROMPT_TEXT, text.cloned());
        attributes.set_known(key::CLAUDE_CODE_RESPONSE_TEXT, turn.stopped.value().cloned().flatten());
    }

    fn subagent(&self, attributes: &mut Attributes, id: &SubagentId, subagent: &SubagentFacts, node: &Node<'_>) {
        self.operation(attributes, "invoke_agent");
        attributes.set(key::GEN_AI_AGENT_NAME, subagent_name(subagent));
        attributes.set(key::CLAUDE_CODE_SUBAGENT_ID, id.as_str());
        self.usage_below(attributes, node);
        attributes.set_known(key::CLAUDE_CODE_RESPONSE_TEXT, subagent.stopped.value().cloned().flatten());
        let Some(said) = subagent.description.value() else { return };
        attributes.set_known(key::CLAUDE_CODE_SUBAGENT_DEPTH, said.depth);
        attributes.set_known(key::CLAUDE_CODE_SUBAGENT_DESCRIPTION, said.description.clone());
    }

    /// Input and output of every call below; the classes stand on the calls alone, so that no sum counts them twice.
    fn usage_below(&self, attributes: &mut Attributes, node: &Node<'_>) {
        let usage = self.sum_below(node);
        attributes.set_known(key::GEN_AI_USAGE_INPUT_TOKENS, usage.total_input());
        attributes.set_known(key::GEN_AI_USAGE_OUTPUT_TOKENS, usage.output);
    }

    fn sum_below(&self, node: &Node<'_>) -> Usage {
        let children = node.children.iter().filter_map(|child| self.tree.nodes.get(*child));
        children.fold(Usage::default(), |sum, child| {
            let own = match &child.what {
                What::Call(call) => usage_of(call),
                What::Turn(..) | What::Subagent(..) | What::Tool(..) | What::Wait(..) => Usage::default(),
            };
            sum.plus(own).plus(self.sum_below(child))
        })
    }

    fn tool(&self, attributes: &mut Attributes, id: &ToolUseId, tool: &ToolFacts) {
        self.operation(attributes, "execute_tool");
        attributes.set(key::GEN_AI_TOOL_NAME, tool_name(tool));
        attributes.set(key::GEN_AI_TOOL_TYPE, if tool.on_server { "extension" } else { "function" });
        attributes.set(key::GEN_AI_TOOL_CALL_ID, id.as_str());
        attributes.set(key::CLAUDE_CODE_TOOL_OUTCOME, outcome_word(tool));
        attributes.set_known(key::CLAUDE_CODE_TOOL_DURATION_MS, tool.duration_ms.value().copied());
        let subagent = tool.subagent.value().cloned().flatten();
        attributes.set_known(key::CLAUDE_CODE_SUBAGENT_ID, subagent.map(|id| id.0));
        if let Some(server) = tool.mcp_server.value() {
            attributes.set(key::MCP_METHOD_NAME, "tools/call");
            attributes.set(key::MCP_SERVER_NAME, server.as_str());
        }
        let failure = tool.outcome().flatten();
        if let Some(FailureCause::Exit(code)) = failure.map(|failure| failure.cause) {
            attributes.set(key::PROCESS_EXIT_CODE, code);
        }
        attributes.set_known(key::GEN_AI_TOOL_CALL_ARGUMENTS, tool.input.value().map(|input| input.0.clone()));
        attributes.set_known(key::GEN_AI_TOOL_CALL_RESULT, tool.result.value().map(|result| result.0.clone()));
        attributes.set_known(key::CLAUDE_CODE_TOOL_ERROR, failure.and_then(|failure| failure.message.clone()));
        decision(attributes, tool);
    }

    fn call(&self, attributes: &mut Attributes, call: &Call<'_>) {
        self.operation(attributes, "chat");
        attributes.set(key::GEN_AI_REQUEST_MODEL, requested_model(call));
        attributes.set(key::GEN_AI_REQUEST_STREAM, true);
        attributes.set_known(key::CLAUDE_CODE_SUBAGENT_ID, call.subagent.map(|id| id.as_str()));
        attributes.set_known(key::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, call.seconds_to_first_chunk());
        if let Some(asked) = call.attempts.last().and_then(|request| request.asked.value()) {
            attributes.set_known(key::GEN_AI_REQUEST_MAX_TOKENS, asked.max_tokens);
            attributes.set_known(key::GEN_AI_REQUEST_REASONING_LEVEL, asked.effort.clone());
            attributes.set_known(key::CLAUDE_CODE_QUERY_SOURCE, asked.query_source.clone());
            attributes.set(key::CLAUDE_CODE_REQUEST_ATTEMPTS, call.attempts.len() as u64);
        }
        match &call.outcome {
            CallOutcome::Answered(message, facts) => {
                attributes.set(key::GEN_AI_RESPONSE_ID, message.as_str());
                attributes.set_known(key::GEN_AI_RESPONSE_MODEL, facts.model.value().cloned());
                attributes.set_known(key::GEN_AI_REQUEST_REASONING_LEVEL, facts.effort.value().cloned());
                let reasons = facts.stop_reason.value().map(|reason| Value::StringList(vec![reason.clone()]));
                attributes.set_known(key::GEN_AI_RESPONSE_FINISH_REASONS, reasons);
                let request_id = facts.request_id.value().map(|id| id.as_str());
                attributes.set_known(key::CLAUDE_CODE_REQUEST_ID, request_id);
                attributes.set_known(key::CLAUDE_CODE_SERVICE_TIER, facts.service_tier.value().cloned());
                attributes.set_known(key::CLAUDE_CODE_SPEED, facts.speed.value().cloned());
                usage(attributes, facts.usage);
            }
            CallOutcome::Failed(facts) => {
                let request_id = facts.request_id.as_ref().map(|id| id.as_str());
                attributes.set_known(key::CLAUDE_CODE_REQUEST_ID, request_id);
            }
        }
    }

    fn error_type(&self, node: &Node<'_>) -> Option<String> {
        match &node.what {
            What::Turn(_, turn) => {
                let turn = (*turn)?;
                let said = turn.failed.value().filter(|_| turn.failed.at() >= turn.stopped.at());
                said.cloned().or_else(|| self.final_failure(node))
            }
            What::Tool(_, tool) => tool_error(tool),
            What::Call(Call { outcome: CallOutcome::Failed(failed), .. }) => failed.error.value().cloned(),
            What::Subagent(..) => self.final_failure(node),
            What::Call(_) | What::Wait(..) => None,
        }
    }

    /// The error of the last call below a turn or subagent, if that call failed: the agent gave up on it.
    fn final_failure(&self, node: &Node<'_>) -> Option<String> {
        let children = node.children.iter().filter_map(|child| self.tree.nodes.get(*child));
        let last = children.filter(|child| matches!(child.what, What::Call(_))).max_by_key(|call| call.start)?;
        match &last.what {
            What::Call(Call { outcome: CallOutcome::Failed(failed), .. }) => failed.error.value().cloned(),
            What::Turn(..) | What::Subagent(..) | What::Tool(..) | What::Wait(..) | What::Call(_) => None,
        }
    }
}

fn kind(what: &What<'_>) -> SpanKind {
    match what {
        What::Turn(..) => SpanKind::Turn,
        What::Subagent(..) => SpanKind::Subagent,
        What::Tool(..) => SpanKind::Tool,
        What::Wait(..) => SpanKind::Permission,
        What::Call(_) => SpanKind::Llm,
    }
}

fn is_answer(node: &Node<'_>, wanted: &tacho_model::id::MessageId) -> bool {
    matches!(&node.what, What::Call(Call { outcome: CallOutcome::Answered(message, _), .. }) if *message == wanted)
}

fn subagent_name(subagent: &SubagentFacts) -> &str {
    subagent.kind.value().map_or("unknown", String::as_str)
}

fn tool_name(tool: &ToolFacts) -> &str {
    tool.name.value().map_or("unknown", String::as_str)
}

/// The model asked for: what the answer says, else what the request says, else the model that answered.
fn requested_model<'a>(call: &'a Call<'_>) -> &'a str {
    let asked = call.attempts.last().and_then(|request| request.asked.value());
    let asked = asked.and_then(|asked| asked.model.as_deref());
    let said = match &call.outcome {
        CallOutcome::Answered(_, facts) => {
            facts.requested_model.value().map(String::as_str).or(asked).or(facts.model.value().map(String::as_str))
        }
        CallOutcome::Failed(_) => asked,
    };
    said.unwrap_or("unknown")
}

fn usage_of(call: &Call<'_>) -> Usage {
    match &call.outcome {
        CallOutcome::Answered(_, facts) => facts.usage,
        CallOutcome::Failed(_) => Usage::default(),
    }
}

fn usage(attributes: &mut Attributes, usage: Usage) {
    attributes.set_known(key::GEN_AI_USAGE_INPUT_TOKENS, usage.total_input());
    attributes.set_known(key::GEN_AI_USAGE_OUTPUT_TOKENS, usage.output);
    attributes.set_known(key::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, usage.cache_read);
    attributes.set_known(key::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS, usage.cache_write());
    attributes.set_known(key::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, usage.cache_write());
    attributes.set_known(key::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, usage.thinking);
    attributes.set_known(key::CLAUDE_CODE_USAGE_UNCACHED_INPUT_TOKENS, usage.input);
    attributes.set_known(key::CLAUDE_CODE_USAGE_CACHE_CREATION_5M_INPUT_TOKENS, usage.cache_write_5m);
    attributes.set_known(key::CLAUDE_CODE_USAGE_CACHE_CREATION_1H_INPUT_TOKENS, usage.cache_write_1h);
}

fn decision(attributes: &mut Attributes, tool: &ToolFacts) {
    let Some(said) = tool.decision.value() else { return };
    attributes.set(key::CLAUDE_CODE_PERMISSION_DECISION, said.decision.as_str());
    attributes.set_known(key::CLAUDE_CODE_PERMISSION_SOURCE, said.source.clone());
    attributes.set_known(key::CLAUDE_CODE_PERMISSION_REASON, said.reason.clone());
}

fn outcome_word(tool: &ToolFacts) -> &'static str {
    match tool.outcome() {
        _ if tool.is_denied() => "denied",
        None => "unknown",
        Some(None) => "ok",
        Some(Some(failure)) if failure.cause == FailureCause::Interrupted => "interrupted",
        Some(Some(_)) => "failed",
    }
}

fn tool_error(tool: &ToolFacts) -> Option<String> {
    if tool.is_denied() {
        return Some("permission_denied".to_owned());
    }
    let failure = tool.outcome().flatten()?;
    Some(match failure.cause {
        FailureCause::Exit(code) => format!("exit_{code}"),
        FailureCause::Timeout => "timeout".to_owned(),
        FailureCause::Interrupted => "interrupted".to_owned(),
        FailureCause::Denied => "permission_denied".to_owned(),
        FailureCause::Other => "tool_error".to_owned(),
    })
}

const fn inferred_word(inferred: Inferred) -> &'static str {
    match inferred {
        Inferred::SessionEnd => "session_end",
        Inferred::AgentGone => "agent_gone",
        Inferred::NextPrompt => "next_prompt",
        Inferred::TurnEnd => "turn_end",
    }
}

fn events(node: &Node<'_>) -> Vec<SpanEvent> {
    let What::Call(call) = &node.what else { return Vec::new() };
    let retried = call.retries.iter().filter_map(|retry| {
        let mut attributes = Attributes::default();
        attributes.set(key::ERROR_TYPE, retry.error.as_str());
        attributes.set_known(key::CLAUDE_CODE_REQUEST_ID, retry.request_id.as_ref().map(|id| id.as_str()));
        Some(SpanEvent { at: retry.at?, name: key::EVENT_API_RETRY, attributes })
    });
    retried.collect()
}

/// The summary of the session.
pub(crate) fn session(tree: &Tree<'_>, spans: &[Span]) -> Session {
    let facts = tree.facts;
    let count = |kind: SpanKind| spans.iter().filter(|span| span.kind == kind).count() as u64;
    let tools = || spans.iter().filter(|span| span.kind == SpanKind::Tool);
    let calls = tree.nodes.iter().filter_map(|node| match &node.what {
        What::Call(call) => Some(usage_of(call)),
        What::Turn(..) | What::Subagent(..) | What::Tool(..) | What::Wait(..) => None,
    });
    let last_seen = facts.seen.last.unwrap_or(UnixNanos(0));
    let ended = facts.ended.at().max(facts.gone.at().and(facts.seen.last)).filter(|ended| *ended >= last_seen);
    Session {
        id: facts.session.clone(),
        agent: facts.agent.name.to_owned(),
        agent_version: facts.version.value().cloned(),
        started: facts.seen.first.unwrap_or(last_seen),
        ended,
        last_seen,
        turns: count(SpanKind::Turn),
        llm_calls: count(SpanKind::Llm),
        tool_calls: count(SpanKind::Tool),
        tool_errors: tools().filter(|span| span.status == Status::Error).count() as u64,
        tool_denials: tree.facts.tools.values().filter(|tool| tool.is_denied()).count() as u64,
        subagents: count(SpanKind::Subagent),
        usage: calls.fold(Usage::default(), Usage::plus),
        open_spans: spans.iter().filter(|span| !span.settled).count() as u64,
    }
}
