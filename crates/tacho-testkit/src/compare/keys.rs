//! The attribute names that the comparison reads, spelt out a second time on purpose: taken from the recorder's own
//! table, a misspelt name would agree with itself.

pub(super) const OPERATION: &str = "gen_ai.operation.name";
pub(super) const CONVERSATION_ROOT: &str = "gen_ai.conversation_root";
pub(super) const AGENT_NAME: &str = "gen_ai.agent.name";
pub(super) const SESSION_ID: &str = "session.id";
pub(super) const SUBAGENT_ID: &str = "claude_code.subagent.id";
pub(super) const SUBAGENT_DEPTH: &str = "claude_code.subagent.depth";
pub(super) const END_INFERRED: &str = "tachograph.end.inferred";
pub(super) const ERROR_TYPE: &str = "error.type";
pub(super) const COMPACTION_TRIGGER: &str = "claude_code.compaction.trigger";
pub(super) const HOOK_DURATION: &str = "tachograph.hook.duration_ms";

pub(super) const REQUEST_ID: &str = "claude_code.request.id";
pub(super) const REQUEST_ATTEMPTS: &str = "claude_code.request.attempts";
pub(super) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(super) const RESPONSE_ID: &str = "gen_ai.response.id";
pub(super) const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
pub(super) const TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
pub(super) const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub(super) const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(super) const UNCACHED_INPUT_TOKENS: &str = "claude_code.usage.uncached_input_tokens";
pub(super) const CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
pub(super) const CACHE_WRITE_5M_TOKENS: &str = "claude_code.usage.cache_creation_5m_input_tokens";
pub(super) const CACHE_WRITE_1H_TOKENS: &str = "claude_code.usage.cache_creation_1h_input_tokens";

pub(super) const COST_AMOUNT: &str = "gen_ai.usage.cost.amount";
pub(super) const COST_CURRENCY: &str = "gen_ai.usage.cost.currency";
pub(super) const COST_NANOS: &str = "tachograph.cost.nanos";
pub(super) const PRICE_MISSING: &str = "tachograph.price.missing";

pub(super) const TOOL_NAME: &str = "gen_ai.tool.name";
pub(super) const TOOL_CALL_ID: &str = "gen_ai.tool.call.id";
pub(super) const TOOL_OUTCOME: &str = "claude_code.tool.outcome";
pub(super) const PERMISSION_DECIDER: &str = "tachograph.permission.decider";

pub(super) const CORRECTED_NAME: &str = "tachograph.span.name";
pub(super) const CORRECTED_START: &str = "tachograph.span.start_unix_ns";
pub(super) const CORRECTED_END: &str = "tachograph.span.end_unix_ns";
