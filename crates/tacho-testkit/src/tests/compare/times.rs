//! Times: possible, and close to what the API saw as far as CLI and machine let them be.

use serde_json::json;

use super::{MS, check, check_attribute, expect, facts, faultless, find, truth};
use crate::claude::VERSIONS;
use crate::compare::{RunFacts, differences, start_gaps_ns};
use crate::otlp::ReceivedSpan;
use crate::scenario::Expect;

#[test]
fn an_older_cli_is_asked_for_no_more_than_it_says() {
    let mut spans = faultless();
    for span in &mut spans {
        for key in ["claude_code.request.attempts", "claude_code.subagent.depth"] {
            span.attributes.remove(key);
        }
    }
    find(&mut spans, "chat1").events.clear();
    find(&mut spans, "chat4").start_ns = 1020 * MS;
    find(&mut spans, "chat4").attributes.remove("gen_ai.response.time_to_first_chunk");
    let expect = expect();
    let older = RunFacts { cli: VERSIONS[1], ..facts(&expect) };
    assert_eq!(differences(&truth(), &spans, &older), [""; 0]);
    find(&mut spans, "chat3").attributes.insert("claude_code.request.attempts".to_owned(), json!(1));
    find(&mut spans, "turn").end_ns = 1560 * MS;
    find(&mut spans, "chat4").start_ns = 1551 * MS;
    find(&mut spans, "chat4").end_ns = 1551 * MS;
    assert_eq!(
        differences(&truth(), &spans, &older),
        [
            "chat claude-opus-5-5 [chat3]: claude_code.request.attempts is 1, should be absent",
            "invoke_agent claude-code [turn]: ends 60.000 ms after the run",
            "chat claude-opus-5-5 [chat4]: ends 51.000 ms after the run",
            "chat claude-opus-5-5 [chat4]: starts 251.000 ms after the API had the request",
        ]
    );
}

#[test]
fn a_busy_machine_is_given_time_within_bounds() {
    let expect = expect();
    let found = |late_ms: u64, stalled_ms: u64| {
        let mut spans = faultless();
        find(&mut spans, "turn").end_ns = 9000 * MS;
        let chat = find(&mut spans, "chat4");
        (chat.start_ns, chat.end_ns) = (chat.start_ns + late_ms * MS, chat.end_ns + late_ms * MS);
        let run = RunFacts { stalled_ns: stalled_ms * MS, ended_unix_ns: 9000 * MS, ..facts(&expect) };
        differences(&truth(), &spans, &run)
    };
    assert_eq!(found(560, 500), [""; 0]);
    assert_eq!(
        found(561, 500),
        ["chat claude-opus-5-5 [chat4]: starts 561.000 ms after the API had the request"]
    );
    assert_eq!(
        found(1061, 60_000),
        ["chat claude-opus-5-5 [chat4]: starts 1061.000 ms after the API had the request"]
    );
}

#[test]
fn measures_how_far_starts_lie_apart() {
    let mut spans = faultless();
    find(&mut spans, "chat4").start_ns -= 2 * MS;
    spans.retain(|span| span.span_id != "chat3");
    assert_eq!(start_gaps_ns(&truth(), &spans), [0, 0, 2 * MS]);
}

#[test]
fn times_are_possible() {
    let times = |id: &'static str, start_ms: u64, end_ms: u64| {
        move |spans: &mut Vec<ReceivedSpan>| {
            let span = find(spans, id);
            (span.start_ns, span.end_ns) = (start_ms * MS, end_ms * MS);
        }
    };
    check(&["execute_tool Bash [tool-t2]: ends 20.000 ms before it starts"], times("tool-t2", 1120, 1100));
    check(&["invoke_agent claude-code [turn]: starts 51.000 ms before the run"], times("turn", 849, 1310));
    check(&["invoke_agent claude-code [turn]: ends 51.000 ms after the run"], times("turn", 970, 1551));
    check(&[], times("turn", 850, 1550));
    check(
        &[
            "execute_tool Bash [tool-t2]: starts 3.000 ms before its parent invoke_agent general-purpose [sub]",
        ],
        times("tool-t2", 1047, 1190),
    );
    check(&[], times("tool-t2", 1048, 1190));
    check(
        &["chat claude-opus-5-5 [chat3]: starts 61.000 ms after the API had the request"],
        times("chat3", 1261, 1261),
    );
    check(
        &["chat claude-opus-5-5 [chat4]: starts 61.000 ms before the API had the request"],
        times("chat4", 1239, 1310),
    );
    check(
        &["chat claude-opus-5-5 [chat4]: ends 61.000 ms before the API had answered"],
        times("chat4", 1248, 1249),
    );
    check(
        &["chat claude-opus-5-5 [chat1]: ends 251.000 ms after the API had answered"],
        times("chat1", 980, 1261),
    );
    check(&[], times("chat1", 980, 1260));
    check(
        &[
            "chat claude-opus-5-5 [chat4]: starts 3.000 ms after its turn invoke_agent claude-code [turn] had ended",
        ],
        |spans| find(spans, "turn").end_ns = 1297 * MS,
    );
    let ttft = "gen_ai.response.time_to_first_chunk";
    check_attribute(
        "chat4",
        ttft,
        json!(null),
        &[&format!("chat claude-opus-5-5 [chat4]: {ttft} is absent")],
    );
    let slow = format!("chat claude-opus-5-5 [chat4]: {ttft} is 0.066, but the API took 0.005 s");
    check_attribute("chat4", ttft, json!(0.066), &[&slow]);
    check_attribute("chat4", ttft, json!(0.064), &[]);
}

#[test]
fn turns_that_end_well_say_how_long_our_hook_took() {
    let hook = "tachograph.hook.duration_ms";
    let turn = format!("invoke_agent claude-code [turn]: {hook}");
    check_attribute("turn", hook, json!(null), &[&format!("{turn} is absent")]);
    check_attribute("turn", hook, json!(601), &[&format!("{turn} is 601, longer than the run")]);
    check_attribute("turn", hook, json!(600), &[]);
    let expect = Expect { waits: [("claude_code.compaction".to_owned(), 1)].into(), ..expect() };
    let found = |trigger: &str| {
        let mut spans = faultless();
        find(&mut spans, "turn").attributes.remove(hook);
        let mut compaction = find(&mut spans, "chat4").clone();
        (compaction.span_id, compaction.name) =
            ("compaction".to_owned(), "claude_code.compaction".to_owned());
        compaction.attributes.retain(|key, _| key == "session.id");
        compaction.attributes.insert("claude_code.compaction.trigger".to_owned(), json!(trigger));
        spans.push(compaction);
        differences(&truth(), &spans, &facts(&expect))
    };
    assert_eq!((found("manual"), found("auto")), (vec![], vec![format!("{turn} is absent")]));
}
