//! What calls would cost by the prices as they are now. Amounts that were kept change only when somebody says so.

use crate::cli::Output;
use crate::commands::table::table;
use crate::commands::words;
use crate::drain::{Drainer, Request, ask_running_drainer};
use crate::failure::Failure;
use crate::place;
use crate::prices::{self, Pricing, again};
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, print};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tacho_model::money::Nanodollars;
use tacho_model::usage_record::UsageRecord;
use tacho_spool::lock::DrainLock;
use tacho_spool::state::State;
use tacho_store::Store;

/// How long a running drainer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A session some of whose calls would cost something else.
#[derive(Default)]
struct Changed {
    calls: u64,
    before: Nanodollars,
    after: Nanodollars,
    /// Calls that would get a price, and those that would lose it.
    priced: u64,
    unpriced: u64,
}

/// Tells what would change, and changes it if that is wanted.
pub(super) fn run(output: Output, writes: bool) -> Result<(), Failure> {
    let state = place::open_state_meant()?;
    let prices = prices::load_as_meant()?;
    let mut pricing = Pricing::new(&prices);
    let mut sessions = BTreeMap::<String, Changed>::new();
    let mut records: Vec<UsageRecord> = Vec::new();
    if let Some(store) = place::open_store_to_read(&state)? {
        again::each_changed(store.read(), &mut pricing, |record, before, after| {
            let changed = sessions.entry(record.owner.session.to_string()).or_default();
            changed.calls += 1;
            changed.before = changed.before.plus(before.unwrap_or_default());
            changed.after = changed.after.plus(after.unwrap_or_default());
            changed.priced += u64::from(before.is_none());
            changed.unpriced += u64::from(after.is_none());
            records.push(record);
        })?;
    }
    if writes && !records.is_empty() {
        again::keep(&mut Store::open(&place::store_file(&state))?, &mut pricing, records)?;
        derive_anew(&state)?;
    }
    if output.json {
        print(&format!("{}\n", report(&sessions, writes)));
    } else {
        print(&text(&sessions, writes));
    }
    Ok(())
}

/// Has what the sessions came to derived anew, by the drainer that runs if one does.
fn derive_anew(state: &State) -> Result<(), Failure> {
    if let Some(lock) = DrainLock::try_acquire(state)? {
        return Drainer::open_silent(State::open(state.path())?, lock)?.refresh();
    }
    // One that does not answer in time does it when it begins the next time.
    ask_running_drainer(state, Request::Flush { at_most: Duration::ZERO }, PATIENCE);
    Ok(())
}

fn report(sessions: &BTreeMap<String, Changed>, writes: bool) -> Json {
    let rows: Vec<Json> = sessions
        .iter()
        .map(|(session, changed)| {
            json!({
                "session": session,
                "calls": changed.calls,
                "before_usd_nanos": changed.before.0,
                "after_usd_nanos": changed.after.0,
                "newly_priced_calls": changed.priced,
                "newly_unpriced_calls": changed.unpriced,
            })
        })
        .collect();
    json!({ "schema_version": SCHEMA_VERSION, "written": writes, "sessions": rows })
}

fn text(sessions: &BTreeMap<String, Changed>, writes: bool) -> String {
    if sessions.is_empty() {
        return "every call costs what it did when it was priced\n".to_owned();
    }
    let heads = ["session", "calls", "before", "now", "difference"];
    let row = |name: &str, changed: &Changed| {
        vec![
            display_safe(name),
            changed.calls.to_string(),
            words::dollars(changed.before),
            words::dollars(changed.after),
            words::dollars(changed.after.minus(changed.before)),
        ]
    };
    let total = sessions.values().fold(Changed::default(), |sum, one| Changed {
        calls: sum.calls + one.calls,
        before: sum.before.plus(one.before),
        after: sum.after.plus(one.after),
        ..sum
    });
    let mut rows: Vec<Vec<String>> =
        sessions.iter().map(|(session, changed)| row(session, changed)).collect();
    rows.push(row("total", &total));
    let done =
        if writes { "the new prices are kept" } else { "nothing was changed; --write keeps the new prices" };
    format!("{}\n{done}\n", table(&heads, &[1, 2, 3, 4], &rows))
}
