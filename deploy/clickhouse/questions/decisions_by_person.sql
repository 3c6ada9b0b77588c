-- Who allowed and refused what within 30 days: by a rule, a mode, a hook, or in person.
SELECT
    person,
    tool,
    decision,
    decider,
    count() AS calls,
    round(sum(wait_ms) / 1000, 1) AS seconds_waited
FROM agent_tools
WHERE at >= now() - INTERVAL 30 DAY AND decision != ''
GROUP BY person, tool, decision, decider
ORDER BY calls DESC;
