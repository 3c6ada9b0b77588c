//! One file a command; each gets its arguments and prints.

mod demo;
mod drain;
mod rebuild;
mod sessions;
mod show;
mod status;
mod summary;
mod table;
mod tree;
mod words;

use crate::cli::{Arguments, Command};
use crate::config::Config;
use crate::drain::Drainer;
use crate::failure::Failure;
use crate::place;
use tacho_spool::lock::DrainLock;
use tacho_spool::state::State;

/// Runs the command; without one, the summary.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let output = arguments.output;
    match &arguments.command {
        None => summary::run(output),
        Some(Command::Sessions { limit }) => sessions::run(output, *limit),
        Some(Command::Show { session }) => show::run(output, session),
        Some(Command::Status) => status::run(output),
        Some(Command::Drain(drain)) => drain::run(output, drain),
        Some(Command::Rebuild) => rebuild::run(output),
        Some(Command::Demo) => demo::run(output),
    }
}

/// Opens the state for a command that reads, with what the spool holds taken in if nobody else does that.
///
/// Nothing is sent: what settles here is put in line by the next drainer that knows destinations.
fn open_current_state() -> Result<State, Failure> {
    let state = place::open_state(None)?;
    if let Ok(Some(lock)) = DrainLock::try_acquire(&state) {
        let own = State::open(state.path())?;
        Drainer::open(own, lock, Config::local_only())?.refresh()?;
    }
    Ok(state)
}
