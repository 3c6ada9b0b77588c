//! What served answers cost, by the table in the agent's own program: by the recorder's, a wrong price would agree with
//! itself. Pure.
//!
//! Scenarios serve tokens on the usual terms; what else can cost something is not computed here.

use serde::Deserialize;

use crate::anthropic::{ServedCall, ServedUsage};

const TABLE: &str = include_str!("../../../../fixtures/prices/agent_table.json");

#[derive(Deserialize)]
struct Table {
    models: Vec<Model>,
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
    let is_named = |model: &Model| model.provider_ids.contains(&answer.model);
    let Prices { rates, long_prompt } = table.models.into_iter().find(is_named)?.price_usd_per_mtok;
    let is_over = |over: &LongPrompt| answer.usage.all_input() > over.above_prompt_tokens;
    let rates = long_prompt.filter(is_over).map_or(rates, |over| over.rates);
    Some(product(&answer.usage, &rates))
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
