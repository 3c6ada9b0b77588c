//! `tacho completions SHELL`: a script that completes commands and options.

use crate::cli::Arguments;
use crate::terminal::print;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Prints the script.
pub(super) fn run(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tacho", &mut script);
    print(&String::from_utf8_lossy(&script));
}
