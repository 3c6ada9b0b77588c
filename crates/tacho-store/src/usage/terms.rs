//! What the price of a call depends on besides its tokens, as JSON; most calls have only what is usual.

use serde::{Deserialize, Serialize};
use tacho_model::usage::Usage;
use tacho_model::usage_record::{Iteration, Terms};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_geo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    iterations: Vec<StoredIteration>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredIteration {
    kind: String,
    model: Option<String>,
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
}

/// The terms but for the searches; `None` for what is usual.
pub(super) fn text_of(terms: &Terms) -> Option<String> {
    let stored = Stored {
        speed: terms.speed.clone(),
        inference_geo: terms.inference_geo.clone(),
        service_tier: terms.service_tier.clone(),
        iterations: terms.iterations.iter().map(StoredIteration::from).collect(),
    };
    let is_usual = stored.speed.is_none()
        && stored.inference_geo.is_none()
        && stored.service_tier.is_none()
        && stored.iterations.is_empty();
    if is_usual { None } else { serde_json::to_string(&stored).ok() }
}

/// The terms that a text says, without searches.
pub(super) fn terms_of(text: Option<&str>) -> Terms {
    let stored: Stored = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    Terms {
        speed: stored.speed,
        inference_geo: stored.inference_geo,
        service_tier: stored.service_tier,
        web_searches: None,
        iterations: stored.iterations.into_iter().map(Iteration::from).collect(),
    }
}

impl From<&Iteration> for StoredIteration {
    fn from(iteration: &Iteration) -> Self {
        let Usage { input, output, cache_read, cache_write_5m, cache_write_1h, thinking: _ } =
            iteration.usage;
        let Iteration { kind, model, .. } = iteration.clone();
        Self { kind, model, input, output, cache_read, cache_write_5m, cache_write_1h }
    }
}

impl From<StoredIteration> for Iteration {
    fn from(stored: StoredIteration) -> Self {
        let StoredIteration { kind, model, input, output, cache_read, cache_write_5m, cache_write_1h } =
            stored;
        let usage = Usage { input, output, cache_read, cache_write_5m, cache_write_1h, thinking: None };
        Self { kind, model, usage }
    }
}
