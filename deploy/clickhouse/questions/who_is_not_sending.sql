-- People of whom nothing came within three working days: their recorder is not installed, switched off, or cannot send.
SELECT
    people.person AS person,
    people.team AS team,
    nullIf(max(agent_spans.at), toDateTime64(0, 9)) AS seen_last
FROM people
LEFT JOIN agent_spans ON agent_spans.person = people.person
GROUP BY person, team
HAVING max(agent_spans.at) < now() - INTERVAL 3 DAY
ORDER BY seen_last NULLS FIRST, person;
