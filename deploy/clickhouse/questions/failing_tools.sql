-- What fails in one session again and again: the same program for the same reason, most often first.
SELECT
    session,
    person,
    tool,
    command,
    error,
    count() AS failures,
    min(at) AS first,
    max(at) AS last
FROM agent_tools
WHERE at >= now() - INTERVAL 7 DAY AND failed
GROUP BY session, person, tool, command, error
ORDER BY failures DESC
LIMIT 50;
