//! `tacho cost`: what was used, and what it costs.

mod rows;

use super::table::table;
use super::words;
use crate::cli::{Cost, CostBy, Output};
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, note, print};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rows::{Costs, Used};
use serde_json::{Map, Value as Json, json};
use tacho_model::time::UnixNanos;
use tacho_store::usage::SumFilter;

/// Prints the costs.
pub(super) fn run(output: Output, wanted: &Cost) -> Result<(), Failure> {
    let zone = zone(wanted.tz.as_deref())?;
    let filter = SumFilter {
        since: wanted.since.map_or(Ok(UnixNanos(0)), |day| start_of(day, &zone))?,
        until: wanted.until.map_or(Ok(UnixNanos(i64::MAX.cast_unsigned())), |day| {
            start_of(day.tomorrow().unwrap_or(day), &zone)
        })?,
    };
    let state = place::open_state(None)?;
    let store = place::open_store_to_read(&state)?;
    let costs = match &store {
        Some(store) => Costs::read(store.read(), wanted.by, filter, &zone)?,
        None => Costs::default(),
    };
    if output.json {
        print(&format!("{}\n", report(&costs)));
    } else if costs.rows.is_empty() {
        note("nothing was used, as far as is known; `tacho import` reads the agent's transcripts");
    } else {
        print(&text(wanted.by, &costs));
    }
    Ok(())
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

fn report(costs: &Costs) -> Json {
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
    json!({
        "schema_version": SCHEMA_VERSION,
        "totals": fields(&costs.total),
        "rows": rows,
        "unpriced_models": costs.unpriced_models,
    })
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

fn row(key: &str, used: &Used) -> Vec<String> {
    let usage = used.usage;
    let missing = if used.unpriced_calls > 0 { "+?" } else { "" };
    vec![
        display_safe(key),
        used.calls.to_string(),
        words::count(usage.input),
        words::count(usage.output),
        words::count(usage.cache_read),
        words::count(usage.cache_write_5m),
        words::count(usage.cache_write_1h),
        used.web_searches.to_string(),
        format!("{:.2}{missing}", used.cost),
    ]
}
