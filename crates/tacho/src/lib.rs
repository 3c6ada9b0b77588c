//! Tachograph's command line and drainer: the one place that puts the crates together.
//!
//! Configuration, environment, clock and process live here; everything it calls gets them as parameters.

mod archive;
mod audit;
mod cli;
mod commands;
mod config;
mod drain;
mod failure;
mod foreign_file;
mod import;
mod json_text;
mod keys;
#[cfg(all(target_arch = "x86_64", any(test, all(target_env = "musl", not(debug_assertions)))))]
mod memory;
mod metrics;
mod notice;
mod place;
mod prices;
mod project;
mod propagation;
mod receiver;
mod record;
mod report;
mod shared_account;
mod spool_size;
mod spool_watch;
mod terminal;
mod vcs;

use clap::Parser as _;
use rustix::fs::Mode;
use std::process::ExitCode;

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    // Whatever is made from here on is its owner's alone.
    let umask = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let mut arguments = cli::Arguments::parse();
    if let Some(cli::Command::Statusline(wanted)) = &arguments.command {
        return commands::statusline::run(wanted, umask);
    }
    if let Some(home) = arguments.account_home.take() {
        config::owner::take_home(home);
    }
    match commands::run(&arguments).and_then(|()| terminal::all_written()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::note(&failure.render());
            failure.exit_code()
        }
    }
}
