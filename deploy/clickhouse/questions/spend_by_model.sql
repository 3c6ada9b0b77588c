-- Which models are used for what money, day by day.
SELECT
    toDate(at) AS day,
    model,
    round(sum(cost_nanos) / 1e9, 4) AS usd,
    count() AS calls,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    round(quantile(0.95)(ms)) AS p95_ms
FROM agent_calls
WHERE at >= now() - INTERVAL 30 DAY
GROUP BY day, model
ORDER BY day, usd DESC;
