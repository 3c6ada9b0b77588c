//! What stands on a span of each kind, as `registry/spans.yaml` lists it.

use crate::calls::{Call, CallOutcome};
use crate::compactions::Compacting;
use crate::content;
use crate::decisions;
use crate::deeds;
use crate::facts::{CallFacts, SubagentFacts, ToolFacts, TurnFacts};
use crate::outcome::{Outcome, outcome};
use crate::price::{Priced, Unpriced};
use crate::standing;
use crate::switches;
use crate::tree::{Inferred, Node, NodeIndex, Tree, What};
use crate::waits::{Wait, WaitReason};
use tacho_model::attribute::{Attributes, Value};
use tacho_model::clip::is_cut;
use tacho_model::event::{FailureCause, ModelReport, Repository};
use tacho_model::id::{MessageId, SubagentId, ToolUseId};
use tacho_model::semconv as key;
use tacho_model::usage::Usage;
use tacho_model::usage_record::Terms;

/// Most spans have no more attributes than this.
const ATTRIBUTES_USUAL: usize = 32;

/// The attributes of a node's span, its error aside.
pub(crate) fn attributes(tree: &Tree<'_>, node: &Node<'_>, index: NodeIndex) -> Attributes {
    let mut attributes = Attributes::with_capacity(ATTRIBUTES_USUAL);
    let session = &tree.facts.session;
    attributes.set(key::SESSION_ID, session);
    attributes.set(key::GEN_AI_CONVERSATION_ID, session);
    let prompt = tree.turn_above(index).and_then(|turn| turn.prompt);
    attributes.set_known(key::CLAUDE_CODE_PROMPT_ID, prompt);
    attributes.set_known(key::TACHOGRAPH_END_INFERRED, node.inferred.map(inferred_word));
    let repository = tree.facts.repository_at(node.start);
    if let Some(repository) = repository {
        vcs(&mut attributes, repository);
    }
    match &node.what {
        What::Turn(said) => {
            turn(&mut attributes, tree, &said.facts, node);
            let hook_ms = tree.recorded(said).and_then(|recorded| recorded.hook_ms);
            attributes.set_known(key::TACHOGRAPH_HOOK_DURATION_MS, hook_ms);
            let directory = repository.and_then(|repository| repository.directory.clone());
            attributes.set_known(key::TACHOGRAPH_WORKING_DIRECTORY, directory);
        }
        What::Subagent(id, facts) => subagent(&mut attributes, tree, id, facts, node),
        What::Tool(id, facts) => tool(&mut attributes, tree, id, facts, node),
        What::Wait(said) => wait(&mut attributes, said),
        What::Call(facts) => {
            call(&mut attributes, tree, facts);
            content::call(&mut attributes, tree, index, facts);
            switches::call(&mut attributes, tree.facts, facts);
            let is_next = tree.after_compaction.contains(&index);
            attributes.set_known(key::GEN_AI_CONVERSATION_COMPACTED, is_next.then_some(true));
        }
        What::Compaction(said) => compaction(&mut attributes, said),
    }
    attributes
}

fn vcs(attributes: &mut Attributes, repository: &Repository) {
    let Repository { url, name, owner, provider, ref_name, ref_type, revision, worktree, .. } = repository;
    attributes.set_known(key::VCS_REPOSITORY_URL_FULL, url.as_deref());
    attributes.set_known(key::VCS_REPOSITORY_NAME, name.as_deref());
    attributes.set_known(key::VCS_OWNER_NAME, owner.as_deref());
    attributes.set_known(key::VCS_PROVIDER_NAME, provider.as_deref());
    attributes.set_known(key::VCS_REF_HEAD_NAME, ref_name.as_deref());
    attributes.set_known(key::VCS_REF_HEAD_TYPE, ref_type.as_deref());
    attributes.set_known(key::VCS_REF_HEAD_REVISION, revision.as_deref());
    attributes.set_known(key::TACHOGRAPH_VCS_WORKTREE, worktree.as_deref());
}

const fn inferred_word(inferred: Inferred) -> &'static str {
    match inferred {
        Inferred::SessionEnd => "session_end",
        Inferred::AgentGone => "agent_gone",
        Inferred::NextPrompt => "next_prompt",
        Inferred::TurnEnd => "turn_end",
        Inferred::ToolEnd => "tool_end",
        Inferred::NextStep => "next_step",
        Inferred::Idle => "idle",
    }
}

fn operation(attributes: &mut Attributes, tree: &Tree<'_>, operation: &str) {
    attributes.set(key::GEN_AI_OPERATION_NAME, operation);
    attributes.set(key::GEN_AI_PROVIDER_NAME, tree.facts.agent.provider);
    attributes.set(key::GEN_AI_SYSTEM, tree.facts.agent.provider);
}

fn turn(attributes: &mut Attributes, tree: &Tree<'_>, turn: &TurnFacts, node: &Node<'_>) {
    operation(attributes, tree, "invoke_agent");
    attributes.set(key::GEN_AI_AGENT_NAME, tree.facts.agent.name);
    attributes.set(key::GEN_AI_CONVERSATION_ROOT, true);
    attributes.set_known(key::CLAUDE_CODE_AGENT_VERSION, tree.facts.version.value().map(String::as_str));
    usage_below(attributes, tree, node);
    attributes.set_known(key::CLAUDE_CODE_PERMISSION_MODE, turn.permission_mode.value().map(String::as_str));
    let whole = turn.text.value().filter(|text| !is_cut(text));
    attributes.set_known(key::CLAUDE_CODE_PROMPT_LENGTH, whole.map(|text| text.chars().count() as u64));
    content::turn(attributes, tree, turn, node);
    deeds::below(attributes, tree, node);
    standing::turn(attributes, tree, turn, node);
}

fn subagent(
    attributes: &mut Attributes,
    tree: &Tree<'_>,
    id: &SubagentId,
    subagent: &SubagentFacts,
    node: &Node<'_>,
) {
    operation(attributes, tree, "invoke_agent");
    attributes.set(key::GEN_AI_AGENT_NAME, subagent.kind.value().map_or("unknown", String::as_str));
    attributes.set(key::CLAUDE_CODE_SUBAGENT_ID, id);
    usage_below(attributes, tree, node);
    content::subagent(attributes, tree, id, subagent, node);
    deeds::below(attributes, tree, node);
    standing::context(attributes, tree, node);
    let Some(said) = subagent.description.value() else { return };
    attributes.set_known(key::CLAUDE_CODE_SUBAGENT_DEPTH, said.depth);
    attributes.set_known(key::CLAUDE_CODE_SUBAGENT_DESCRIPTION, said.description.as_deref());
}

/// Input and output of every call below. The classes stand on the calls alone, so that no sum counts them twice.
fn usage_below(attributes: &mut Attributes, tree: &Tree<'_>, node: &Node<'_>) {
    let usage = sum_below(tree, node);
    attributes.set_known(key::GEN_AI_USAGE_INPUT_TOKENS, usage.total_input());
    attributes.set_known(key::GEN_AI_USAGE_OUTPUT_TOKENS, usage.output);
}

fn sum_below(tree: &Tree<'_>, node: &Node<'_>) -> Usage {
    // What the agent does for itself when the turn is over is none of what the turn came to.
    let is_within =
        |call: &&Call<'_>| !call.is_unwritten() || node.end.is_none_or(|end| call.end <= Some(end));
    let calls = tree.calls_below(node).filter(is_within).map(Call::usage);
    let deeper =
        node.children.iter().filter_map(|child| tree.nodes.get(*child)).map(|child| sum_below(tree, child));
    calls.chain(deeper).fold(Usage::default(), Usage::plus)
}

fn tool(attributes: &mut Attributes, tree: &Tree<'_>, id: &ToolUseId, tool: &ToolFacts, node: &Node<'_>) {
    operation(attributes, tree, "execute_tool");
    attributes.set(key::GEN_AI_TOOL_NAME, tool_name(tool));
    attributes.set(key::GEN_AI_TOOL_TYPE, if tool.on_server { "extension" } else { "function" });
    attributes.set(key::GEN_AI_TOOL_CALL_ID, id);
    attributes.set(key::CLAUDE_CODE_TOOL_OUTCOME, outcome(tree.facts, tool).word());
    attributes.set_known(key::CLAUDE_CODE_TOOL_DURATION_MS, tool.duration_ms.value().copied());
    attributes.set_known(key::CLAUDE_CODE_SUBAGENT_ID, tool.owner());
    if let Some(server) = tool.mcp_server.value() {
        attributes.set(key::MCP_METHOD_NAME, "tools/call");
        attributes.set(key::MCP_SERVER_NAME, server.as_str());
    }
    if let Outcome::Failed(FailureCause::Exit(code)) = outcome(tree.facts, tool) {
        attributes.set(key::PROCESS_EXIT_CODE, code);
    }
    content::tool(attributes, tool);
    deeds::tool(attributes, tool);
    decisions::tool(attributes, tree, id, tool, node);
}

fn tool_name(tool: &ToolFacts) -> &str {
    tool.name.value().map_or("unknown", String::as_str)
}

fn wait(attributes: &mut Attributes, wait: &Wait<'_>) {
    attributes.set(key::GEN_AI_TOOL_NAME, tool_name(wait.facts));
    attributes.set(key::GEN_AI_TOOL_CALL_ID, wait.tool);
    match wait.reason {
        WaitReason::Permission => decisions::said(attributes, wait.facts),
        WaitReason::Elicitation { mode, action, .. } => {
            attributes.set(key::MCP_METHOD_NAME, "elicitation/create");
            attributes.set_known(key::MCP_SERVER_NAME, wait.facts.mcp_server.value().map(String::as_str));
            attributes.set_known(key::CLAUDE_CODE_ELICITATION_MODE, mode);
            attributes.set_known(key::CLAUDE_CODE_ELICITATION_ACTION, action);
        }
    }
}

fn compaction(attributes: &mut Attributes, compaction: &Compacting<'_>) {
    attributes.set_known(key::CLAUDE_CODE_SUBAGENT_ID, compaction.subagent);
    attributes.set_known(key::CLAUDE_CODE_COMPACTION_TRIGGER, compaction.trigger);
    attributes.set_known(key::CLAUDE_CODE_COMPACTION_PRE_TOKENS, compaction.tokens_before);
    attributes.set_known(key::CLAUDE_CODE_COMPACTION_POST_TOKENS, compaction.tokens_after);
}

fn call(attributes: &mut Attributes, tree: &Tree<'_>, call: &Call<'_>) {
    operation(attributes, tree, "chat");
    attributes.set(key::GEN_AI_REQUEST_MODEL, requested_model(call).unwrap_or("unknown"));
    attributes.set(key::GEN_AI_REQUEST_STREAM, true);
    attributes.set_known(key::CLAUDE_CODE_SUBAGENT_ID, call.subagent);
    let first_chunk = call.seconds_to_first_chunk();
    attributes.set_known(key::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, first_chunk);
    let at_most = if first_chunk.is_none() { call.seconds_to_first_block() } else { None };
    attributes.set_known(key::TACHOGRAPH_TIME_TO_FIRST_CHUNK_MAX, at_most);
    if let Some(asked) = call.attempts.last().and_then(|request| request.asked.value()) {
        attributes.set_known(key::GEN_AI_REQUEST_MAX_TOKENS, asked.max_tokens);
        attributes.set_known(key::GEN_AI_REQUEST_REASONING_LEVEL, asked.effort.as_deref());
        attributes.set_known(key::CLAUDE_CODE_QUERY_SOURCE, asked.query_source.as_deref());
        attributes.set(key::CLAUDE_CODE_REQUEST_ATTEMPTS, call.attempts.len() as u64);
    }
    let measured = call.measured();
    attributes.set_known(
        key::CLAUDE_CODE_COST_REPORTED_NANOS,
        measured.and_then(|said| said.cost).map(|cost| cost.0),
    );
    match &call.outcome {
        CallOutcome::Answered(message, facts) => {
            answer(attributes, message, facts);
            usage(attributes, call.usage());
        }
        CallOutcome::Reported(request) => {
            attributes.set(key::CLAUDE_CODE_REQUEST_ID, *request);
            reported(attributes, measured);
            usage(attributes, call.usage());
        }
        CallOutcome::Failed(facts) => {
            attributes.set_known(key::CLAUDE_CODE_REQUEST_ID, facts.request_id.as_ref());
        }
    }
    if let Some(price) = &call.price {
        cost(attributes, price, &tree.price_table);
    }
}

/// The model asked for: what the answer says, else what the request says, else the model that answered.
fn requested_model<'a>(call: &Call<'a>) -> Option<&'a str> {
    let asked = call.attempts.last().and_then(|request| request.asked.value()?.model.as_deref());
    match &call.outcome {
        CallOutcome::Answered(_, facts) => {
            let (said, answered) = (facts.requested_model.value(), facts.model.value());
            said.map(String::as_str).or(asked).or(answered.map(String::as_str))
        }
        CallOutcome::Failed(_) => asked,
        CallOutcome::Reported(_) => call.measured().and_then(|said| said.model.as_deref()),
    }
}

fn answer(attributes: &mut Attributes, message: &MessageId, facts: &CallFacts) {
    attributes.set(key::GEN_AI_RESPONSE_ID, message);
    attributes.set_known(key::GEN_AI_RESPONSE_MODEL, facts.model.value().map(String::as_str));
    attributes.set_known(key::GEN_AI_REQUEST_REASONING_LEVEL, facts.effort.value().map(String::as_str));
    let reasons = facts.finish.value().map(|finish| Value::StringList(vec![finish.word.clone()]));
    attributes.set_known(key::GEN_AI_RESPONSE_FINISH_REASONS, reasons);
    attributes.set_known(key::CLAUDE_CODE_REQUEST_ID, facts.request_id.value());
    terms(attributes, &facts.terms);
}

/// A call that stands in no transcript.
fn reported(attributes: &mut Attributes, said: Option<&ModelReport>) {
    let Some(said) = said else { return };
    attributes.set_known(key::GEN_AI_RESPONSE_MODEL, said.model.as_deref());
    attributes.set_known(key::GEN_AI_REQUEST_REASONING_LEVEL, said.effort.as_deref());
    attributes.set_known(key::CLAUDE_CODE_QUERY_SOURCE, said.query_source.as_deref());
    terms(attributes, &said.terms);
}

fn terms(attributes: &mut Attributes, terms: &Terms) {
    attributes.set_known(key::CLAUDE_CODE_SERVICE_TIER, terms.service_tier.as_deref());
    attributes.set_known(key::CLAUDE_CODE_SPEED, terms.speed.as_deref());
    attributes.set_known(key::CLAUDE_CODE_INFERENCE_GEO, terms.inference_geo.as_deref());
    attributes.set_known(key::CLAUDE_CODE_WEB_SEARCH_REQUESTS, terms.web_searches);
    let iterations = Some(terms.iterations.len() as u64).filter(|count| *count > 0);
    attributes.set_known(key::CLAUDE_CODE_REQUEST_ITERATIONS, iterations);
}

/// What an answer costs. It stands on the call alone, so that no sum counts it twice.
fn cost(attributes: &mut Attributes, price: &Result<Priced<'_>, Unpriced>, table: &str) {
    match price {
        Ok(priced) => {
            let nanos = priced.amount.0;
            attributes.set(key::GEN_AI_USAGE_COST_AMOUNT, nanos as f64 / 1e9);
            attributes.set(key::GEN_AI_USAGE_COST_CURRENCY, "USD");
            attributes.set(key::GEN_AI_USAGE_COST_SOURCE, "local");
            attributes.set(key::TACHOGRAPH_COST_NANOS, nanos);
            attributes.set(key::TACHOGRAPH_PRICE_ROW, priced.to_string());
        }
        Err(reason) => attributes.set(key::TACHOGRAPH_PRICE_MISSING, reason.name()),
    }
    attributes.set(key::TACHOGRAPH_PRICE_TABLE, table);
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
