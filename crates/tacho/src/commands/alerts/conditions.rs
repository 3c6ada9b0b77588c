//! The conditions, each as its rule for Prometheus has it, over what the store holds.

use crate::failure::Failure;
use crate::metrics::{ToolFigures, by_tool, gauges};
use serde_json::{Value as Json, json};
use tacho_model::metric::{MetricPoint, MetricValue};
use tacho_model::metrics as metric;
use tacho_model::time::UnixNanos;
use tacho_spool::state::State;
use tacho_store::Reader;
use tacho_store::recent::{RecentTool, Spending};

const MINUTE_NS: u64 = 60 * 1_000_000_000;
const HOUR_NS: u64 = 60 * MINUTE_NS;
/// Hours of the month that a budget is for.
const MONTH_HOURS: f64 = 720.0;

/// What its owner sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// What may be spent in a month.
    pub(super) month_usd: f64,
}

/// A condition that is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Firing {
    /// The rule's name.
    pub(super) name: &'static str,
    /// How soon somebody should look: `critical`, `warning` or `info`.
    pub(super) severity: &'static str,
    /// What it is about, where there are several.
    subject: String,
    /// What is so.
    pub(super) sentence: String,
}

impl Firing {
    /// Tells it from others.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.name, self.subject)
    }

    /// It for programs.
    pub(super) fn report(&self) -> Json {
        let Self { name, severity, subject, sentence } = self;
        json!({ "name": name, "severity": severity, "subject": subject, "summary": sentence })
    }
}

/// Everything that is met at a time, in the order of the rules.
pub(super) fn firing(
    state: &State,
    store: Reader<'_>,
    limits: Limits,
    now: UnixNanos,
) -> Result<Vec<Firing>, Failure> {
    let since = |nanos: u64| UnixNanos(now.0.saturating_sub(nanos));
    let mut found = Found::default();
    found.tools(&store.recent_tools(since(5 * MINUTE_NS))?);
    let spent = |nanos: u64| store.spending(since(nanos));
    let (minutes, half_hour, hour) = (spent(5 * MINUTE_NS)?, spent(30 * MINUTE_NS)?, spent(HOUR_NS)?);
    let (hours, day) = (spent(6 * HOUR_NS)?, spent(24 * HOUR_NS)?);
    found.spending(limits, [&minutes, &half_hour, &hour, &hours]);
    found.cache(&hour, &day);
    for model in &hour.unpriced_models {
        let sentence = format!("no price is known for {model}; its calls are missing in all costs");
        found.add("ClaudeUnpricedModel", "info", model, sentence);
    }
    for reason in store.lost_since(since(HOUR_NS))? {
        found.add(
            "RecorderDropping",
            "critical",
            &reason,
            format!("something was lost within the hour: {reason}"),
        );
    }
    found.moment(&gauges(state, store, "", None, now)?);
    Ok(found.0)
}

/// What was found so far.
#[derive(Default)]
struct Found(Vec<Firing>);

impl Found {
    fn add(&mut self, name: &'static str, severity: &'static str, subject: &str, sentence: String) {
        self.0.push(Firing { name, severity, subject: subject.to_owned(), sentence });
    }

    /// Tools that failed too often within 5 minutes, of those with at least 5 calls, and those that took too long.
    fn tools(&mut self, recent: &[RecentTool]) {
        for figures in by_tool(recent) {
            let ToolFigures { tool, calls, failed, p99_ms } = figures;
            if calls >= 5 && figures.failed_share() > 0.1 {
                let percent = figures.failed_share() * 100.0;
                let sentence = format!("{failed} of {calls} calls of {tool} failed, {percent:.0} %");
                self.add("HighToolErrorRate", "warning", tool, sentence);
            }
            if p99_ms > 5000 {
                let seconds = p99_ms as f64 / 1000.0;
                let sentence = format!("the slowest calls of {tool} run {seconds:.1} s");
                self.add("HighP99Latency", "warning", tool, sentence);
            }
        }
    }

    fn spending(&mut self, limits: Limits, [minutes, half_hour, hour, hours]: [&Spending; 4]) {
        let usd = |spending: &Spending| spending.cost.0 as f64 / 1e9;
        let per_hour = limits.month_usd / MONTH_HOURS;
        let (last_hour, a_day) = (usd(hour), usd(hour) * 24.0);
        if a_day > 100.0 {
            let sentence =
                format!("{} within the hour would be {} a day", dollars(last_hour), dollars(a_day));
            self.add("UnexpectedCostSpike", "warning", "", sentence);
        }
        if last_hour > 14.4 * per_hour && usd(minutes) * 12.0 > 14.4 * per_hour {
            let sentence =
                format!("{} within the hour burns the month's budget 14 times too fast", dollars(last_hour));
            self.add("ClaudeCostBudgetBurnFast", "critical", "", sentence);
        }
        if usd(hours) > 6.0 * 6.0 * per_hour && usd(half_hour) * 2.0 > 6.0 * per_hour {
            let sentence =
                format!("{} within 6 hours burns the month's budget 6 times too fast", dollars(usd(hours)));
            self.add("ClaudeCostBudgetBurnSlow", "warning", "", sentence);
        }
    }

    /// Whether half as much of the prompts comes from the cache as within the last day.
    fn cache(&mut self, hour: &Spending, day: &Spending) {
        let share = |of: &Spending| of.cache_read_tokens as f64 / of.prompt_tokens.max(1) as f64;
        if hour.prompt_tokens > 1_000_000 && share(hour) < 0.5 * share(day) {
            let (now, before) = (share(hour) * 100.0, share(day) * 100.0);
            let sentence =
                format!("{now:.0} % of prompts come from the cache, {before:.0} % within the last day");
            self.add("ClaudeCacheCollapse", "warning", "", sentence);
        }
    }

    /// What is so at the moment.
    fn moment(&mut self, gauges: &[MetricPoint]) {
        let waiting = value(gauges, metric::PERMISSION_WAITING.name);
        for point in gauges {
            let (name, value) = (point.metric.name, number(point));
            let subject = point.labels.values().next().map_or("", String::as_str);
            if name == metric::SESSION_COST_MAX_USD.name && value > 25.0 {
                self.add(
                    "ClaudeSessionRunaway",
                    "warning",
                    "",
                    format!("a session that goes on has cost {}", dollars(value)),
                );
            } else if name == metric::TOOL_OPEN_MAX_SECONDS.name && value > 1800.0 && waiting == 0.0 {
                let minutes = value / 60.0;
                self.add(
                    "ClaudeToolHung",
                    "warning",
                    "",
                    format!("a tool call has been open for {minutes:.0} minutes"),
                );
            } else if name == metric::CONTEXT_USED_MAX.name && value > 0.9 {
                let percent = value * 100.0;
                self.add(
                    "ClaudeContextNearLimit",
                    "info",
                    "",
                    format!("a context is full to {percent:.0} %"),
                );
            } else if name == metric::TACHOGRAPH_SPOOL_UNREAD.name && value > 67_108_864.0 {
                let mib = value / 1_048_576.0;
                self.add(
                    "RecorderSpoolBacklog",
                    "warning",
                    "",
                    format!("the drainer is {mib:.0} MiB behind the hooks"),
                );
            } else if name == metric::TACHOGRAPH_OUTBOX_OLDEST_SECONDS.name && value > 3600.0 {
                let hours = value / 3600.0;
                let sentence = format!("{subject} has not taken what is {hours:.0} hours old");
                self.add("RecorderDeliveryLate", "warning", subject, sentence);
            }
        }
    }
}

/// An amount with its cents, or what there is of a small one.
fn dollars(amount: f64) -> String {
    if amount < 1.0 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

fn value(gauges: &[MetricPoint], name: &str) -> f64 {
    gauges.iter().find(|point| point.metric.name == name).map_or(0.0, number)
}

fn number(point: &MetricPoint) -> f64 {
    match &point.value {
        MetricValue::Gauge(value) => *value,
        MetricValue::Total(total) => point.metric.in_unit(total.sum),
    }
}
