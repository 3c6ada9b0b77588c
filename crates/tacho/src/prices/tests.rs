//! Tests of the owner's file: what it may say, and how it is told what is wrong with it.

use super::parse;
use serde_json::Value as Json;
use std::fs;
use std::path::Path;
use tacho_assemble::price::{Call, Prices};
use tacho_model::money::Nanodollars;
use tacho_model::time::{Day, UnixNanos};
use tacho_model::usage::Usage;
use tacho_model::usage_record::Terms;

const PATH: &str = "prices.toml";

const GOOD: &str = r#"
[[price]]
model = "house-1"
aliases = ["house-one"]
from = 2026-06-01
until = "2027-01-01"
input = 0.1
output = 1
cache_read = "0.01"
cache_write_5m = 0.125
cache_write_1h = 0.2
over = { prompt_gt = 100_000, input = 0.5, output = 2.5, cache_read = 0.05, cache_write_5m = 0.625, cache_write_1h = 1 }
fast = 2.5
geo_us = 1.1
batch = 0.5
web_search = 10
source = "contract"
checked = 2026-11-28

[[price]]
multiplier = 0.9
"#;

#[test]
fn everything_that_a_file_may_say() {
    let prices = parse(GOOD, Path::new(PATH)).unwrap();
    let own: Vec<_> = prices.rows().filter(|found| found.is_own).map(|found| found.row.clone()).collect();
    insta::assert_debug_snapshot!((own, prices.discounts()));
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_key() {
    let mut told = String::new();
    let changes = [
        ("input = 0.1", "input = 0.1234567"),
        ("input = 0.1", "input = -1"),
        ("input = 0.1", "input = 1e-3"),
        ("input = 0.1", "input = true"),
        ("input = 0.1\n", ""),
        ("input = 0.1", "inputs = 0.1"),
        ("from = 2026-06-01", "from = 2026-06-01T00:00:00Z"),
        ("from = 2026-06-01", "from = 2027-01-01"),
        ("fast = 2.5", "fast = 2.00001"),
        ("prompt_gt = 100_000, input = 0.5,", "prompt_gt = 100_000,"),
        ("prompt_gt = 100_000", "prompt_gt = 0.5"),
        ("over = {", "over = 3 # {"),
        ("model = \"house-1\"", "model = 1"),
        ("model = \"house-1\"\n", ""),
        ("aliases = [\"house-one\"]", "aliases = [\"house-1\"]"),
        ("multiplier = 0.9", "multiplier = 0.9\ninput = 3"),
        ("multiplier = 0.9", "multiplier = 0.9\n[[price]]\nmultiplier = 0.8"),
        ("[[price]]\nmultiplier", "[price.x]\nmultiplier"),
        ("checked = 2026-11-28", "checked = 2026-11-28\nchecked = 2026-11-29"),
        ("\n[[price]]\nmultiplier", "\n[prices]\nmultiplier"),
    ];
    for (good, bad) in changes {
        assert!(GOOD.contains(good), "{good}");
        let text = GOOD.replacen(good, bad, 1);
        let problem = parse(&text, Path::new(PATH)).err().unwrap_or_else(|| panic!("{bad} is taken"));
        told.push_str(&format!("{}\n    {problem}\n", bad.replace('\n', " | ")));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_file_that_says_nothing_is_the_list() {
    let prices = parse("# nothing yet\n", Path::new(PATH)).unwrap();
    assert_eq!(prices.rows().count(), Prices::list().rows().count());
    assert_ne!(prices.version(), Prices::list().version());
}

/// The cases that need an owner's file have the row that they say by the program's reading, too.
#[test]
fn cases_that_were_worked_out_by_hand() {
    #[derive(serde::Deserialize)]
    struct Case {
        own: Option<String>,
        row: Option<String>,
        call: Called,
    }
    #[derive(serde::Deserialize)]
    struct Called {
        model: Option<String>,
        at: String,
    }
    let mut seen = 0;
    for entry in fs::read_dir(fixtures().join("prices/cases")).unwrap() {
        let case: Case = toml::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        let Some(own) = case.own else { continue };
        let prices = parse(&own, Path::new(PATH)).unwrap();
        let day: Day = case.call.at.split('T').next().unwrap().parse().unwrap();
        let found = prices.find(&case.call.model.unwrap(), day).ok();
        assert_eq!(found.map(|found| found.to_string()), case.row);
        seen += 1;
    }
    assert!(seen > 5, "{seen}");
}

/// What an agent computed itself, in its own records of real sessions, is what the list says, to the microdollar.
#[test]
fn the_agents_own_sums_agree() {
    let prices = Prices::list();
    let mut compared = 0;
    for entry in fs::read_dir(fixtures().join("sessions")).unwrap() {
        let Ok(text) = fs::read_to_string(entry.unwrap().path().join("main.jsonl")) else { continue };
        for line in text.lines().filter(|line| line.contains(r#""type":"cost-state""#)) {
            let state: Json = serde_json::from_str(line).unwrap();
            let mut sum = Nanodollars::ZERO;
            for (model, said) in state["modelUsage"].as_object().unwrap() {
                let searches = said["webSearchRequests"].as_u64();
                let terms = Terms { web_searches: searches, ..Terms::default() };
                let amount = prices.price(&call(model, &state, said, &terms)).unwrap().amount;
                assert_eq!(amount.micros(), dollars(&said["costUSD"]).micros(), "{line}");
                sum = sum.plus(amount);
                compared += 1;
            }
            assert_eq!(sum.micros(), dollars(&state["totalCostUSD"]).micros(), "{line}");
        }
    }
    assert!(compared > 20, "{compared}");
}

fn call<'a>(model: &'a str, state: &Json, said: &Json, terms: &'a Terms) -> Call<'a> {
    let count = |key: &str| said[key].as_u64();
    let usage = Usage {
        input: count("inputTokens"),
        output: count("outputTokens"),
        cache_read: count("cacheReadInputTokens"),
        cache_write_5m: count("cacheCreationEphemeral5mInputTokens"),
        cache_write_1h: count("cacheCreationEphemeral1hInputTokens"),
        thinking: None,
    };
    Call {
        model: Some(model),
        at: UnixNanos::from_millis(state["startTime"].as_u64().unwrap()),
        usage,
        terms,
    }
}

fn dollars(said: &Json) -> Nanodollars {
    Nanodollars::from_dollars(&said.to_string()).unwrap()
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}
