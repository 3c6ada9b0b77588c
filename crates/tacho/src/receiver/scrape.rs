//! `GET /metrics`: what was counted and what is so just now, for Prometheus.
//!
//! A series that began since somebody asked last is shown to be nothing once, as a first value counts as an increase for
//! nobody. When that was is kept beside the store, so that a restart is no beginning.

use crate::drain::now;
use crate::failure::Failure;
use crate::keys;
use crate::metrics::{cumulative, gauges};
use crate::place;
use crate::prices;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tacho_export::prometheus;
use tacho_model::attribute::Attributes;
use tacho_model::metric::{MetricPoint, Temporality};
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_privacy::{CaptureLevel, Disclosure, Policy, clear_metrics};
use tacho_spool::state::State;

/// Where it stands, below the state directory, when somebody asked last: nanoseconds since the Unix epoch.
const SCRAPED: &str = "scraped";

/// Who answers.
pub(super) struct Scrape {
    state: State,
    identity_key: IdentityKey,
    price_table: String,
    asked_last: Mutex<UnixNanos>,
}

impl Scrape {
    /// Answers from now on.
    pub(super) fn new(state: State) -> Result<Self, Failure> {
        let said = fs::read_to_string(file(&state)).ok().and_then(|text| text.trim().parse().ok());
        Ok(Self {
            identity_key: keys::identity_key(state.path())?,
            price_table: prices::load().prices.version(),
            asked_last: Mutex::new(said.map_or_else(now, UnixNanos)),
            state,
        })
    }

    /// All metrics as text.
    pub(super) fn text(&self) -> Result<String, Failure> {
        let mut asked_last = self.asked_last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        let mut points = Vec::new();
        if let Some(store) = place::open_store_to_read(&self.state)? {
            points = latest_or_birth(cumulative(store.read().series()?, *asked_last, now));
            points.extend(gauges(&self.state, store.read(), &self.price_table, now)?);
        }
        let policy = Policy {
            level: CaptureLevel::default(),
            user_info: Disclosure::default(),
            identity_key: &self.identity_key,
        };
        let cleared = clear_metrics(&Attributes::default(), points, Temporality::Cumulative, policy);
        *asked_last = now;
        // Where it cannot be kept, series that begin while nobody listens may miss their beginning.
        let _ = fs::write(file(&self.state), now.0.to_string());
        Ok(prometheus::text(&cleared))
    }
}

/// Of a series that is new only that it began, of others what they came to: a scrape has one value of each.
fn latest_or_birth(points: Vec<MetricPoint>) -> Vec<MetricPoint> {
    let mut shown: Vec<MetricPoint> = Vec::new();
    for point in points {
        let is_known =
            shown.last().is_some_and(|last| last.metric == point.metric && last.labels == point.labels);
        if !is_known {
            shown.push(point);
        }
    }
    shown
}

fn file(state: &State) -> PathBuf {
    state.path().join(SCRAPED)
}
