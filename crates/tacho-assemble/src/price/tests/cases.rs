//! Every case of `fixtures/prices/cases`, where the sum is worked out in words.

use crate::price::{Call, Discount, Factor, LongPrompt, Prices, Rates, Row, Unpriced};
use serde::Deserialize;
use std::fs;
use std::path::Path;
use tacho_model::money::{Nanodollars, decimal};
use tacho_model::time::{Day, UnixNanos};
use tacho_model::usage::Usage;
use tacho_model::usage_record::{Iteration, Terms};
use toml::value::Datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "rule")]
    _rule: String,
    #[serde(rename = "sum")]
    _sum: String,
    nanodollars: Option<i64>,
    row: Option<String>,
    unpriced: Option<String>,
    own: Option<String>,
    call: SaidCall,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidCall {
    model: Option<String>,
    at: String,
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    #[serde(default)]
    web_searches: u64,
    speed: Option<String>,
    geo: Option<String>,
    service_tier: Option<String>,
    #[serde(default)]
    iterations: Vec<SaidIteration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidIteration {
    kind: String,
    model: Option<String>,
    input: Option<u64>,
    output: Option<u64>,
    cache_write_5m: Option<u64>,
}

/// The owner's file, read without a word about what is wrong with it; the program's reading is tested where it is.
#[derive(Deserialize)]
struct OwnFile {
    price: Vec<SaidRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidRow {
    model: Option<String>,
    from: Option<Datetime>,
    until: Option<Datetime>,
    multiplier: Option<String>,
    #[serde(flatten)]
    rates: Option<SaidRates>,
    over: Option<SaidOver>,
    geo_us: Option<String>,
    web_search: Option<String>,
}

#[derive(Deserialize)]
struct SaidRates {
    input: String,
    output: String,
    cache_read: String,
    cache_write_5m: String,
    cache_write_1h: String,
}

#[derive(Deserialize)]
struct SaidOver {
    prompt_gt: u64,
    #[serde(flatten)]
    rates: SaidRates,
}

#[test]
fn every_case_costs_what_was_worked_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/prices/cases");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case: Case = toml::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let expected = match (case.nanodollars, &case.row, &case.unpriced) {
            (Some(amount), Some(row), None) => Ok((Nanodollars(amount), row.clone())),
            (None, None, Some(reason)) => Err(reason.clone()),
            _ => panic!("{}: nanodollars and row, or unpriced", path.display()),
        };
        let prices = case.own.as_deref().map_or_else(Prices::list, own);
        let found = price(&prices, &case.call).map_err(|reason| reason.name().to_owned());
        if found != expected {
            wrong.push(format!("{}: {found:?}, not {expected:?}", path.display()));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

fn price(prices: &Prices, said: &SaidCall) -> Result<(Nanodollars, String), Unpriced> {
    let terms = Terms {
        speed: said.speed.clone(),
        inference_geo: said.geo.clone(),
        service_tier: said.service_tier.clone(),
        web_searches: Some(said.web_searches),
        iterations: said.iterations.iter().map(iteration).collect(),
    };
    let call = Call {
        model: said.model.as_deref(),
        at: time(&said.at),
        usage: Usage {
            input: said.input,
            output: said.output,
            cache_read: said.cache_read,
            cache_write_5m: said.cache_write_5m,
            cache_write_1h: said.cache_write_1h,
            thinking: None,
        },
        terms: &terms,
    };
    prices.price(&call).map(|priced| (priced.amount, priced.to_string()))
}

fn iteration(said: &SaidIteration) -> Iteration {
    let usage = Usage {
        input: said.input,
        output: said.output,
        cache_write_5m: said.cache_write_5m,
        ..Usage::default()
    };
    Iteration { kind: said.kind.clone(), model: said.model.clone(), usage }
}

/// `2026-10-06T23:59:59.999999999Z`.
fn time(text: &str) -> UnixNanos {
    let (day, clock) = text.trim_end_matches('Z').split_once('T').unwrap();
    let [hours, minutes, seconds] = clock.split(':').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let whole = hours.parse::<u64>().unwrap() * 3600 + minutes.parse::<u64>().unwrap() * 60;
    let nanos = whole * 1_000_000_000 + decimal(seconds, 9).unwrap();
    day.parse::<Day>().unwrap().start().plus_nanos(nanos)
}

fn own(text: &str) -> Prices {
    let file: OwnFile = toml::from_str(text).unwrap();
    let (mut rows, mut discounts) = (Vec::new(), Vec::new());
    for said in file.price {
        let day = |date: Option<Datetime>| date.map(|date| date.to_string().parse::<Day>().unwrap());
        let factor = |text: &String| Factor(decimal(text, 6).unwrap());
        let (from, until) = (day(said.from), day(said.until));
        if let Some(multiplier) = &said.multiplier {
            discounts.push(Discount { model: said.model, from, until, multiplier: factor(multiplier) });
            continue;
        }
        rows.push(Row {
            model: said.model.unwrap().into(),
            from,
            until,
            rates: rates(&said.rates.unwrap()),
            over: said.over.map(|over| LongPrompt { prompt_gt: over.prompt_gt, rates: rates(&over.rates) }),
            fast: None,
            geo_us: said.geo_us.as_ref().map_or(Factor::ONE, factor),
            batch: Factor::ONE,
            web_search: said.web_search.map(|text| decimal(&text, 9).unwrap()),
            source: "a test".into(),
            checked: None,
        });
    }
    Prices::with_own(rows, discounts, "test").unwrap()
}

fn rates(said: &SaidRates) -> Rates {
    let price = |text: &String| decimal(text, 6).unwrap();
    Rates {
        input: price(&said.input),
        output: price(&said.output),
        cache_read: price(&said.cache_read),
        cache_write_5m: price(&said.cache_write_5m),
        cache_write_1h: price(&said.cache_write_1h),
    }
}
