//! The receiver of the agent's own telemetry: real requests of the three protocols to the real binary.

pub mod client;
pub mod serving;

mod drainers;
mod refusals;

use crate::fixture;
use crate::home::Home;
use client::{Encoding, Request};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message as _;
use serde_json::{Value as Json, json};
use serving::Serving;
use std::fs;
use std::path::Path;

/// The requests of a recorded run, as JSON.
pub fn requests(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// The message of a request in JSON, in an encoding.
pub fn encoded(json: &str, encoding: Encoding) -> Vec<u8> {
    if encoding == Encoding::Json {
        return json.as_bytes().to_vec();
    }
    let message: ExportLogsServiceRequest = serde_json::from_str(json).unwrap();
    message.encode_to_vec()
}

/// What the receiver wrote down of sessions, with the time of the records left out.
fn recorded(home: &Home) -> Vec<Json> {
    let said = home.observations().into_iter().filter_map(|body| serde_json::from_str(&body).ok());
    said.filter(|said: &Json| said["hook_event_name"] == "Otlp").collect()
}

/// All three protocols, compressed and not, come to the same records and the same costs.
#[test]
fn every_protocol_says_the_same() {
    let mut found = Vec::new();
    for encoding in [Encoding::Json, Encoding::Protobuf, Encoding::Grpc] {
        for is_compressed in [false, true] {
            let home = Home::new();
            let serving = Serving::start(&home);
            for request in requests("telemetry/bash.jsonl") {
                let request = Request::new(encoding, encoded(&request, encoding)).compressed(is_compressed);
                let answer = serving.ask(&request);
                assert_eq!(answer.outcome(), (200, Some(0)), "{encoding:?}");
                assert_eq!(answer.body, encoding.empty_answer(), "{encoding:?}");
            }
            home.drain();
            found.push((recorded(&home), home.json_of(&["cost", "--json"])["totals"].clone()));
        }
    }
    for other in &found {
        assert_eq!(*other, found[0]);
    }
    insta::assert_json_snapshot!("what_is_kept_of_a_run", found[0]);
}

/// Whatever the agent was told to say of what was asked and answered, none of it is written down.
#[test]
fn content_is_not_kept() {
    let home = Home::new();
    let serving = Serving::start(&home);
    for request in requests("telemetry/with_content.jsonl") {
        assert_eq!(serving.ask(&Request::json(&request)).status, 200);
    }
    home.drain();
    let kept = recorded(&home);
    assert!(kept.iter().any(|record| record.to_string().contains("api_request")));
    let words: Vec<&str> = kept
        .iter()
        .flat_map(|record| record["events"].as_array().unwrap())
        .flat_map(|event| event["attributes"].as_object().unwrap().keys().map(String::as_str))
        .collect();
    let own = tacho_agents::claude_code::AGENT.own_telemetry;
    assert!(words.iter().all(|word| own.keeps_attribute(word)), "{words:?}");
    let all = format!("{kept:?}");
    for content in ["mock:", "echo child", "Child result", "full_command", "body"] {
        assert!(!all.contains(content), "{content}");
    }
}

/// A session of which no hook spoke is shown by what it exported.
#[test]
fn a_session_without_hooks() {
    let home = Home::new();
    let serving = Serving::start(&home);
    for request in requests("telemetry/bash.jsonl") {
        assert_eq!(serving.ask(&Request::json(&request)).status, 200);
    }
    home.drain();
    let shown = home.stdout_of(&["show", "last"]);
    let (_, tree) = shown.split_once("\n\n").unwrap();
    insta::assert_snapshot!(tree, @r"
    turn 1    running
    ├─ chat claude-opus-5-5  269 ms  1212 in (1100 cached), 61 out, $0.0020
    └─ chat claude-opus-5-5  47 ms  1255 in (1200 cached), 9 out, $0.0008
    ");
}

/// What our module in the agent's process said the agent exports, too; a call of which both speak is one call.
#[test]
fn what_is_said_twice_counts_once() {
    let home = Home::with([fixture::load("measured")]);
    home.drain();
    let reports = |home: &Home| {
        let session = fixture::load("measured").session;
        let shown = home.json_of(&["show", session.as_str(), "--json"]);
        (shown["turns"].clone(), home.json_of(&["cost", "model", "--json"])["totals"].clone())
    };
    let before = reports(&home);
    let serving = Serving::start(&home);
    let exported = exported_by_module();
    assert_eq!(serving.ask(&Request::json(&exported)).status, 200);
    home.drain();
    assert_eq!(recorded(&home).len(), 1);
    assert_eq!(reports(&home), before);
}

/// What the module handed over in the recorded session, as the agent itself exports it.
fn exported_by_module() -> String {
    let fixture = fixture::load("measured");
    let mut records = Vec::new();
    for hook in &fixture.hooks {
        let payload: Json = serde_json::from_str(&hook.payload).unwrap();
        for event in payload["events"].as_array().into_iter().flatten() {
            let mut attributes = vec![attribute("event.name", &event["event"])];
            let said = event["attributes"].as_object().unwrap();
            attributes.extend(said.iter().map(|(key, value)| attribute(key, value)));
            if !said.contains_key("session.id") {
                attributes.push(attribute("session.id", &json!(fixture.session.as_str())));
            }
            records.push(json!({ "attributes": attributes }));
        }
    }
    exported(&records)
}

/// What the agent exports of log records.
fn exported(records: &[Json]) -> String {
    let scope = json!({ "name": "com.anthropic.claude_code.events" });
    json!({ "resourceLogs": [{ "scopeLogs": [{ "scope": scope, "logRecords": records }] }] }).to_string()
}

fn attribute(key: &str, value: &Json) -> Json {
    let value = match value.as_u64() {
        Some(number) => json!({ "intValue": number.to_string() }),
        None => json!({ "stringValue": value.as_str().unwrap() }),
    };
    json!({ "key": key, "value": value })
}

/// What does not fit into one record of the spool stands in several.
#[test]
fn much_at_once() {
    let home = Home::new();
    let serving = Serving::start(&home);
    let call = |number: usize| {
        let words = [
            ("event.name", "api_request".to_owned()),
            ("event.timestamp", "2026-11-21T18:47:14.635Z".to_owned()),
            ("session.id", "session".to_owned()),
            ("request_id", format!("req_{number:0100}")),
            ("model", "claude-opus-5-5".to_owned()),
            ("input_tokens", "1".to_owned()),
        ];
        let words = words.map(|(key, word)| attribute(key, &json!(word)));
        json!({ "attributes": words })
    };
    let calls: Vec<Json> = (0..1000).map(call).collect();
    assert_eq!(serving.ask(&Request::json(&exported(&calls))).status, 200);
    home.drain();
    assert!(recorded(&home).len() > 1);
    assert_eq!(home.json_of(&["cost", "--json"])["totals"]["calls"], 1000);
    assert_eq!(home.json_of(&["status", "--json"])["damaged_records"], 0);
}

/// The exporter does not say where the agent works; the session's hooks did, even to another drainer.
#[test]
fn a_call_belongs_to_the_project_of_its_session() {
    let home = Home::with([fixture::load("bash")]);
    home.drain();
    let projects = |home: &Home| {
        let cost = home.json_of(&["cost", "project", "--json"]);
        let rows = cost["rows"].as_array().unwrap().iter();
        rows.map(|row| format!("{}: {}", row["key"], row["calls"])).collect::<Vec<_>>()
    };
    assert_eq!(projects(&home), [r#""/home/dev/project": 2"#]);
    let serving = Serving::start(&home);
    let session = fixture::load("bash").session;
    for request in requests("telemetry/bash.jsonl") {
        let request = request.replace("444b9a39-0dd5-45b0-85af-82281c279e60", session.as_str());
        assert_eq!(serving.ask(&Request::json(&request)).status, 200);
    }
    home.drain();
    assert_eq!(projects(&home), [r#""/home/dev/project": 4"#]);
}

/// Traces and metrics are taken, so that nobody sends them for ever, and not kept: they are made here from what is recorded.
#[test]
fn traces_and_metrics_are_not_kept() {
    let home = Home::new();
    let serving = Serving::start(&home);
    for path in ["/v1/traces", "/v1/metrics"] {
        for encoding in [Encoding::Json, Encoding::Protobuf] {
            let request = Request { path: path.to_owned(), ..Request::new(encoding, b"{}".to_vec()) };
            let answer = serving.ask(&request);
            assert_eq!((answer.status, answer.body), (200, encoding.empty_answer()));
        }
    }
    for signal in ["trace.v1.Trace", "metrics.v1.Metrics"] {
        let path = format!("/opentelemetry.proto.collector.{signal}Service/Export");
        let request = Request { path, ..Request::new(Encoding::Grpc, Vec::new()) };
        assert_eq!(serving.ask(&request).outcome(), (200, Some(0)));
    }
    home.drain();
    assert_eq!(home.observations(), Vec::<String>::new());
}
