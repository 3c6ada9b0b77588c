//! Metrics as they are at a moment: what was counted so far, and what is so just now.

mod exposition;
mod gauges;
mod tools;

pub(crate) use exposition::exposition;
pub(crate) use gauges::gauges;
use tacho_model::metric::{MetricPoint, MetricValue, Total};
use tacho_model::time::UnixNanos;
use tacho_store::metrics::Series;
pub(crate) use tools::{ToolFigures, by_tool};

/// What was counted, for somebody who was told last at a time: of what is new since, that it began with nothing, lest the
/// first value is taken for what there always was.
pub(crate) fn cumulative(series: &[Series], told: UnixNanos, now: UnixNanos) -> Vec<MetricPoint> {
    let points = series.iter().flat_map(|series| {
        let birth = (series.born > told).then(|| point(series, series.born, Total::default()));
        let total = series.total.clone();
        birth.into_iter().chain([point(series, now, total)])
    });
    points.collect()
}

/// What a series came to at a time.
pub(crate) fn point(series: &Series, at: UnixNanos, total: Total) -> MetricPoint {
    MetricPoint {
        metric: series.metric,
        labels: series.labels.clone(),
        start: series.born,
        at,
        value: MetricValue::Total(total),
    }
}

/// What was counted of a series since it was told last, which was then; `None` for nothing.
pub(crate) fn difference(
    series: &Series,
    told: Option<&Total>,
    since: UnixNanos,
    now: UnixNanos,
) -> Option<MetricPoint> {
    let added = series.total.beyond(told.unwrap_or(&Total::default()));
    let (metric, labels) = (series.metric, series.labels.clone());
    let start = since.max(series.born);
    (!added.is_nothing()).then_some(MetricPoint {
        metric,
        labels,
        start,
        at: now,
        value: MetricValue::Total(added),
    })
}
