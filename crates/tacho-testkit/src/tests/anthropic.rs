//! The scripted API over plain HTTP.

use serde_json::{Value, json};

use super::client::{Response, post};
use crate::anthropic::{ScriptBook, ScriptedApi, ServedUsage, write_jsonl};

fn api(book: Value) -> ScriptedApi {
    ScriptedApi::start(serde_json::from_value::<ScriptBook>(book).unwrap()).unwrap()
}

fn ask(api: &ScriptedApi, body: &Value) -> Response {
    let headers = [("X-Claude-Code-Session-Id", "session"), ("X-Claude-Code-Agent-Id", "agent")];
    post(&api.url(), "/v1/messages?beta=true", &headers, body.to_string().as_bytes()).unwrap()
}

fn user(text: &str) -> Value {
    json!({ "role": "user", "content": [{ "type": "text", "text": text }] })
}

fn assistant() -> Value {
    json!({ "role": "assistant", "content": [{ "type": "text", "text": "..." }] })
}

fn label_for(messages: Value, system: Value) -> String {
    let text = |text: &str| json!({ "blocks": [{ "type": "text", "text": text }] });
    let api = api(json!({
        "scenarios": {
            "one": { "steps": [text("1.0"), text("1.1")] },
            "two": { "steps": [text("2.0")] },
        },
        "default": text("default"),
        "helpers": [
            { "system_contains": "title", "step": text("a title") },
            { "last_contains": "suggest", "step": text("a suggestion") },
        ],
    }));
    let response = ask(&api, &json!({ "model": "m", "system": system, "messages": messages }));
    let said = response.json()["content"][0]["text"].as_str().unwrap().to_owned();
    format!("{} -> {said}", api.calls()[0].label)
}

#[test]
fn selects_the_step_by_marker_and_position() {
    let tool_result =
        json!({ "role": "user", "content": [{ "type": "tool_result", "content": "[[mock:two]]" }] });
    let plain = json!({ "role": "user", "content": "[[mock:one]]" });
    let table = [
        (json!([user("hello")]), json!(null), "default -> default"),
        (json!([plain]), json!(null), "one#0 -> 1.0"),
        (json!([user("[[mock:one]] go"), assistant(), tool_result]), json!(null), "one#1 -> 1.1"),
        (json!([user("[[mock:one]]"), assistant(), assistant()]), json!(null), "one#2(past end) -> done"),
        (json!([user("[[mock:one]]"), assistant(), user("[[mock:two]]")]), json!(null), "two#0 -> 2.0"),
        (json!([user("[[mock:one]] [[mock:two]] [[mock:]] [[mock:a b]]")]), json!(null), "two#0 -> 2.0"),
        (json!([user("[[mock:none]]")]), json!(null), "unknown:none -> no scenario none"),
        (json!([user("[[mock:one]]")]), json!("write a title"), "helper:0 -> a title"),
        (json!([user("[[mock:one]]")]), json!([{ "type": "text", "text": "title" }]), "helper:0 -> a title"),
        (json!([user("suggest [[mock:one]]")]), json!("system"), "helper:1 -> a suggestion"),
    ];
    for (messages, system, expected) in table {
        assert_eq!(label_for(messages, system), expected);
    }
}

fn full_step() -> Value {
    json!({
        "blocks": [
            { "type": "thinking", "text": "A thought that is longer than one chunk." },
            { "type": "text", "text": "Hi." },
            { "type": "tool_use", "name": "Bash", "input": { "command": "ls" } },
            { "type": "server_tool_use", "id": "fixed", "name": "web_search", "input": {} },
            { "type": "redacted_thinking", "data": "x" },
        ],
        "usage": {
            "input_tokens": 1, "cache_read_input_tokens": 2, "cache_5m": 3, "cache_1h": 4, "output_tokens": 5,
            "speed": "fast",
        },
    })
}

/// The data lines of a stream.
fn events(response: &Response) -> Vec<Value> {
    let text = String::from_utf8(response.body.clone()).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn play(step: Value, stream: bool) -> (ScriptedApi, Response) {
    let api = api(json!({ "scenarios": { "s": { "steps": [step] } } }));
    let body = json!({ "model": "m", "stream": stream, "messages": [user("[[mock:s]]")] });
    let response = ask(&api, &body);
    (api, response)
}

/// Puts `ID` for the ids that differ from run to run.
fn without_ids(value: &Value) -> Value {
    let text = value.to_string();
    let mut parts = text.split("_mock");
    let mut clean = parts.next().unwrap().to_owned();
    for part in parts {
        clean.push_str("_ID");
        clean.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    serde_json::from_str(&clean).unwrap()
}

#[test]
fn streams_every_kind_of_block() {
    let (api, response) = play(full_step(), true);
    let delta =
        |index: u64, delta: Value| json!({ "type": "content_block_delta", "index": index, "delta": delta });
    let start = |index: u64, block: Value| json!({ "type": "content_block_start", "index": index, "content_block": block });
    let stop = |index: u64| json!({ "type": "content_block_stop", "index": index });
    let usage = |output: u64| {
        json!({
            "input_tokens": 1, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 2,
            "cache_creation": { "ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4 },
            "output_tokens": output, "service_tier": "standard", "inference_geo": "not_available",
        })
    };
    let mut last_usage = usage(5);
    last_usage["speed"] = json!("fast");
    let expected = [
        json!({ "type": "message_start", "message": {
            "id": "msg_ID", "type": "message", "role": "assistant", "model": "m", "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": usage(1),
        }}),
        json!({ "type": "ping" }),
        start(0, json!({ "type": "thinking", "thinking": "", "signature": "" })),
        delta(0, json!({ "type": "thinking_delta", "thinking": "A thought that is longer" })),
        delta(0, json!({ "type": "thinking_delta", "thinking": " than one chunk." })),
        delta(0, json!({ "type": "signature_delta", "signature": "c2ln" })),
        stop(0),
        start(1, json!({ "type": "text", "text": "" })),
        delta(1, json!({ "type": "text_delta", "text": "Hi." })),
        stop(1),
        start(2, json!({ "type": "tool_use", "id": "toolu_ID", "name": "Bash", "input": {} })),
        delta(2, json!({ "type": "input_json_delta", "partial_json": "{\"command\":\"ls\"}" })),
        stop(2),
        start(3, json!({ "type": "server_tool_use", "id": "fixed", "name": "web_search", "input": {} })),
        delta(3, json!({ "type": "input_json_delta", "partial_json": "{}" })),
        stop(3),
        start(4, json!({ "type": "redacted_thinking", "data": "x" })),
        stop(4),
        json!({
            "type": "message_delta", "usage": last_usage,
            "delta": { "stop_reason": "tool_use", "stop_sequence": null },
        }),
        json!({ "type": "message_stop" }),
    ];
    let actual: Vec<_> = events(&response).iter().map(without_ids).collect();
    assert_eq!(actual, expected);
    assert!(response.whole);
    assert_eq!(response.header("request-id"), Some(api.calls()[0].request_id.as_str()));
}

#[test]
fn says_how_dangerous_a_tool_call_is() {
    let call = json!({ "type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {} });
    let (_api, response) = play(json!({ "blocks": [call], "verdicts": { "toolu_1": "flagged" } }), true);
    let events = events(&response);
    let said = events.iter().find_map(|event| event.pointer("/delta/safeguard_results/0/status/tool_uses"));
    let verdict = json!({ "type": "evaluated", "outcome": "flagged", "explanation": "as the script says" });
    assert_eq!(said, Some(&json!({ "toolu_1": verdict })));
}

#[test]
fn answers_whole_without_a_stream() {
    let (_api, response) = play(full_step(), false);
    assert_eq!(
        without_ids(&response.json()["content"]),
        json!([
            { "type": "thinking", "thinking": "A thought that is longer than one chunk.", "signature": "c2ln" },
            { "type": "text", "text": "Hi." },
            { "type": "tool_use", "id": "toolu_ID", "name": "Bash", "input": { "command": "ls" } },
            { "type": "server_tool_use", "id": "fixed", "name": "web_search", "input": {} },
            { "type": "redacted_thinking", "data": "x" },
        ])
    );
}

#[test]
fn keeps_the_truth_of_a_whole_call() {
    let (api, response) = play(full_step(), true);
    let calls = api.calls();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    let message = &events(&response)[0]["message"];
    assert_eq!(call.message_id.as_deref(), message["id"].as_str());
    assert_eq!(call.agent_id.as_deref(), Some("agent"));
    assert_eq!(call.session_id.as_deref(), Some("session"));
    assert_eq!((call.status, call.whole, call.stop_reason.as_deref()), (200, true, Some("tool_use")));
    let usage = ServedUsage { input: 1, cache_read: 2, cache_write_5m: 3, cache_write_1h: 4, output: 5 };
    assert_eq!(call.usage, usage);
    let tools: Vec<_> = call.tool_uses.iter().map(|tool| (tool.name.as_str(), tool.on_server)).collect();
    assert_eq!(tools, [("Bash", false), ("web_search", true)]);
    let times = [call.started_unix_ns, call.first_byte_unix_ns, call.done_unix_ns];
    assert!(times[0] > 0 && times.is_sorted(), "{times:?}");
}

#[test]
fn keeps_the_truth_of_a_broken_stream() {
    for (step, last_event) in [
        (
            json!({ "drop_after": 2, "blocks": [{ "type": "text", "text": "x".repeat(100) }] }),
            "content_block_delta",
        ),
        (
            json!({
                "drop_after": 0, "stream_error": "overloaded_error",
                "blocks": [{ "type": "text", "text": "x" }],
            }),
            "error",
        ),
    ] {
        let (api, response) = play(step, true);
        assert!(!response.whole);
        assert_eq!(events(&response).last().unwrap()["type"], last_event);
        let call = &api.calls()[0];
        assert!(!call.succeeded());
        assert_eq!((call.usage.input, call.usage.output), (10, 1));
    }
}

#[test]
fn fails_as_often_as_the_script_says() {
    let fail = json!({
        "status": 429, "times": 2, "type": "rate_limit_error", "message": "slow down", "retry_after": 3,
        "headers": { "x-more": "y" },
    });
    let api = api(json!({ "scenarios": { "s": { "steps": [{ "fail": fail }] } } }));
    let body = json!({ "model": "m", "messages": [user("[[mock:s]]")] });
    let first = ask(&api, &body);
    let answered = [first.status, ask(&api, &body).status, ask(&api, &body).status];
    assert_eq!(answered, [429, 429, 200]);
    assert_eq!((first.header("retry-after"), first.header("x-more")), (Some("3"), Some("y")));
    let expected = json!({
        "type": "error", "request_id": api.calls()[0].request_id,
        "error": { "type": "rate_limit_error", "message": "slow down" },
    });
    assert_eq!(first.json(), expected);
    let truth: Vec<_> =
        api.calls().iter().map(|call| (call.status, call.succeeded(), call.usage.output)).collect();
    assert_eq!(truth, [(429, false, 0), (429, false, 0), (200, true, 20)]);
}

#[test]
fn counts_tokens_and_knows_no_other_path() {
    let api = api(json!({ "scenarios": {} }));
    let counted = post(&api.url(), "/v1/messages/count_tokens", &[], &[b'x'; 40]).unwrap();
    assert_eq!(counted.json(), json!({ "input_tokens": 10 }));
    assert_eq!(post(&api.url(), "/v1/models", &[], b"").unwrap().status, 404);
    assert_eq!(api.calls(), []);
}

#[test]
fn two_runs_share_no_id() {
    let id = || play(json!({}), false).0.calls()[0].request_id.clone();
    assert_ne!(id(), id());
}

#[test]
fn writes_the_truth_as_lines() {
    let (api, _) = play(full_step(), true);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("truth.jsonl");
    write_jsonl(&path, &api.calls()).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let row: Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(row, serde_json::to_value(&api.calls()[0]).unwrap());
}
