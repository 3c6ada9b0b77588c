//! `bench`: figures that the documentation quotes, measured here and now, with the bars they must stay under.

mod agent;
mod audit;
mod backlog;
mod baseline;
mod drain;
mod export;
mod hook;
mod import;
mod programs;
mod quartiles;
mod report;
mod silence;
mod statusline;
mod trace;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::{self, Workspace};

const PAGE: &str = "docs/benchmarks.md";
const USAGE: &str = "usage: cargo xtask bench hook|drain|export|agent|import|statusline|audit [--write] [--events N] [--rounds N] [--megabytes N] [--program PATH]";
/// A backlog of so many events, an audit log of so many entries, or so many spans.
const EVENTS: usize = 1_000_000;
/// Transcripts of so much.
const MEGABYTES: u64 = 1_000;
/// Rounds of sessions, a multiple of the orders in which they take turns.
const ROUNDS: usize = 12;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// Whether the page is written, and not only the terminal.
    write: bool,
    events: usize,
    rounds: usize,
    megabytes: u64,
    /// Another build of `tacho`, such as one that can be profiled.
    program: Option<PathBuf>,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (what, rest) = words.split_first().context(USAGE)?;
    // What `drain` takes for baselines.
    if let ("baseline", [state, folder, bodies]) = (*what, rest) {
        let taken = baseline::run(Path::new(state), Path::new(folder), Path::new(bodies))?;
        println!("{} {}", taken.own.as_micros(), taken.floor.as_micros());
        return Ok(());
    }
    // One of the exporters that `export` measures.
    if let ("send", words) = (*what, rest) {
        return export::send(words);
    }
    let options = Options::parse(rest)?;
    if matches!(*what, "drain" | "export") && cfg!(debug_assertions) {
        return optimised(arguments);
    }
    let workspace = Workspace::load()?;
    let text = match *what {
        "hook" => report::hook(&hook::measure(&workspace)?),
        "drain" => report::drain(&drain::measure(&workspace, options.events, options.program.as_deref())?),
        "export" => report::export(&export::measure(options.events)?),
        "import" => {
            let bytes = options.megabytes * 1_000_000;
            report::import(&import::measure(&workspace, bytes, options.program.as_deref())?)
        }
        "agent" => report::agent(&agent::measure(&workspace, options.rounds)?),
        "audit" => report::audit(&audit::measure(&workspace, options.events, options.program.as_deref())?),
        "statusline" => report::statusline(&statusline::measure(&workspace, options.program.as_deref())?),
        _ => bail!(USAGE),
    };
    println!("{text}");
    if options.write {
        let path = workspace.root.join(PAGE);
        workspace::write(&path, report::splice(&workspace::read(&path)?, what, &text)?)?;
        println!("wrote {PAGE}");
    }
    Ok(())
}

/// The same measurement in an optimised build of this program, where what is compared runs in it.
fn optimised(arguments: &[String]) -> Result<()> {
    let mut command = workspace::cargo();
    command.args(["run", "--release", "--package", "xtask", "--", "bench"]);
    workspace::run(command.args(arguments))
}

impl Options {
    fn parse(words: &[&str]) -> Result<Self> {
        let mut options =
            Self { write: false, events: EVENTS, rounds: ROUNDS, megabytes: MEGABYTES, program: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--write" => options.write = true,
                "--events" => options.events = words.next().context(USAGE)?.parse().context(USAGE)?,
                "--rounds" => options.rounds = words.next().context(USAGE)?.parse().context(USAGE)?,
                "--megabytes" => options.megabytes = words.next().context(USAGE)?.parse().context(USAGE)?,
                "--program" => options.program = Some(PathBuf::from(words.next().context(USAGE)?)),
                _ => bail!("`{word}` is not known; {USAGE}"),
            }
        }
        ensure!(options.events > 0 && options.rounds > 0, "nothing was asked for; {USAGE}");
        Ok(options)
    }
}
