//! Sums of quarters of an hour, put together as they are asked for.

use crate::cli::CostBy;
use crate::failure::Failure;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_store::Reader;
use tacho_store::usage::{Sum, SumFilter};

/// What stands in the place of a tool for answers that asked for none.
const NO_TOOL: &str = "(answer)";

/// What was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) calls: u64,
    pub(super) unpriced_calls: u64,
    pub(super) open_calls: u64,
    pub(super) usage: Usage,
    pub(super) web_searches: u64,
    pub(super) cost: Nanodollars,
}

impl Used {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.unpriced_calls += other.unpriced_calls;
        self.open_calls += other.open_calls;
        self.usage = self.usage.plus(other.usage);
        self.web_searches += other.web_searches;
        self.cost = self.cost.plus(other.cost);
    }
}

impl From<&Sum> for Used {
    fn from(sum: &Sum) -> Self {
        Self {
            calls: sum.calls,
            unpriced_calls: sum.unpriced_calls,
            open_calls: sum.open_calls,
            usage: sum.usage,
            web_searches: sum.web_searches,
            cost: sum.cost,
        }
    }
}

/// The rows that were asked for, and their sum.
#[derive(Debug)]
pub(super) struct Costs {
    /// Periods in their order, all else by cost.
    pub(super) rows: Vec<(String, Used)>,
    pub(super) total: Used,
    /// Models of calls without a price.
    pub(super) unpriced_models: BTreeSet<String>,
}

impl Default for Costs {
    fn default() -> Self {
        let nothing = Usage {
            input: Some(0),
            output: Some(0),
            cache_read: Some(0),
            cache_write_5m: Some(0),
            cache_write_1h: Some(0),
            thinking: Some(0),
        };
        Self {
            rows: Vec::new(),
            total: Used { usage: nothing, ..Used::default() },
            unpriced_models: BTreeSet::new(),
        }
    }
}

impl Costs {
    /// Reads the sums and puts them together.
    pub(super) fn read(
        store: Reader<'_>,
        by: CostBy,
        filter: SumFilter,
        zone: &TimeZone,
    ) -> Result<Self, Failure> {
        if by == CostBy::Tool {
            let mut costs =
                Self { rows: tools(store, filter)?, ..Self::read(store, CostBy::Model, filter, zone)? };
            costs.rows.sort_by(|(left, one), (right, other)| (other.cost, left).cmp(&(one.cost, right)));
            return Ok(costs);
        }
        let mut costs = Self::default();
        let mut unpriced = BTreeSet::new();
        let mut groups = HashMap::<i64, Used>::new();
        let mut days = Days::new(zone);
        store.each_usage_sum(filter, |sum| {
            let used = Used::from(&sum);
            costs.total.add(&used);
            if sum.unpriced_calls > 0 {
                unpriced.insert(sum.model);
            }
            let group = match by {
                CostBy::Daily | CostBy::Weekly | CostBy::Monthly => days.number_of(sum.from),
                CostBy::Session => sum.session.number(),
                CostBy::Project => sum.project,
                CostBy::Model => sum.model,
                CostBy::Agent => sum.subagent,
                CostBy::Tool => 0,
            };
            groups.entry(group).or_default().add(&used);
        })?;
        let names = store.usage_names()?;
        let named = |key, otherwise: &str| names(key).unwrap_or_else(|| otherwise.to_owned());
        costs.unpriced_models = unpriced.into_iter().map(|model| named(model, "unknown")).collect();
        costs.rows = match by {
            CostBy::Daily => by_period(groups, |day| day),
            CostBy::Weekly => by_period(groups, |day| {
                let monday = i64::from(day.weekday().to_monday_zero_offset());
                day.saturating_sub(monday.days())
            }),
            CostBy::Monthly => by_period(groups, Date::first_of_month),
            CostBy::Session => {
                let ids = store.session_ids()?;
                let ids: HashMap<i64, String> =
                    ids.into_iter().map(|(key, id)| (key.number(), id.to_string())).collect();
                by_cost(groups, |key| ids.get(&key).cloned().unwrap_or_default())
            }
            CostBy::Project | CostBy::Model => by_cost(groups, |key| named(key, "unknown")),
            CostBy::Agent => by_cost(groups, |key| named(key, "main")),
            CostBy::Tool => Vec::new(),
        };
        if by == CostBy::Monthly {
            costs.rows.iter_mut().for_each(|(day, _)| day.truncate("2026-11".len()));
        }
        Ok(costs)
    }
}

/// What answers used, shared out among the tools that they asked for; those that asked for none are answers alone.
fn tools(store: Reader<'_>, filter: SumFilter) -> Result<Vec<(String, Used)>, Failure> {
    let mut rows = BTreeMap::<String, Used>::new();
    for (names, sum) in store.usage_by_tools(filter)? {
        let names = names.unwrap_or_else(|| NO_TOOL.to_owned());
        let tools: Vec<&str> = names.lines().collect();
        for (place, tool) in (0..).zip(&tools) {
            rows.entry((*tool).to_owned()).or_default().add(&share(
                &Used::from(&sum),
                place,
                tools.len() as u64,
            ));
        }
    }
    Ok(rows.into_iter().collect())
}

/// One of so many shares of all but the numbers of calls; the first ones get what cannot be shared.
fn share(all: &Used, place: u64, shares: u64) -> Used {
    let of = |count: u64| count / shares + u64::from(place < count % shares);
    let usage = all.usage;
    Used {
        usage: Usage {
            input: usage.input.map(of),
            output: usage.output.map(of),
            cache_read: usage.cache_read.map(of),
            cache_write_5m: usage.cache_write_5m.map(of),
            cache_write_1h: usage.cache_write_1h.map(of),
            thinking: usage.thinking.map(of),
        },
        web_searches: of(all.web_searches),
        cost: Nanodollars(of(all.cost.0.unsigned_abs()).cast_signed()),
        ..all.clone()
    }
}

/// Rows with the most expensive first, and names in their order where that says nothing.
fn by_cost(groups: HashMap<i64, Used>, name: impl Fn(i64) -> String) -> Vec<(String, Used)> {
    let mut rows: Vec<_> = groups.into_iter().map(|(key, used)| (name(key), used)).collect();
    rows.sort_by(|(left, one), (right, other)| {
        let tokens = |used: &Used| used.usage.total_input().unwrap_or(0) + used.usage.output.unwrap_or(0);
        (other.cost, tokens(other), left).cmp(&(one.cost, tokens(one), right))
    });
    rows
}

fn by_period(groups: HashMap<i64, Used>, period: impl Fn(Date) -> Date) -> Vec<(String, Used)> {
    let mut periods = BTreeMap::<Date, Used>::new();
    for (number, used) in groups {
        let Ok(date) = Date::new(1970, 1, 1).and_then(|epoch| epoch.checked_add(number.days())) else {
            continue;
        };
        periods.entry(period(date)).or_default().add(&used);
    }
    periods.into_iter().map(|(date, used)| (date.to_string(), used)).collect()
}

/// Days of a time zone, by their distance from 1970-01-01; the last one is remembered.
struct Days<'a> {
    zone: &'a TimeZone,
    last: Option<(UnixNanos, UnixNanos, i64)>,
}

impl<'a> Days<'a> {
    const fn new(zone: &'a TimeZone) -> Self {
        Self { zone, last: None }
    }

    fn number_of(&mut self, at: UnixNanos) -> i64 {
        if let Some((from, until, number)) = self.last
            && (from..until).contains(&at)
        {
            return number;
        }
        let Ok(timestamp) = Timestamp::from_nanosecond(i128::from(at.0)) else { return 0 };
        let day = self.zone.to_datetime(timestamp).date();
        let start = |day: Date| {
            let start = day.to_zoned(self.zone.clone()).ok();
            start.and_then(|start| u64::try_from(start.timestamp().as_nanosecond()).ok()).map(UnixNanos)
        };
        let epoch = Date::constant(1970, 1, 1);
        let number = day.since(epoch).map_or(0, |span| i64::from(span.get_days()));
        if let (Some(from), Some(until)) = (start(day), day.tomorrow().ok().and_then(start)) {
            self.last = Some((from, until, number));
        }
        number
    }
}
