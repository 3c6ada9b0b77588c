//! The table by which an agent computes its own cost, taken out of its program, against the list on the same day.

use crate::price::{Prices, Rates};
use serde_json::{Map, Number, Value as Json};
use tacho_model::money::decimal;
use tacho_model::time::Day;

/// When the agent's program was looked into.
const DAY: Day = Day::on(2026, 11, 28);

/// Models whose long prompts the agent does not know: its vendor does not take them any more, others do.
const LONG_ELSEWHERE: [&str; 2] = ["claude-sonnet-4-0", "claude-sonnet-4-5"];

#[test]
fn the_agents_own_table_agrees() {
    let text = include_str!("../../../../../fixtures/prices/agent_table.json");
    let table: Json = serde_json::from_str(text).unwrap();
    let prices = Prices::list();
    for model in table["models"].as_array().unwrap() {
        let id = model["id"].as_str().unwrap();
        let said = model["price_usd_per_mtok"].as_object().unwrap();
        let row = prices.find(id, DAY).unwrap().row;
        assert_eq!(row.rates, rates(said), "{id}");
        assert_eq!(row.web_search, Some(1_000_000_000_000 / 100), "{id}");
        let over = row.over.filter(|_| !LONG_ELSEWHERE.contains(&id));
        let said_over = said.get("long_prompt").map(|over| over.as_object().unwrap());
        let said_over = said_over.map(|over| (over["above_prompt_tokens"].as_u64().unwrap(), rates(over)));
        assert_eq!(over.map(|over| (over.prompt_gt, over.rates)), said_over, "{id}");
        assert_eq!(row.fast, fast(&table, id), "{id}");
        for name in model["provider_ids"].as_array().unwrap() {
            let name = name.as_str().unwrap();
            assert_eq!(prices.find(name, DAY).unwrap().row, row, "{name}");
        }
    }
}

/// The agent lists fast prices under all models that share them, joined by bars.
fn fast(table: &Json, id: &str) -> Option<Rates> {
    let mut prices = table["fast"].as_object().unwrap().iter();
    let (_, said) = prices.find(|(models, _)| models.split('|').any(|model| model == id))?;
    Some(rates(said.as_object().unwrap()))
}

fn rates(said: &Map<String, Json>) -> Rates {
    let price = |key: &str| {
        let number: &Number = said[key].as_number().unwrap();
        decimal(&number.to_string(), 6).unwrap()
    };
    Rates {
        input: price("input"),
        output: price("output"),
        cache_read: price("cache_read"),
        cache_write_5m: price("cache_write_5m"),
        cache_write_1h: price("cache_write_1h"),
    }
}
