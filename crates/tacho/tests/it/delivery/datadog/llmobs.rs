//! LLM Observability: the spans of a session as its intake gets them.

use super::agent;
use crate::delivery::home_with;
use crate::home::Home;
use serde_json::{Value as Json, json};
use tacho_testkit::http::Request;

/// The spans of a request, each in an envelope, without what differs from day to day and from home to home.
fn spans_of(request: &Request) -> Json {
    let envelopes: Vec<Json> = serde_json::from_slice(&request.body).unwrap();
    let spans = envelopes.into_iter().map(|mut envelope| {
        let mut spans = envelope["spans"].take();
        let expected = json!({
            "_dd.stage": "raw",
            "_dd.tracer_version": env!("CARGO_PKG_VERSION"),
            "event_type": "span",
            "spans": null,
        });
        assert_eq!(envelope, expected);
        let [span] = spans.as_array_mut().unwrap().as_mut_slice() else { panic!("{spans}") };
        span["start_ns"] = json!("[start]");
        let varies = |tag: &&mut Json| {
            let (name, _) = tag.as_str().unwrap().split_once(':').unwrap();
            name.starts_with("user_") || ["service.instance.id", "tachograph.user.source"].contains(&name)
        };
        for tag in span["tags"].as_array_mut().unwrap().iter_mut().filter(varies) {
            let (name, _) = tag.as_str().unwrap().split_once(':').unwrap();
            *tag = json!(format!("{name}:[varies]"));
        }
        for name in ["tachograph.price.table", "events", "tachograph.working_directory"] {
            span["meta"]["metadata"].as_object_mut().unwrap().remove(name);
        }
        span.take()
    });
    spans.collect()
}

/// What comes of a session for a destination of these lines.
fn told(home: &Home, lines: &str) -> Vec<Request> {
    let (server, requests) = agent();
    home.configure(&lines.replace("[agent]", &server.url()));
    home.drain();
    let requests = requests.lock().unwrap();
    requests.clone()
}

fn shown(request: &Request) -> [Option<&str>; 5] {
    let header = |name| request.header(name);
    [
        Some(request.method.as_str()),
        Some(request.path.as_str()),
        header("content-type"),
        header("x-datadog-evp-subdomain"),
        header("dd-api-key"),
    ]
}

#[test]
fn an_agent_hands_on_what_was_said() {
    let home = home_with(&["bash_fails"]);
    let destination =
        "[[destination]]\nkind = \"datadog-llmobs\"\nendpoint = \"[agent]\"\nlevel = \"full\"\n";
    let requests = told(&home, destination);
    let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    let expected = ["POST", "/evp_proxy/v2/api/v2/llmobs", "application/json", "llmobs-intake"].map(Some);
    assert_eq!(shown(request), [expected[0], expected[1], expected[2], expected[3], None]);
    insta::assert_json_snapshot!(spans_of(request));
}

/// At the usual level nothing of what was said.
#[test]
fn the_intake_is_reached_without_an_agent() {
    let home = home_with(&["subagent"]);
    let destination = "[[destination]]\npreset = \"datadog-llmobs\"\nendpoint = \"[agent]/api/v2/llmobs\"\ntoken = \"a-key\"\n";
    let requests = told(&home, destination);
    let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    let expected = [Some("POST"), Some("/api/v2/llmobs"), Some("application/json"), None, Some("a-key")];
    assert_eq!(shown(request), expected);
    insta::assert_json_snapshot!(spans_of(request));
}

/// An Agent that takes both protocols is two destinations, and the ids are the same in both.
#[test]
fn one_agent_takes_both_protocols() {
    let home = home_with(&["bash"]);
    let destination = |kind: &str| format!("[[destination]]\nkind = {kind:?}\nendpoint = \"[agent]\"\n");
    let requests = told(&home, &(destination("datadog") + &destination("datadog-llmobs")));
    let mut paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/evp_proxy/v2/api/v2/llmobs", "/v0.4/traces"]);
    let mut ids = [Vec::new(), Vec::new()];
    for request in &requests {
        if request.path == "/v0.4/traces" {
            let traces = super::Reader(&request.body).value();
            let spans = traces.as_array().unwrap().iter().flat_map(|trace| trace.as_array().unwrap());
            ids[0].extend(spans.map(|span| {
                let upper = span["meta"]["_dd.p.tid"].as_str().unwrap();
                (format!("{upper}{:016x}", span["trace_id"].as_u64().unwrap()), span["span_id"].to_string())
            }));
        } else {
            let spans = spans_of(request);
            let text = |span: &Json, name: &str| span["_dd"][name].as_str().unwrap().to_owned();
            let pair = |span: &Json| (text(span, "apm_trace_id"), text(span, "span_id"));
            ids[1].extend(spans.as_array().unwrap().iter().map(pair));
        }
    }
    ids.iter_mut().for_each(|ids| ids.sort());
    assert_eq!(ids[0], ids[1]);
}
