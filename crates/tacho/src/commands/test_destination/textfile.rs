//! What a textfile is tried with: all metrics as they are. A sample would stand in their place.

use crate::commands::open_current_state;
use crate::drain::now;
use crate::failure::Failure;
use crate::metrics::{exposition, point};
use crate::{keys, place, prices};
use tacho_export::otlp::Encoded;
use tacho_export::prometheus::encoded;
use tacho_model::batch::Batch;
use tacho_privacy::Cleared;

/// All metrics; the sample where nothing was recorded yet.
pub(super) fn as_it_is(sample: &[Cleared<Batch>; 2]) -> Result<Encoded, Failure> {
    let state = open_current_state()?;
    let [_, of_metrics] = sample;
    let all = match place::open_store_to_read(&state)? {
        Some(store) => {
            let (store, now) = (store.read(), now());
            let series = store.series()?;
            let counted = series.iter().map(|series| point(series, now, series.total.clone())).collect();
            let identity_key = keys::identity_key(state.path())?;
            Some(exposition(&state, store, counted, &prices::load().prices.version(), &identity_key, now)?)
        }
        None => None,
    };
    encoded(all.as_ref().unwrap_or(of_metrics)).map_err(|error| Failure::external("encode metrics", error))
}
