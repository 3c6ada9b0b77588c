-- Spans in the words of the questions. A span may have arrived twice, with the same ids: it counts once. Money is whole
-- billionths of a dollar, so that sums are exact; what has no price is NULL, not 0.
CREATE OR REPLACE VIEW agent_spans AS
SELECT
    Timestamp AS at,
    TraceId AS trace,
    SpanId AS span,
    ParentSpanId AS parent,
    SpanName AS name,
    Duration / 1e6 AS ms,
    StatusCode = 'Error' AS failed,
    SpanAttributes AS attributes,
    SpanAttributes['gen_ai.operation.name'] AS operation,
    SpanAttributes['session.id'] AS session,
    ServiceName AS agent,
    ResourceAttributes['service.instance.id'] AS recorder,
    ResourceAttributes['tachograph.team'] AS team,
    if(ResourceAttributes['user.name'] != '', ResourceAttributes['user.name'], ResourceAttributes['user.hash']) AS person,
    ResourceAttributes['vcs.repository.name'] AS repository,
    ResourceAttributes['vcs.ref.head.name'] AS branch
FROM otel_traces
WHERE ScopeName = 'tachograph'
LIMIT 1 BY TraceId, SpanId;

-- Calls of models.
CREATE OR REPLACE VIEW agent_calls AS
SELECT
    at, trace, span, session, agent, recorder, team, person, repository, branch, ms, failed,
    attributes['gen_ai.request.model'] AS model,
    toInt64OrNull(attributes['tachograph.cost.nanos']) AS cost_nanos,
    toUInt64OrZero(attributes['gen_ai.usage.input_tokens']) AS input_tokens,
    toUInt64OrZero(attributes['gen_ai.usage.cache_read.input_tokens']) AS cache_read_tokens,
    toUInt64OrZero(attributes['gen_ai.usage.output_tokens']) AS output_tokens
FROM agent_spans
WHERE operation = 'chat';

-- Tool calls, and who let them run.
CREATE OR REPLACE VIEW agent_tools AS
SELECT
    at, trace, span, session, agent, recorder, team, person, repository, branch, ms, failed,
    attributes['gen_ai.tool.name'] AS tool,
    attributes['tachograph.command.family'] AS command,
    attributes['claude_code.tool.outcome'] AS outcome,
    attributes['error.type'] AS error,
    attributes['claude_code.permission.decision'] AS decision,
    attributes['tachograph.permission.decider'] AS decider,
    toUInt64OrZero(attributes['tachograph.permission.wait_ms']) AS wait_ms
FROM agent_spans
WHERE operation = 'execute_tool';
