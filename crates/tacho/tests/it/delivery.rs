//! Delivery to an OTLP receiver: everything that was recorded, once, and nothing more than may leave the machine.

use crate::fixture::{self, Fixture};
use crate::home::{Home, Ran};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};
use tacho_model::attribute::{Class, Key};
use tacho_testkit::otlp::{
    Answer, ReceivedEvent, ReceivedLink, ReceivedSpan, Receiver, Signal, SpanKind, SpanStatus,
};

const PROTOCOLS: [&str; 2] = ["http/protobuf", "http/json"];
/// An address for documentation (RFC 5737): not on this machine, and nobody answers there.
const ELSEWHERE: &str = "http://192.0.2.1:4318";
/// The person at the machine.
const USER: &str = "augusta.byron";
/// What every batch says about who made it.
const RESOURCE: [&str; 9] = [
    "gen_ai.agent.name",
    "service.instance.id",
    "service.name",
    "service.version",
    "tachograph.user.source",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
    "user.hash",
];
/// Content shorter than this may stand in a name by accident.
const CONTENT_BYTES_MIN: usize = 12;

/// A home with sessions that are young enough to be sent.
fn home_with(names: &[&str]) -> Home {
    Home::with(names.iter().map(|name| fixture::load(name).an_hour_ago()))
}

/// Drains once toward the receiver.
fn drain_to(home: &Home, receiver: &Receiver) -> Ran {
    home.run_with(&["drain", "--once"], &[("TACHO_OTLP_ENDPOINT", &receiver.url())])
}

fn ran(code: i32, stderr: &str) -> Ran {
    Ran { code: Some(code), stdout: String::new(), stderr: stderr.to_owned() }
}

/// What the recorder says about its one destination and what it lost, without the times and the port.
fn destination_status(home: &Home, receiver: &Receiver) -> String {
    let status = home.run_with(&["status", "--json"], &[("TACHO_OTLP_ENDPOINT", &receiver.url())]);
    let status: Json = serde_json::from_str(&status.stdout).unwrap();
    let mut destination = status["destinations"][0].clone();
    destination.as_object_mut().unwrap().retain(|name, _| name != "last_success_ns");
    Json::Array(vec![destination, status["losses"].clone()])
        .to_string()
        .replace(&receiver.url(), "[receiver]")
}

/// All spans of all sessions as they are reported, in the form in which they should arrive.
fn reported_spans(home: &Home, passes: fn(Key) -> bool) -> Vec<ReceivedSpan> {
    let sessions = home.json_of(&["sessions", "--json"]);
    let ids = sessions["sessions"].as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap());
    let mut spans = Vec::new();
    for id in ids {
        let report = home.json_of(&["show", id, "--json"]);
        spans.extend(report["spans"].as_array().unwrap().iter().map(|span| as_received(span, passes)));
    }
    sorted(spans)
}

fn sorted(mut spans: Vec<ReceivedSpan>) -> Vec<ReceivedSpan> {
    for span in &mut spans {
        span.resource.clear();
    }
    spans.sort_by(|left, right| left.span_id.cmp(&right.span_id));
    spans
}

fn as_received(span: &Json, passes: fn(Key) -> bool) -> ReceivedSpan {
    let text = |name: &str| span[name].as_str().map(str::to_owned);
    let events = span["events"].as_array().unwrap().iter().map(|event| ReceivedEvent {
        time_ns: event["at_ns"].as_u64().unwrap(),
        name: event["name"].as_str().unwrap().to_owned(),
        attributes: passing(event["attributes"].as_object().unwrap(), passes),
    });
    let links = span["links"].as_array().unwrap().iter().map(|link| ReceivedLink {
        trace_id: link["trace_id"].as_str().unwrap().to_owned(),
        span_id: link["span_id"].as_str().unwrap().to_owned(),
        attributes: BTreeMap::new(),
    });
    ReceivedSpan {
        trace_id: text("trace_id").unwrap(),
        span_id: text("span_id").unwrap(),
        parent_span_id: text("parent_span_id"),
        name: text("name").unwrap(),
        kind: if span["kind"] == "llm" { SpanKind::Client } else { SpanKind::Internal },
        start_ns: span["start_ns"].as_u64().unwrap(),
        end_ns: span["end_ns"].as_u64().unwrap(),
        status: if span["status"] == "error" { SpanStatus::Error } else { SpanStatus::Unset },
        attributes: passing(span["attributes"].as_object().unwrap(), passes),
        events: events.collect(),
        links: links.collect(),
        resource: BTreeMap::new(),
    }
}

fn passing(attributes: &Map<String, Json>, passes: fn(Key) -> bool) -> BTreeMap<String, Json> {
    let pairs = attributes.iter().filter(|(name, _)| passes(Key::named(name).unwrap()));
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The texts of people, files and models in a session: every string in a prompt, an answer, a call or its result.
fn content_of(fixture: &Fixture) -> BTreeSet<String> {
    let hooks = fixture.hooks.iter().map(|hook| hook.payload.as_str());
    let rows = fixture.transcripts.iter().flat_map(|(_, text)| text.lines());
    let mut texts = BTreeSet::new();
    for row in hooks.chain(rows) {
        let row: Json = serde_json::from_str(row).unwrap();
        for name in [
            "prompt",
            "tool_input",
            "tool_response",
            "last_assistant_message",
            "error",
            "toolUseResult",
            "lastPrompt",
        ] {
            strings_in(&row[name], &mut texts);
        }
        for block in row["message"]["content"].as_array().into_iter().flatten() {
            ["text", "thinking", "input", "content"]
                .iter()
                .for_each(|name| strings_in(&block[name], &mut texts));
        }
    }
    texts.retain(|text| text.len() >= CONTENT_BYTES_MIN);
    texts
}

fn strings_in(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::String(text) => found.extend([text.clone()]),
        Json::Array(items) => items.iter().for_each(|item| strings_in(item, found)),
        Json::Object(fields) => fields.values().for_each(|field| strings_in(field, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Strings that results repeat and that may leave: names and ids, as they stand in attributes that pass.
fn names_in(spans: &[ReceivedSpan]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for span in spans {
        let of_events = span.events.iter().flat_map(|event| event.attributes.values());
        span.attributes.values().chain(of_events).for_each(|value| strings_in(value, &mut names));
    }
    names
}

fn holds(bytes: &[u8], text: &str) -> bool {
    let quoted = serde_json::to_string(text).unwrap();
    let escaped = &quoted.as_bytes()[1..quoted.len() - 1];
    let is_in = |wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    is_in(text.as_bytes()) || escaped != text.as_bytes() && is_in(escaped)
}

#[test]
fn spans_arrive_as_they_are_reported_and_without_content() {
    for protocol in PROTOCOLS {
        let fixtures: Vec<Fixture> = fixture::all().into_iter().map(Fixture::an_hour_ago).collect();
        let mut content: BTreeSet<String> = fixtures.iter().flat_map(content_of).collect();
        content.insert(USER.to_owned());
        let home = Home::with(fixtures);
        let receiver = Receiver::start().unwrap();
        let url = receiver.url();
        let environment =
            [("TACHO_OTLP_ENDPOINT", url.as_str()), ("TACHO_OTLP_PROTOCOL", protocol), ("USER", USER)];
        let drained = home.run_with(&["drain", "--once"], &environment);
        assert_eq!(drained, ran(0, ""));
        assert_eq!(receiver.problems(), [""; 0], "{protocol}");
        let reported = reported_spans(&home, |key| key.class() == Class::Metadata);
        let resources: BTreeSet<Vec<String>> =
            receiver.spans().iter().map(|span| span.resource.keys().cloned().collect()).collect();
        assert_eq!(resources, [RESOURCE.map(str::to_owned).to_vec()].into());
        let names = names_in(&reported);
        assert_eq!(sorted(receiver.spans()), reported, "{protocol}");
        for request in receiver.requests() {
            let leaked: Vec<&String> =
                content.iter().filter(|text| !names.contains(*text) && holds(&request.body, text)).collect();
            assert_eq!(leaked, [""; 0], "{protocol}");
        }
    }
}

#[test]
fn what_was_sent_is_not_sent_again() {
    let home = home_with(&["bash", "killed"]);
    let receiver = Receiver::start().unwrap();
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    let sent = receiver.requests().len();
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    let rebuilt = home.run_with(&["rebuild"], &[("TACHO_OTLP_ENDPOINT", &receiver.url())]);
    assert_eq!(rebuilt.code, Some(0));
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(receiver.requests().len(), sent);
}

#[test]
fn a_level_of_the_owner_sends_content() {
    let home = home_with(&["bash", "nested"]);
    let receiver = Receiver::start().unwrap();
    let config = format!("[[destination]]\nendpoint = {:?}\nlevel = \"full\"\n", receiver.url());
    fs::write(home.state().join("config.toml"), config).unwrap();
    home.drain();
    assert_eq!(sorted(receiver.spans()), reported_spans(&home, |_| true));
}

/// Answers the first request so; the same bytes must follow and arrive, all within one drain.
#[track_caller]
fn is_sent_again_after(answer: Answer) {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, answer);
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    let requests = receiver.requests();
    let bodies: Vec<&[u8]> = requests.iter().map(|request| request.body.as_slice()).collect();
    let [first, second] = bodies[..] else { panic!("{} requests", bodies.len()) };
    assert_eq!(first, second);
    assert_eq!(sorted(receiver.spans()), reported_spans(&home, |key| key.class() == Class::Metadata));
}

#[test]
fn a_busy_receiver_gets_it_again() {
    is_sent_again_after(Answer::error(503));
}

#[test]
fn a_receiver_that_names_a_pause_gets_it_again() {
    is_sent_again_after(Answer::retry_after(429, 1));
}

#[test]
fn a_receiver_that_hangs_up_gets_it_again() {
    is_sent_again_after(Answer::HangUp { delay: Duration::ZERO });
}

#[test]
fn a_receiver_that_is_down_gets_it_later() {
    let home = home_with(&["bash"]);
    // A port that no other test is given while nobody listens on it: those come from the ephemeral range.
    let ports = (0..1000).map(|number| 20_000 + (std::process::id() as u16 % 7 * 1000) + number);
    let down =
        ports.map(|port| Receiver::start_at(([127, 0, 0, 1], port).into())).find_map(Result::ok).unwrap();
    let (url, address) = (down.url(), down.address());
    drop(down);
    let refused = home.run_with(&["drain", "--once", "--timeout", "1"], &[("TACHO_OTLP_ENDPOINT", &url)]);
    insta::assert_snapshot!(refused.stderr, @r"
    error: 4 items could not be delivered yet
      hint: they stay in the store and are tried again; `tacho status` says what holds them up
    ");
    assert_eq!(refused.code, Some(1));
    let up = Receiver::start_at(address).unwrap();
    assert_eq!(drain_to(&home, &up), ran(0, ""));
    assert_eq!(sorted(up.spans()), reported_spans(&home, |key| key.class() == Class::Metadata));
}

/// The drainer that a hook started may know less than the person who types.
#[test]
fn a_running_drainer_that_does_not_know_the_destination_makes_way() {
    let home = home_with(&["bash"]);
    let mut resident = home.command(&["drain", "--background"]).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !home.state().join("drain.sock").exists() && Instant::now() < deadline {
        std::thread::yield_now();
    }
    let receiver = Receiver::start().unwrap();
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(sorted(receiver.spans()), reported_spans(&home, |key| key.class() == Class::Metadata));
    assert!(resident.wait().unwrap().success());
}

/// One that knows it does the work itself, and stays.
#[test]
fn a_running_drainer_that_knows_the_destination_flushes() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    let mut resident =
        home.command(&["drain", "--background"]).env("TACHO_OTLP_ENDPOINT", receiver.url()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !home.state().join("drain.sock").exists() && Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(sorted(receiver.spans()), reported_spans(&home, |key| key.class() == Class::Metadata));
    assert_eq!(resident.try_wait().unwrap(), None);
    resident.kill().unwrap();
    resident.wait().unwrap();
}

/// A session that has ended is sent to a destination that is named later as what it was: nothing new is concluded.
#[test]
fn a_destination_that_is_named_later_gets_what_was_seen() {
    let home = home_with(&["bash"]);
    home.drain();
    let before = home.reports();
    let receiver = Receiver::start().unwrap();
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(home.reports(), before);
    let concluded =
        receiver.spans().iter().any(|span| span.attributes.contains_key("tachograph.end.inferred"));
    assert!(!concluded);
    assert_eq!(sorted(receiver.spans()), reported_spans(&home, |key| key.class() == Class::Metadata));
    let observations = home.observations();
    assert!(!observations.iter().any(|body| body.contains("agent_gone")), "{observations:?}");
}

/// What was meant for a destination that nobody names any more still waits for it, and is not hidden.
#[test]
fn a_destination_that_moved_gets_everything_and_the_old_one_is_still_owed() {
    let home = home_with(&["bash"]);
    let old = Receiver::start().unwrap();
    old.answer_next(Signal::Traces, Answer::error(401));
    assert_eq!(drain_to(&home, &old).code, Some(1));
    let moved = Receiver::start().unwrap();
    assert_eq!(drain_to(&home, &moved).code, Some(1));
    assert_eq!(sorted(moved.spans()), reported_spans(&home, |key| key.class() == Class::Metadata));
    assert_eq!(drain_to(&home, &moved).code, Some(1));
    assert_eq!(moved.requests().len(), 1);
}

#[test]
fn a_receiver_that_does_not_know_us_loses_nothing() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(401));
    let drained = drain_to(&home, &receiver);
    assert_eq!((drained.code, receiver.requests().len()), (Some(1), 1));
    insta::assert_snapshot!(destination_status(&home, &receiver), @r#"[{"name":"[receiver]","configured":true,"delivered":0,"waiting":4,"rejected":0,"failures_in_a_row":1,"last_error":"HTTP 401: the token is missing or wrong"},[]]"#);
}

#[test]
fn a_receiver_that_refuses_the_whole_gets_the_halves() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(400));
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(receiver.requests().len(), 3);
    assert_eq!(sorted(receiver.spans()), reported_spans(&home, |key| key.class() == Class::Metadata));
}

#[test]
fn a_receiver_that_refuses_some_is_not_asked_again() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::partial_success(1, "one is too old"));
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(receiver.requests().len(), 1);
    insta::assert_snapshot!(destination_status(&home, &receiver), @r#"[{"name":"[receiver]","configured":true,"delivered":3,"waiting":0,"rejected":1,"failures_in_a_row":0,"last_error":"one is too old"},[{"reason":"refused by [receiver]","count":1}]]"#);
}

#[test]
fn a_variable_may_not_name_a_destination_elsewhere() {
    let home = home_with(&["bash"]);
    let elsewhere = [("TACHO_OTLP_ENDPOINT", ELSEWHERE)];
    let drained = home.run_with(&["drain", "--once"], &elsewhere);
    let status: Json =
        serde_json::from_str(&home.run_with(&["status", "--json"], &elsewhere).stdout).unwrap();
    assert_eq!(status["destinations"], Json::Array(Vec::new()));
    insta::assert_snapshot!(format!("exit code {:?}\n{}{:#}", drained.code, drained.stderr, status["refused"]), @r#"
    exit code Some(0)
    note: TACHO_OTLP_ENDPOINT is not used: http://192.0.2.1:4318 is not on this machine, and what the environment says may come from a repository; if you named it, say so: tacho trust, with the address
    [
      {
        "origin": "TACHO_OTLP_ENDPOINT",
        "reason": "http://192.0.2.1:4318 is not on this machine, and what the environment says may come from a repository; if you named it, say so: tacho trust, with the address"
      }
    ]
    "#);
}

/// A home that a variable chose is as good as the variable: a repository can set it and bring the file along.
#[test]
fn a_file_in_a_home_that_a_variable_names_may_not_name_a_destination_elsewhere() {
    let home = home_with(&[]);
    fs::create_dir_all(home.state()).unwrap();
    let config = format!("[[destination]]\nendpoint = {ELSEWHERE:?}\nlevel = \"full\"\n");
    fs::write(home.state().join("config.toml"), config).unwrap();
    home.run(&["drain", "--once"]);
    let status = home.json_of(&["status", "--json"]);
    assert_eq!(status["destinations"], Json::Array(Vec::new()));
    assert_eq!(status["refused"].as_array().unwrap().len(), 1);
}
