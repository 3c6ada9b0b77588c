//! `tacho import`: what the agents' own files say was used.

use super::words;
use crate::cli::{Import, Output};
use crate::config;
use crate::failure::{Failure, FailureKind};
use crate::import::{self, Home, Imported};
use crate::place;
use crate::prices;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{note, print};
use serde_json::{Value as Json, json};
use std::cell::Cell;
use std::env;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _, stderr};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tacho_agents::{AGENTS, Agent};
use tacho_store::Store;

/// Shorter work shows no progress.
const QUICK: Duration = Duration::from_millis(300);

/// Imports, or tells what would be.
pub(super) fn run(output: Output, wanted: &Import) -> Result<(), Failure> {
    let homes = homes(&wanted.from)?;
    let state = place::open_state(None)?;
    let imported = if wanted.dry_run {
        import::look(place::open_store_to_read(&state)?.as_ref(), &homes)?
    } else {
        let mut store = Store::open(&place::store_file(&state))?;
        let prices = prices::load_or_list();
        let keeps = config::load().retention.archive_days.value > 0;
        let archive = keeps.then(|| state.path());
        let progress = Progress::new();
        let imported =
            import::run(&mut store, &homes, &prices, archive, |done, all| progress.show(done, all))?;
        progress.clear();
        imported
    };
    if output.json {
        print(&format!("{}\n", report(&imported, wanted.dry_run)));
    } else {
        print(&text(&imported, wanted.dry_run));
    }
    Ok(())
}

/// Where the agents' files lie.
fn homes(given: &[PathBuf]) -> Result<Vec<Home>, Failure> {
    let mut homes = Vec::new();
    for agent in AGENTS.iter().copied() {
        let directories = if given.is_empty() { usual(agent) } else { given.to_vec() };
        homes.extend(directories.into_iter().map(|directory| Home { agent, directory }));
    }
    for directory in given {
        let has_transcripts = AGENTS.iter().any(|agent| directory.join(agent.setup.transcripts).is_dir());
        if !has_transcripts {
            let wanted: Vec<&str> = AGENTS.iter().map(|agent| agent.setup.transcripts).collect();
            return Err(Failure::new(
                FailureKind::Config,
                format!("{} holds no transcripts", directory.display()),
            )
            .hint(format!("name the directory that has {}/ in it", wanted.join("/ or "))));
        }
    }
    Ok(homes)
}

/// The configuration directories an agent itself would look into; its variable may list several.
fn usual(agent: &Agent) -> Vec<PathBuf> {
    let (variable, below_home) = agent.setup.config_directory;
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let listed = |value: OsString| value.to_string_lossy().split(',').map(PathBuf::from).collect();
    let below = || set("HOME").map(|home| PathBuf::from(home).join(below_home)).into_iter().collect();
    set(variable).map_or_else(below, listed)
}

fn report(imported: &Imported, is_trial: bool) -> Json {
    json!({
        "schema_version": SCHEMA_VERSION,
        "dry_run": is_trial,
        "files": imported.files,
        "new_files": imported.new_files,
        "new_bytes": imported.new_bytes,
        "usage_rows": imported.rows,
        "unreadable_rows": imported.unreadable_rows,
        "unreadable_files": imported.unreadable_files,
    })
}

fn text(imported: &Imported, is_trial: bool) -> String {
    let mut text = if imported.new_files == 0 {
        format!("nothing new in {}\n", words::plural(imported.files, "transcript"))
    } else {
        format!(
            "{}{} of {} in {}\n",
            if is_trial { "would read " } else { "read " },
            words::bytes(imported.new_bytes),
            words::plural(imported.new_files, "new or grown transcript"),
            words::plural(imported.files, "transcript"),
        )
    };
    for (number, what) in
        [(imported.unreadable_rows, "row about usage"), (imported.unreadable_files, "transcript")]
    {
        if number > 0 {
            text += &format!("{} could not be read\n", words::plural(number, what));
        }
    }
    if !is_trial && imported.new_files > 0 {
        text += "`tacho cost` shows what it came to\n";
    }
    text
}

/// A line on a terminal that says how far the work is.
struct Progress {
    begun: Instant,
    shown: Cell<u64>,
    is_shown: bool,
}

impl Progress {
    fn new() -> Self {
        Self { begun: Instant::now(), shown: Cell::new(0), is_shown: stderr().is_terminal() }
    }

    fn show(&self, done: u64, all: u64) {
        let percent = done * 100 / all.max(1);
        if self.is_shown && self.begun.elapsed() > QUICK && percent > self.shown.replace(percent) {
            // Nobody is there to be told that standard error is closed.
            let _ = write!(stderr(), "\r{percent:3} % of {}", words::bytes(all));
        }
    }

    fn clear(&self) {
        if self.shown.get() > 0 && self.is_shown {
            note("\r\x1b[K");
        }
    }
}
