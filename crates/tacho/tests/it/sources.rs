//! Who said what stands on the spans of a session.

use crate::fixture;
use crate::home::Home;
use tacho_assemble::price::Prices;

/// A session that hooks, the transcript and our module in the agent speak of.
#[test]
fn each_figure_has_its_sources() {
    let fixture = fixture::load("measured");
    let session = fixture.session.clone();
    let home = Home::with([fixture]);
    home.drain();
    let said = home.stdout_of(&["show", session.as_str(), "--sources"]);
    insta::assert_snapshot!(home.without_place(&said).replace(&Prices::list().version(), "<table>"));
}

/// What programs get is the same, by the span.
#[test]
fn each_figure_has_its_sources_for_programs() {
    let fixture = fixture::load("bash");
    let session = fixture.session.clone();
    let home = Home::with([fixture]);
    home.drain();
    let report = home.json_of(&["show", session.as_str(), "--sources", "--json"]);
    let spans: Vec<&str> =
        report["spans"].as_array().unwrap().iter().map(|span| span["span_id"].as_str().unwrap()).collect();
    let sources = report["sources"].as_object().unwrap();
    assert_eq!(sources.len(), spans.len());
    let tool = report["spans"].as_array().unwrap().iter().find(|span| span["kind"] == "tool").unwrap();
    let figures = sources[tool["span_id"].as_str().unwrap()].as_array().unwrap();
    let of = |name: &str| figures.iter().find(|figure| figure["name"] == name).unwrap();
    assert_eq!(of("claude_code.tool.outcome")["said_by"], serde_json::json!(["hook", "transcript"]));
    assert_eq!(of("claude_code.permission.decision")["said_by"], serde_json::json!(["transcript"]));
    assert_eq!(of("start")["value"], tool["start_ns"]);
}
