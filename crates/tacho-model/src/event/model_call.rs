//! What is said about calls of the model.

use super::Json;
use crate::id::{MessageId, RequestId, RequestRef, ToolUseId};
use crate::money::Nanodollars;
use crate::usage::Usage;
use crate::usage_record::Terms;

/// A request to the model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelRequest {
    /// The agent's number of the request.
    pub request: RequestRef,
    /// Model asked for.
    pub model: Option<String>,
    /// Output limit in tokens.
    pub max_tokens: Option<u64>,
    /// Effort asked for.
    pub effort: Option<String>,
    /// Why the agent asked, in its own words.
    pub query_source: Option<String>,
}

/// One block of an answer. Blocks of one answer share its message id and repeat its usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelAnswer {
    /// The answer.
    pub message: MessageId,
    /// The request it answers, as the API numbers it.
    pub request_id: Option<RequestId>,
    /// The request it answers, as the agent numbers it.
    pub request: Option<RequestRef>,
    /// Model that answered.
    pub model: Option<String>,
    /// Model asked for.
    pub requested_model: Option<String>,
    /// Effort in force.
    pub effort: Option<String>,
    /// Tokens of the whole answer.
    pub usage: Usage,
    /// Why the model stopped, once known.
    pub finish: Option<Finish>,
    /// How the whole answer was served.
    pub terms: Terms,
    /// How long this block took to stream, in milliseconds, where the agent measured it.
    pub block_ms: Option<u64>,
    /// Which block of its row this is, counted from 0.
    pub block: u64,
    /// What the block is; `None` for a block that is nothing a reader could use.
    pub part: Option<AnswerPart>,
}

/// A call that was answered, as the agent measured it. Of calls that stand in no transcript it is all that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelReport {
    /// The request, as the API numbers it.
    pub request_id: RequestId,
    /// Model that answered.
    pub model: Option<String>,
    /// Effort in force.
    pub effort: Option<String>,
    /// Why the agent asked, in its own words.
    pub query_source: Option<String>,
    /// Tokens of the answer.
    pub usage: Usage,
    /// What else its price depends on, as far as it was said.
    pub terms: Terms,
    /// From the request to the answer's last chunk, in milliseconds.
    pub duration_ms: Option<u64>,
    /// From the request to the answer's first chunk, in milliseconds.
    pub first_chunk_ms: Option<u64>,
    /// What the agent says that it cost.
    pub cost: Option<Nanodollars>,
}

/// One part of an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerPart {
    /// Text for the user.
    Text(String),
    /// What the model thought.
    Reasoning(String),
    /// A tool call.
    ToolCall(AnsweredTool),
    /// What a tool came to that the API ran itself.
    ToolResult {
        /// The call.
        tool: ToolUseId,
        /// Its result.
        result: Json,
    },
}

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finish {
    /// The reason in the API's own word.
    pub word: String,
    /// The reason as the conventions name it.
    pub reason: FinishReason,
}

/// Why a model stops, whatever its API calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FinishReason {
    /// It had said what it wanted to say.
    Stop,
    /// It reached the output limit.
    Length,
    /// It refused, or was kept from answering.
    ContentFilter,
    /// It asked for tools.
    ToolCall,
    /// Something the conventions have no name for.
    Other,
}

/// A tool call as the model asked for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnsweredTool {
    /// The call.
    pub tool: ToolUseId,
    /// The tool's name.
    pub name: String,
    /// Its arguments.
    pub input: Json,
    /// Whether the API runs the tool itself.
    pub on_server: bool,
}
