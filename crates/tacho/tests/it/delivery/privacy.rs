//! What is said in a session leaves the machine only where its owner says so.

use super::arrivals::{is_metadata, reported_spans, sorted};
use super::{home_with, ran};
use crate::fixture::{self, Fixture};
use crate::home::Home;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;
use tacho_testkit::otlp::{ReceivedSpan, Receiver};

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
        fs::write(home.path().join(".gitconfig"), format!("[user]\nname = {USER}\n")).unwrap();
        let receiver = Receiver::start().unwrap();
        let url = receiver.url();
        let environment = [("TACHO_OTLP_ENDPOINT", url.as_str()), ("TACHO_OTLP_PROTOCOL", protocol)];
        let drained = home.run_with(&["drain", "--once"], &environment);
        assert_eq!(drained, ran(0, ""));
        assert_eq!(receiver.problems(), [""; 0], "{protocol}");
        let reported = reported_spans(&home, is_metadata);
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

/// Who the resources of a session's spans name, in a CI job.
fn named_in_ci(home: &Home) -> BTreeSet<String> {
    let receiver = Receiver::start().unwrap();
    let url = receiver.url();
    let environment = [("TACHO_OTLP_ENDPOINT", url.as_str()), ("CI", "true"), ("USER", USER)];
    assert_eq!(home.run_with(&["drain", "--once"], &environment), ran(0, ""));
    let spans = receiver.spans();
    let names = spans.iter().flat_map(|span| span.resource.iter());
    let of_user = names.filter(|(name, _)| name.contains("user."));
    of_user
        .map(|(name, value)| if name == "user.hash" { name.clone() } else { format!("{name}={value}") })
        .collect()
}

/// The account of a job is the service's; whoever git is told to commit for is a person all the same.
#[test]
fn in_a_ci_job_the_account_names_nobody() {
    let fixture = || fixture::load("bash").an_hour_ago();
    assert_eq!(named_in_ci(&Home::with([fixture()])), BTreeSet::new());
    let home = Home::with([fixture()]);
    fs::write(home.path().join(".gitconfig"), "[user]\nname = Ada\n").unwrap();
    let source = "tachograph.user.source=\"git\"".to_owned();
    assert_eq!(named_in_ci(&home), [source, "user.hash".to_owned()].into());
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
