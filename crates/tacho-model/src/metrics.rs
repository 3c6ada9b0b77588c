//! Every metric, as constants.
//! Generated from registry/ by `cargo xtask codegen`; do not edit.

use crate::metric::{Instrument, Metric};

const BOUNDS_AGENT_SECONDS: &[f64] =
    &[0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6];

const BOUNDS_CALLS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

const BOUNDS_MCP_SECONDS: &[f64] =
    &[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];

const BOUNDS_MILLISECONDS: &[f64] = &[
    5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0, 30000.0, 60000.0, 120000.0,
    300000.0, 600000.0, 1800000.0,
];

const BOUNDS_SECONDS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

const BOUNDS_TOKENS: &[f64] = &[
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0,
    16777216.0, 67108864.0,
];

/// The label `agent`.
pub const LABEL_AGENT: &str = "agent";

/// The label `decider`.
pub const LABEL_DECIDER: &str = "decider";

/// The label `decision`.
pub const LABEL_DECISION: &str = "decision";

/// The label `destination`.
pub const LABEL_DESTINATION: &str = "destination";

/// The label `error.type`.
pub const LABEL_ERROR_TYPE: &str = "error.type";

/// The label `gen_ai.agent.name`.
pub const LABEL_GEN_AI_AGENT_NAME: &str = "gen_ai.agent.name";

/// The label `gen_ai.operation.name`.
pub const LABEL_GEN_AI_OPERATION_NAME: &str = "gen_ai.operation.name";

/// The label `gen_ai.provider.name`.
pub const LABEL_GEN_AI_PROVIDER_NAME: &str = "gen_ai.provider.name";

/// The label `gen_ai.request.model`.
pub const LABEL_GEN_AI_REQUEST_MODEL: &str = "gen_ai.request.model";

/// The label `gen_ai.token.type`.
pub const LABEL_GEN_AI_TOKEN_TYPE: &str = "gen_ai.token.type";

/// The label `gen_ai.tool.name`.
pub const LABEL_GEN_AI_TOOL_NAME: &str = "gen_ai.tool.name";

/// The label `gen_ai.tool.type`.
pub const LABEL_GEN_AI_TOOL_TYPE: &str = "gen_ai.tool.type";

/// The label `mcp.method.name`.
pub const LABEL_MCP_METHOD_NAME: &str = "mcp.method.name";

/// The label `model`.
pub const LABEL_MODEL: &str = "model";

/// The label `outcome`.
pub const LABEL_OUTCOME: &str = "outcome";

/// The label `price_table`.
pub const LABEL_PRICE_TABLE: &str = "price_table";

/// The label `project`.
pub const LABEL_PROJECT: &str = "project";

/// The label `reason`.
pub const LABEL_REASON: &str = "reason";

/// The label `success`.
pub const LABEL_SUCCESS: &str = "success";

/// The label `team`.
pub const LABEL_TEAM: &str = "team";

/// The label `tool`.
pub const LABEL_TOOL: &str = "tool";

/// The label `trigger`.
pub const LABEL_TRIGGER: &str = "trigger";

/// The label `type`.
pub const LABEL_TYPE: &str = "type";

/// The label `user.hash`.
pub const LABEL_USER_HASH: &str = "user.hash";

/// The label `version`.
pub const LABEL_VERSION: &str = "version";

/// The label `window`.
pub const LABEL_WINDOW: &str = "window";

/// Sessions that were recorded.
pub const SESSION_COUNT: Metric = Metric {
    name: "claude.session.count",
    brief: "Sessions that were recorded.",
    unit: "{session}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[],
};

/// Tool calls that ran; `success` is `false` for those that failed. What was kept from running is in `claude.tool.refusals_total`.
pub const TOOL_CALLS_TOTAL: Metric = Metric {
    name: "claude.tool.calls_total",
    brief: "Tool calls that ran; `success` is `false` for those that failed. What was kept from running is in `claude.tool.refusals_total`.",
    unit: "{call}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_TOOL, LABEL_SUCCESS],
};

/// Tool calls that ran and failed.
pub const TOOL_ERRORS_TOTAL: Metric = Metric {
    name: "claude.tool.errors_total",
    brief: "Tool calls that ran and failed.",
    unit: "{error}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_TOOL],
};

/// Tool calls that did not run, and why: `denied`, `refused`, `cancelled` and the like.
pub const TOOL_REFUSALS_TOTAL: Metric = Metric {
    name: "claude.tool.refusals_total",
    brief: "Tool calls that did not run, and why: `denied`, `refused`, `cancelled` and the like.",
    unit: "{call}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_TOOL, LABEL_OUTCOME],
};

/// How long tools ran, in milliseconds, without the wait for a person.
pub const TOOL_LATENCY_MS: Metric = Metric {
    name: "claude.tool.latency_ms",
    brief: "How long tools ran, in milliseconds, without the wait for a person.",
    unit: "",
    instrument: Instrument::Histogram(BOUNDS_MILLISECONDS),
    per_unit: 1000000,
    labels: &[LABEL_TOOL],
};

/// Tokens of prompts by disjoint classes: `type` is `input`, `cache_read`, `cache_write_5m` or `cache_write_1h`.
pub const TOKENS_INPUT: Metric = Metric {
    name: "claude.tokens.input",
    brief: "Tokens of prompts by disjoint classes: `type` is `input`, `cache_read`, `cache_write_5m` or `cache_write_1h`.",
    unit: "",
    instrument: Instrument::Sum,
    per_unit: 1,
    labels: &[LABEL_MODEL, LABEL_TYPE],
};

/// Tokens of answers by disjoint classes: `type` is `output`, or `thinking` where that is told apart.
pub const TOKENS_OUTPUT: Metric = Metric {
    name: "claude.tokens.output",
    brief: "Tokens of answers by disjoint classes: `type` is `output`, or `thinking` where that is told apart.",
    unit: "",
    instrument: Instrument::Sum,
    per_unit: 1,
    labels: &[LABEL_MODEL, LABEL_TYPE],
};

/// What calls cost at list prices, in US dollars.
pub const COST_USD: Metric = Metric {
    name: "claude.cost.usd",
    brief: "What calls cost at list prices, in US dollars.",
    unit: "{USD}",
    instrument: Instrument::Counter,
    per_unit: 1000000000,
    labels: &[LABEL_MODEL],
};

/// Time to the first chunk of an answer in milliseconds, of calls for which it is known.
pub const RESPONSE_LATENCY: Metric = Metric {
    name: "claude.response.latency",
    brief: "Time to the first chunk of an answer in milliseconds, of calls for which it is known.",
    unit: "",
    instrument: Instrument::Histogram(BOUNDS_MILLISECONDS),
    per_unit: 1000000,
    labels: &[LABEL_MODEL],
};

/// Calls of the model that are over; `success` is `false` for those that were never answered.
pub const LLM_CALLS_TOTAL: Metric = Metric {
    name: "claude.llm.calls_total",
    brief: "Calls of the model that are over; `success` is `false` for those that were never answered.",
    unit: "{call}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_MODEL, LABEL_SUCCESS],
};

/// Answered calls that no price is known for; they are missing in `claude.cost.usd`.
pub const LLM_UNPRICED_CALLS_TOTAL: Metric = Metric {
    name: "claude.llm.unpriced_calls_total",
    brief: "Answered calls that no price is known for; they are missing in `claude.cost.usd`.",
    unit: "{call}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_MODEL],
};

/// Attempts of calls that failed and were made again.
pub const LLM_RETRIES_TOTAL: Metric = Metric {
    name: "claude.llm.retries_total",
    brief: "Attempts of calls that failed and were made again.",
    unit: "{attempt}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_MODEL],
};

/// Decisions on tool calls, and who made them.
pub const PERMISSION_DECISIONS_TOTAL: Metric = Metric {
    name: "claude.permission.decisions_total",
    brief: "Decisions on tool calls, and who made them.",
    unit: "{decision}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_TOOL, LABEL_DECISION, LABEL_DECIDER],
};

/// How long tool calls waited for a person, in milliseconds.
pub const PERMISSION_WAIT_MS: Metric = Metric {
    name: "claude.permission.wait_ms",
    brief: "How long tool calls waited for a person, in milliseconds.",
    unit: "",
    instrument: Instrument::Histogram(BOUNDS_MILLISECONDS),
    per_unit: 1000000,
    labels: &[LABEL_TOOL],
};

/// Compactions of the context.
pub const COMPACTION_COUNT: Metric = Metric {
    name: "claude.compaction.count",
    brief: "Compactions of the context.",
    unit: "{compaction}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_TRIGGER],
};

/// Lines that tools changed in files; `type` is `added` or `removed`.
pub const LINES_OF_CODE: Metric = Metric {
    name: "claude.lines_of_code",
    brief: "Lines that tools changed in files; `type` is `added` or `removed`.",
    unit: "{line}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_TYPE],
};

/// Commits that commands of the agent made.
pub const COMMIT_COUNT: Metric = Metric {
    name: "claude.commit.count",
    brief: "Commits that commands of the agent made.",
    unit: "{commit}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[],
};

/// Pull requests that commands of the agent opened.
pub const PULL_REQUEST_COUNT: Metric = Metric {
    name: "claude.pull_request.count",
    brief: "Pull requests that commands of the agent opened.",
    unit: "{pull_request}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[],
};

/// Tokens of a call; input with what was cached (conventions 1.41).
pub const GEN_AI_CLIENT_TOKEN_USAGE: Metric = Metric {
    name: "gen_ai.client.token.usage",
    brief: "Tokens of a call; input with what was cached (conventions 1.41).",
    unit: "{token}",
    instrument: Instrument::Histogram(BOUNDS_TOKENS),
    per_unit: 1,
    labels: &[
        LABEL_GEN_AI_OPERATION_NAME,
        LABEL_GEN_AI_PROVIDER_NAME,
        LABEL_GEN_AI_REQUEST_MODEL,
        LABEL_GEN_AI_TOKEN_TYPE,
    ],
};

/// How long calls of the model took.
pub const GEN_AI_CLIENT_OPERATION_DURATION: Metric = Metric {
    name: "gen_ai.client.operation.duration",
    brief: "How long calls of the model took.",
    unit: "s",
    instrument: Instrument::Histogram(BOUNDS_SECONDS),
    per_unit: 1000000000,
    labels: &[
        LABEL_GEN_AI_OPERATION_NAME,
        LABEL_GEN_AI_PROVIDER_NAME,
        LABEL_GEN_AI_REQUEST_MODEL,
        LABEL_ERROR_TYPE,
    ],
};

/// Time to the first chunk of an answer, of calls for which it is known.
pub const GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK: Metric = Metric {
    name: "gen_ai.client.operation.time_to_first_chunk",
    brief: "Time to the first chunk of an answer, of calls for which it is known.",
    unit: "s",
    instrument: Instrument::Histogram(BOUNDS_SECONDS),
    per_unit: 1000000000,
    labels: &[LABEL_GEN_AI_OPERATION_NAME, LABEL_GEN_AI_PROVIDER_NAME, LABEL_GEN_AI_REQUEST_MODEL],
};

/// Tokens of prompts, cached ones included.
pub const GEN_AI_CLIENT_INFERENCE_USAGE_INPUT_TOKENS: Metric = Metric {
    name: "gen_ai.client.inference.usage.input_tokens",
    brief: "Tokens of prompts, cached ones included.",
    unit: "{token}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_GEN_AI_OPERATION_NAME, LABEL_GEN_AI_PROVIDER_NAME, LABEL_GEN_AI_REQUEST_MODEL],
};

/// Tokens of answers, thinking included.
pub const GEN_AI_CLIENT_INFERENCE_USAGE_OUTPUT_TOKENS: Metric = Metric {
    name: "gen_ai.client.inference.usage.output_tokens",
    brief: "Tokens of answers, thinking included.",
    unit: "{token}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_GEN_AI_OPERATION_NAME, LABEL_GEN_AI_PROVIDER_NAME, LABEL_GEN_AI_REQUEST_MODEL],
};

/// Tokens of prompts that were read from the cache.
pub const GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_READ_INPUT_TOKENS: Metric = Metric {
    name: "gen_ai.client.inference.usage.cache_read.input_tokens",
    brief: "Tokens of prompts that were read from the cache.",
    unit: "{token}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_GEN_AI_OPERATION_NAME, LABEL_GEN_AI_PROVIDER_NAME, LABEL_GEN_AI_REQUEST_MODEL],
};

/// Tokens of prompts that were written to the cache.
pub const GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_WRITE_INPUT_TOKENS: Metric = Metric {
    name: "gen_ai.client.inference.usage.cache_write.input_tokens",
    brief: "Tokens of prompts that were written to the cache.",
    unit: "{token}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_GEN_AI_OPERATION_NAME, LABEL_GEN_AI_PROVIDER_NAME, LABEL_GEN_AI_REQUEST_MODEL],
};

/// Tokens of thinking, where they are told apart.
pub const GEN_AI_CLIENT_INFERENCE_USAGE_REASONING_OUTPUT_TOKENS: Metric = Metric {
    name: "gen_ai.client.inference.usage.reasoning.output_tokens",
    brief: "Tokens of thinking, where they are told apart.",
    unit: "{token}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_GEN_AI_OPERATION_NAME, LABEL_GEN_AI_PROVIDER_NAME, LABEL_GEN_AI_REQUEST_MODEL],
};

/// How long turns of the agent and its subagents took.
pub const GEN_AI_INVOKE_AGENT_DURATION: Metric = Metric {
    name: "gen_ai.invoke_agent.duration",
    brief: "How long turns of the agent and its subagents took.",
    unit: "s",
    instrument: Instrument::Histogram(BOUNDS_AGENT_SECONDS),
    per_unit: 1000000000,
    labels: &[LABEL_GEN_AI_AGENT_NAME, LABEL_ERROR_TYPE],
};

/// Calls of the model in a turn or a subagent, its own subagents' not counted.
pub const GEN_AI_INVOKE_AGENT_INFERENCE_CALLS: Metric = Metric {
    name: "gen_ai.invoke_agent.inference_calls",
    brief: "Calls of the model in a turn or a subagent, its own subagents' not counted.",
    unit: "{inference_call}",
    instrument: Instrument::Histogram(BOUNDS_CALLS),
    per_unit: 1,
    labels: &[LABEL_GEN_AI_AGENT_NAME],
};

/// Tool calls in a turn or a subagent, its own subagents' not counted.
pub const GEN_AI_INVOKE_AGENT_TOOL_CALLS: Metric = Metric {
    name: "gen_ai.invoke_agent.tool_calls",
    brief: "Tool calls in a turn or a subagent, its own subagents' not counted.",
    unit: "{tool_call}",
    instrument: Instrument::Histogram(BOUNDS_CALLS),
    per_unit: 1,
    labels: &[LABEL_GEN_AI_AGENT_NAME],
};

/// How long tools ran, without the wait for a person.
pub const GEN_AI_EXECUTE_TOOL_DURATION: Metric = Metric {
    name: "gen_ai.execute_tool.duration",
    brief: "How long tools ran, without the wait for a person.",
    unit: "s",
    instrument: Instrument::Histogram(BOUNDS_SECONDS),
    per_unit: 1000000000,
    labels: &[LABEL_GEN_AI_TOOL_NAME, LABEL_GEN_AI_TOOL_TYPE, LABEL_ERROR_TYPE],
};

/// How long tools of MCP servers ran.
pub const MCP_CLIENT_OPERATION_DURATION: Metric = Metric {
    name: "mcp.client.operation.duration",
    brief: "How long tools of MCP servers ran.",
    unit: "s",
    instrument: Instrument::Histogram(BOUNDS_MCP_SECONDS),
    per_unit: 1000000000,
    labels: &[LABEL_MCP_METHOD_NAME, LABEL_GEN_AI_TOOL_NAME, LABEL_ERROR_TYPE],
};

/// Share of tool calls that failed, of those that ended within the last hour: 0 to 1.
pub const ERROR_RATE: Metric = Metric {
    name: "claude.error.rate",
    brief: "Share of tool calls that failed, of those that ended within the last hour: 0 to 1.",
    unit: "",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[LABEL_TOOL],
};

/// 99th percentile of how long tools ran, in milliseconds, of calls that ended within the last hour.
pub const TOOL_LATENCY_P99: Metric = Metric {
    name: "claude.tool.latency_p99",
    brief: "99th percentile of how long tools ran, in milliseconds, of calls that ended within the last hour.",
    unit: "",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[LABEL_TOOL],
};

/// Sessions that have not ended and were seen within the last hour.
pub const SESSION_ACTIVE: Metric = Metric {
    name: "claude.session.active",
    brief: "Sessions that have not ended and were seen within the last hour.",
    unit: "{session}",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// What the most expensive of these cost so far, in US dollars.
pub const SESSION_COST_MAX_USD: Metric = Metric {
    name: "claude.session.cost.max_usd",
    brief: "What the most expensive of these cost so far, in US dollars.",
    unit: "{USD}",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// How full the fullest context of these is: 0 to 1. Absent where no agent says how much fits.
pub const CONTEXT_USED_MAX: Metric = Metric {
    name: "claude.context.used.max",
    brief: "How full the fullest context of these is: 0 to 1. Absent where no agent says how much fits.",
    unit: "",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// How long the oldest tool call that is still open has been open, in seconds.
pub const TOOL_OPEN_MAX_SECONDS: Metric = Metric {
    name: "claude.tool.open.max_seconds",
    brief: "How long the oldest tool call that is still open has been open, in seconds.",
    unit: "",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// How often in a row the last tool call of a session that goes on failed with the same arguments: of all such sessions the most, 20 at most.
pub const TOOL_REPEATED_FAILURES: Metric = Metric {
    name: "claude.tool.repeated_failures",
    brief: "How often in a row the last tool call of a session that goes on failed with the same arguments: of all such sessions the most, 20 at most.",
    unit: "{call}",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// Tool calls that wait for a person now.
pub const PERMISSION_WAITING: Metric = Metric {
    name: "claude.permission.waiting",
    brief: "Tool calls that wait for a person now.",
    unit: "{call}",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// How much of the account's limit was used when a status line said so last: 0 to 1.
pub const RATE_LIMIT_USED: Metric = Metric {
    name: "claude.rate_limit.used",
    brief: "How much of the account's limit was used when a status line said so last: 0 to 1.",
    unit: "",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[LABEL_WINDOW],
};

/// Always 1; its labels say which recorder this is.
pub const TACHOGRAPH_BUILD_INFO: Metric = Metric {
    name: "tachograph.build.info",
    brief: "Always 1; its labels say which recorder this is.",
    unit: "",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[LABEL_VERSION, LABEL_PRICE_TABLE],
};

/// How long the recorder's own hook took at the end of a turn, in milliseconds, as the agent measured it.
pub const TACHOGRAPH_HOOK_DURATION_MS: Metric = Metric {
    name: "tachograph.hook.duration_ms",
    brief: "How long the recorder's own hook took at the end of a turn, in milliseconds, as the agent measured it.",
    unit: "",
    instrument: Instrument::Histogram(BOUNDS_MILLISECONDS),
    per_unit: 1000000,
    labels: &[],
};

/// Bytes of the spool that the drainer has not read.
pub const TACHOGRAPH_SPOOL_UNREAD: Metric = Metric {
    name: "tachograph.spool.unread",
    brief: "Bytes of the spool that the drainer has not read.",
    unit: "By",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// Size of the store.
pub const TACHOGRAPH_STORE_SIZE: Metric = Metric {
    name: "tachograph.store.size",
    brief: "Size of the store.",
    unit: "By",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// Entries in the audit log, as its newest checkpoint says; they never become fewer.
pub const TACHOGRAPH_AUDIT_ENTRIES: Metric = Metric {
    name: "tachograph.audit.entries",
    brief: "Entries in the audit log, as its newest checkpoint says; they never become fewer.",
    unit: "{entry}",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// Audit logs that did not fit their checkpoint, were set aside, and are still there.
pub const TACHOGRAPH_AUDIT_SET_ASIDE: Metric = Metric {
    name: "tachograph.audit.set_aside",
    brief: "Audit logs that did not fit their checkpoint, were set aside, and are still there.",
    unit: "{log}",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// How long decisions have not been sealed because that fails, in seconds; 0 while it works.
pub const TACHOGRAPH_AUDIT_UNSEALED_SECONDS: Metric = Metric {
    name: "tachograph.audit.unsealed_seconds",
    brief: "How long decisions have not been sealed because that fails, in seconds; 0 while it works.",
    unit: "",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// How old the list of prices is that came with the recorder, in seconds.
pub const TACHOGRAPH_PRICES_AGE_SECONDS: Metric = Metric {
    name: "tachograph.prices.age_seconds",
    brief: "How old the list of prices is that came with the recorder, in seconds.",
    unit: "",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// Items that wait for a destination.
pub const TACHOGRAPH_OUTBOX_ITEMS: Metric = Metric {
    name: "tachograph.outbox.items",
    brief: "Items that wait for a destination.",
    unit: "{item}",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[LABEL_DESTINATION],
};

/// How long the oldest of them has waited, in seconds.
pub const TACHOGRAPH_OUTBOX_OLDEST_SECONDS: Metric = Metric {
    name: "tachograph.outbox.oldest_seconds",
    brief: "How long the oldest of them has waited, in seconds.",
    unit: "",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[LABEL_DESTINATION],
};

/// Items that a destination took.
pub const TACHOGRAPH_EXPORT_DELIVERED: Metric = Metric {
    name: "tachograph.export.delivered",
    brief: "Items that a destination took.",
    unit: "{item}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_DESTINATION],
};

/// Items that a destination refused.
pub const TACHOGRAPH_EXPORT_REJECTED: Metric = Metric {
    name: "tachograph.export.rejected",
    brief: "Items that a destination refused.",
    unit: "{item}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_DESTINATION],
};

/// Failed deliveries in a row.
pub const TACHOGRAPH_EXPORT_FAILURES: Metric = Metric {
    name: "tachograph.export.failures",
    brief: "Failed deliveries in a row.",
    unit: "{failure}",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[LABEL_DESTINATION],
};

/// What was lost, by reason.
pub const TACHOGRAPH_LOST: Metric = Metric {
    name: "tachograph.lost",
    brief: "What was lost, by reason.",
    unit: "{item}",
    instrument: Instrument::Counter,
    per_unit: 1,
    labels: &[LABEL_REASON],
};

/// Statements about kept sessions that this version does not understand.
pub const TACHOGRAPH_NOT_UNDERSTOOD: Metric = Metric {
    name: "tachograph.not_understood",
    brief: "Statements about kept sessions that this version does not understand.",
    unit: "{observation}",
    instrument: Instrument::Gauge,
    per_unit: 1,
    labels: &[],
};

/// Every metric, in the order of the registry.
pub const ALL: &[&Metric] = &[
    &SESSION_COUNT,
    &TOOL_CALLS_TOTAL,
    &TOOL_ERRORS_TOTAL,
    &TOOL_REFUSALS_TOTAL,
    &TOOL_LATENCY_MS,
    &TOKENS_INPUT,
    &TOKENS_OUTPUT,
    &COST_USD,
    &RESPONSE_LATENCY,
    &LLM_CALLS_TOTAL,
    &LLM_UNPRICED_CALLS_TOTAL,
    &LLM_RETRIES_TOTAL,
    &PERMISSION_DECISIONS_TOTAL,
    &PERMISSION_WAIT_MS,
    &COMPACTION_COUNT,
    &LINES_OF_CODE,
    &COMMIT_COUNT,
    &PULL_REQUEST_COUNT,
    &GEN_AI_CLIENT_TOKEN_USAGE,
    &GEN_AI_CLIENT_OPERATION_DURATION,
    &GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK,
    &GEN_AI_CLIENT_INFERENCE_USAGE_INPUT_TOKENS,
    &GEN_AI_CLIENT_INFERENCE_USAGE_OUTPUT_TOKENS,
    &GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_READ_INPUT_TOKENS,
    &GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_WRITE_INPUT_TOKENS,
    &GEN_AI_CLIENT_INFERENCE_USAGE_REASONING_OUTPUT_TOKENS,
    &GEN_AI_INVOKE_AGENT_DURATION,
    &GEN_AI_INVOKE_AGENT_INFERENCE_CALLS,
    &GEN_AI_INVOKE_AGENT_TOOL_CALLS,
    &GEN_AI_EXECUTE_TOOL_DURATION,
    &MCP_CLIENT_OPERATION_DURATION,
    &ERROR_RATE,
    &TOOL_LATENCY_P99,
    &SESSION_ACTIVE,
    &SESSION_COST_MAX_USD,
    &CONTEXT_USED_MAX,
    &TOOL_OPEN_MAX_SECONDS,
    &TOOL_REPEATED_FAILURES,
    &PERMISSION_WAITING,
    &RATE_LIMIT_USED,
    &TACHOGRAPH_BUILD_INFO,
    &TACHOGRAPH_HOOK_DURATION_MS,
    &TACHOGRAPH_SPOOL_UNREAD,
    &TACHOGRAPH_STORE_SIZE,
    &TACHOGRAPH_AUDIT_ENTRIES,
    &TACHOGRAPH_AUDIT_SET_ASIDE,
    &TACHOGRAPH_AUDIT_UNSEALED_SECONDS,
    &TACHOGRAPH_PRICES_AGE_SECONDS,
    &TACHOGRAPH_OUTBOX_ITEMS,
    &TACHOGRAPH_OUTBOX_OLDEST_SECONDS,
    &TACHOGRAPH_EXPORT_DELIVERED,
    &TACHOGRAPH_EXPORT_REJECTED,
    &TACHOGRAPH_EXPORT_FAILURES,
    &TACHOGRAPH_LOST,
    &TACHOGRAPH_NOT_UNDERSTOOD,
];
