//! What is written for Prometheus to read: everything, as somebody who asks gets it.

use super::metrics::{Portion, Saying, metrics_parcel};
use super::round::Pace;
use super::{Drainer, now};
use crate::config::Named;
use crate::failure::Failure;
use crate::metrics::{exposition, point};
use tacho_export::prometheus;
use tacho_model::metric::{MetricPoint, Total};
use tacho_store::destinations::DestinationRow;
use tacho_store::metrics::Series;

impl Drainer {
    /// The whole text. Of a series that is new it is shown once that it began with nothing, unless this may be the last that is
    /// written for long.
    pub(super) fn text_saying(
        &self,
        named: &Named,
        row: &DestinationRow,
        pace: Pace,
    ) -> Result<Saying, Failure> {
        let (now, store) = (now(), self.store.read());
        let shown = |series: &Series| -> MetricPoint {
            let is_new = pace == Pace::Gentle && series.born > row.metrics_at;
            point(series, now, if is_new { Total::default() } else { series.total.clone() })
        };
        let counted = store.series()?.iter().map(shown).collect();
        let prices = self.pricer.prices.version();
        let all = exposition(&self.state, store, counted, &prices, &self.identity_key, now)?;
        let body = prometheus::encoded(&all).map_err(|error| Failure::external("encode metrics", error))?;
        let parcel = metrics_parcel(named, row, body);
        Ok(Saying::of(now, [Portion { parcel, series: Vec::new() }]))
    }
}
