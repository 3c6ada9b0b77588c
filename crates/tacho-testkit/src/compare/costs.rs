//! What served answers cost, by the table in the agent's own program: by the recorder's, a wrong price would agree with
//! itself. Pure.
//!
//! Scenarios serve neither batches nor answers of several passes with a long prompt; these are not computed here.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::anthropic::{ServedCall, ServedUsage};

const TABLE: &str = include_str!("../../../../fixtures/prices/agent_table.json");

#[derive(Deserialize)]
struct Table {
    models: Vec<Model>,
    /// Prices in fast mode, by the ids of models with `|` between them.
    fast: BTreeMap<String, Rates>,
}

#[derive(Deserialize)]
struct Model {
    provider_ids: Vec<String>,
    price_usd_per_mtok: Prices,
}

#[derive(Deserialize)]
struct Prices {
    #[serde(flatten)]
    rates: Rates,
    long_prompt: Option<LongPrompt>,
    #[serde(default)]
    web_search: f64,
}

#[derive(Deserialize)]
struct LongPrompt {
    above_prompt_tokens: u64,
    #[serde(flatten)]
    rates: Rates,
}

/// Dollars per million tokens.
#[derive(Deserialize)]
struct Rates {
    input: f64,
    output: f64,
    cache_write_5m: f64,
    cache_write_1h: f64,
    cache_read: f64,
}

/// What the answer costs in billionths of a dollar; `None` where its model has no price.
pub(crate) fn nanos(answer: &ServedCall) -> Option<u64> {
    let table: Table = serde_json::from_str(TABLE).ok()?;
    let terms = &answer.terms;
    let prices = table.prices(&answer.model)?;
    let rates = match terms.speed.as_deref() {
        Some("fast") => table.fast_rates(&answer.model)?,
        _ => prices.rates_for(&answer.usage),
    };
    let mut tokens = product(&answer.usage, rates);
    // What another model advised is not in the answer's sum.
    for advice in terms.iterations.iter().filter(|one| one.kind == ADVICE) {
        let prices = table.prices(advice.model.as_deref()?)?;
        tokens += product(&advice.usage, prices.rates_for(&advice.usage));
    }
    if terms.inference_geo.as_deref() == Some("us") {
        tokens = tokens * 11 / 10;
    }
    Some(tokens + terms.web_searches * (prices.web_search * 1e9).round() as u64)
}

/// The kind of an iteration that is another model's.
const ADVICE: &str = "advisor_message";

impl Table {
    fn prices(&self, model: &str) -> Option<&Prices> {
        let is_named = |one: &&Model| one.provider_ids.iter().any(|id| id == model);
        self.models.iter().find(is_named).map(|model| &model.price_usd_per_mtok)
    }

    fn fast_rates(&self, model: &str) -> Option<&Rates> {
        let is_named = |ids: &String| ids.split('|').any(|id| id == model);
        self.fast.iter().find(|(ids, _)| is_named(ids)).map(|(_, rates)| rates)
    }
}

impl Prices {
    fn rates_for(&self, usage: &ServedUsage) -> &Rates {
        let is_over = |over: &&LongPrompt| usage.all_input() > over.above_prompt_tokens;
        self.long_prompt.as_ref().filter(is_over).map_or(&self.rates, |over| &over.rates)
    }
}

fn product(usage: &ServedUsage, rates: &Rates) -> u64 {
    let classes = [
        (usage.input, rates.input),
        (usage.output, rates.output),
        (usage.cache_write_5m, rates.cache_write_5m),
        (usage.cache_write_1h, rates.cache_write_1h),
        (usage.cache_read, rates.cache_read),
    ];
    // No price has more than three decimals, so that a token costs a whole number of them.
    classes.into_iter().map(|(tokens, rate)| tokens * (rate * 1000.0).round() as u64).sum()
}
