-- What happened, by kind of event, and the last time it did.
SELECT
    EventName AS event,
    count() AS records,
    uniqExact(LogAttributes['session.id']) AS sessions,
    max(Timestamp) AS last
FROM otel_logs
WHERE Timestamp >= now() - INTERVAL 30 DAY
GROUP BY event
ORDER BY records DESC;
