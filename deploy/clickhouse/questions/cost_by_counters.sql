-- The same money from counters, where traces are sampled or not kept: the rise of each series of a recorder, each month.
SELECT
    toStartOfMonth(TimeUnix) AS month,
    Attributes['team'] AS team,
    Attributes['model'] AS model,
    round(sum(rise), 6) AS usd
FROM
(
    SELECT
        Attributes,
        ResourceAttributes['service.instance.id'] AS recorder,
        TimeUnix,
        -- The first point of a series is how much there was when it was seen first; one that began here has a 0 before.
        Value - lagInFrame(Value, 1, Value) OVER (PARTITION BY recorder, Attributes ORDER BY TimeUnix) AS rise
    FROM otel_metrics_sum
    WHERE MetricName = 'claude.cost.usd'
)
GROUP BY month, team, model
ORDER BY month, usd DESC;
