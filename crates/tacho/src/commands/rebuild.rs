//! `tacho rebuild`: everything derived, made anew from what was observed.

use super::words;
use crate::cli::Output;
use crate::config;
use crate::drain::Drainer;
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::prices;
use crate::terminal::{note, print};
use serde_json::json;
use std::io::IsTerminal as _;
use tacho_spool::lock::DrainLock;

/// Rebuilds and says how much.
pub(super) fn run(output: Output) -> Result<(), Failure> {
    let state = place::open_state_meant()?;
    let lock = DrainLock::try_acquire(&state)?.ok_or_else(|| {
        Failure::new(FailureKind::External, "a drainer is running and has the store")
            .hint("it ends a minute after the last session; then rebuild")
    })?;
    prices::load_as_meant()?;
    let config = config::load();
    let all_read = config.all_read();
    let shows_progress = std::io::stderr().is_terminal();
    let rebuilt = Drainer::open(state, lock, config)?.rebuild(|done, all| {
        if shows_progress && done % 100 == 0 {
            note(&format!("{done} of {all} sessions"));
        }
    })?;
    if output.json {
        print(&format!(
            "{}\n",
            json!({ "schema_version": crate::report::SCHEMA_VERSION, "sessions": rebuilt })
        ));
    } else {
        print(&format!("rebuilt {}\n", words::plural(rebuilt as u64, "session")));
    }
    all_read
}
