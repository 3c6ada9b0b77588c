//! `tacho cost`: what was used, and what it costs.

mod reconcile;
mod reprice;
mod rows;

use super::limits::{self, Told};
use super::table::table;
use super::{open_current_state, words};
use crate::cli::{Cost, CostBy, Output};
use crate::config;
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::prices;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, note, print};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reconcile::Reconciliation;
use rows::{Costs, Used};
use serde_json::{Map, Value as Json, json};
use tacho_agents::{AGENTS, Billing};
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_store::usage::SumFilter;

/// Prints the costs.
pub(super) fn run(output: Output, wanted: &Cost) -> Result<(), Failure> {
    if wanted.reprice {
        return reprice::run(output, wanted.write);
    }
    let zone = zone(wanted.tz.as_deref())?;
    let limit = wanted.fail_over.as_deref().map(limit).transpose()?;
    let start = |day: Option<Date>, otherwise| day.map_or(Ok(otherwise), |day| start_of(day, &zone));
    let filter = SumFilter {
        since: start(wanted.since, SumFilter::ALL.since)?,
        until: start(wanted.until.map(|day| day.tomorrow().unwrap_or(day)), SumFilter::ALL.until)?,
    };
    let state = open_current_state()?;
    let store = place::open_store_to_read(&state)?;
    let costs = match &store {
        Some(store) => Costs::read(store.read(), wanted.by, filter, &zone)?,
        None => Costs::default(),
    };
    let reconciliation = match &store {
        Some(store) if wanted.reconcile => {
            Some(Reconciliation::read(store.read(), filter, prices::load().has_own())?)
        }
        _ => wanted.reconcile.then(Reconciliation::default),
    };
    let billing = AGENTS.first().map_or(Billing::Unknown, |agent| config::billing(agent));
    let told = store.as_ref().map(|store| limits::told_last(store.read())).transpose()?.flatten();
    if output.json {
        print(&format!("{}\n", report(&costs, billing, told.as_ref(), reconciliation.as_ref())));
    } else if costs.rows.is_empty() {
        note("nothing was used, as far as is known; `tacho import` reads the agent's transcripts");
    } else {
        print(&text(wanted.by, &costs));
        print(basis(billing));
        let told = told.as_ref().map(Told::lines_now).unwrap_or_default();
        told.iter().for_each(|line| print(&format!("{line}\n")));
        print(&reconciliation.map_or_else(String::new, |both| format!("\n{}", both.text())));
    }
    match limit {
        Some(limit) if costs.total.cost > limit => {
            Err(Failure::new(FailureKind::Finding, format!("{} is more than {limit}", costs.total.cost)))
        }
        _ => Ok(()),
    }
}

fn limit(dollars: &str) -> Result<Nanodollars, Failure> {
    Nanodollars::from_dollars(dollars).ok_or_else(|| {
        Failure::new(FailureKind::Config, format!("{dollars:?} is no amount of dollars"))
            .hint("such as 20 or 0.50")
    })
}

fn zone(name: Option<&str>) -> Result<TimeZone, Failure> {
    let Some(name) = name else { return Ok(TimeZone::system()) };
    TimeZone::get(name).map_err(|error| {
        Failure::new(FailureKind::Config, format!("no time zone is called {name:?}: {error}"))
            .hint("names are those of the IANA database, such as Europe/Berlin or UTC")
    })
}

fn start_of(day: Date, zone: &TimeZone) -> Result<UnixNanos, Failure> {
    let start =
        day.to_zoned(zone.clone()).map_err(|error| Failure::external(format!("find {day}"), error))?;
    Ok(UnixNanos(u64::try_from(start.timestamp().as_nanosecond()).unwrap_or(0)))
}

fn report(
    costs: &Costs,
    billing: Billing,
    told: Option<&Told>,
    reconciliation: Option<&Reconciliation>,
) -> Json {
    let rows: Vec<Json> = costs
        .rows
        .iter()
        .map(|(key, used)| {
            let mut row = Map::new();
            row.insert("key".to_owned(), json!(key));
            row.extend(fields(used));
            Json::Object(row)
        })
        .collect();
    let mut report = json!({
        "schema_version": SCHEMA_VERSION,
        "totals": fields(&costs.total),
        "rows": rows,
        "unpriced_models": costs.unpriced_models,
        "billing": billing.name(),
    });
    if let (Some(told), Some(report)) = (told, report.as_object_mut()) {
        report.insert("status".to_owned(), told.report());
    }
    if let (Some(both), Some(report)) = (reconciliation, report.as_object_mut()) {
        report.insert("reconciliation".to_owned(), json!(both.sessions));
    }
    report
}

fn fields(used: &Used) -> Map<String, Json> {
    let usage = used.usage;
    let pairs = [
        ("cost_usd_nanos", json!(used.cost.0)),
        ("calls", json!(used.calls)),
        ("input_tokens", json!(usage.input)),
        ("output_tokens", json!(usage.output)),
        ("thinking_tokens", json!(usage.thinking)),
        ("cache_read_tokens", json!(usage.cache_read)),
        ("cache_write_5m_tokens", json!(usage.cache_write_5m)),
        ("cache_write_1h_tokens", json!(usage.cache_write_1h)),
        ("web_searches", json!(used.web_searches)),
        ("unpriced_calls", json!(used.unpriced_calls)),
        ("open_calls", json!(used.open_calls)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn text(by: CostBy, costs: &Costs) -> String {
    let head = match by {
        CostBy::Daily => "day",
        CostBy::Weekly => "week from",
        CostBy::Monthly => "month",
        CostBy::Session => "session",
        CostBy::Project => "project",
        CostBy::Model => "model",
        CostBy::Agent => "agent",
        CostBy::Tool => "tool",
    };
    let heads =
        [head, "calls", "input", "output", "cache read", "5m writes", "1h writes", "searches", "list price"];
    let total = [("total".to_owned(), costs.total.clone())];
    let rows: Vec<Vec<String>> = costs.rows.iter().chain(&total).map(|(key, used)| row(key, used)).collect();
    let mut text = table(&heads, &[1, 2, 3, 4, 5, 6, 7, 8], &rows);
    if !costs.unpriced_models.is_empty() {
        let models: Vec<String> = costs.unpriced_models.iter().map(|model| display_safe(model)).collect();
        text += &format!(
            "\n{} without a price, counted as nothing: {}\n",
            words::plural(costs.total.unpriced_calls, "call"),
            models.join(", ")
        );
    }
    text
}

/// What the amounts are, by who is billed.
const fn basis(billing: Billing) -> &'static str {
    match billing {
        Billing::Api | Billing::Unknown => "",
        Billing::Subscription => {
            "\nYou are on a subscription: this is what the work would cost at list prices, not a bill.\n"
        }
        Billing::Cloud => "\nA cloud provider bills you: its prices may be others than these.\n",
    }
}

fn row(key: &str, used: &Used) -> Vec<String> {
    let usage = used.usage;
    vec![
        display_safe(key),
        used.calls.to_string(),
        words::count(usage.input),
        words::count(usage.output),
        words::count(usage.cache_read),
        words::count(usage.cache_write_5m),
        words::count(usage.cache_write_1h),
        used.web_searches.to_string(),
        words::cost(Some(used.cost), used.unpriced_calls),
    ]
}
