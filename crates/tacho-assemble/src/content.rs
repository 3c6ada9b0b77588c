//! What was said in turns, subagents and calls, as messages. Nothing of it leaves the machine unless its owner said
//! so: the registry holds all of it for content.

use crate::calls::{Call, CallOutcome};
use crate::facts::{CallFacts, SubagentFacts, ToolFacts, TurnFacts};
use crate::messages::{Message, Part, Role, finish_reason, list_of};
use crate::tree::{Node, NodeIndex, Tree, What};
use tacho_model::attribute::Attributes;
use tacho_model::event::{AnswerPart, AnsweredTool};
use tacho_model::id::SubagentId;
use tacho_model::semconv as key;

/// The prompt of a turn and its last answer.
pub(crate) fn turn(attributes: &mut Attributes, tree: &Tree<'_>, turn: &TurnFacts, node: &Node<'_>) {
    input(attributes, user(turn.text.value()));
    let has_failed = turn.failed.is_known() && turn.failed.at() == turn.ended();
    let reason = if has_failed { Some("error") } else { last_reason(tree, node) };
    last_words(attributes, tree, node, turn.stopped.value(), reason);
}

/// The task of a subagent and its last answer.
pub(crate) fn subagent(
    attributes: &mut Attributes,
    tree: &Tree<'_>,
    id: &SubagentId,
    subagent: &SubagentFacts,
    node: &Node<'_>,
) {
    input(attributes, user(task(tree, id)));
    last_words(attributes, tree, node, subagent.stopped.value(), last_reason(tree, node));
}

fn task<'t>(tree: &'t Tree<'_>, id: &SubagentId) -> Option<&'t String> {
    tree.facts.tasks.get(id)?.value()
}

/// The last message, as the agent said it at the end, else as it stands in the last answer.
fn last_words(
    attributes: &mut Attributes,
    tree: &Tree<'_>,
    node: &Node<'_>,
    stopped: Option<&Option<String>>,
    reason: Option<&str>,
) {
    let text = match stopped {
        Some(said) => said.as_deref(),
        None => last_call(tree, node).filter(|call| !call.asks_for_tools()).and_then(last_text),
    };
    // That it stopped is all that is known without its transcript.
    output(attributes, text.map(|text| said(text, reason.unwrap_or("stop"))));
}

fn last_text<'t>(call: &'t Call<'_>) -> Option<&'t str> {
    let CallOutcome::Answered(_, facts) = &call.outcome else { return None };
    facts.blocks.iter().rev().find_map(|block| match block.part.as_ref()? {
        AnswerPart::Text(text) => Some(text.as_str()),
        AnswerPart::Reasoning(_) | AnswerPart::ToolCall(_) | AnswerPart::ToolResult { .. } => None,
    })
}

fn last_call<'t, 'a>(tree: &'t Tree<'a>, node: &Node<'_>) -> Option<&'t Call<'a>> {
    tree.calls_below(node).max_by_key(|call| call.last_offset)
}

/// What a call was given that the calls before it were not, and what the model answered.
pub(crate) fn call(attributes: &mut Attributes, tree: &Tree<'_>, index: NodeIndex, call: &Call<'_>) {
    input(attributes, given(tree, index, call));
    let CallOutcome::Answered(_, facts) = &call.outcome else { return };
    let parts = facts.blocks.iter().filter_map(|block| answer_part(tree, block.part.as_ref()?)).collect();
    let finish_reason = facts.finish.value().map(finish_reason);
    output(attributes, Some(Message { role: Role::Assistant, parts, finish_reason }));
}

/// The arguments of a tool call and what came of it.
pub(crate) fn tool(attributes: &mut Attributes, tool: &ToolFacts) {
    let failure = tool.failure();
    // Of a call that went wrong the model was given the error, which stands by itself.
    let result = tool.result.value().or(tool.response.value().filter(|_| failure.is_none()));
    attributes.set_known(key::GEN_AI_TOOL_CALL_ARGUMENTS, tool.input.value().map(|input| input.0.as_str()));
    attributes.set_known(key::GEN_AI_TOOL_CALL_RESULT, result.map(|result| result.0.as_str()));
    attributes.set_known(key::CLAUDE_CODE_TOOL_ERROR, failure.and_then(|failure| failure.message.as_deref()));
}

fn input(attributes: &mut Attributes, message: Option<Message<'_>>) {
    attributes.set_known(key::GEN_AI_INPUT_MESSAGES, message.as_ref().and_then(list_of));
}

fn output(attributes: &mut Attributes, message: Option<Message<'_>>) {
    attributes.set_known(key::GEN_AI_OUTPUT_MESSAGES, message.as_ref().and_then(list_of));
}

fn user(text: Option<&String>) -> Option<Message<'_>> {
    Some(Message { role: Role::User, parts: vec![Part::Text(text?)], finish_reason: None })
}

fn said<'a>(text: &'a str, finish_reason: &'a str) -> Message<'a> {
    Message { role: Role::Assistant, parts: vec![Part::Text(text)], finish_reason: Some(finish_reason) }
}

/// Why the model stopped in the last call below a turn or subagent.
fn last_reason<'t>(tree: &'t Tree<'_>, node: &Node<'_>) -> Option<&'t str> {
    match &last_call(tree, node)?.outcome {
        CallOutcome::Answered(_, facts) => facts.finish.value().map(finish_reason),
        CallOutcome::Failed(_) => Some("error"),
        CallOutcome::Reported(_) => None,
    }
}

/// The first call is given the prompt, every other what the tools came to that the answer before it asked for.
fn given<'t>(tree: &'t Tree<'_>, index: NodeIndex, call: &'t Call<'_>) -> Option<Message<'t>> {
    let owner = tree.nodes.get(tree.nodes.get(index)?.parent?)?;
    if tree.first_calls.contains(&index) {
        return match &owner.what {
            What::Turn(turn) => user(turn.facts.text.value()),
            What::Subagent(id, _) => user(task(tree, id)),
            What::Tool(..) | What::Wait(_) | What::Call(_) | What::Compaction(_) => None,
        };
    }
    let parts = tools_of(call.after?).filter_map(|asked| {
        let response = tree.facts.tools.get(&asked.tool)?.response.value()?;
        Some(Part::ToolResponse { id: asked.tool.as_str(), response })
    });
    Some(Message { role: Role::Tool, parts: parts.collect(), finish_reason: None })
}

/// The tool calls of an answer that the agent runs.
fn tools_of(answer: &CallFacts) -> impl Iterator<Item = &AnsweredTool> {
    answer.blocks.iter().filter_map(|block| match block.part.as_ref()? {
        AnswerPart::ToolCall(asked) if !asked.on_server => Some(asked),
        AnswerPart::ToolCall(_)
        | AnswerPart::Text(_)
        | AnswerPart::Reasoning(_)
        | AnswerPart::ToolResult { .. } => None,
    })
}

fn answer_part<'t>(tree: &'t Tree<'_>, part: &'t AnswerPart) -> Option<Part<'t>> {
    Some(match part {
        AnswerPart::Text(text) => Part::Text(text),
        AnswerPart::Reasoning(text) => Part::Reasoning(text),
        AnswerPart::ToolCall(AnsweredTool { tool, name, input, on_server }) => {
            let (id, arguments) = (tool.as_str(), input);
            match on_server {
                true => Part::ServerToolCall { id, name, arguments },
                false => Part::ToolCall { id, name, arguments },
            }
        }
        AnswerPart::ToolResult { tool, result } => {
            let name = tree.facts.tools.get(tool)?.name.value()?;
            Part::ServerToolResponse { id: tool.as_str(), name, response: result }
        }
    })
}
