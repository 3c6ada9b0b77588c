//! What is so just now: what goes on, and how the recorder does.

use super::by_tool;
use crate::audit::{AuditPlace, unsealed_since};
use crate::commands::limits;
use crate::failure::Failure;
use crate::spool_size::spool_size;
use std::collections::BTreeMap;
use tacho_model::metric::{Instrument, Labels, Metric, MetricPoint, MetricValue, Total};
use tacho_model::metrics as metric;
use tacho_model::time::UnixNanos;
use tacho_privacy::as_name;
use tacho_spool::loss;
use tacho_spool::state::State;
use tacho_store::Reader;
use tacho_store::destinations::{DestinationKey, DestinationRow};
use tacho_store::recent::RecentTool;

/// What counts as of late.
const HOUR_NS: u64 = 3600 * 1_000_000_000;

/// Points of one moment.
struct Gauges {
    now: UnixNanos,
    points: Vec<MetricPoint>,
}

/// All of it at a moment. A destination hears of itself alone, and of no other; nobody hears what one is called.
pub(crate) fn gauges(
    state: &State,
    store: Reader<'_>,
    price_table: &str,
    hearer: Option<DestinationKey>,
    now: UnixNanos,
) -> Result<Vec<MetricPoint>, Failure> {
    let mut gauges = Gauges { now, points: Vec::new() };
    let lately = UnixNanos(now.0.saturating_sub(HOUR_NS));
    let mut recent = store.recent_tools(lately)?;
    // What is no name is shown as all else that is none.
    recent.iter_mut().for_each(|call| call.tool = as_name(std::mem::take(&mut call.tool)));
    recent.sort_by(|one, other| one.tool.cmp(&other.tool));
    gauges.tools(&recent);
    gauges.activity(store, lately)?;
    gauges.recorder(state, store, price_table)?;
    gauges.audit(state);
    gauges.destinations(store, hearer)?;
    // Points of one metric stand together.
    gauges.points.sort_by(|one, other| one.metric.name.cmp(other.metric.name));
    Ok(gauges.points)
}

impl Gauges {
    fn add(&mut self, metric: &'static Metric, labels: &[(&str, &str)], value: f64) {
        let label = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let labels: Labels = labels.iter().map(label).collect();
        let value = match metric.instrument {
            Instrument::Gauge => MetricValue::Gauge(value),
            // What another counted since nobody knows when.
            Instrument::Counter | Instrument::Sum | Instrument::Histogram(_) => {
                MetricValue::Total(Total { sum: value as i64, buckets: Vec::new() })
            }
        };
        self.points.push(MetricPoint { metric, labels, start: UnixNanos(0), at: self.now, value });
    }

    /// Of each tool: what share of its calls failed, and how long all but the slowest hundredth ran at most.
    fn tools(&mut self, recent: &[RecentTool]) {
        for figures in by_tool(recent) {
            let tool = [(metric::LABEL_TOOL, figures.tool)];
            self.add(&metric::ERROR_RATE, &tool, figures.failed_share());
            self.add(&metric::TOOL_LATENCY_P99, &tool, figures.p99_ms as f64);
        }
    }

    fn activity(&mut self, store: Reader<'_>, lately: UnixNanos) -> Result<(), Failure> {
        let activity = store.activity(lately)?;
        self.add(&metric::SESSION_ACTIVE, &[], activity.sessions as f64);
        let cost_max = activity.cost_max.map_or(0.0, |cost| cost.0 as f64 / 1e9);
        self.add(&metric::SESSION_COST_MAX_USD, &[], cost_max);
        if let Some(percent) = activity.context_percent_max {
            self.add(&metric::CONTEXT_USED_MAX, &[], percent / 100.0);
        }
        let open = activity.open_since.map_or(0, |since| self.now.nanos_since(since));
        self.add(&metric::TOOL_OPEN_MAX_SECONDS, &[], open as f64 / 1e9);
        let repeated = store.repeated_failures(lately)?;
        self.add(&metric::TOOL_REPEATED_FAILURES, &[], repeated as f64);
        self.add(&metric::PERMISSION_WAITING, &[], activity.waiting as f64);
        let told = limits::told_last(store)?;
        for limit in told.iter().flat_map(|told| &told.figures.limits) {
            // One that began anew since then is as good as unused.
            let is_over = limit.resets_at.is_some_and(|at| at <= self.now);
            let used = if is_over { 0.0 } else { limit.used.percent() / 100.0 };
            self.add(&metric::RATE_LIMIT_USED, &[(metric::LABEL_WINDOW, limit.window.name())], used);
        }
        Ok(())
    }

    fn recorder(&mut self, state: &State, store: Reader<'_>, price_table: &str) -> Result<(), Failure> {
        let labels =
            [(metric::LABEL_VERSION, env!("CARGO_PKG_VERSION")), (metric::LABEL_PRICE_TABLE, price_table)];
        self.add(&metric::TACHOGRAPH_BUILD_INFO, &labels, 1.0);
        if let Some(listed) = listed(price_table) {
            let age = self.now.nanos_since(listed);
            self.add(&metric::TACHOGRAPH_PRICES_AGE_SECONDS, &[], age as f64 / 1e9);
        }
        let unread = spool_size(state, &store.segment_cursors()?)?.unread;
        self.add(&metric::TACHOGRAPH_SPOOL_UNREAD, &[], unread as f64);
        self.add(&metric::TACHOGRAPH_STORE_SIZE, &[], store.used_bytes()? as f64);
        let of_hooks = loss::read(state.path())?.into_iter().map(|loss| (loss.reason, loss.count));
        let mut lost: BTreeMap<String, u64> = BTreeMap::new();
        for (reason, count) in of_hooks.chain(store.losses_ever()?) {
            // A label is a name, and no address of somebody who refused.
            let reason = reason.split(" by ").next().unwrap_or_default().replace(' ', "_");
            *lost.entry(reason).or_default() += count;
        }
        for (reason, count) in lost {
            self.add(&metric::TACHOGRAPH_LOST, &[(metric::LABEL_REASON, &reason)], count as f64);
        }
        let not_understood: u64 = store.sessions()?.iter().map(|session| session.not_understood).sum();
        self.add(&metric::TACHOGRAPH_NOT_UNDERSTOOD, &[], not_understood as f64);
        Ok(())
    }

    /// How the audit log does.
    fn audit(&mut self, state: &State) {
        let place = AuditPlace::below(state.path());
        if let Some(entries) = place.entries() {
            self.add(&metric::TACHOGRAPH_AUDIT_ENTRIES, &[], entries as f64);
        }
        self.add(&metric::TACHOGRAPH_AUDIT_SET_ASIDE, &[], place.damaged().len() as f64);
        let unsealed = unsealed_since(state.path()).map_or(0, |since| self.now.nanos_since(since));
        self.add(&metric::TACHOGRAPH_AUDIT_UNSEALED_SECONDS, &[], unsealed as f64 / 1e9);
    }

    /// How deliveries go.
    fn destinations(&mut self, store: Reader<'_>, hearer: Option<DestinationKey>) -> Result<(), Failure> {
        let meant = |row: &DestinationRow| hearer.is_none_or(|hearer| row.key == hearer);
        for row in store.destinations()?.into_iter().filter(meant) {
            let name = row.public_name();
            let to = [(metric::LABEL_DESTINATION, name.as_str())];
            self.add(&metric::TACHOGRAPH_OUTBOX_ITEMS, &to, row.waiting as f64);
            let waits = store.waiting_since(row.key)?.map_or(0, |since| self.now.nanos_since(since));
            self.add(&metric::TACHOGRAPH_OUTBOX_OLDEST_SECONDS, &to, waits as f64 / 1e9);
            self.add(&metric::TACHOGRAPH_EXPORT_DELIVERED, &to, row.delivered as f64);
            self.add(&metric::TACHOGRAPH_EXPORT_REJECTED, &to, row.rejected as f64);
            self.add(&metric::TACHOGRAPH_EXPORT_FAILURES, &to, row.failures as f64);
        }
        Ok(())
    }
}

/// When the list of prices of this version was last compared with its sources; a version begins with that day.
fn listed(version: &str) -> Option<UnixNanos> {
    let day: jiff::civil::Date = version.get(..10)?.parse().ok()?;
    let seconds = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Some(UnixNanos(u64::try_from(seconds).ok()?.saturating_mul(1_000_000_000)))
}
