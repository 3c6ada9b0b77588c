-- Which teams drive the spend, this month and the one before, at list prices.
SELECT
    team,
    sumIf(cost_nanos, at >= toStartOfMonth(now())) AS nanos_this_month,
    sumIf(cost_nanos, at < toStartOfMonth(now())) AS nanos_last_month,
    round(nanos_this_month / 1e9, 2) AS usd_this_month,
    round(nanos_last_month / 1e9, 2) AS usd_last_month,
    uniqExact(person) AS people,
    uniqExact(session) AS sessions,
    countIf(cost_nanos IS NULL AND NOT failed) AS unpriced_calls
FROM agent_calls
WHERE at >= toStartOfMonth(now()) - INTERVAL 1 MONTH
GROUP BY team
ORDER BY nanos_this_month DESC;
