//! The command line's grammar. What a command does is in `commands/`.

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// The sealed recorder for coding agents.
///
/// A plugin's hook writes down what the agent does; tacho understands it, shows it and sends it on. Without a
/// command it prints one screen: what happened lately and whether anything is wrong. Everything stays on this
/// machine until you name a destination.
#[derive(Debug, Parser)]
#[command(name = "tacho", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// How to print.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Output {
    /// Print JSON with a schema_version instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the sessions that were recorded, the latest first.
    Sessions {
        /// At most this many.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show a session as a tree: turns, model calls, the tools they decided on, subagents.
    Show {
        /// The session's id or the beginning of it; `last` is the latest session.
        session: String,
    },
    /// Show whether recording and sending work: drainer, spool, destinations, losses.
    Status,
    /// Take the spool in and send what has settled.
    ///
    /// Hooks start this by themselves. Run it by hand with --once to see everything delivered before you go on, as
    /// at the end of a CI job. Exits 0 if nothing is left undelivered.
    Drain(Drain),
    /// Make sessions and spans anew from what was observed.
    ///
    /// Nothing is sent twice and nothing observed is lost.
    Rebuild,
    /// Play a bundled real session through the real hook into a temporary place and show what comes of it.
    Demo,
    /// Print a completion script for a shell.
    ///
    /// For bash: tacho completions bash > ~/.local/share/bash-completion/completions/tacho
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Drain {
    /// Settle and send all that can be, then exit; asks a running drainer to do it.
    #[arg(long)]
    pub(crate) once: bool,
    /// Give up after so many seconds; what is left stays in the store.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "once")]
    pub(crate) timeout: u64,
    /// Stay without a terminal, as a hook starts it.
    #[arg(long, hide = true, conflicts_with = "once")]
    pub(crate) background: bool,
    /// Ask a running drainer to make way.
    #[arg(long, hide = true)]
    pub(crate) take_over: bool,
    /// The state directory, where it is not the usual one.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}
