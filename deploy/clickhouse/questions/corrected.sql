-- Spans that were sent and are understood otherwise since: what they should say now. Few, unless sources come late.
SELECT
    Timestamp AS corrected_at,
    TraceId AS trace,
    SpanId AS span,
    LogAttributes['tachograph.span.name'] AS name,
    LogAttributes AS attributes
FROM otel_logs
WHERE EventName = 'tachograph.span.corrected'
ORDER BY Timestamp DESC
LIMIT 1 BY TraceId, SpanId;
