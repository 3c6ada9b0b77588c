//! `e2e`: the built plugin in the real CLI on a scripted API, and all that it records held against what was served.
//!
//! Scenarios run one after the other, each in a folder, a home and a state directory of its own. Nothing may leave
//! loopback, and no process may stay behind. This file reads the arguments and prints; `run` does one run.

mod killer;
mod run;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use tacho_testkit::claude;
use tacho_testkit::scenario::{files_in, name_of};

use crate::plugin;
use crate::workspace::Workspace;
use run::{Bench, Outcome, Protocol};

/// The version of the CLI that the plugin is tested with.
const CLI_VERSION: &str = "2.1.330";

const USAGE: &str = "usage: cargo xtask e2e [--scenario NAME]... [--runs N] [--kill-drainer]";

#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// Names of scenarios; none means all.
    scenarios: Vec<String>,
    runs: u32,
    kill_drainer: bool,
}

/// Runs the scenarios and fails when one of the runs did.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let workspace = Workspace::load()?;
    let scenarios = chosen(&workspace.root.join("fixtures/e2e"), &options.scenarios)?;
    let bench = Bench {
        claude: claude::install(&workspace.target_dir, CLI_VERSION)?,
        plugin_dir: plugin::build()?,
        kill_drainer: options.kill_drainer,
    };
    let folder = workspace.target_dir.join("e2e");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let (mut passed, mut failed) = (0, 0);
    for scenario in &scenarios {
        for number in 1..=options.runs {
            match run_once(&bench, scenario, &folder, number, options.runs)? {
                Verdict::Passed => passed += 1,
                Verdict::Failed => failed += 1,
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    ensure!(failed == 0, "{failed} of {} runs failed", passed + failed);
    Ok(())
}

enum Verdict {
    Passed,
    Failed,
}

/// Plays one run, prints its line, and keeps its folder if it failed.
fn run_once(bench: &Bench, scenario: &Path, folder: &Path, number: u32, runs: u32) -> Result<Verdict> {
    let name = name_of(scenario)?;
    let run_folder = tempfile::Builder::new()
        .prefix(&format!("{name}-{number}-"))
        .tempdir_in(folder)
        .with_context(|| format!("cannot create a folder in {}", folder.display()))?;
    let protocol = if number % 2 == 1 { Protocol::Protobuf } else { Protocol::Json };
    let begun = Instant::now();
    let outcome = bench.play(scenario, run_folder.path(), protocol).unwrap_or_else(Outcome::of_error);
    let seconds = begun.elapsed().as_secs_f64();
    let mark = if outcome.differences.is_empty() { "ok" } else { "FAIL" };
    println!("{mark}  {name}  run {number}/{runs}  {seconds:.1} s  {}", outcome.counts());
    if outcome.differences.is_empty() {
        run_folder.close().with_context(|| format!("cannot remove the folder of {name} run {number}"))?;
        return Ok(Verdict::Passed);
    }
    for difference in &outcome.differences {
        println!("      {difference}");
    }
    println!("      kept: {}", run_folder.keep().display());
    Ok(Verdict::Failed)
}

/// The scenario files with these names, or all of them.
fn chosen(folder: &Path, names: &[String]) -> Result<Vec<PathBuf>> {
    let mut files = files_in(folder)?;
    for name in names {
        let exists = files.iter().any(|file| file.file_stem().is_some_and(|stem| stem == name.as_str()));
        ensure!(exists, "no scenario is called `{name}` in {}", folder.display());
    }
    files.retain(|file| {
        names.is_empty()
            || names.iter().any(|name| file.file_stem().is_some_and(|stem| stem == name.as_str()))
    });
    Ok(files)
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { scenarios: Vec::new(), runs: 1, kill_drainer: false };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--scenario" => options.scenarios.push(words.next().context(USAGE)?.clone()),
                "--runs" => options.runs = words.next().context(USAGE)?.parse().context(USAGE)?,
                "--kill-drainer" => options.kill_drainer = true,
                _ => bail!("`{word}` is not known; {USAGE}"),
            }
        }
        ensure!(options.runs > 0, "no run was asked for; {USAGE}");
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Options> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words).ok()
    }

    #[test]
    fn reads_the_arguments() {
        let options = |scenarios: &[&str], runs, kill_drainer| {
            let scenarios = scenarios.iter().map(|name| (*name).to_owned()).collect();
            Some(Options { scenarios, runs, kill_drainer })
        };
        let table = [
            ("", options(&[], 1, false)),
            ("--runs 10 --kill-drainer", options(&[], 10, true)),
            ("--scenario bash --scenario simple", options(&["bash", "simple"], 1, false)),
            ("--runs", None),
            ("--runs x", None),
            ("--runs 0", None),
            ("--scenario", None),
            ("bash", None),
        ];
        for (line, expected) in table {
            assert_eq!(parse(line), expected, "{line}");
        }
    }
}
