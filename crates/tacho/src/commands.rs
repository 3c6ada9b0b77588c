//! One file a command; each gets its arguments and prints.

mod agent_side;
mod alerts;
mod audit;
mod completions;
mod config;
mod cost;
mod coverage;
mod demo;
mod doctor;
mod drain;
mod here;
mod import;
mod install;
pub(crate) mod limits;
mod native;
mod presets;
mod prices;
mod rebuild;
mod serve;
mod sessions;
mod show;
mod status;
pub(crate) mod statusline;
mod steps;
mod summary;
mod table;
mod tail;
mod test_destination;
mod tree;
mod trust;
mod uninstall;
mod words;

use crate::cli::{Arguments, Command, DestinationsAction};
use crate::drain::{Drainer, set_damaged_store_aside};
use crate::failure::Failure;
use crate::place;
use crate::terminal::note;
use tacho_spool::lock::DrainLock;
use tacho_spool::state::State;

/// Runs the command; a store that turns out to be damaged is made anew first.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match run_command(arguments) {
        Err(failure) if failure.is_store_damage() => {
            heal(arguments, failure)?;
            run_command(arguments)
        }
        other => other,
    }
}

fn heal(arguments: &Arguments, damage: Failure) -> Result<(), Failure> {
    let given = match &arguments.command {
        Some(Command::Drain(drain)) => drain.state.as_deref(),
        _ => None,
    };
    let state = place::open_state(given)?;
    // A running drainer meets the damage too, and heals it.
    let Some(lock) = DrainLock::try_acquire(&state)? else { return Err(damage) };
    let aside = set_damaged_store_aside(&state)?;
    note(&format!("note: the store was damaged; it is kept as {} and made again", aside.display()));
    Drainer::open_silent(state, lock)?.refresh()
}

/// Without a command, the summary.
fn run_command(arguments: &Arguments) -> Result<(), Failure> {
    let output = arguments.output;
    match &arguments.command {
        None => summary::run(output),
        Some(Command::Install(wanted)) => install::run(output, wanted),
        Some(Command::Uninstall(wanted)) => uninstall::run(output, wanted),
        Some(Command::Sessions { limit }) => sessions::run(output, *limit),
        Some(Command::Show { session, sources }) => show::run(output, session, *sources),
        Some(Command::Import(wanted)) => import::run(output, wanted),
        Some(Command::Cost(wanted)) => cost::run(output, wanted),
        Some(Command::Alerts(wanted)) => alerts::run(output, wanted),
        Some(Command::Coverage { session }) => coverage::run(output, session.as_deref()),
        Some(Command::Tail(wanted)) => tail::run(output, wanted),
        // It has come and gone before: see `statusline::run`.
        Some(Command::Statusline(_)) => Ok(()),
        Some(Command::Status) => status::run(output),
        Some(Command::Doctor { probe }) => doctor::run(output, *probe),
        Some(Command::Drain(drain)) => drain::run(output, drain),
        Some(Command::Serve(wanted)) => serve::run(output, wanted),
        Some(Command::Config(action)) => config::run(output, action),
        Some(Command::Destinations(DestinationsAction::Presets)) => presets::run(output),
        Some(Command::TestDestination { name }) => test_destination::run(output, name),
        Some(Command::Trust(arguments)) => trust::run(output, arguments),
        Some(Command::Prices(action)) => prices::run(output, action),
        Some(Command::Audit(action)) => audit::run(output, action),
        Some(Command::Rebuild) => rebuild::run(output),
        Some(Command::Demo) => demo::run(output),
        Some(Command::Completions { shell }) => {
            completions::run(*shell);
            Ok(())
        }
    }
}

/// Opens the state for a command that reads, with what the spool holds taken in if nobody else does that.
///
/// Nothing is sent: what settles here is put in line by the next drainer that knows destinations.
fn open_current_state() -> Result<State, Failure> {
    let state = place::open_state_meant()?;
    if let Ok(Some(lock)) = DrainLock::try_acquire(&state) {
        let own = State::open(state.path())?;
        Drainer::open_silent(own, lock)?.refresh()?;
    }
    Ok(state)
}
