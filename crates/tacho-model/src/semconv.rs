//! The names of all attributes, spans and events, as constants.
//! Generated from registry/ by `cargo xtask codegen`; do not edit.

use crate::attribute::{Class, Key, ValueType};
use crate::shape::{LogShape, OtlpKind, SpanShape};
use crate::span::SpanKind;

/// Name of the agent, `claude-code` unless the owner chose another.
pub const SERVICE_NAME: Key = Key::new(89, "service.name", ValueType::String, Class::Metadata);

/// Version of the agent's CLI, as its transcript says.
pub const SERVICE_VERSION: Key = Key::new(90, "service.version", ValueType::String, Class::Metadata);

/// Random id of this installation of the recorder.
pub const SERVICE_INSTANCE_ID: Key = Key::new(88, "service.instance.id", ValueType::String, Class::Metadata);

/// Always `tachograph`.
pub const TELEMETRY_SDK_NAME: Key = Key::new(125, "telemetry.sdk.name", ValueType::String, Class::Metadata);

/// Always `rust`.
pub const TELEMETRY_SDK_LANGUAGE: Key =
    Key::new(124, "telemetry.sdk.language", ValueType::String, Class::Metadata);

/// Version of the recorder.
pub const TELEMETRY_SDK_VERSION: Key =
    Key::new(126, "telemetry.sdk.version", ValueType::String, Class::Metadata);

/// The person at the machine; the gate turns it into `user.hash`.
pub const USER_NAME: Key = Key::new(129, "user.name", ValueType::String, Class::Identity);

/// The team that the work is for, as its owner configured it.
pub const TACHOGRAPH_TEAM: Key = Key::new(119, "tachograph.team", ValueType::String, Class::Metadata);

/// HMAC-SHA-256 of the user's name under this installation's key, base32 of 16 bytes.
pub const USER_HASH: Key = Key::new(128, "user.hash", ValueType::String, Class::Metadata);

/// The address of the person, as git's configuration of the user has it.
pub const USER_EMAIL: Key = Key::new(127, "user.email", ValueType::String, Class::Identity);

/// Who said who the person is: `git`, or `os`, the operating system. In a CI job and on an account that is shared, such as `root` or `runner`, the operating system's word is no person's name and is left out.
pub const TACHOGRAPH_USER_SOURCE: Key =
    Key::new(121, "tachograph.user.source", ValueType::String, Class::Metadata);

/// The agent's session.
pub const SESSION_ID: Key = Key::new(91, "session.id", ValueType::String, Class::Metadata);

/// The same value as `session.id`.
pub const GEN_AI_CONVERSATION_ID: Key =
    Key::new(55, "gen_ai.conversation.id", ValueType::String, Class::Metadata);

/// `invoke_agent`, `chat` or `execute_tool`.
pub const GEN_AI_OPERATION_NAME: Key =
    Key::new(59, "gen_ai.operation.name", ValueType::String, Class::Metadata);

/// Who serves the model: `anthropic`.
pub const GEN_AI_PROVIDER_NAME: Key =
    Key::new(61, "gen_ai.provider.name", ValueType::String, Class::Metadata);

/// The name of `gen_ai.provider.name` up to conventions 1.36; written for older backends.
pub const GEN_AI_SYSTEM: Key = Key::new(70, "gen_ai.system", ValueType::String, Class::Metadata);

/// Name of the agent, or the type of a subagent.
pub const GEN_AI_AGENT_NAME: Key = Key::new(53, "gen_ai.agent.name", ValueType::String, Class::Metadata);

/// Low-cardinality reason of an error status; present exactly when the status is Error.
pub const ERROR_TYPE: Key = Key::new(51, "error.type", ValueType::String, Class::Metadata);

/// The CLI's id of the prompt that began the turn.
pub const CLAUDE_CODE_PROMPT_ID: Key =
    Key::new(23, "claude_code.prompt.id", ValueType::String, Class::Metadata);

/// No source closed this span; what it was concluded from: `session_end`, `agent_gone`, `next_prompt`, `idle`, `turn_end`, `tool_end`, `next_step`.
pub const TACHOGRAPH_END_INFERRED: Key =
    Key::new(99, "tachograph.end.inferred", ValueType::String, Class::Metadata);

/// Remote of the repository the agent worked in, without credentials.
pub const VCS_REPOSITORY_URL_FULL: Key =
    Key::new(137, "vcs.repository.url.full", ValueType::String, Class::Url);

/// Name of that repository.
pub const VCS_REPOSITORY_NAME: Key = Key::new(136, "vcs.repository.name", ValueType::String, Class::Metadata);

/// Who owns that repository at its host.
pub const VCS_OWNER_NAME: Key = Key::new(131, "vcs.owner.name", ValueType::String, Class::Metadata);

/// Its host: `github`, `gitlab`, `gitea` or `bitbucket`.
pub const VCS_PROVIDER_NAME: Key = Key::new(132, "vcs.provider.name", ValueType::String, Class::Metadata);

/// Branch or tag that was checked out when the span began.
pub const VCS_REF_HEAD_NAME: Key = Key::new(133, "vcs.ref.head.name", ValueType::String, Class::Metadata);

/// `branch` or `tag`.
pub const VCS_REF_HEAD_TYPE: Key = Key::new(135, "vcs.ref.head.type", ValueType::String, Class::Metadata);

/// Commit that was checked out when the span began.
pub const VCS_REF_HEAD_REVISION: Key =
    Key::new(134, "vcs.ref.head.revision", ValueType::String, Class::Metadata);

/// Name of the worktree, if it was not the main one.
pub const TACHOGRAPH_VCS_WORKTREE: Key =
    Key::new(122, "tachograph.vcs.worktree", ValueType::String, Class::Metadata);

/// True on the root span of a turn.
pub const GEN_AI_CONVERSATION_ROOT: Key =
    Key::new(57, "gen_ai.conversation_root", ValueType::Boolean, Class::Metadata);

/// Version of the CLI that ran the turn.
pub const CLAUDE_CODE_AGENT_VERSION: Key =
    Key::new(0, "claude_code.agent.version", ValueType::String, Class::Metadata);

/// Permission mode in force when the prompt was sent.
pub const CLAUDE_CODE_PERMISSION_MODE: Key =
    Key::new(18, "claude_code.permission.mode", ValueType::String, Class::Metadata);

/// Length of the prompt in characters; absent where the prompt was cut.
pub const CLAUDE_CODE_PROMPT_LENGTH: Key =
    Key::new(24, "claude_code.prompt.length", ValueType::Int, Class::Metadata);

/// Directory the agent worked in when the turn began.
pub const TACHOGRAPH_WORKING_DIRECTORY: Key =
    Key::new(123, "tachograph.working_directory", ValueType::String, Class::Content);

/// The prompt of a turn, the task of a subagent; on a call, what it was given that the calls before it were not. JSON of the conventions' schema.
pub const GEN_AI_INPUT_MESSAGES: Key =
    Key::new(58, "gen_ai.input.messages", ValueType::String, Class::Content);

/// The last message of a turn or subagent; on a call, the model's answer. JSON of the conventions' schema.
pub const GEN_AI_OUTPUT_MESSAGES: Key =
    Key::new(60, "gen_ai.output.messages", ValueType::String, Class::Content);

/// Id of the subagent instance a span belongs to.
pub const CLAUDE_CODE_SUBAGENT_ID: Key =
    Key::new(43, "claude_code.subagent.id", ValueType::String, Class::Metadata);

/// How deep the subagent was spawned; 1 below the main agent, 0 for a teammate, who works beside it.
pub const CLAUDE_CODE_SUBAGENT_DEPTH: Key =
    Key::new(41, "claude_code.subagent.depth", ValueType::Int, Class::Metadata);

/// The task's title as the model wrote it.
pub const CLAUDE_CODE_SUBAGENT_DESCRIPTION: Key =
    Key::new(42, "claude_code.subagent.description", ValueType::String, Class::Content);

/// What the session was called by the end of the turn, by its user or by the agent.
pub const GEN_AI_CONVERSATION_NAME: Key =
    Key::new(56, "gen_ai.conversation.name", ValueType::String, Class::Content);

/// Tokens of the last prompt in the turn or subagent, cached ones included: how full the context was.
pub const TACHOGRAPH_CONTEXT_TOKENS: Key =
    Key::new(97, "tachograph.context.tokens", ValueType::Int, Class::Metadata);

/// How long the recorder's own hook took at the end of the turn, as the agent measured it: with what starting it took.
pub const TACHOGRAPH_HOOK_DURATION_MS: Key =
    Key::new(100, "tachograph.hook.duration_ms", ValueType::Int, Class::Metadata);

/// Lines that tools added to files: on a call, and summed on turn and subagent. By the patch in the tool's result, else by its arguments.
pub const TACHOGRAPH_LINES_ADDED: Key =
    Key::new(104, "tachograph.lines.added", ValueType::Int, Class::Metadata);

/// Lines that tools removed from files, in the same way.
pub const TACHOGRAPH_LINES_REMOVED: Key =
    Key::new(105, "tachograph.lines.removed", ValueType::Int, Class::Metadata);

/// A signed checkpoint of the audit log: its name, how many entries it has, and the root over them (C2SP tlog-checkpoint).
pub const TACHOGRAPH_AUDIT_CHECKPOINT: Key =
    Key::new(92, "tachograph.audit.checkpoint", ValueType::String, Class::Metadata);

/// How many entries the audit log has.
pub const TACHOGRAPH_AUDIT_SIZE: Key = Key::new(93, "tachograph.audit.size", ValueType::Int, Class::Metadata);

/// Who told the figures of `claude_code.context.*`, `claude_code.rate_limit.*` and `claude_code.session.*`: `status_line`, the last one before the turn's end.
pub const TACHOGRAPH_STATUS_SOURCE: Key =
    Key::new(117, "tachograph.status.source", ValueType::String, Class::Metadata);

/// When it did, in nanoseconds since the Unix epoch.
pub const TACHOGRAPH_STATUS_TOLD_UNIX_NS: Key =
    Key::new(118, "tachograph.status.told_unix_ns", ValueType::Int, Class::Metadata);

/// Tokens that the model takes at most.
pub const CLAUDE_CODE_CONTEXT_WINDOW_TOKENS: Key =
    Key::new(5, "claude_code.context.window_tokens", ValueType::Int, Class::Metadata);

/// How much of them was used.
pub const CLAUDE_CODE_CONTEXT_USED_PERCENT: Key =
    Key::new(4, "claude_code.context.used_percent", ValueType::Double, Class::Metadata);

/// How much of the account's 5-hour limit was used.
pub const CLAUDE_CODE_RATE_LIMIT_FIVE_HOUR_USED_PERCENT: Key =
    Key::new(27, "claude_code.rate_limit.five_hour.used_percent", ValueType::Double, Class::Metadata);

/// When that limit begins anew, in seconds since the Unix epoch.
pub const CLAUDE_CODE_RATE_LIMIT_FIVE_HOUR_RESETS_UNIX_S: Key =
    Key::new(26, "claude_code.rate_limit.five_hour.resets_unix_s", ValueType::Int, Class::Metadata);

/// How much of the account's 7-day limit was used.
pub const CLAUDE_CODE_RATE_LIMIT_SEVEN_DAY_USED_PERCENT: Key =
    Key::new(29, "claude_code.rate_limit.seven_day.used_percent", ValueType::Double, Class::Metadata);

/// When that limit begins anew, in seconds since the Unix epoch.
pub const CLAUDE_CODE_RATE_LIMIT_SEVEN_DAY_RESETS_UNIX_S: Key =
    Key::new(28, "claude_code.rate_limit.seven_day.resets_unix_s", ValueType::Int, Class::Metadata);

/// How much of the account's spending limit was used.
pub const CLAUDE_CODE_RATE_LIMIT_SPEND_LIMIT_USED_PERCENT: Key =
    Key::new(31, "claude_code.rate_limit.spend_limit.used_percent", ValueType::Double, Class::Metadata);

/// When that limit begins anew, in seconds since the Unix epoch.
pub const CLAUDE_CODE_RATE_LIMIT_SPEND_LIMIT_RESETS_UNIX_S: Key =
    Key::new(30, "claude_code.rate_limit.spend_limit.resets_unix_s", ValueType::Int, Class::Metadata);

/// What the CLI says that the session cost so far, in billionths of a dollar; by its own prices, not ours.
pub const CLAUDE_CODE_SESSION_COST_NANOS: Key =
    Key::new(36, "claude_code.session.cost_nanos", ValueType::Int, Class::Metadata);

/// Lines that the session added so far, as the CLI counts them: it takes a new file for one line more than it has.
pub const CLAUDE_CODE_SESSION_LINES_ADDED: Key =
    Key::new(37, "claude_code.session.lines_added", ValueType::Int, Class::Metadata);

/// Lines that the session removed so far, as the CLI counts them.
pub const CLAUDE_CODE_SESSION_LINES_REMOVED: Key =
    Key::new(38, "claude_code.session.lines_removed", ValueType::Int, Class::Metadata);

/// Model asked for.
pub const GEN_AI_REQUEST_MODEL: Key =
    Key::new(63, "gen_ai.request.model", ValueType::String, Class::Metadata);

/// Output limit of the request, in tokens.
pub const GEN_AI_REQUEST_MAX_TOKENS: Key =
    Key::new(62, "gen_ai.request.max_tokens", ValueType::Int, Class::Metadata);

/// True; the CLI streams every answer.
pub const GEN_AI_REQUEST_STREAM: Key =
    Key::new(65, "gen_ai.request.stream", ValueType::Boolean, Class::Metadata);

/// Effort asked for.
pub const GEN_AI_REQUEST_REASONING_LEVEL: Key =
    Key::new(64, "gen_ai.request.reasoning.level", ValueType::String, Class::Metadata);

/// Model that answered.
pub const GEN_AI_RESPONSE_MODEL: Key =
    Key::new(68, "gen_ai.response.model", ValueType::String, Class::Metadata);

/// The API's message id.
pub const GEN_AI_RESPONSE_ID: Key = Key::new(67, "gen_ai.response.id", ValueType::String, Class::Metadata);

/// The API's stop reason.
pub const GEN_AI_RESPONSE_FINISH_REASONS: Key =
    Key::new(66, "gen_ai.response.finish_reasons", ValueType::StringList, Class::Metadata);

/// Seconds from the request to the first chunk.
pub const GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: Key =
    Key::new(69, "gen_ai.response.time_to_first_chunk", ValueType::Double, Class::Metadata);

/// The same at most, where it is not known: seconds from the request until the first part of the answer was complete.
pub const TACHOGRAPH_TIME_TO_FIRST_CHUNK_MAX: Key =
    Key::new(120, "tachograph.time_to_first_chunk.max", ValueType::Double, Class::Metadata);

/// Input + cache read + cache write tokens (the conventions' sum).
pub const GEN_AI_USAGE_INPUT_TOKENS: Key =
    Key::new(82, "gen_ai.usage.input_tokens", ValueType::Int, Class::Metadata);

/// Output tokens, thinking included.
pub const GEN_AI_USAGE_OUTPUT_TOKENS: Key =
    Key::new(83, "gen_ai.usage.output_tokens", ValueType::Int, Class::Metadata);

/// Tokens read from the prompt cache.
pub const GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: Key =
    Key::new(77, "gen_ai.usage.cache_read.input_tokens", ValueType::Int, Class::Metadata);

/// Tokens written to the prompt cache (name of conventions 1.41).
pub const GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS: Key =
    Key::new(76, "gen_ai.usage.cache_creation.input_tokens", ValueType::Int, Class::Metadata);

/// Tokens written to the prompt cache (latest name, same value).
pub const GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: Key =
    Key::new(78, "gen_ai.usage.cache_write.input_tokens", ValueType::Int, Class::Metadata);

/// Thinking tokens; part of the output tokens.
pub const GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: Key =
    Key::new(84, "gen_ai.usage.reasoning.output_tokens", ValueType::Int, Class::Metadata);

/// The API's own `input_tokens`: neither read from nor written to the cache.
pub const CLAUDE_CODE_USAGE_UNCACHED_INPUT_TOKENS: Key =
    Key::new(49, "claude_code.usage.uncached_input_tokens", ValueType::Int, Class::Metadata);

/// Tokens written to the cache for 5 minutes.
pub const CLAUDE_CODE_USAGE_CACHE_CREATION_5M_INPUT_TOKENS: Key =
    Key::new(48, "claude_code.usage.cache_creation_5m_input_tokens", ValueType::Int, Class::Metadata);

/// Tokens written to the cache for 1 hour.
pub const CLAUDE_CODE_USAGE_CACHE_CREATION_1H_INPUT_TOKENS: Key =
    Key::new(47, "claude_code.usage.cache_creation_1h_input_tokens", ValueType::Int, Class::Metadata);

/// The API's request id.
pub const CLAUDE_CODE_REQUEST_ID: Key =
    Key::new(33, "claude_code.request.id", ValueType::String, Class::Metadata);

/// Requests sent for this logical call, retries included.
pub const CLAUDE_CODE_REQUEST_ATTEMPTS: Key =
    Key::new(32, "claude_code.request.attempts", ValueType::Int, Class::Metadata);

/// Why the CLI called the model, in its own words (`sdk`, `repl_main_thread`, `agent:...`).
pub const CLAUDE_CODE_QUERY_SOURCE: Key =
    Key::new(25, "claude_code.query.source", ValueType::String, Class::Metadata);

/// True on the first call after a compaction of the context.
pub const GEN_AI_CONVERSATION_COMPACTED: Key =
    Key::new(54, "gen_ai.conversation.compacted", ValueType::Boolean, Class::Metadata);

/// Service tier that served the call.
pub const CLAUDE_CODE_SERVICE_TIER: Key =
    Key::new(35, "claude_code.service.tier", ValueType::String, Class::Metadata);

/// `standard` or `fast`.
pub const CLAUDE_CODE_SPEED: Key = Key::new(40, "claude_code.speed", ValueType::String, Class::Metadata);

/// What the CLI itself says that the call cost, in billionths of a dollar; by its own prices, not ours.
pub const CLAUDE_CODE_COST_REPORTED_NANOS: Key =
    Key::new(6, "claude_code.cost.reported_nanos", ValueType::Int, Class::Metadata);

/// Where the model ran, as the API says it, such as `us` or `global`.
pub const CLAUDE_CODE_INFERENCE_GEO: Key =
    Key::new(15, "claude_code.inference.geo", ValueType::String, Class::Metadata);

/// Searches of the web that the API made for the call.
pub const CLAUDE_CODE_WEB_SEARCH_REQUESTS: Key =
    Key::new(50, "claude_code.web_search_requests", ValueType::Int, Class::Metadata);

/// Passes that the answer is made of, where the API lists them.
pub const CLAUDE_CODE_REQUEST_ITERATIONS: Key =
    Key::new(34, "claude_code.request.iterations", ValueType::Int, Class::Metadata);

/// What the answer costs by the price list or the owner's own prices. On calls alone; absent where there is no price.
pub const GEN_AI_USAGE_COST_AMOUNT: Key =
    Key::new(79, "gen_ai.usage.cost.amount", ValueType::Double, Class::Metadata);

/// Always `USD`.
pub const GEN_AI_USAGE_COST_CURRENCY: Key =
    Key::new(80, "gen_ai.usage.cost.currency", ValueType::String, Class::Metadata);

/// Always `local`: the recorder computes the amount, the provider did not say it.
pub const GEN_AI_USAGE_COST_SOURCE: Key =
    Key::new(81, "gen_ai.usage.cost.source", ValueType::String, Class::Metadata);

/// The same amount in billionths of a dollar, as it was computed.
pub const TACHOGRAPH_COST_NANOS: Key = Key::new(98, "tachograph.cost.nanos", ValueType::Int, Class::Metadata);

/// Row by which the answer is priced, with those of advisors behind it; `own:` in front of the owner's.
pub const TACHOGRAPH_PRICE_ROW: Key =
    Key::new(112, "tachograph.price.row", ValueType::String, Class::Metadata);

/// State of the prices that was asked.
pub const TACHOGRAPH_PRICE_TABLE: Key =
    Key::new(113, "tachograph.price.table", ValueType::String, Class::Metadata);

/// Why an answer has no price: `no_model`, `unknown_model`, `unknown_then`, `unknown_tokens`, `unknown_terms`.
pub const TACHOGRAPH_PRICE_MISSING: Key =
    Key::new(111, "tachograph.price.missing", ValueType::String, Class::Metadata);

/// Model that answered before in the conversation, where it was another one.
pub const TACHOGRAPH_MODEL_PREVIOUS: Key =
    Key::new(106, "tachograph.model.previous", ValueType::String, Class::Metadata);

/// Through what another model was chosen, in the CLI's own word (`command`, ...); absent where nobody chose it.
pub const TACHOGRAPH_MODEL_SWITCH: Key =
    Key::new(107, "tachograph.model.switch", ValueType::String, Class::Metadata);

/// Name of the tool.
pub const GEN_AI_TOOL_NAME: Key = Key::new(74, "gen_ai.tool.name", ValueType::String, Class::Metadata);

/// `function`; `extension` for a tool the API runs.
pub const GEN_AI_TOOL_TYPE: Key = Key::new(75, "gen_ai.tool.type", ValueType::String, Class::Metadata);

/// The CLI's `tool_use_id`.
pub const GEN_AI_TOOL_CALL_ID: Key = Key::new(72, "gen_ai.tool.call.id", ValueType::String, Class::Metadata);

/// Arguments of the call as JSON.
pub const GEN_AI_TOOL_CALL_ARGUMENTS: Key =
    Key::new(71, "gen_ai.tool.call.arguments", ValueType::String, Class::Content);

/// Result of the call as JSON.
pub const GEN_AI_TOOL_CALL_RESULT: Key =
    Key::new(73, "gen_ai.tool.call.result", ValueType::String, Class::Content);

/// `tools/call` on a call to an MCP server, `elicitation/create` on what its tool asked a person.
pub const MCP_METHOD_NAME: Key = Key::new(85, "mcp.method.name", ValueType::String, Class::Metadata);

/// Name of the MCP server, as configured.
pub const MCP_SERVER_NAME: Key = Key::new(86, "mcp.server.name", ValueType::String, Class::Metadata);

/// Exit code of a shell command.
pub const PROCESS_EXIT_CODE: Key = Key::new(87, "process.exit.code", ValueType::Int, Class::Metadata);

/// `ok`; `failed`; `denied` by a person or a rule; `refused` by the agent itself or a hook; `interrupted`; `unknown`: it never came back.
pub const CLAUDE_CODE_TOOL_OUTCOME: Key =
    Key::new(46, "claude_code.tool.outcome", ValueType::String, Class::Metadata);

/// Run time without permission wait and hooks, as the CLI measured it.
pub const CLAUDE_CODE_TOOL_DURATION_MS: Key =
    Key::new(44, "claude_code.tool.duration_ms", ValueType::Int, Class::Metadata);

/// The error text the model was given.
pub const CLAUDE_CODE_TOOL_ERROR: Key =
    Key::new(45, "claude_code.tool.error", ValueType::String, Class::Content);

/// `accept` or `reject`.
pub const CLAUDE_CODE_PERMISSION_DECISION: Key =
    Key::new(16, "claude_code.permission.decision", ValueType::String, Class::Metadata);

/// Who decided, in the CLI's own words (`config`, `user_temporary`, ...).
pub const CLAUDE_CODE_PERMISSION_SOURCE: Key =
    Key::new(22, "claude_code.permission.source", ValueType::String, Class::Metadata);

/// Kind of thing that decided, in the CLI's own words (`mode`, `rule`, `hook`, ...).
pub const CLAUDE_CODE_PERMISSION_REASON: Key =
    Key::new(19, "claude_code.permission.reason", ValueType::String, Class::Metadata);

/// Which one of its kind decided, in the CLI's own words (`mode:dontAsk`, `rule:userSettings`, ...).
pub const CLAUDE_CODE_PERMISSION_REASON_CODE: Key =
    Key::new(20, "claude_code.permission.reason_code", ValueType::String, Class::Metadata);

/// Where the rule stands that decided, in the CLI's own words.
pub const CLAUDE_CODE_PERMISSION_RULE_SOURCE: Key =
    Key::new(21, "claude_code.permission.rule_source", ValueType::String, Class::Metadata);

/// For how long the call was allowed, in the CLI's own words (`once`, ...).
pub const CLAUDE_CODE_PERMISSION_GRANT_SCOPE: Key =
    Key::new(17, "claude_code.permission.grant_scope", ValueType::String, Class::Metadata);

/// Who let the call run or kept it from running: `person`, `rule`, `mode`, `hook`, `classifier`, `safety_check`, `sandbox` or `agent`.
pub const TACHOGRAPH_PERMISSION_DECIDER: Key =
    Key::new(109, "tachograph.permission.decider", ValueType::String, Class::Metadata);

/// For how long the call waited for a person to allow it.
pub const TACHOGRAPH_PERMISSION_WAIT_MS: Key =
    Key::new(110, "tachograph.permission.wait_ms", ValueType::Int, Class::Metadata);

/// Whether a person was asked about this call or about another one like it: the CLI does not say which.
pub const TACHOGRAPH_PERMISSION_AMBIGUOUS: Key =
    Key::new(108, "tachograph.permission.ambiguous", ValueType::Boolean, Class::Metadata);

/// How a tool asked a person: `form` or `url`.
pub const CLAUDE_CODE_ELICITATION_MODE: Key =
    Key::new(8, "claude_code.elicitation.mode", ValueType::String, Class::Metadata);

/// What the person answered: `accept`, `decline` or `cancel`.
pub const CLAUDE_CODE_ELICITATION_ACTION: Key =
    Key::new(7, "claude_code.elicitation.action", ValueType::String, Class::Metadata);

/// Program that a shell's command runs first, without what it is wrapped in, by a name of a fixed list; `other` for any that is not on it.
pub const TACHOGRAPH_COMMAND_FAMILY: Key =
    Key::new(95, "tachograph.command.family", ValueType::String, Class::Metadata);

/// Skill that the call uses.
pub const CLAUDE_CODE_SKILL_NAME: Key =
    Key::new(39, "claude_code.skill.name", ValueType::String, Class::Metadata);

/// Commit that the call made, as git shortened its id.
pub const TACHOGRAPH_COMMIT_REVISION: Key =
    Key::new(96, "tachograph.commit.revision", ValueType::String, Class::Metadata);

/// Number of the pull or merge request that the call opened.
pub const VCS_CHANGE_ID: Key = Key::new(130, "vcs.change.id", ValueType::String, Class::Metadata);

/// Its address.
pub const TACHOGRAPH_CHANGE_URL: Key = Key::new(94, "tachograph.change.url", ValueType::String, Class::Url);

/// Number of the issue that the call opened.
pub const TACHOGRAPH_ISSUE_ID: Key = Key::new(101, "tachograph.issue.id", ValueType::String, Class::Metadata);

/// Its address.
pub const TACHOGRAPH_ISSUE_URL: Key = Key::new(102, "tachograph.issue.url", ValueType::String, Class::Url);

/// `manual` or `auto`.
pub const CLAUDE_CODE_COMPACTION_TRIGGER: Key =
    Key::new(3, "claude_code.compaction.trigger", ValueType::String, Class::Metadata);

/// Tokens of the context before the compaction, as the CLI counted them.
pub const CLAUDE_CODE_COMPACTION_PRE_TOKENS: Key =
    Key::new(2, "claude_code.compaction.pre_tokens", ValueType::Int, Class::Metadata);

/// Tokens of the context after the compaction, as the CLI counted them.
pub const CLAUDE_CODE_COMPACTION_POST_TOKENS: Key =
    Key::new(1, "claude_code.compaction.post_tokens", ValueType::Int, Class::Metadata);

/// Name of the corrected span.
pub const TACHOGRAPH_SPAN_NAME: Key =
    Key::new(115, "tachograph.span.name", ValueType::String, Class::Metadata);

/// Start of the corrected span, in nanoseconds since the Unix epoch.
pub const TACHOGRAPH_SPAN_START_UNIX_NS: Key =
    Key::new(116, "tachograph.span.start_unix_ns", ValueType::Int, Class::Metadata);

/// End of the corrected span, in nanoseconds since the Unix epoch.
pub const TACHOGRAPH_SPAN_END_UNIX_NS: Key =
    Key::new(114, "tachograph.span.end_unix_ns", ValueType::Int, Class::Metadata);

/// How long what the record is about took, in milliseconds.
pub const TACHOGRAPH_LATENCY_MS: Key =
    Key::new(103, "tachograph.latency_ms", ValueType::Int, Class::Metadata);

/// The same value as `error.type`.
pub const EXCEPTION_TYPE: Key = Key::new(52, "exception.type", ValueType::String, Class::Metadata);

/// Which sort of event it is, in the CLI's own words (`startup`, `idle_prompt`, `user_settings`, ...).
pub const CLAUDE_CODE_EVENT_TYPE: Key =
    Key::new(14, "claude_code.event.type", ValueType::String, Class::Metadata);

/// Through whom or why, in the CLI's own words.
pub const CLAUDE_CODE_EVENT_CAUSE: Key =
    Key::new(9, "claude_code.event.cause", ValueType::String, Class::Metadata);

/// Name of what it is about: a command, a model, a task, a teammate, a worktree.
pub const CLAUDE_CODE_EVENT_SUBJECT: Key =
    Key::new(12, "claude_code.event.subject", ValueType::String, Class::Metadata);

/// What was there before, where something was exchanged.
pub const CLAUDE_CODE_EVENT_PREVIOUS: Key =
    Key::new(11, "claude_code.event.previous", ValueType::String, Class::Metadata);

/// The file or directory it is about.
pub const CLAUDE_CODE_EVENT_PATH: Key =
    Key::new(10, "claude_code.event.path", ValueType::String, Class::Content);

/// Words of a person or a model.
pub const CLAUDE_CODE_EVENT_TEXT: Key =
    Key::new(13, "claude_code.event.text", ValueType::String, Class::Content);

/// An attempt of the call failed and the CLI tried again.
pub const EVENT_API_RETRY: &str = "claude_code.api_retry";

/// A span that was sent is understood otherwise now: the record holds the span's attributes as they should be.
pub const EVENT_SPAN_CORRECTED: &str = "tachograph.span.corrected";

/// A session began or was taken up again.
pub const EVENT_SESSION_START: &str = "session.start";

/// A session ended.
pub const EVENT_SESSION_END: &str = "session.end";

/// A person sent a prompt; a turn begins.
pub const EVENT_USER_PROMPT: &str = "claude_code.user_prompt";

/// A turn is over.
pub const EVENT_RESPONSE: &str = "claude_code.response";

/// A call of the model was answered, or failed for good.
pub const EVENT_LLM_CALL: &str = "claude_code.llm_call";

/// A call of the model failed for good.
pub const EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION: &str = "gen_ai.client.operation.exception";

/// An attempt of a call failed, and was made again.
pub const EVENT_API_ERROR: &str = "claude_code.api_error";

/// A tool call is over: it came back, failed, or was kept from running.
pub const EVENT_TOOL_CALL: &str = "claude_code.tool_call";

/// It was decided whether a tool call may run.
pub const EVENT_TOOL_DECISION: &str = "claude_code.tool_decision";

/// A person was asked to allow a tool call.
pub const EVENT_PERMISSION_REQUEST: &str = "claude_code.permission_request";

/// A tool of an MCP server asked a person for something, and was answered.
pub const EVENT_ELICITATION: &str = "claude_code.elicitation";

/// A subagent began.
pub const EVENT_SUBAGENT_START: &str = "claude_code.subagent_start";

/// A subagent is over.
pub const EVENT_SUBAGENT_STOP: &str = "claude_code.subagent_stop";

/// The context was compacted.
pub const EVENT_COMPACTION: &str = "claude_code.compaction";

/// The agent told its user something.
pub const EVENT_NOTIFICATION: &str = "claude_code.notification";

/// A command was put in the place of its name in a prompt.
pub const EVENT_COMMAND_EXPANDED: &str = "claude_code.command_expanded";

/// Settings were changed.
pub const EVENT_CONFIG_CHANGE: &str = "claude_code.config_change";

/// A file with instructions was read.
pub const EVENT_INSTRUCTIONS_LOADED: &str = "claude_code.instructions_loaded";

/// A task was put on the agent's list.
pub const EVENT_TASK_CREATED: &str = "claude_code.task_created";

/// A task of the list was done.
pub const EVENT_TASK_COMPLETED: &str = "claude_code.task_completed";

/// An agent that works along has nothing to do.
pub const EVENT_TEAMMATE_IDLE: &str = "claude_code.teammate_idle";

/// The agent went to another directory.
pub const EVENT_DIRECTORY_CHANGE: &str = "claude_code.directory_change";

/// The agent may work in one directory more.
pub const EVENT_DIRECTORY_ADDED: &str = "claude_code.directory_added";

/// A file was changed by somebody else.
pub const EVENT_FILE_CHANGE: &str = "claude_code.file_change";

/// The agent was set up without a session's work.
pub const EVENT_SETUP: &str = "claude_code.setup";

/// Another model is about to be used.
pub const EVENT_MODEL_SWITCHING: &str = "claude_code.model_switching";

/// Another model is used.
pub const EVENT_MODEL_SWITCH: &str = "claude_code.model_switch";

/// A worktree was made.
pub const EVENT_WORKTREE_CREATED: &str = "claude_code.worktree_created";

/// A worktree was removed.
pub const EVENT_WORKTREE_REMOVED: &str = "claude_code.worktree_removed";

/// The newest signed checkpoint of the audit log, with every batch: who receives it can later tell a log that was cut or rewritten.
pub const EVENT_AUDIT_CHECKPOINT: &str = "tachograph.audit.checkpoint";

/// Every attribute, sorted by name.
pub const ALL: &[Key] = &[
    CLAUDE_CODE_AGENT_VERSION,
    CLAUDE_CODE_COMPACTION_POST_TOKENS,
    CLAUDE_CODE_COMPACTION_PRE_TOKENS,
    CLAUDE_CODE_COMPACTION_TRIGGER,
    CLAUDE_CODE_CONTEXT_USED_PERCENT,
    CLAUDE_CODE_CONTEXT_WINDOW_TOKENS,
    CLAUDE_CODE_COST_REPORTED_NANOS,
    CLAUDE_CODE_ELICITATION_ACTION,
    CLAUDE_CODE_ELICITATION_MODE,
    CLAUDE_CODE_EVENT_CAUSE,
    CLAUDE_CODE_EVENT_PATH,
    CLAUDE_CODE_EVENT_PREVIOUS,
    CLAUDE_CODE_EVENT_SUBJECT,
    CLAUDE_CODE_EVENT_TEXT,
    CLAUDE_CODE_EVENT_TYPE,
    CLAUDE_CODE_INFERENCE_GEO,
    CLAUDE_CODE_PERMISSION_DECISION,
    CLAUDE_CODE_PERMISSION_GRANT_SCOPE,
    CLAUDE_CODE_PERMISSION_MODE,
    CLAUDE_CODE_PERMISSION_REASON,
    CLAUDE_CODE_PERMISSION_REASON_CODE,
    CLAUDE_CODE_PERMISSION_RULE_SOURCE,
    CLAUDE_CODE_PERMISSION_SOURCE,
    CLAUDE_CODE_PROMPT_ID,
    CLAUDE_CODE_PROMPT_LENGTH,
    CLAUDE_CODE_QUERY_SOURCE,
    CLAUDE_CODE_RATE_LIMIT_FIVE_HOUR_RESETS_UNIX_S,
    CLAUDE_CODE_RATE_LIMIT_FIVE_HOUR_USED_PERCENT,
    CLAUDE_CODE_RATE_LIMIT_SEVEN_DAY_RESETS_UNIX_S,
    CLAUDE_CODE_RATE_LIMIT_SEVEN_DAY_USED_PERCENT,
    CLAUDE_CODE_RATE_LIMIT_SPEND_LIMIT_RESETS_UNIX_S,
    CLAUDE_CODE_RATE_LIMIT_SPEND_LIMIT_USED_PERCENT,
    CLAUDE_CODE_REQUEST_ATTEMPTS,
    CLAUDE_CODE_REQUEST_ID,
    CLAUDE_CODE_REQUEST_ITERATIONS,
    CLAUDE_CODE_SERVICE_TIER,
    CLAUDE_CODE_SESSION_COST_NANOS,
    CLAUDE_CODE_SESSION_LINES_ADDED,
    CLAUDE_CODE_SESSION_LINES_REMOVED,
    CLAUDE_CODE_SKILL_NAME,
    CLAUDE_CODE_SPEED,
    CLAUDE_CODE_SUBAGENT_DEPTH,
    CLAUDE_CODE_SUBAGENT_DESCRIPTION,
    CLAUDE_CODE_SUBAGENT_ID,
    CLAUDE_CODE_TOOL_DURATION_MS,
    CLAUDE_CODE_TOOL_ERROR,
    CLAUDE_CODE_TOOL_OUTCOME,
    CLAUDE_CODE_USAGE_CACHE_CREATION_1H_INPUT_TOKENS,
    CLAUDE_CODE_USAGE_CACHE_CREATION_5M_INPUT_TOKENS,
    CLAUDE_CODE_USAGE_UNCACHED_INPUT_TOKENS,
    CLAUDE_CODE_WEB_SEARCH_REQUESTS,
    ERROR_TYPE,
    EXCEPTION_TYPE,
    GEN_AI_AGENT_NAME,
    GEN_AI_CONVERSATION_COMPACTED,
    GEN_AI_CONVERSATION_ID,
    GEN_AI_CONVERSATION_NAME,
    GEN_AI_CONVERSATION_ROOT,
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_OPERATION_NAME,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_PROVIDER_NAME,
    GEN_AI_REQUEST_MAX_TOKENS,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_REQUEST_REASONING_LEVEL,
    GEN_AI_REQUEST_STREAM,
    GEN_AI_RESPONSE_FINISH_REASONS,
    GEN_AI_RESPONSE_ID,
    GEN_AI_RESPONSE_MODEL,
    GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
    GEN_AI_SYSTEM,
    GEN_AI_TOOL_CALL_ARGUMENTS,
    GEN_AI_TOOL_CALL_ID,
    GEN_AI_TOOL_CALL_RESULT,
    GEN_AI_TOOL_NAME,
    GEN_AI_TOOL_TYPE,
    GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
    GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
    GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS,
    GEN_AI_USAGE_COST_AMOUNT,
    GEN_AI_USAGE_COST_CURRENCY,
    GEN_AI_USAGE_COST_SOURCE,
    GEN_AI_USAGE_INPUT_TOKENS,
    GEN_AI_USAGE_OUTPUT_TOKENS,
    GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
    MCP_METHOD_NAME,
    MCP_SERVER_NAME,
    PROCESS_EXIT_CODE,
    SERVICE_INSTANCE_ID,
    SERVICE_NAME,
    SERVICE_VERSION,
    SESSION_ID,
    TACHOGRAPH_AUDIT_CHECKPOINT,
    TACHOGRAPH_AUDIT_SIZE,
    TACHOGRAPH_CHANGE_URL,
    TACHOGRAPH_COMMAND_FAMILY,
    TACHOGRAPH_COMMIT_REVISION,
    TACHOGRAPH_CONTEXT_TOKENS,
    TACHOGRAPH_COST_NANOS,
    TACHOGRAPH_END_INFERRED,
    TACHOGRAPH_HOOK_DURATION_MS,
    TACHOGRAPH_ISSUE_ID,
    TACHOGRAPH_ISSUE_URL,
    TACHOGRAPH_LATENCY_MS,
    TACHOGRAPH_LINES_ADDED,
    TACHOGRAPH_LINES_REMOVED,
    TACHOGRAPH_MODEL_PREVIOUS,
    TACHOGRAPH_MODEL_SWITCH,
    TACHOGRAPH_PERMISSION_AMBIGUOUS,
    TACHOGRAPH_PERMISSION_DECIDER,
    TACHOGRAPH_PERMISSION_WAIT_MS,
    TACHOGRAPH_PRICE_MISSING,
    TACHOGRAPH_PRICE_ROW,
    TACHOGRAPH_PRICE_TABLE,
    TACHOGRAPH_SPAN_END_UNIX_NS,
    TACHOGRAPH_SPAN_NAME,
    TACHOGRAPH_SPAN_START_UNIX_NS,
    TACHOGRAPH_STATUS_SOURCE,
    TACHOGRAPH_STATUS_TOLD_UNIX_NS,
    TACHOGRAPH_TEAM,
    TACHOGRAPH_TIME_TO_FIRST_CHUNK_MAX,
    TACHOGRAPH_USER_SOURCE,
    TACHOGRAPH_VCS_WORKTREE,
    TACHOGRAPH_WORKING_DIRECTORY,
    TELEMETRY_SDK_LANGUAGE,
    TELEMETRY_SDK_NAME,
    TELEMETRY_SDK_VERSION,
    USER_EMAIL,
    USER_HASH,
    USER_NAME,
    VCS_CHANGE_ID,
    VCS_OWNER_NAME,
    VCS_PROVIDER_NAME,
    VCS_REF_HEAD_NAME,
    VCS_REF_HEAD_REVISION,
    VCS_REF_HEAD_TYPE,
    VCS_REPOSITORY_NAME,
    VCS_REPOSITORY_URL_FULL,
];

/// Every event of spans.
pub const SPAN_EVENTS: &[&str] = &[EVENT_API_RETRY];

/// What log records carry.
pub const LOGS: &[LogShape] = &[
    LogShape {
        name: EVENT_SPAN_CORRECTED,
        attributes: &[
            TACHOGRAPH_SPAN_NAME,
            TACHOGRAPH_SPAN_START_UNIX_NS,
            TACHOGRAPH_SPAN_END_UNIX_NS,
            ERROR_TYPE,
        ],
    },
    LogShape { name: EVENT_SESSION_START, attributes: &[CLAUDE_CODE_EVENT_TYPE, GEN_AI_REQUEST_MODEL] },
    LogShape { name: EVENT_SESSION_END, attributes: &[CLAUDE_CODE_EVENT_CAUSE, TACHOGRAPH_END_INFERRED] },
    LogShape {
        name: EVENT_USER_PROMPT,
        attributes: &[CLAUDE_CODE_PROMPT_LENGTH, CLAUDE_CODE_PERMISSION_MODE, GEN_AI_INPUT_MESSAGES],
    },
    LogShape {
        name: EVENT_RESPONSE,
        attributes: &[
            ERROR_TYPE,
            TACHOGRAPH_LATENCY_MS,
            GEN_AI_USAGE_INPUT_TOKENS,
            GEN_AI_USAGE_OUTPUT_TOKENS,
            TACHOGRAPH_END_INFERRED,
            GEN_AI_OUTPUT_MESSAGES,
        ],
    },
    LogShape {
        name: EVENT_LLM_CALL,
        attributes: &[
            ERROR_TYPE,
            TACHOGRAPH_LATENCY_MS,
            GEN_AI_PROVIDER_NAME,
            GEN_AI_REQUEST_MODEL,
            GEN_AI_RESPONSE_MODEL,
            GEN_AI_RESPONSE_ID,
            GEN_AI_RESPONSE_FINISH_REASONS,
            GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
            GEN_AI_USAGE_INPUT_TOKENS,
            GEN_AI_USAGE_OUTPUT_TOKENS,
            GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
            GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS,
            GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
            GEN_AI_USAGE_COST_AMOUNT,
            GEN_AI_USAGE_COST_CURRENCY,
            TACHOGRAPH_COST_NANOS,
            TACHOGRAPH_PRICE_MISSING,
            CLAUDE_CODE_REQUEST_ID,
            CLAUDE_CODE_QUERY_SOURCE,
        ],
    },
    LogShape {
        name: EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION,
        attributes: &[
            ERROR_TYPE,
            EXCEPTION_TYPE,
            GEN_AI_PROVIDER_NAME,
            GEN_AI_REQUEST_MODEL,
            CLAUDE_CODE_REQUEST_ID,
        ],
    },
    LogShape {
        name: EVENT_API_ERROR,
        attributes: &[ERROR_TYPE, GEN_AI_REQUEST_MODEL, CLAUDE_CODE_REQUEST_ID],
    },
    LogShape {
        name: EVENT_TOOL_CALL,
        attributes: &[
            ERROR_TYPE,
            TACHOGRAPH_LATENCY_MS,
            GEN_AI_TOOL_NAME,
            GEN_AI_TOOL_TYPE,
            GEN_AI_TOOL_CALL_ID,
            GEN_AI_TOOL_CALL_ARGUMENTS,
            GEN_AI_TOOL_CALL_RESULT,
            CLAUDE_CODE_TOOL_OUTCOME,
            CLAUDE_CODE_TOOL_DURATION_MS,
            CLAUDE_CODE_TOOL_ERROR,
            PROCESS_EXIT_CODE,
            MCP_METHOD_NAME,
            MCP_SERVER_NAME,
            TACHOGRAPH_COMMAND_FAMILY,
            CLAUDE_CODE_SKILL_NAME,
            TACHOGRAPH_LINES_ADDED,
            TACHOGRAPH_LINES_REMOVED,
            TACHOGRAPH_COMMIT_REVISION,
            VCS_CHANGE_ID,
            TACHOGRAPH_CHANGE_URL,
            TACHOGRAPH_ISSUE_ID,
            TACHOGRAPH_ISSUE_URL,
        ],
    },
    LogShape {
        name: EVENT_TOOL_DECISION,
        attributes: &[
            GEN_AI_TOOL_NAME,
            GEN_AI_TOOL_CALL_ID,
            CLAUDE_CODE_PERMISSION_DECISION,
            CLAUDE_CODE_PERMISSION_SOURCE,
            CLAUDE_CODE_PERMISSION_REASON,
            CLAUDE_CODE_PERMISSION_REASON_CODE,
            CLAUDE_CODE_PERMISSION_RULE_SOURCE,
            CLAUDE_CODE_PERMISSION_GRANT_SCOPE,
            TACHOGRAPH_PERMISSION_DECIDER,
            TACHOGRAPH_PERMISSION_WAIT_MS,
            TACHOGRAPH_PERMISSION_AMBIGUOUS,
        ],
    },
    LogShape { name: EVENT_PERMISSION_REQUEST, attributes: &[GEN_AI_TOOL_NAME, GEN_AI_TOOL_CALL_ID] },
    LogShape {
        name: EVENT_ELICITATION,
        attributes: &[
            TACHOGRAPH_LATENCY_MS,
            GEN_AI_TOOL_NAME,
            GEN_AI_TOOL_CALL_ID,
            MCP_SERVER_NAME,
            CLAUDE_CODE_ELICITATION_MODE,
            CLAUDE_CODE_ELICITATION_ACTION,
        ],
    },
    LogShape {
        name: EVENT_SUBAGENT_START,
        attributes: &[GEN_AI_AGENT_NAME, CLAUDE_CODE_SUBAGENT_DEPTH, CLAUDE_CODE_SUBAGENT_DESCRIPTION],
    },
    LogShape {
        name: EVENT_SUBAGENT_STOP,
        attributes: &[
            ERROR_TYPE,
            TACHOGRAPH_LATENCY_MS,
            GEN_AI_AGENT_NAME,
            GEN_AI_USAGE_INPUT_TOKENS,
            GEN_AI_USAGE_OUTPUT_TOKENS,
            TACHOGRAPH_END_INFERRED,
            GEN_AI_OUTPUT_MESSAGES,
        ],
    },
    LogShape {
        name: EVENT_COMPACTION,
        attributes: &[
            TACHOGRAPH_LATENCY_MS,
            CLAUDE_CODE_COMPACTION_TRIGGER,
            CLAUDE_CODE_COMPACTION_PRE_TOKENS,
            CLAUDE_CODE_COMPACTION_POST_TOKENS,
        ],
    },
    LogShape { name: EVENT_NOTIFICATION, attributes: &[CLAUDE_CODE_EVENT_TYPE, CLAUDE_CODE_EVENT_TEXT] },
    LogShape {
        name: EVENT_COMMAND_EXPANDED,
        attributes: &[
            CLAUDE_CODE_EVENT_TYPE,
            CLAUDE_CODE_EVENT_CAUSE,
            CLAUDE_CODE_EVENT_SUBJECT,
            CLAUDE_CODE_EVENT_TEXT,
        ],
    },
    LogShape { name: EVENT_CONFIG_CHANGE, attributes: &[CLAUDE_CODE_EVENT_TYPE, CLAUDE_CODE_EVENT_PATH] },
    LogShape {
        name: EVENT_INSTRUCTIONS_LOADED,
        attributes: &[CLAUDE_CODE_EVENT_TYPE, CLAUDE_CODE_EVENT_CAUSE, CLAUDE_CODE_EVENT_PATH],
    },
    LogShape { name: EVENT_TASK_CREATED, attributes: &[CLAUDE_CODE_EVENT_SUBJECT, CLAUDE_CODE_EVENT_TEXT] },
    LogShape { name: EVENT_TASK_COMPLETED, attributes: &[CLAUDE_CODE_EVENT_SUBJECT, CLAUDE_CODE_EVENT_TEXT] },
    LogShape { name: EVENT_TEAMMATE_IDLE, attributes: &[CLAUDE_CODE_EVENT_SUBJECT] },
    LogShape { name: EVENT_DIRECTORY_CHANGE, attributes: &[CLAUDE_CODE_EVENT_PATH] },
    LogShape { name: EVENT_DIRECTORY_ADDED, attributes: &[CLAUDE_CODE_EVENT_CAUSE, CLAUDE_CODE_EVENT_PATH] },
    LogShape { name: EVENT_FILE_CHANGE, attributes: &[CLAUDE_CODE_EVENT_TYPE, CLAUDE_CODE_EVENT_PATH] },
    LogShape { name: EVENT_SETUP, attributes: &[CLAUDE_CODE_EVENT_TYPE] },
    LogShape {
        name: EVENT_MODEL_SWITCHING,
        attributes: &[CLAUDE_CODE_EVENT_CAUSE, CLAUDE_CODE_EVENT_SUBJECT, CLAUDE_CODE_EVENT_PREVIOUS],
    },
    LogShape {
        name: EVENT_MODEL_SWITCH,
        attributes: &[CLAUDE_CODE_EVENT_CAUSE, CLAUDE_CODE_EVENT_SUBJECT, CLAUDE_CODE_EVENT_PREVIOUS],
    },
    LogShape { name: EVENT_WORKTREE_CREATED, attributes: &[CLAUDE_CODE_EVENT_SUBJECT] },
    LogShape { name: EVENT_WORKTREE_REMOVED, attributes: &[CLAUDE_CODE_EVENT_PATH] },
    LogShape {
        name: EVENT_AUDIT_CHECKPOINT,
        attributes: &[TACHOGRAPH_AUDIT_CHECKPOINT, TACHOGRAPH_AUDIT_SIZE],
    },
];

/// The shape of every kind of span.
pub const SPANS: &[SpanShape] = &[
    SpanShape {
        kind: SpanKind::Turn,
        name: "invoke_agent {gen_ai.agent.name}",
        otlp_kind: OtlpKind::Internal,
        operation: Some("invoke_agent"),
        required: &[
            SESSION_ID,
            GEN_AI_CONVERSATION_ID,
            GEN_AI_OPERATION_NAME,
            GEN_AI_PROVIDER_NAME,
            GEN_AI_SYSTEM,
            GEN_AI_AGENT_NAME,
            GEN_AI_CONVERSATION_ROOT,
        ],
        optional: &[
            ERROR_TYPE,
            CLAUDE_CODE_PROMPT_ID,
            TACHOGRAPH_END_INFERRED,
            CLAUDE_CODE_SUBAGENT_ID,
            VCS_REPOSITORY_URL_FULL,
            VCS_REPOSITORY_NAME,
            VCS_OWNER_NAME,
            VCS_PROVIDER_NAME,
            VCS_REF_HEAD_NAME,
            VCS_REF_HEAD_TYPE,
            VCS_REF_HEAD_REVISION,
            TACHOGRAPH_VCS_WORKTREE,
            CLAUDE_CODE_AGENT_VERSION,
            CLAUDE_CODE_PERMISSION_MODE,
            TACHOGRAPH_WORKING_DIRECTORY,
            CLAUDE_CODE_PROMPT_LENGTH,
            GEN_AI_INPUT_MESSAGES,
            GEN_AI_OUTPUT_MESSAGES,
            GEN_AI_USAGE_INPUT_TOKENS,
            GEN_AI_USAGE_OUTPUT_TOKENS,
            GEN_AI_CONVERSATION_NAME,
            TACHOGRAPH_CONTEXT_TOKENS,
            TACHOGRAPH_HOOK_DURATION_MS,
            TACHOGRAPH_LINES_ADDED,
            TACHOGRAPH_LINES_REMOVED,
            TACHOGRAPH_STATUS_SOURCE,
            TACHOGRAPH_STATUS_TOLD_UNIX_NS,
            CLAUDE_CODE_CONTEXT_WINDOW_TOKENS,
            CLAUDE_CODE_CONTEXT_USED_PERCENT,
            CLAUDE_CODE_RATE_LIMIT_FIVE_HOUR_USED_PERCENT,
            CLAUDE_CODE_RATE_LIMIT_FIVE_HOUR_RESETS_UNIX_S,
            CLAUDE_CODE_RATE_LIMIT_SEVEN_DAY_USED_PERCENT,
            CLAUDE_CODE_RATE_LIMIT_SEVEN_DAY_RESETS_UNIX_S,
            CLAUDE_CODE_RATE_LIMIT_SPEND_LIMIT_USED_PERCENT,
            CLAUDE_CODE_RATE_LIMIT_SPEND_LIMIT_RESETS_UNIX_S,
            CLAUDE_CODE_SESSION_COST_NANOS,
            CLAUDE_CODE_SESSION_LINES_ADDED,
            CLAUDE_CODE_SESSION_LINES_REMOVED,
        ],
    },
    SpanShape {
        kind: SpanKind::Subagent,
        name: "invoke_agent {gen_ai.agent.name}",
        otlp_kind: OtlpKind::Internal,
        operation: Some("invoke_agent"),
        required: &[
            SESSION_ID,
            GEN_AI_CONVERSATION_ID,
            GEN_AI_OPERATION_NAME,
            GEN_AI_PROVIDER_NAME,
            GEN_AI_SYSTEM,
            GEN_AI_AGENT_NAME,
        ],
        optional: &[
            ERROR_TYPE,
            CLAUDE_CODE_PROMPT_ID,
            TACHOGRAPH_END_INFERRED,
            CLAUDE_CODE_SUBAGENT_ID,
            VCS_REPOSITORY_URL_FULL,
            VCS_REPOSITORY_NAME,
            VCS_OWNER_NAME,
            VCS_PROVIDER_NAME,
            VCS_REF_HEAD_NAME,
            VCS_REF_HEAD_TYPE,
            VCS_REF_HEAD_REVISION,
            TACHOGRAPH_VCS_WORKTREE,
            CLAUDE_CODE_SUBAGENT_DEPTH,
            CLAUDE_CODE_SUBAGENT_DESCRIPTION,
            GEN_AI_INPUT_MESSAGES,
            GEN_AI_OUTPUT_MESSAGES,
            GEN_AI_USAGE_INPUT_TOKENS,
            GEN_AI_USAGE_OUTPUT_TOKENS,
            TACHOGRAPH_CONTEXT_TOKENS,
            TACHOGRAPH_LINES_ADDED,
            TACHOGRAPH_LINES_REMOVED,
        ],
    },
    SpanShape {
        kind: SpanKind::Llm,
        name: "chat {gen_ai.request.model}",
        otlp_kind: OtlpKind::Client,
        operation: Some("chat"),
        required: &[
            SESSION_ID,
            GEN_AI_CONVERSATION_ID,
            GEN_AI_OPERATION_NAME,
            GEN_AI_PROVIDER_NAME,
            GEN_AI_SYSTEM,
            GEN_AI_REQUEST_MODEL,
            GEN_AI_REQUEST_STREAM,
        ],
        optional: &[
            ERROR_TYPE,
            CLAUDE_CODE_PROMPT_ID,
            TACHOGRAPH_END_INFERRED,
            CLAUDE_CODE_SUBAGENT_ID,
            VCS_REPOSITORY_URL_FULL,
            VCS_REPOSITORY_NAME,
            VCS_OWNER_NAME,
            VCS_PROVIDER_NAME,
            VCS_REF_HEAD_NAME,
            VCS_REF_HEAD_TYPE,
            VCS_REF_HEAD_REVISION,
            TACHOGRAPH_VCS_WORKTREE,
            GEN_AI_REQUEST_MAX_TOKENS,
            GEN_AI_REQUEST_REASONING_LEVEL,
            GEN_AI_RESPONSE_MODEL,
            GEN_AI_RESPONSE_ID,
            GEN_AI_RESPONSE_FINISH_REASONS,
            GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
            TACHOGRAPH_TIME_TO_FIRST_CHUNK_MAX,
            GEN_AI_USAGE_INPUT_TOKENS,
            GEN_AI_USAGE_OUTPUT_TOKENS,
            GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
            GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
            GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS,
            GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
            CLAUDE_CODE_USAGE_UNCACHED_INPUT_TOKENS,
            CLAUDE_CODE_USAGE_CACHE_CREATION_5M_INPUT_TOKENS,
            CLAUDE_CODE_USAGE_CACHE_CREATION_1H_INPUT_TOKENS,
            CLAUDE_CODE_REQUEST_ID,
            CLAUDE_CODE_REQUEST_ATTEMPTS,
            CLAUDE_CODE_QUERY_SOURCE,
            GEN_AI_CONVERSATION_COMPACTED,
            GEN_AI_INPUT_MESSAGES,
            GEN_AI_OUTPUT_MESSAGES,
            CLAUDE_CODE_SERVICE_TIER,
            CLAUDE_CODE_SPEED,
            CLAUDE_CODE_COST_REPORTED_NANOS,
            CLAUDE_CODE_INFERENCE_GEO,
            CLAUDE_CODE_WEB_SEARCH_REQUESTS,
            CLAUDE_CODE_REQUEST_ITERATIONS,
            GEN_AI_USAGE_COST_AMOUNT,
            GEN_AI_USAGE_COST_CURRENCY,
            GEN_AI_USAGE_COST_SOURCE,
            TACHOGRAPH_COST_NANOS,
            TACHOGRAPH_PRICE_ROW,
            TACHOGRAPH_PRICE_TABLE,
            TACHOGRAPH_PRICE_MISSING,
            TACHOGRAPH_MODEL_PREVIOUS,
            TACHOGRAPH_MODEL_SWITCH,
        ],
    },
    SpanShape {
        kind: SpanKind::Tool,
        name: "execute_tool {gen_ai.tool.name}",
        otlp_kind: OtlpKind::Internal,
        operation: Some("execute_tool"),
        required: &[
            SESSION_ID,
            GEN_AI_CONVERSATION_ID,
            GEN_AI_OPERATION_NAME,
            GEN_AI_PROVIDER_NAME,
            GEN_AI_SYSTEM,
            GEN_AI_TOOL_NAME,
            GEN_AI_TOOL_TYPE,
            GEN_AI_TOOL_CALL_ID,
            CLAUDE_CODE_TOOL_OUTCOME,
        ],
        optional: &[
            ERROR_TYPE,
            CLAUDE_CODE_PROMPT_ID,
            TACHOGRAPH_END_INFERRED,
            CLAUDE_CODE_SUBAGENT_ID,
            VCS_REPOSITORY_URL_FULL,
            VCS_REPOSITORY_NAME,
            VCS_OWNER_NAME,
            VCS_PROVIDER_NAME,
            VCS_REF_HEAD_NAME,
            VCS_REF_HEAD_TYPE,
            VCS_REF_HEAD_REVISION,
            TACHOGRAPH_VCS_WORKTREE,
            GEN_AI_AGENT_NAME,
            GEN_AI_TOOL_CALL_ARGUMENTS,
            GEN_AI_TOOL_CALL_RESULT,
            MCP_METHOD_NAME,
            MCP_SERVER_NAME,
            PROCESS_EXIT_CODE,
            CLAUDE_CODE_TOOL_DURATION_MS,
            CLAUDE_CODE_TOOL_ERROR,
            CLAUDE_CODE_PERMISSION_DECISION,
            CLAUDE_CODE_PERMISSION_SOURCE,
            CLAUDE_CODE_PERMISSION_REASON,
            CLAUDE_CODE_PERMISSION_REASON_CODE,
            CLAUDE_CODE_PERMISSION_RULE_SOURCE,
            CLAUDE_CODE_PERMISSION_GRANT_SCOPE,
            TACHOGRAPH_PERMISSION_DECIDER,
            TACHOGRAPH_PERMISSION_WAIT_MS,
            TACHOGRAPH_PERMISSION_AMBIGUOUS,
            TACHOGRAPH_COMMAND_FAMILY,
            CLAUDE_CODE_SKILL_NAME,
            TACHOGRAPH_LINES_ADDED,
            TACHOGRAPH_LINES_REMOVED,
            TACHOGRAPH_COMMIT_REVISION,
            VCS_CHANGE_ID,
            TACHOGRAPH_CHANGE_URL,
            TACHOGRAPH_ISSUE_ID,
            TACHOGRAPH_ISSUE_URL,
        ],
    },
    SpanShape {
        kind: SpanKind::Permission,
        name: "claude_code.permission.wait",
        otlp_kind: OtlpKind::Internal,
        operation: None,
        required: &[SESSION_ID, GEN_AI_CONVERSATION_ID, GEN_AI_TOOL_NAME],
        optional: &[
            ERROR_TYPE,
            CLAUDE_CODE_PROMPT_ID,
            TACHOGRAPH_END_INFERRED,
            CLAUDE_CODE_SUBAGENT_ID,
            VCS_REPOSITORY_URL_FULL,
            VCS_REPOSITORY_NAME,
            VCS_OWNER_NAME,
            VCS_PROVIDER_NAME,
            VCS_REF_HEAD_NAME,
            VCS_REF_HEAD_TYPE,
            VCS_REF_HEAD_REVISION,
            TACHOGRAPH_VCS_WORKTREE,
            GEN_AI_TOOL_CALL_ID,
            CLAUDE_CODE_PERMISSION_DECISION,
            CLAUDE_CODE_PERMISSION_SOURCE,
            CLAUDE_CODE_PERMISSION_REASON,
            CLAUDE_CODE_PERMISSION_REASON_CODE,
            CLAUDE_CODE_PERMISSION_RULE_SOURCE,
            CLAUDE_CODE_PERMISSION_GRANT_SCOPE,
        ],
    },
    SpanShape {
        kind: SpanKind::Elicitation,
        name: "claude_code.elicitation.wait",
        otlp_kind: OtlpKind::Internal,
        operation: None,
        required: &[
            SESSION_ID,
            GEN_AI_CONVERSATION_ID,
            GEN_AI_TOOL_NAME,
            GEN_AI_TOOL_CALL_ID,
            MCP_METHOD_NAME,
        ],
        optional: &[
            ERROR_TYPE,
            CLAUDE_CODE_PROMPT_ID,
            TACHOGRAPH_END_INFERRED,
            CLAUDE_CODE_SUBAGENT_ID,
            VCS_REPOSITORY_URL_FULL,
            VCS_REPOSITORY_NAME,
            VCS_OWNER_NAME,
            VCS_PROVIDER_NAME,
            VCS_REF_HEAD_NAME,
            VCS_REF_HEAD_TYPE,
            VCS_REF_HEAD_REVISION,
            TACHOGRAPH_VCS_WORKTREE,
            MCP_SERVER_NAME,
            CLAUDE_CODE_ELICITATION_MODE,
            CLAUDE_CODE_ELICITATION_ACTION,
        ],
    },
    SpanShape {
        kind: SpanKind::Compaction,
        name: "claude_code.compaction",
        otlp_kind: OtlpKind::Internal,
        operation: None,
        required: &[SESSION_ID, GEN_AI_CONVERSATION_ID],
        optional: &[
            ERROR_TYPE,
            CLAUDE_CODE_PROMPT_ID,
            TACHOGRAPH_END_INFERRED,
            CLAUDE_CODE_SUBAGENT_ID,
            VCS_REPOSITORY_URL_FULL,
            VCS_REPOSITORY_NAME,
            VCS_OWNER_NAME,
            VCS_PROVIDER_NAME,
            VCS_REF_HEAD_NAME,
            VCS_REF_HEAD_TYPE,
            VCS_REF_HEAD_REVISION,
            TACHOGRAPH_VCS_WORKTREE,
            CLAUDE_CODE_COMPACTION_TRIGGER,
            CLAUDE_CODE_COMPACTION_PRE_TOKENS,
            CLAUDE_CODE_COMPACTION_POST_TOKENS,
        ],
    },
];
