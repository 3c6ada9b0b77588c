//! What the agent measures of itself, beside what hooks and transcripts say.

use super::{SECOND_NS, asked, assembled, check, ended, facts_of, hook, prompted, started, stopped};
use crate::metrics::measure;
use crate::price::Prices;
use crate::tree::assemble;
use tacho_model::attribute::Value;
use tacho_model::event::{
    Decider, Event, Fact, Finish, FinishReason, ModelAnswer, ModelReport, ModelRequest, PermissionDecision,
    Source, ToolRecord,
};
use tacho_model::id::{MessageId, PromptId, RequestId, RequestRef, ToolUseId};
use tacho_model::money::Nanodollars;
use tacho_model::semconv as key;
use tacho_model::span::SpanKind;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{Iteration, Terms};

/// A statement of the module in the agent's process.
fn measured(seconds: u64, fact: Fact) -> Event {
    Event { source: Source::Mod, ..hook(seconds, "p", fact) }
}

/// A call that ended then, was measured to take two seconds, and used so much output.
fn report(seconds: u64, request: &str, output: u64) -> Event {
    let report = ModelReport {
        request_id: RequestId::from(request),
        model: Some("claude-opus-5-5".to_owned()),
        effort: None,
        query_source: Some("compact".to_owned()),
        usage: usage(output),
        terms: Terms::default(),
        duration_ms: Some(2000),
        first_chunk_ms: Some(1500),
        cost: Some(Nanodollars(9)),
    };
    measured(seconds, Fact::ModelReported(Box::new(report)))
}

fn usage(output: u64) -> Usage {
    Usage { input: Some(1), output: Some(output), ..Usage::default() }
}

fn row(seconds: u64, fact: Fact) -> Event {
    Event { source: Source::Transcript, offset: Some(seconds), ..hook(seconds, "p", fact) }
}

fn request(seconds: u64) -> Event {
    let request = ModelRequest {
        request: RequestRef::from(format!("ref_{seconds}").as_str()),
        model: None,
        max_tokens: None,
        effort: None,
        query_source: None,
    };
    row(seconds, Fact::ModelAsked(request))
}

fn answer(seconds: u64, message: &str, request: &str, output: u64) -> Event {
    let answer = ModelAnswer {
        message: MessageId::from(message),
        request_id: Some(RequestId::from(request)),
        request: None,
        model: Some("claude-opus-5-5".to_owned()),
        requested_model: None,
        effort: None,
        usage: usage(output),
        finish: Some(Finish { word: "end_turn".to_owned(), reason: FinishReason::Stop }),
        terms: Terms::default(),
        block_ms: None,
        block: 0,
        part: None,
    };
    row(seconds, Fact::ModelAnswered(Box::new(answer)))
}

fn decided(seconds: u64, tool: &str, source: &str) -> Event {
    let decision = PermissionDecision {
        decision: "accept".to_owned(),
        decider: source.starts_with("user").then_some(Decider::Person),
        source: Some(source.to_owned()),
        ..PermissionDecision::default()
    };
    measured(seconds, Fact::ToolDecided { tool: ToolUseId::from(tool), decision })
}

#[test]
fn a_report_and_an_answer_to_one_request_are_one_call() {
    let events =
        [hook(1, "p", prompted()), request(3), answer(6, "m", "r", 4), report(6, "r", 5), request(8)];
    check(&events, 8, &["invoke_agent agent 1..open unsettled", "  chat claude-opus-5-5 3..6"]);
    let call = assembled(&events, 8).spans.remove(1);
    let said = [
        key::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
        key::GEN_AI_USAGE_OUTPUT_TOKENS,
        key::CLAUDE_CODE_COST_REPORTED_NANOS,
    ]
    .map(|key| call.attributes.get(key).cloned());
    assert_eq!(said, [Some(Value::Double(1.5)), Some(Value::Int(5)), Some(Value::Int(9))]);
}

/// The first block ends 3 s behind the request. Times of whole milliseconds may say that it began before it.
#[test]
fn a_first_chunk_may_seem_to_be_before_its_request_by_rounding() {
    let first_chunk = |block_ms: u64| {
        let mut answer = answer(6, "m", "r", 4);
        let Fact::ModelAnswered(said) = &mut answer.fact else { panic!("an answer") };
        said.block_ms = Some(block_ms);
        let call = assembled(&[hook(1, "p", prompted()), request(3), answer], 8).spans.remove(1);
        call.attributes.get(key::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK).cloned()
    };
    let known = [Some(Value::Double(0.001)), Some(Value::Double(0.0)), Some(Value::Double(0.0)), None];
    assert_eq!([2_999, 3_000, 3_002, 3_003].map(first_chunk), known);
}

/// What the agent does for itself stands in no transcript. What it does when the turn is over is no part of it.
#[test]
fn a_call_that_is_only_reported_is_one_too() {
    let events = [
        hook(1, "p", prompted()),
        report(6, "r", 5),
        hook(7, "p", stopped()),
        row(8, Fact::TurnRecorded { hook_ms: None }),
        report(10, "later", 70),
    ];
    let expected = [
        "invoke_agent agent 1..7 unsettled",
        "  chat claude-opus-5-5 4..6",
        "  chat claude-opus-5-5 8..10 unsettled",
    ];
    check(&events, 11, &expected);
    check(&events, 15, &expected.map(|line| line.trim_end_matches(" unsettled")));
    let assembly = assembled(&events, 15);
    let of_turn = assembly.spans[0].attributes.get(key::GEN_AI_USAGE_OUTPUT_TOKENS).cloned();
    assert_eq!((of_turn, assembly.session.usage.output), (Some(Value::Int(5)), Some(75)));
}

/// A call whose row is there waits for what was measured of it, if the agent says what it measures at all.
#[test]
fn a_report_is_waited_for() {
    let unmeasured = [hook(1, "p", prompted()), request(3), answer(6, "m", "r", 4), request(7)];
    check(&unmeasured, 7, &["invoke_agent agent 1..open unsettled", "  chat claude-opus-5-5 3..6"]);
    let mut events = unmeasured.to_vec();
    events.push(measured(1, Fact::Nothing));
    check(&events, 7, &["invoke_agent agent 1..open unsettled", "  chat claude-opus-5-5 3..6 unsettled"]);
    check(&events, 11, &["invoke_agent agent 1..open unsettled", "  chat claude-opus-5-5 3..6"]);
    events.push(report(6, "r", 4));
    check(&events, 7, &["invoke_agent agent 1..open unsettled", "  chat claude-opus-5-5 3..6"]);
}

/// Whoever says what he measures says when a person answered, if a moment late.
#[test]
fn the_end_of_a_wait_is_waited_for() {
    let settled = |events: &[Event], now: u64| {
        let spans = assembled(events, now).spans;
        let wait = spans.into_iter().find(|span| span.name == "claude_code.permission.wait");
        wait.unwrap().settled
    };
    let record = ToolRecord {
        tool: ToolUseId::from("t"),
        failure: None,
        decision: None,
        response: None,
        started_subagent: None,
    };
    let unmeasured = [
        hook(1, "p", prompted()),
        hook(2, "p", started("t")),
        hook(3, "p", asked("t")),
        hook(9, "p", ended("t", None)),
        row(9, Fact::ToolRecorded(record)),
    ];
    let mut events = unmeasured.to_vec();
    events.push(measured(1, Fact::Nothing));
    let answered = [&events[..], &[decided(6, "t", "user_temporary")]].concat();
    let found = [(&unmeasured[..], 10), (&events, 10), (&events, 15), (&answered, 10)]
        .map(|(events, now)| settled(events, now));
    assert_eq!(found, [true, false, true, true]);
}

/// The wait ends with the decision, not where the run is taken to have begun. What a rule decided nobody waited for.
#[test]
fn a_wait_ends_when_a_person_decided() {
    let events = [
        hook(1, "p", prompted()),
        hook(2, "p", started("t")),
        hook(3, "p", asked("t")),
        hook(9, "p", ended("t", None)),
    ];
    let waits = |source: &str| {
        let events = [&events[..], &[decided(6, "t", source)]].concat();
        let spans = assemble(&facts_of(&events), &Prices::default(), UnixNanos(60 * SECOND_NS)).spans;
        let wait = spans.into_iter().find(|span| span.name == "claude_code.permission.wait");
        wait.and_then(|wait| wait.end).map(|end| end.0 as f64 / SECOND_NS as f64)
    };
    assert_eq!([waits("user_temporary"), waits("config")], [Some(6.0), None]);
}

/// That there is telemetry is said when it comes, which may be behind the end of the session.
#[test]
fn a_greeting_behind_the_end_is_no_sign_of_life() {
    let events = [
        hook(1, "p", prompted()),
        hook(4, "p", stopped()),
        hook(5, "p", Fact::SessionEnded { reason: None }),
        measured(9, Fact::Nothing),
    ];
    let session = assembled(&events, 60).session;
    assert_eq!((session.ended, session.end_inferred), (Some(UnixNanos(5 * SECOND_NS)), false));
    assert_eq!(session.last_seen, UnixNanos(9 * SECOND_NS));
}

/// What the agent says at the end of a turn, also where it says so more than once, is on the turn and counted once.
#[test]
fn how_long_our_hook_took() {
    let ends = |times: &[Option<u64>]| -> Vec<Event> {
        let begin = [hook(1, "p", prompted()), hook(7, "p", stopped())];
        let rows = (8..).zip(times).map(|(at, hook_ms)| row(at, Fact::TurnRecorded { hook_ms: *hook_ms }));
        begin.into_iter().chain(rows).collect()
    };
    for (times, longest) in
        [(&[None][..], None), (&[Some(24), None], Some(24)), (&[Some(31), Some(24)], Some(31))]
    {
        let spans = assembled(&ends(times), 20).spans;
        assert_eq!(spans[0].attributes.int(key::TACHOGRAPH_HOOK_DURATION_MS), longest);
        let measured = measure(&spans, UnixNanos(0))
            .into_iter()
            .find(|measured| measured.metric.name == "tachograph.hook.duration_ms");
        let total = measured.map(|measured| (measured.total.buckets.iter().sum(), measured.total.sum));
        assert_eq!(total, longest.map(|longest| (1_u64, longest * 1_000)));
    }
}

/// What was asked for a prompt and given up is no attempt of what was asked for the next one.
#[test]
fn a_request_that_was_given_up_is_no_attempt_of_the_next_turn() {
    let for_next = |event: Event| Event { prompt: Some(PromptId::from("q")), ..event };
    let retried = row(4, Fact::ModelRetried { request_id: None, error: "529".to_owned() });
    let written = |second: u64| Event {
        source: Source::Transcript,
        offset: Some(second),
        ..hook(second, "p", prompted())
    };
    let events = [
        hook(1, "p", prompted()),
        written(2),
        request(3),
        retried,
        row(5, Fact::Interrupted),
        for_next(hook(1800, "q", prompted())),
        for_next(written(1801)),
        for_next(request(1802)),
        for_next(answer(1804, "m", "r", 4)),
    ];
    let assembly = assembled(&events, 1900);
    let call = assembly.spans.iter().find(|span| span.kind == SpanKind::Llm).unwrap();
    let attempts = call.attributes.get(key::CLAUDE_CODE_REQUEST_ATTEMPTS).cloned();
    assert_eq!((call.start.0 / SECOND_NS, attempts, call.events.len()), (1802, Some(Value::Int(1)), 0));
}

/// The passes of an answer have prompts of their own, and the last is what the context holds.
#[test]
fn the_context_is_the_prompt_of_the_last_pass() {
    let pass = |kind: &str, input: u64| Iteration {
        kind: kind.to_owned(),
        model: None,
        usage: Usage { input: Some(input), ..Usage::default() },
    };
    let mut answer = answer(6, "m", "r", 4);
    let Fact::ModelAnswered(said) = &mut answer.fact else { panic!("an answer") };
    said.usage.input = Some(190);
    said.terms.iterations = vec![pass("message", 90), pass("advisor_message", 5), pass("message", 100)];
    let spans = assembled(&[hook(1, "p", prompted()), request(3), answer], 8).spans;
    assert_eq!(spans[0].attributes.get(key::TACHOGRAPH_CONTEXT_TOKENS), Some(&Value::Int(100)));
}
