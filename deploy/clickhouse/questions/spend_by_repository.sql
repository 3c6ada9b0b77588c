-- What each repository and branch cost within 30 days.
SELECT
    repository,
    branch,
    round(sum(cost_nanos) / 1e9, 4) AS usd,
    uniqExact(session) AS sessions,
    uniqExact(person) AS people
FROM agent_calls
WHERE at >= now() - INTERVAL 30 DAY
GROUP BY repository, branch
ORDER BY usd DESC;
