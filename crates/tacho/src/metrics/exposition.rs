//! All metrics as Prometheus gets them: by asking, or in a file.

use super::gauges;
use crate::failure::Failure;
use std::collections::BTreeMap;
use tacho_model::attribute::Attributes;
use tacho_model::batch::Batch;
use tacho_model::metric::{MetricPoint, Temporality};
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_privacy::{CaptureLevel, Cleared, Disclosure, Policy, clear_metrics};
use tacho_spool::state::State;
use tacho_store::Reader;

/// What was counted, as somebody is shown it, and what is so just now.
pub(crate) fn exposition(
    state: &State,
    store: Reader<'_>,
    counted: Vec<MetricPoint>,
    price_table: &str,
    identity_key: &IdentityKey,
    now: UnixNanos,
) -> Result<Cleared<Batch>, Failure> {
    let mut points = counted;
    points.extend(gauges(state, store, price_table, None, now)?);
    let policy = Policy { level: CaptureLevel::default(), user_info: Disclosure::default(), identity_key };
    Ok(clear_metrics(&Attributes::default(), &BTreeMap::new(), points, Temporality::Cumulative, policy))
}
