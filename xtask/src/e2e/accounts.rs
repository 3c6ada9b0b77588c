//! The figures of a run: what was served with what it cost, against what was recorded. Pure.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use tacho_assemble::price::{Call, Prices};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{Iteration, Terms};
use tacho_testkit::anthropic::{ServedCall, ServedUsage};
use tacho_testkit::compare;
use tacho_testkit::figures::{Comparison, Reports, ServedSession, recorded};
use tacho_testkit::scenario::Way;

use super::differences::{Played, Printed, text};

/// A shell's word for a program that a signal ended is above this.
const KILLED: i32 = 128;

/// The comparison, and where what was printed contradicts itself, one line each.
pub(super) fn compared(
    played: &Played<'_>,
    printed: &Printed,
    way: Way,
) -> Result<(Comparison, Vec<String>)> {
    let truths: Vec<_> =
        played.sessions.iter().map(|session| compare::calls_of(&session.id, played.served)).collect();
    let sessions = played.sessions.iter().zip(&truths).map(|(session, truth)| ServedSession {
        truth,
        turns: session.plan.turns(),
        expect: &session.plan.expect,
    });
    let sessions: Vec<_> = sessions.collect();
    let shown: Vec<String> = printed.shown.iter().map(text).collect();
    let (recorded, mut contradictions) = recorded(&Reports {
        shown: shown.iter().map(String::as_str).collect(),
        cost: &text(&printed.cost),
        imported: (way == Way::Baseline).then_some(&*text(&printed.imported)),
        may_differ: may_differ(played, way),
    })?;
    let prices = Prices::list();
    let price = |request: &ServedCall| price(&prices, request);
    let comparison = Comparison::new(way, &sessions, &price, recorded, &played.scenario.unseen);
    if comparison.difference.is_empty() {
        contradictions.extend(against_days(played, printed, &price)?);
    }
    Ok((comparison, contradictions))
}

/// What was served on each day, and what the list of costs of days says of it.
fn against_days(
    played: &Played<'_>,
    printed: &Printed,
    price: &dyn Fn(&ServedCall) -> i64,
) -> Result<Vec<String>> {
    let mut served = BTreeMap::<String, DayRow>::new();
    for request in played.served.iter().filter(|request| request.status == 200) {
        let usage = &request.usage;
        let day = served.entry(printed.zone.day(request.started_unix_ns)).or_default();
        day.input_tokens += usage.input;
        day.output_tokens += usage.output;
        day.cache_read_tokens += usage.cache_read;
        day.cache_write_5m_tokens += usage.cache_write_5m;
        day.cache_write_1h_tokens += usage.cache_write_1h;
        day.cost_usd_nanos += price(request);
    }
    let daily: Daily = serde_json::from_str(&text(&printed.daily)).context("read the costs of days")?;
    let recorded: BTreeMap<_, _> = daily.rows.into_iter().map(|row| (row.key, row.day)).collect();
    let is_empty = |day: &DayRow| *day == DayRow::default();
    let days: BTreeSet<&String> = served.keys().chain(recorded.keys()).collect();
    let mut found = Vec::new();
    for day in days {
        let [one, other] = [&served, &recorded].map(|days| days.get(day).cloned().unwrap_or_default());
        if one != other && !(is_empty(&one) && is_empty(&other)) {
            found.push(format!("on {day} {one:?} was served, {other:?} recorded"));
        }
    }
    Ok(found)
}

#[derive(Deserialize)]
struct Daily {
    rows: Vec<KeyedDay>,
}

#[derive(Deserialize)]
struct KeyedDay {
    key: String,
    #[serde(flatten)]
    day: DayRow,
}

/// What was used on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct DayRow {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    cache_write_5m_tokens: u64,
    cache_write_1h_tokens: u64,
    cost_usd_nanos: i64,
}

/// Why the CLI's own sums may be others: it also counts what cannot be recorded and the rest of an answer that a person
/// broke off, and forgets what was before it was killed.
fn may_differ(played: &Played<'_>, way: Way) -> BTreeSet<&'static str> {
    let sessions = &played.scenario.sessions;
    let lacks_calls = played.scenario.unseen.iter().any(|unseen| unseen.ways.contains(&way));
    let is_cut = sessions.iter().any(|session| !session.expect.cut.is_empty());
    let is_killed = sessions.iter().any(|session| session.expect.exits.iter().any(|exit| *exit > KILLED));
    let words = [
        (lacks_calls, "calls_without_rows"),
        (lacks_calls, "searches_without_rows"),
        (is_cut, "open_calls"),
        (is_killed, "calls_not_reported"),
    ];
    words.into_iter().filter_map(|(holds, word)| holds.then_some(word)).collect()
}

/// What a request cost by the list. That one has no price is told by `tacho cost`, too, which names its model.
fn price(prices: &Prices, request: &ServedCall) -> i64 {
    let said = &request.terms;
    let iterations = said.iterations.iter().map(|one| Iteration {
        kind: one.kind.clone(),
        model: one.model.clone(),
        usage: usage(&one.usage),
    });
    let terms = Terms {
        speed: said.speed.clone(),
        inference_geo: said.inference_geo.clone(),
        service_tier: said.service_tier.clone(),
        web_searches: Some(said.web_searches),
        iterations: iterations.collect(),
    };
    let call = Call {
        model: Some(&request.model),
        at: UnixNanos(request.started_unix_ns),
        usage: usage(&request.usage),
        terms: &terms,
    };
    prices.price(&call).map_or(0, |priced| priced.amount.0)
}

fn usage(served: &ServedUsage) -> Usage {
    Usage {
        input: Some(served.input),
        output: Some(served.output),
        cache_read: Some(served.cache_read),
        cache_write_5m: Some(served.cache_write_5m),
        cache_write_1h: Some(served.cache_write_1h),
        thinking: None,
    }
}
