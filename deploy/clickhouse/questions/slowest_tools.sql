-- Where agents wait: tools, and the programs that shells ran, by the time that they took in all within 30 days.
SELECT
    tool,
    command,
    count() AS calls,
    round(sum(ms) / 1000, 3) AS seconds,
    round(quantile(0.5)(ms)) AS p50_ms,
    round(quantile(0.99)(ms)) AS p99_ms,
    round(countIf(outcome = 'failed') / count(), 3) AS failed
FROM agent_tools
WHERE at >= now() - INTERVAL 30 DAY AND outcome IN ('ok', 'failed')
GROUP BY tool, command
ORDER BY seconds DESC
LIMIT 50;
