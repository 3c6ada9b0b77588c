//! The conditions, each as its rule for Prometheus has it, over what the store holds.

use super::rules::{self, Rule};
use crate::failure::Failure;
use crate::metrics::{ToolFigures, by_tool, gauges};
use crate::prices;
use serde_json::{Value as Json, json};
use tacho_model::metric::{Metric, MetricPoint, MetricValue};
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
        found.add(&rules::UNPRICED, model, sentence);
    }
    for reason in store.lost_since(since(HOUR_NS))? {
        found.add(&rules::DROPPING, &reason, format!("something was lost within the hour: {reason}"));
    }
    found.moment(&gauges(state, store, &prices::load().prices.version(), None, now)?);
    Ok(found.0)
}

/// What was found so far.
#[derive(Default)]
struct Found(Vec<Firing>);

impl Found {
    fn add(&mut self, rule: &Rule, subject: &str, sentence: String) {
        let Rule { name, severity, .. } = *rule;
        self.0.push(Firing { name, severity, subject: subject.to_owned(), sentence });
    }

    /// Tools that failed too often within 5 minutes, of those with enough calls, and those that took too long.
    fn tools(&mut self, recent: &[RecentTool]) {
        for figures in by_tool(recent) {
            let ToolFigures { tool, calls, failed, p99_ms } = figures;
            if rules::TOOL_ERRORS.least.is_none_or(|least| calls as f64 >= least)
                && figures.failed_share() > rules::TOOL_ERRORS.limit
            {
                let percent = figures.failed_share() * 100.0;
                let sentence = format!("{failed} of {calls} calls of {tool} failed, {percent:.0} %");
                self.add(&rules::TOOL_ERRORS, tool, sentence);
            }
            if p99_ms as f64 > rules::TOOL_LATENCY.limit {
                let seconds = p99_ms as f64 / 1000.0;
                self.add(
                    &rules::TOOL_LATENCY,
                    tool,
                    format!("the slowest calls of {tool} run {seconds:.1} s"),
                );
            }
        }
    }

    fn spending(&mut self, limits: Limits, [minutes, half_hour, hour, hours]: [&Spending; 4]) {
        let usd = |spending: &Spending| spending.cost.0 as f64 / 1e9;
        let per_hour = limits.month_usd / MONTH_HOURS;
        let (last_hour, a_day) = (usd(hour), usd(hour) * 24.0);
        if a_day > rules::COST_SPIKE.limit {
            let sentence =
                format!("{} within the hour would be {} a day", dollars(last_hour), dollars(a_day));
            self.add(&rules::COST_SPIKE, "", sentence);
        }
        let fast = rules::BURN_FAST.limit * per_hour;
        if last_hour > fast && usd(minutes) * 12.0 > fast {
            let sentence =
                format!("{} within the hour burns the month's budget 14 times too fast", dollars(last_hour));
            self.add(&rules::BURN_FAST, "", sentence);
        }
        let slow = rules::BURN_SLOW.limit * per_hour;
        if usd(hours) > 6.0 * slow && usd(half_hour) * 2.0 > slow {
            let sentence =
                format!("{} within 6 hours burns the month's budget 6 times too fast", dollars(usd(hours)));
            self.add(&rules::BURN_SLOW, "", sentence);
        }
    }

    /// Whether half as much of the prompts comes from the cache as within the last day.
    fn cache(&mut self, hour: &Spending, day: &Spending) {
        let share = |of: &Spending| of.cache_read_tokens as f64 / of.prompt_tokens.max(1) as f64;
        let is_enough = rules::CACHE.least.is_none_or(|least| hour.prompt_tokens as f64 > least);
        if is_enough && share(hour) < rules::CACHE.limit * share(day) {
            let (now, before) = (share(hour) * 100.0, share(day) * 100.0);
            let sentence =
                format!("{now:.0} % of prompts come from the cache, {before:.0} % within the last day");
            self.add(&rules::CACHE, "", sentence);
        }
    }

    /// What is so at the moment.
    fn moment(&mut self, gauges: &[MetricPoint]) {
        let is_any_waiting = gauges
            .iter()
            .any(|point| point.metric.name == metric::PERMISSION_WAITING.name && number(point) > 0.0);
        for point in gauges {
            let (name, value) = (point.metric.name, number(point));
            let asked = OF_GAUGES.iter().filter(|asked| asked.metric.name == name);
            for OfGauge { rule, is_met, sentence, .. } in asked {
                if is_met(value, rule.limit) && (*rule != &rules::HUNG || !is_any_waiting) {
                    let subject = point.labels.values().next().map_or("", String::as_str);
                    self.add(rule, subject, sentence(value, subject));
                }
            }
        }
    }
}

/// What is asked of a gauge.
struct OfGauge {
    metric: &'static Metric,
    rule: &'static Rule,
    is_met: fn(f64, f64) -> bool,
    /// What is so, by the value and what it is of.
    sentence: fn(f64, &str) -> String,
}

const fn above(metric: &'static Metric, rule: &'static Rule, sentence: fn(f64, &str) -> String) -> OfGauge {
    OfGauge { metric, rule, is_met: |value, limit| value > limit, sentence }
}

const OF_GAUGES: [OfGauge; 9] = [
    above(&metric::SESSION_COST_MAX_USD, &rules::RUNAWAY, |usd, _| {
        format!("a session that goes on has cost {}", dollars(usd))
    }),
    OfGauge {
        is_met: |failures, limit| failures >= limit,
        ..above(&metric::TOOL_REPEATED_FAILURES, &rules::STUCK, |failures, _| {
            format!("the same call of a tool has failed {failures} times in a row")
        })
    },
    above(&metric::TOOL_OPEN_MAX_SECONDS, &rules::HUNG, |seconds, _| {
        format!("a tool call has been open for {:.0} minutes", seconds / 60.0)
    }),
    above(&metric::CONTEXT_USED_MAX, &rules::CONTEXT, |share, _| {
        format!("a context is full to {:.0} %", share * 100.0)
    }),
    above(&metric::TACHOGRAPH_SPOOL_UNREAD, &rules::BACKLOG, |bytes, _| {
        format!("the drainer is {:.0} MiB behind the hooks", bytes / 1_048_576.0)
    }),
    above(&metric::TACHOGRAPH_OUTBOX_OLDEST_SECONDS, &rules::LATE, |seconds, to| {
        format!("{to} has not taken what is {:.0} hours old", seconds / 3600.0)
    }),
    above(&metric::TACHOGRAPH_PRICES_AGE_SECONDS, &rules::OLD_PRICES, |seconds, _| {
        format!("the list of prices is {:.0} days old", seconds / 86_400.0)
    }),
    above(&metric::TACHOGRAPH_AUDIT_SET_ASIDE, &rules::CHAIN, |_, _| {
        "an audit log did not fit its checkpoint and was set aside".to_owned()
    }),
    above(&metric::TACHOGRAPH_AUDIT_UNSEALED_SECONDS, &rules::UNSEALED, |seconds, _| {
        format!("decisions have not been sealed for {:.0} minutes", seconds / 60.0)
    }),
];

/// An amount with its cents, or what there is of a small one.
fn dollars(amount: f64) -> String {
    if amount < 1.0 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

fn number(point: &MetricPoint) -> f64 {
    match &point.value {
        MetricValue::Gauge(value) => *value,
        MetricValue::Total(total) => point.metric.in_unit(total.sum),
    }
}
