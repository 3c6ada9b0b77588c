-- Who spends how much within 30 days, and what of it came from the cache.
SELECT
    person,
    team,
    round(sum(cost_nanos) / 1e9, 4) AS usd,
    count() AS calls,
    uniqExact(session) AS sessions,
    round(sum(cache_read_tokens) / greatest(sum(input_tokens), 1), 3) AS from_cache
FROM agent_calls
WHERE at >= now() - INTERVAL 30 DAY
GROUP BY person, team
ORDER BY usd DESC;
