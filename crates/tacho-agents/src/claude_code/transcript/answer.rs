//! Assistant rows. One answer of the model is several of them, one a content block, that share `message.id` and repeat
//! the usage of the whole answer.

use crate::claude_code::deeds;
use crate::fields::{Fields, Shape};
use tacho_model::event::{
    AnswerPart, AnsweredTool, Fact, FailureCause, Finish, FinishReason, Json, ModelAnswer, ToolFailure,
    ToolRecord,
};
use tacho_model::id::{MessageId, ToolUseId};
use tacho_model::usage::Usage;
use tacho_model::usage_record::{Iteration, Terms};

/// What is looked into of what an answer used.
pub(in crate::claude_code) const USAGE: Shape = Shape(&[
    ("cache_creation", Shape(&[])),
    ("output_tokens_details", Shape(&[])),
    ("server_tool_use", Shape(&[])),
    ("iterations", Shape(&[])),
]);

/// One fact a block, one more for what a call in it would do, and one for each result of a tool that the API ran.
pub(super) fn facts(row: &Fields<'_>) -> Vec<Fact> {
    let message = row.object("message");
    let Some(id) = message.id("id") else { return Vec::new() };
    let base = answer(row, &message, id);
    let blocks = message.objects("content");
    if blocks.is_empty() {
        return vec![Fact::ModelAnswered(Box::new(base))];
    }
    let answers = blocks.iter().zip(0..).map(|(block, number)| {
        Fact::ModelAnswered(Box::new(ModelAnswer { block: number, part: part(block), ..base.clone() }))
    });
    let asked = blocks.iter().flat_map(asked);
    answers.chain(asked).chain(blocks.iter().filter_map(server_record)).collect()
}

fn answer(row: &Fields<'_>, message: &Fields<'_>, id: MessageId) -> ModelAnswer {
    let usage_said = message.object("usage");
    ModelAnswer {
        message: id,
        request_id: row.id("requestId"),
        request: row.id("requestRef"),
        model: message.text("model"),
        requested_model: row.text("requestedModel"),
        effort: row.text("effort"),
        usage: usage(&usage_said),
        finish: message.text("stop_reason").map(finish),
        terms: terms(&usage_said),
        block_ms: row.count("thinkingDurationMs").or_else(|| row.count("toolInputStreamMs")),
        block: 0,
        part: None,
    }
}

fn finish(word: String) -> Finish {
    let reason = match word.as_str() {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "refusal" => FinishReason::ContentFilter,
        "tool_use" => FinishReason::ToolCall,
        _ => FinishReason::Other,
    };
    Finish { word, reason }
}

fn part(block: &Fields<'_>) -> Option<AnswerPart> {
    let block_type = block.text("type")?;
    Some(match block_type.as_str() {
        "text" => AnswerPart::Text(block.text("text")?),
        // The API may withhold what was thought and leave an empty text.
        "thinking" => AnswerPart::Reasoning(block.text("thinking").filter(|text| !text.is_empty())?),
        "tool_use" => AnswerPart::ToolCall(tool_call(block)?),
        "server_tool_use" => AnswerPart::ToolCall(AnsweredTool { on_server: true, ..tool_call(block)? }),
        _ => {
            let (tool, result) = server_result(block)?;
            AnswerPart::ToolResult { tool, result }
        }
    })
}

/// What the call in a block is.
fn asked(block: &Fields<'_>) -> Vec<Fact> {
    let is_call = block.text("type").as_deref() == Some("tool_use");
    let call = block.id("id").zip(block.text("name")).filter(|_| is_call);
    call.map_or_else(Vec::new, |(tool, name)| deeds::of_arguments(&tool, &name, &block.object("input")))
}

fn tool_call(block: &Fields<'_>) -> Option<AnsweredTool> {
    Some(AnsweredTool {
        tool: block.id("id")?,
        name: block.text("name")?,
        input: block.json("input").unwrap_or_else(|| Json("null".to_owned())),
        on_server: false,
    })
}

/// The result of a tool that the API ran: `web_search_tool_result` and its like.
fn server_result(block: &Fields<'_>) -> Option<(ToolUseId, Json)> {
    block.text("type").filter(|block_type| block_type.ends_with("_tool_result"))?;
    Some((block.id("tool_use_id")?, block.json("content")?))
}

fn server_record(block: &Fields<'_>) -> Option<Fact> {
    let (tool, result) = server_result(block)?;
    let content_type = block.object("content").text("type");
    let has_failed = content_type.is_some_and(|content_type| content_type.ends_with("_error"));
    Some(Fact::ToolRecorded(ToolRecord {
        tool,
        failure: has_failed.then_some(ToolFailure { cause: FailureCause::Other, message: None }),
        decision: None,
        response: Some(result),
        started_subagent: None,
    }))
}

/// The tokens of an answer. What was written to the cache and is in neither part of the split was written for 5 minutes:
/// before the split there was nothing else.
pub(in crate::claude_code) fn usage(said: &Fields<'_>) -> Usage {
    let split = said.object("cache_creation");
    let (five_minutes, hour) =
        (split.count("ephemeral_5m_input_tokens"), split.count("ephemeral_1h_input_tokens"));
    let unsplit = said.count("cache_creation_input_tokens").map(|all| {
        let split = five_minutes.unwrap_or(0).saturating_add(hour.unwrap_or(0));
        all.saturating_sub(split).saturating_add(five_minutes.unwrap_or(0))
    });
    Usage {
        input: said.count("input_tokens"),
        output: said.count("output_tokens"),
        cache_read: said.count("cache_read_input_tokens"),
        cache_write_5m: unsplit.or(five_minutes),
        cache_write_1h: hour,
        thinking: said.object("output_tokens_details").count("thinking_tokens"),
    }
}

/// How an answer was served, as its usage says it. An empty word says nothing, and neither does a place of which the API
/// says that it is not known.
pub(in crate::claude_code) fn terms(said: &Fields<'_>) -> Terms {
    let word = |name: &str| said.text(name).filter(|word| !word.is_empty());
    Terms {
        speed: word("speed"),
        inference_geo: word("inference_geo").filter(|place| place != "not_available"),
        service_tier: word("service_tier"),
        web_searches: said.object("server_tool_use").count("web_search_requests"),
        iterations: said.objects("iterations").iter().map(iteration).collect(),
    }
}

fn iteration(said: &Fields<'_>) -> Iteration {
    Iteration {
        kind: said.text("type").unwrap_or_default(),
        model: said.id::<String>("model"),
        usage: usage(said),
    }
}
