//! Prices of many calls: a row that was found is kept, as all calls of a model on a day have the same.

use std::collections::HashMap;
use std::sync::Arc;
use tacho_assemble::price::{Call, Found, Prices, Unpriced};
use tacho_model::time::Day;
use tacho_model::usage_record::UsageRecord;
use tacho_store::usage::UsagePrice;

/// Prices, and what was found in them.
pub(crate) struct Pricing<'a> {
    prices: &'a Prices,
    table: Arc<str>,
    found: HashMap<(String, Day), Row<'a>>,
}

/// What was found for a model on a day, and what it is called.
struct Row<'a> {
    found: Result<Found<'a>, Unpriced>,
    name: Arc<str>,
}

impl<'a> Pricing<'a> {
    pub(crate) fn new(prices: &'a Prices) -> Self {
        Self { prices, table: Arc::from(prices.version()), found: HashMap::new() }
    }

    /// What a call came to.
    pub(crate) fn price(&mut self, record: &UsageRecord) -> UsagePrice {
        let (model, at) = (record.owner.model.as_deref().unwrap_or_default(), record.owner.at);
        let key = (model.to_owned(), Day::of(at));
        let prices = self.prices;
        let row = self.found.entry(key).or_insert_with(|| {
            let found = prices.find(model, Day::of(at));
            let name = found.as_ref().map_or_else(|why| why.name().to_owned(), ToString::to_string);
            Row { found, name: Arc::from(name) }
        });
        let call = Call { model: Some(model), at, usage: record.usage, terms: &record.terms };
        let priced = row.found.and_then(|found| prices.price_by(found, &call));
        let basis = match &priced {
            Ok(priced) if priced.advisors.is_empty() => Arc::clone(&row.name),
            Ok(priced) => Arc::from(priced.to_string()),
            Err(why) => Arc::from(why.name()),
        };
        UsagePrice {
            cost: priced.ok().map(|priced| priced.amount),
            basis: Some(basis),
            table: Some(Arc::clone(&self.table)),
        }
    }
}
