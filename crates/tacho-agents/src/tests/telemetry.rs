//! What the CLI measures of itself.

use super::{RECORDED, observation};
use crate::claude_code::AGENT;
use crate::native::NativeTarget;
use serde_json::{Value as Json, json};
use tacho_model::event::{Decider, Event, Fact, ModelReport, PermissionDecision, Source, Sources};
use tacho_model::id::{PromptId, RequestId, SubagentId, ToolUseId};
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{CallKey, Owner, Terms, UsageRecord};

/// A call inside a subagent, as the module hands it over; its numbers are counts or texts.
fn request(number: fn(u64) -> Json) -> Json {
    json!({
        "event": "api_request",
        "attributes": {
            "event.timestamp": "2026-11-21T18:53:29.938Z",
            "session.id": "session",
            "prompt.id": "prompt",
            "agent_id": "subagent",
            "agent.name": "general-purpose",
            "request_id": "req_1",
            "query_source": "agent:builtin:general-purpose",
            "model": "claude-opus-5-5",
            "effort": "medium",
            "speed": "normal",
            "input_tokens": number(31),
            "output_tokens": number(17),
            "cache_read_tokens": number(7),
            "cache_creation_tokens": number(530),
            "cache_creation_5m_tokens": number(500),
            "cache_creation_1h_tokens": number(30),
            "cost_usd_micros": number(2964),
            "duration_ms": number(173),
            "ttft_ms": number(106),
        },
    })
}

const USAGE: Usage = Usage {
    input: Some(31),
    output: Some(17),
    cache_read: Some(7),
    cache_write_5m: Some(500),
    cache_write_1h: Some(30),
    thinking: None,
};
const AT: UnixNanos = UnixNanos(1_795_287_209_938_000_000);

fn payload(events: &[Json]) -> String {
    json!({ "hook_event_name": "Mod", "session_id": "session", "cwd": "/home/dev/project", "events": events })
        .to_string()
}

fn decoded(source: Source, payload: &str) -> Vec<Event> {
    let decoded = (AGENT.decode)(&observation(source, None, payload.as_bytes()));
    assert_eq!(decoded.warnings, [], "{payload}");
    decoded.events
}

#[test]
fn a_call_is_reported() {
    for (number, source) in
        [(Json::from as fn(u64) -> Json, Source::Mod), (|count| json!(count.to_string()), Source::Otlp)]
    {
        let found = decoded(source, &payload(&[request(number)]));
        let report = ModelReport {
            request_id: RequestId::from("req_1"),
            model: Some("claude-opus-5-5".to_owned()),
            effort: Some("medium".to_owned()),
            query_source: Some("agent:builtin:general-purpose".to_owned()),
            usage: USAGE,
            terms: Terms { speed: Some("standard".to_owned()), ..Terms::default() },
            duration_ms: Some(173),
            first_chunk_ms: Some(106),
            cost: Some(Nanodollars(2_964_000)),
        };
        let expected = Event {
            name: "api_request".to_owned(),
            at: Some(AT),
            prompt: Some(PromptId::from("prompt")),
            subagent: Some(SubagentId::from("subagent")),
            fact: Fact::ModelReported(Box::new(report)),
            ..found[0].clone()
        };
        assert_eq!(found, [expected]);
    }
}

#[test]
fn what_a_call_used_is_known_by_its_request() {
    let said = observation(Source::Mod, None, payload(&[request(Json::from)]).as_bytes());
    let expected = UsageRecord {
        key: CallKey { message: "request:req_1".to_owned(), request: "req_1".to_owned() },
        owner: Owner {
            is_sidechain: true,
            is_empty: false,
            at: AT,
            session: said.session.clone(),
            subagent: Some("general-purpose".to_owned()),
            project: Some("/home/dev/project".to_owned()),
            model: Some("claude-opus-5-5".to_owned()),
        },
        usage: USAGE,
        terms: Terms::default(),
        tools: Vec::new(),
        is_final: true,
        sources: Sources::of(Source::Mod),
    };
    assert_eq!((AGENT.usage_reports)(&said), [expected]);
}

#[test]
fn who_decided_is_heard() {
    let decided = |source: &str| {
        let attributes = json!({ "tool_use_id": "toolu_1", "decision": "reject", "source": source });
        let mut found =
            decoded(Source::Mod, &payload(&[json!({ "event": "tool_decision", "attributes": attributes })]));
        found.pop().map(|event| event.fact)
    };
    let expected = |source: &str, decider| {
        let (decision, source) = ("reject".to_owned(), Some(source.to_owned()));
        let decision = PermissionDecision { decision, source, decider, ..PermissionDecision::default() };
        Some(Fact::ToolDecided { tool: ToolUseId::from("toolu_1"), decision })
    };
    assert_eq!(decided("config"), expected("config", None));
    assert_eq!(decided("user_reject"), expected("user_reject", Some(Decider::Person)));
}

/// Neither an event of another name nor one that lacks what makes it a statement is an error.
#[test]
fn the_rest_says_nothing() {
    let events = [
        json!({ "event": "started", "attributes": {} }),
        json!({ "event": "api_request", "attributes": { "model": "claude-opus-5-5" } }),
        json!({ "event": "tool_decision" }),
        json!({ "attributes": {} }),
        json!(7),
    ];
    let facts: Vec<Fact> =
        decoded(Source::Mod, &payload(&events)).into_iter().map(|event| event.fact).collect();
    assert_eq!(facts, [Fact::Nothing, Fact::Nothing, Fact::Nothing]);
    let none = (AGENT.usage_reports)(&observation(Source::Mod, None, payload(&events).as_bytes()));
    assert_eq!(none, []);
}

/// What is taken of the CLI's own exporter is what the module hands over, and nothing that may hold content.
#[test]
fn the_two_lists_are_one() {
    let own = AGENT.own_telemetry;
    let module = AGENT.setup.files.iter().find(|file| file.path.ends_with("register.js")).unwrap();
    let module = str::from_utf8(module.bytes).unwrap();
    for name in own.events.iter().chain(own.attributes) {
        assert!(module.contains(&format!("\"{name}\"")), "{name}");
    }
    let content = ["prompt", "response", "body", "tool_input", "tool_parameters", "error", "user.email"];
    assert!(!content.iter().any(|name| own.keeps(name) || own.keeps_attribute(name)));
}

/// What the CLI is told and what is understood of its settings are the same.
#[test]
fn where_settings_have_telemetry_sent() {
    let native = &AGENT.setup.native;
    let target = NativeTarget { port: 4327, token: "ab".repeat(32) };
    let env: serde_json::Map<String, Json> = native
        .set
        .iter()
        .map(|variable| (variable.name.to_owned(), variable.value_for(&target).into()))
        .collect();
    let said = |env: &serde_json::Map<String, Json>| native.target(&json!({ "env": env }).to_string());
    assert_eq!(said(&env), Some(target.clone()));
    assert!(native.lacking(&json!({ "env": env }).to_string(), &target).is_none());
    for (name, value, expected) in [
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc", None),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "carrier pigeon", Some("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL")),
        ("OTEL_LOGS_EXPORTER", "console", Some("OTEL_LOGS_EXPORTER")),
        ("OTEL_LOGS_EXPORT_INTERVAL", "9000", None),
    ] {
        let mut env = env.clone();
        env.insert(name.to_owned(), value.into());
        let settings = json!({ "env": env }).to_string();
        let lacking = native.lacking(&settings, &target).map(|variable| variable.name);
        assert_eq!((lacking, said(&env)), (expected, Some(target.clone())), "{name}={value}");
    }
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://otlp.example.com/v1/logs"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://127.0.0.1:70000/v1/logs"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "X-Key=1"),
    ] {
        let mut env = env.clone();
        env.insert(name.to_owned(), value.into());
        assert_eq!(said(&env), None, "{name}={value}");
    }
    assert_eq!(native.target("{"), None);
}

/// What the module hands over says nothing of what was asked or answered.
#[test]
fn no_content_is_handed_over() {
    let handed_over: Vec<&String> =
        RECORDED.iter().filter(|line| line.contains(r#""hook_event_name":"Mod""#)).collect();
    assert!(!handed_over.is_empty());
    for payload in handed_over {
        let payload: Json = serde_json::from_str(payload).unwrap();
        for said in payload["events"].as_array().unwrap() {
            let words: Vec<&String> = said["attributes"].as_object().unwrap().keys().collect();
            let content =
                ["prompt", "response", "text", "content", "command", "input", "error", "parameters"];
            assert!(words.iter().all(|word| !content.contains(&word.as_str())), "{words:?}");
        }
    }
}
