//! `tacho` without a command: one screen of what happened lately and what is wrong.

use super::{open_current_state, sessions, status, words};
use crate::cli::Output;
use crate::config;
use crate::drain::now;
use crate::failure::Failure;
use crate::place;
use crate::report;
use crate::terminal::{display_safe, print};
use serde_json::json;
use tacho_model::session::Session;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

/// How many sessions the screen lists.
const LISTED: usize = 8;
const DAY_NS: u64 = 24 * 3600 * 1_000_000_000;

/// Prints the screen.
pub(super) fn run(output: Output) -> Result<(), Failure> {
    let state = open_current_state()?;
    let store = place::open_store_to_read(&state)?;
    let all = store.map(|store| store.read().sessions()).transpose()?.unwrap_or_default();
    let since = UnixNanos(now().0.saturating_sub(DAY_NS));
    let today: Vec<Session> = all.iter().filter(|session| session.last_seen >= since).cloned().collect();
    let config = config::load();
    let status = status::report(&state, &config)?;
    if output.json {
        let status = serde_json::to_value(&status).map_err(|error| Failure::external("print JSON", error))?;
        let last_day = report::sessions(&today);
        let json = json!({
            "schema_version": report::SCHEMA_VERSION,
            "last_24_hours": last_day.get("sessions"),
            "status": status,
        });
        print(&format!("{json}\n"));
        return config.all_read();
    }
    let mut text = if all.is_empty() {
        "Nothing recorded yet. `tacho demo` shows what a session looks like.\n".to_owned()
    } else {
        let listed = all.get(..LISTED.min(all.len())).unwrap_or_default();
        format!("{}\n{}", figures(&today), sessions::list(listed))
    };
    text.push_str(&problems(&status));
    print(&text);
    config.all_read()
}

fn figures(today: &[Session]) -> String {
    let sum = |of: fn(&Session) -> u64| today.iter().map(of).sum::<u64>();
    let usage = today.iter().fold(Usage::default(), |sum, session| sum.plus(session.usage));
    let running = today.iter().filter(|session| session.ended.is_none()).count() as u64;
    format!(
        "last 24 hours: {} ({running} going on); from their beginning {}, {}, {} ({} failed or denied)\ntokens: {} input, \
         of which {} from cache; {} output\n",
        words::plural(today.len() as u64, "session"),
        words::plural(sum(|session| session.turns), "turn"),
        words::plural(sum(|session| session.llm_calls), "model call"),
        words::plural(sum(|session| session.tool_calls), "tool call"),
        sum(|session| session.tool_errors),
        words::count(usage.total_input()),
        words::count(usage.cache_read),
        words::count(usage.output),
    )
}

fn problems(status: &status::StatusReport) -> String {
    let mut lines = Vec::new();
    for loss in &status.losses {
        lines.push(format!("lost: {} ({})", loss.count, display_safe(&loss.reason)));
    }
    for refused in &status.refused {
        lines.push(format!("not sent to {}: {}", refused.origin, display_safe(&refused.reason)));
    }
    for to in status.destinations.iter().filter(|to| to.configured && to.waiting > 0) {
        let error = to.last_error.as_deref().unwrap_or("not tried yet");
        lines.push(format!(
            "{} wait for {}: {}",
            words::plural(to.waiting, "item"),
            display_safe(&to.name),
            display_safe(error)
        ));
    }
    if lines.is_empty() { String::new() } else { format!("\n{}\n", lines.join("\n")) }
}
