//! Prices of many calls: rows that were found once are kept, as all calls of a model on a day have the same.

use std::collections::HashMap;
use std::sync::Arc;
use tacho_assemble::price::{Call, Found, Iteration, IterationKind, Prices, Terms, Unpriced};
use tacho_model::time::Day;
use tacho_model::usage_record::UsageRecord;
use tacho_store::usage::UsagePrice;

/// Prices, and what was found in them.
pub(super) struct Pricing<'a> {
    prices: &'a Prices,
    table: Arc<str>,
    found: HashMap<(String, Day), (Result<Found<'a>, Unpriced>, Arc<str>)>,
}

impl<'a> Pricing<'a> {
    pub(super) fn new(prices: &'a Prices) -> Self {
        Self { prices, table: Arc::from(prices.version()), found: HashMap::new() }
    }

    /// What a call came to.
    pub(super) fn price(&mut self, record: &UsageRecord) -> UsagePrice {
        let (model, at) = (record.owner.model.as_deref().unwrap_or_default(), record.owner.at);
        let key = (model.to_owned(), Day::of(at));
        let prices = self.prices;
        let (found, name) = self.found.entry(key).or_insert_with(|| {
            let found = prices.find(model, Day::of(at));
            let name = found.as_ref().map_or_else(|why| why.name().to_owned(), ToString::to_string);
            (found, Arc::from(name))
        });
        let iterations: Vec<Iteration<'_>> = record.terms.iterations.iter().map(iteration).collect();
        let terms = &record.terms;
        let call = Call {
            model: Some(model),
            at,
            usage: record.usage,
            web_searches: terms.web_searches.unwrap_or(0),
            terms: Terms::said(
                terms.speed.as_deref(),
                terms.inference_geo.as_deref(),
                terms.service_tier.as_deref(),
            ),
            iterations: &iterations,
        };
        let priced = found.and_then(|row| prices.price_by(row, &call));
        let basis = match &priced {
            Ok(priced) if priced.advisors.is_empty() => Arc::clone(name),
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

fn iteration(said: &tacho_model::usage_record::Iteration) -> Iteration<'_> {
    Iteration { kind: IterationKind::said(&said.kind), model: said.model.as_deref(), usage: said.usage }
}
