//! `tacho sessions`: what was recorded, the latest first.

use super::table::table;
use super::{open_current_state, words};
use crate::cli::Output;
use crate::failure::Failure;
use crate::place;
use crate::report;
use crate::terminal::{display_safe, note, print};
use std::num::NonZeroUsize;
use tacho_model::session::Session;

/// Prints the list.
pub(super) fn run(output: Output, limit: Option<NonZeroUsize>) -> Result<(), Failure> {
    let state = open_current_state()?;
    let store = place::open_store_to_read(&state)?;
    let mut sessions = store.map(|store| store.read().sessions()).transpose()?.unwrap_or_default();
    sessions.truncate(limit.map_or(usize::MAX, NonZeroUsize::get));
    if output.json {
        print(&format!("{}\n", report::sessions(&sessions)));
    } else if sessions.is_empty() {
        note("no sessions recorded yet; `tacho demo` shows what one looks like");
    } else {
        print(&list(&sessions));
    }
    Ok(())
}

/// A table of sessions.
pub(super) fn list(sessions: &[Session]) -> String {
    let heads = [
        "session", "started", "length", "turns", "calls", "tools", "errors", "input", "cached", "output",
        "cost",
    ];
    let rows: Vec<Vec<String>> = sessions.iter().map(row).collect();
    table(&heads, &[2, 3, 4, 5, 6, 7, 8, 9, 10], &rows)
}

fn row(session: &Session) -> Vec<String> {
    let end = session.ended.unwrap_or(session.last_seen);
    let running = if session.ended.is_none() { "+" } else { "" };
    vec![
        display_safe(session.id.as_str()),
        words::time(session.started),
        format!("{}{running}", words::duration(end.nanos_since(session.started))),
        session.turns.to_string(),
        session.llm_calls.to_string(),
        session.tool_calls.to_string(),
        session.tool_errors.to_string(),
        words::count(session.usage.total_input()),
        words::count(session.usage.cache_read),
        words::count(session.usage.output),
        words::cost(session.cost, session.unpriced_calls),
    ]
}
