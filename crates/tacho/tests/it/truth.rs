//! Calls and tokens against what the API served, computed, so that no wrong snapshot is accepted by mistake.

use crate::fixture::{self, Fixture, Served, ServedUsage};
use crate::home::Home;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tacho_assemble::price::{Call, Prices};
use tacho_model::money::Nanodollars;
use tacho_model::semconv as key;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::Terms;

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

/// The answered calls of a report.
fn answers(report: &Json) -> impl Iterator<Item = &Json> {
    let spans = report["spans"].as_array().unwrap();
    spans.iter().filter(|span| span["kind"] == "llm" && span["status"] == "unset")
}

/// The calls of a report that were answered, by request id.
fn answered_calls(report: &Json) -> BTreeMap<String, Tokens> {
    let calls = answers(report);
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

/// The requests that were answered with an error, as far as the agent writes them down: what is refused as malformed it
/// repeats at once in another form, and writes down the last.
fn written_failures(truth: &[Served]) -> Vec<String> {
    let last = truth.iter().rposition(|one| one.answered == Some(400));
    let failed = truth.iter().enumerate().filter(|(at, one)| match one.answered {
        Some(400) => Some(*at) == last,
        answered => answered.is_some(),
    });
    failed.map(|(_, one)| one.request_id.clone()).collect()
}

/// The totals of a session in the list; an unknown class counts nothing.
fn listed_tokens(session: &Json) -> Tokens {
    ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"]
        .map(|class| session[class].as_u64().unwrap_or(0))
}

/// The agent's own sums over a session: the last ones its transcript has.
fn own_sums(fixture: &Fixture) -> Option<Json> {
    let (_, main) = fixture.transcripts.first().unwrap();
    let rows = main.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    rows.rev().find(|row| row["type"] == "cost-state")
}

fn own_cost(fixture: &Fixture) -> Option<Nanodollars> {
    Nanodollars::from_dollars(&own_sums(fixture)?["totalCostUSD"].to_string())
}

fn own_sum(fixture: &Fixture) -> Option<Tokens> {
    let state = own_sums(fixture)?;
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

/// What an answer costs that the API served, by the list.
fn price(served: &Served, usage: &ServedUsage) -> i64 {
    let usage = Usage {
        input: Some(usage.input_tokens),
        output: Some(usage.output_tokens),
        cache_read: Some(usage.cache_read_input_tokens),
        cache_write_5m: Some(usage.cache_creation.ephemeral_5m_input_tokens),
        cache_write_1h: Some(usage.cache_creation.ephemeral_1h_input_tokens),
        thinking: None,
    };
    let at = UnixNanos((served.t * 1e9) as u64);
    let call = Call { model: Some(&served.model), at, usage, terms: &Terms::default() };
    Prices::list().price(&call).unwrap().amount.0
}

fn cost(call: &Json) -> i64 {
    call["attributes"][key::TACHOGRAPH_COST_NANOS.name()].as_i64().unwrap()
}

/// Every answer costs what the served tokens cost, and a session what its answers cost: on its spans, in the list, in
/// what transcripts say was used, and in the agent's own sum.
#[test]
fn costs_are_those_of_what_the_api_served() {
    let home = Home::with(fixture::all());
    home.drain();
    let used = home.json_of(&["cost", "session", "--json"]);
    for fixture in fixture::all() {
        let (name, id) = (fixture.name.as_str(), fixture.session.as_str());
        let report = home.json_of(&["show", id, "--json"]);
        let sum: i64 = answers(&report).map(cost).sum();
        let recorded: BTreeMap<String, i64> =
            answers(&report).map(|call| (request_id(&call["attributes"]), cost(call))).collect();
        let session = &report["session"];
        assert_eq!(session["unpriced_calls"], 0, "{name}");
        assert_eq!(session["cost_usd_nanos"].as_i64(), (!recorded.is_empty()).then_some(sum), "{name}");
        let of_records = used["rows"].as_array().unwrap().iter().find(|row| row["key"] == id);
        let of_records = of_records.map(|row| row["cost_usd_nanos"].as_i64().unwrap());
        assert_eq!(of_records, (!recorded.is_empty()).then_some(sum), "{name}: what was used");
        if let Some(own) = own_cost(&fixture).filter(|_| !COMPACTION.iter().any(|(with, _)| *with == name)) {
            assert_eq!(Nanodollars(sum).micros(), own.micros(), "{name}: the agent's own sum");
        }
        let served = fixture.truth.iter().flatten();
        let served: BTreeMap<String, i64> = served
            .filter_map(|one| Some((one.request_id.clone(), price(one, one.usage.as_ref()?))))
            .collect();
        assert!(fixture.truth.is_none() || recorded == served, "{name}: {recorded:?}, not {served:?}");
    }
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
        let mut failed = written_failures(truth);
        failed.sort();
        assert_eq!(failed_requests(&report), failed, "{name}: failed requests");
        let attempts = recorded.len() + usize::from(!failed.is_empty());
        assert_eq!(listed["llm_calls"].as_u64().unwrap(), attempts as u64, "{name}: calls");
    }
    assert_eq!(without_truth, WITHOUT_TRUTH.map(|(name, _)| name));
}
