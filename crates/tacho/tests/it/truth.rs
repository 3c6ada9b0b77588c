//! Calls and tokens against what the API served, computed, so that no wrong snapshot is accepted by mistake.

use crate::fixture::{self, Fixture, Served};
use crate::home::Home;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tacho_model::semconv as key;

/// Tokens: uncached input, output, cache read, cache written for 5 minutes and for 1 hour.
type Tokens = [u64; 5];

/// Sessions whose truth differs from what can be recorded, and what holds for them instead.
const WITHOUT_TRUTH: [(&str, &str); 5] = [
    ("compacted", "the call that the compaction made is in no source; the agent's own sum is compared"),
    ("interactive", "the served requests were not written down; the agent's own sum is compared"),
    ("interactive_cleared", "the served requests were not written down; the agent's own sum is compared"),
    ("interrupted", "the served requests were not written down; the agent's own sum is compared"),
    ("killed", "the served requests were not written down, and a killed agent leaves no sum"),
];

/// Tokens that the agent's own sum of a session counts and no row of its transcript has: the calls of compactions,
/// two by `/compact`, one by the agent itself.
const COMPACTION: [(&str, Tokens); 2] =
    [("compacted", [10, 20, 0, 0, 0]), ("interactive", [20, 40, 0, 0, 0])];

fn served_tokens(served: &Served) -> Option<Tokens> {
    let usage = served.usage.as_ref()?;
    let written = &usage.cache_creation;
    Some([
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        written.ephemeral_5m_input_tokens,
        written.ephemeral_1h_input_tokens,
    ])
}

fn sum<'a>(tokens: impl IntoIterator<Item = &'a Tokens>) -> Tokens {
    let plus = |sum: Tokens, one: &Tokens| std::array::from_fn(|class| sum[class] + one[class]);
    tokens.into_iter().fold([0; 5], plus)
}

/// The calls of a report that were answered, by request id.
fn answered_calls(report: &Json) -> BTreeMap<String, Tokens> {
    let spans = report["spans"].as_array().unwrap();
    let calls = spans.iter().filter(|span| span["kind"] == "llm" && span["status"] == "unset");
    let tokens = |call: &Json| {
        [
            key::CLAUDE_CODE_USAGE_UNCACHED_INPUT_TOKENS,
            key::GEN_AI_USAGE_OUTPUT_TOKENS,
            key::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
            key::CLAUDE_CODE_USAGE_CACHE_CREATION_5M_INPUT_TOKENS,
            key::CLAUDE_CODE_USAGE_CACHE_CREATION_1H_INPUT_TOKENS,
        ]
        .map(|class| call["attributes"][class.name()].as_u64().unwrap())
    };
    calls.map(|call| (request_id(&call["attributes"]), tokens(call))).collect()
}

/// The requests of a report that were answered with an error: attempts that were repeated, and failed calls.
fn failed_requests(report: &Json) -> Vec<String> {
    let mut failed = Vec::new();
    for span in report["spans"].as_array().unwrap().iter().filter(|span| span["kind"] == "llm") {
        let retries = span["events"].as_array().unwrap();
        failed.extend(retries.iter().map(|retry| request_id(&retry["attributes"])));
        if span["status"] == "error" {
            failed.push(request_id(&span["attributes"]));
        }
    }
    failed.sort();
    failed
}

fn request_id(attributes: &Json) -> String {
    attributes[key::CLAUDE_CODE_REQUEST_ID.name()].as_str().unwrap().to_owned()
}

/// The totals of a session in the list; an unknown class counts nothing.
fn listed_tokens(session: &Json) -> Tokens {
    ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"]
        .map(|class| session[class].as_u64().unwrap_or(0))
}

/// The agent's own sum over a session: the last one its transcript has.
fn own_sum(fixture: &Fixture) -> Option<Tokens> {
    let (_, main) = fixture.transcripts.first().unwrap();
    let rows = main.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let state = rows.rev().find(|row| row["type"] == "cost-state")?;
    let models = state["modelUsage"].as_object().unwrap().values();
    let classes = [
        "inputTokens",
        "outputTokens",
        "cacheReadInputTokens",
        "cacheCreationEphemeral5mInputTokens",
        "cacheCreationEphemeral1hInputTokens",
    ];
    let tokens: Vec<Tokens> =
        models.map(|model| classes.map(|class| model[class].as_u64().unwrap())).collect();
    Some(sum(&tokens))
}

#[test]
fn calls_and_tokens_are_those_the_api_served() {
    let home = Home::with(fixture::all());
    home.drain();
    let sessions = home.json_of(&["sessions", "--json"]);
    let mut without_truth = Vec::new();
    for fixture in fixture::all() {
        let name = fixture.name.as_str();
        let id = fixture.session.as_str();
        let report = home.json_of(&["show", id, "--json"]);
        let listed =
            sessions["sessions"].as_array().unwrap().iter().find(|listed| listed["id"] == id).unwrap();
        assert_eq!(*listed, report["session"], "{name} in the list");
        let recorded = answered_calls(&report);
        assert_eq!(listed_tokens(listed), sum(recorded.values()), "{name}: its sum");
        let unseen = COMPACTION.iter().filter(|(session, _)| *session == name).map(|(_, tokens)| tokens);
        if let Some(own) = own_sum(&fixture) {
            assert_eq!(sum(recorded.values().chain(unseen)), own, "{name}: the agent's own sum");
        }
        let Some(truth) = &fixture.truth else {
            without_truth.push(fixture.name);
            continue;
        };
        let served =
            truth.iter().filter_map(|one| Some((one.request_id.clone(), served_tokens(one)?))).collect();
        assert_eq!(recorded, served, "{name}: answered calls");
        let mut failed: Vec<String> =
            truth.iter().filter(|one| one.answered.is_some()).map(|one| one.request_id.clone()).collect();
        failed.sort();
        assert_eq!(failed_requests(&report), failed, "{name}: failed requests");
        let attempts = recorded.len() + usize::from(!failed.is_empty());
        assert_eq!(listed["llm_calls"].as_u64().unwrap(), attempts as u64, "{name}: calls");
    }
    assert_eq!(without_truth, WITHOUT_TRUTH.map(|(name, _)| name));
}
