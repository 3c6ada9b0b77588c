//! `e2e`: the built plugin in the real CLI on a scripted API, and all that it records held against what was served.
//!
//! Each run has a folder, a home and a state directory of its own, so that runs do not disturb each other. Nothing may
//! leave loopback, and no process may stay behind. This file reads the arguments and prints; `run` does one run.

mod differences;
mod install;
mod killer;
mod run;
mod stage;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use tacho_testkit::claude::{VERSIONS, Version};
use tacho_testkit::scenario::{Scenario, files_in, name_of};

use crate::workspace::Workspace;
use install::Plugins;
use run::{Bench, Outcome, Protocol, version_of};

/// How far the starts of calls may lie from what the API saw, in the median over all runs.
const START_GAP_MS_MAX: f64 = 60.0;

const USAGE: &str = "usage: cargo xtask e2e [--scenario NAME]... [--runs N] [--jobs N] [--kill-drainer]";

#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// Names of scenarios; none means all.
    scenarios: Vec<String>,
    runs: u32,
    /// How many runs are played at the same time.
    jobs: usize,
    kill_drainer: bool,
}

/// Runs the scenarios and fails when one of the runs did.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let workspace = Workspace::load()?;
    let fixtures = workspace.root.join("fixtures/e2e");
    let mut scenarios = chosen(&fixtures, &options.scenarios)?;
    if options.kill_drainer {
        // What options name is known to the drainer that a hook started, and to nobody when that one is killed.
        scenarios.retain(|path| Scenario::load(path, &[]).is_ok_and(|scenario| scenario.options.is_empty()));
    }
    let folder = workspace.target_dir.join("e2e");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let plugins = Plugins::assemble(&workspace, &folder, &versions_of(&scenarios)?)?;
    let bench = Bench { fixtures, plugins, kill_drainer: options.kill_drainer };
    // All scenarios once before any of them again: what is broken shows early.
    let planned = (1..=options.runs).flat_map(|number| scenarios.iter().map(move |path| (path, number)));
    let planned: Vec<_> = planned.collect();
    let begun = Instant::now();
    let Tally { failed, start_gaps_ns } = play_all(&bench, &planned, &folder, &options)?;
    let (passed, seconds) = (planned.len() - failed, begun.elapsed().as_secs_f64());
    println!("{passed} passed, {failed} failed in {seconds:.0} s");
    let gap_ms = median(start_gaps_ns) as f64 / 1e6;
    println!("calls start {gap_ms:.1} ms from what the API saw, in the median");
    ensure!(failed == 0, "{failed} of {} runs failed", planned.len());
    ensure!(gap_ms <= START_GAP_MS_MAX, "calls start too far from what the API saw");
    Ok(())
}

/// What came of all runs.
#[derive(Default)]
struct Tally {
    failed: usize,
    start_gaps_ns: Vec<u64>,
}

/// Plays all planned runs, several at a time.
fn play_all(bench: &Bench, planned: &[(&PathBuf, u32)], folder: &Path, options: &Options) -> Result<Tally> {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    let work = || -> Result<()> {
        while let Some((scenario, number)) = planned.get(next.fetch_add(1, Ordering::SeqCst)) {
            let played = run_once(bench, scenario, folder, *number)?;
            let mut tally = tally.lock().map_err(|_| anyhow!("another run panicked"))?;
            tally.failed += usize::from(!played.passed);
            tally.start_gaps_ns.extend(played.start_gaps_ns);
            println!("{}", played.report);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| worker.join().map_err(|_| anyhow!("a run panicked"))?);
        ended.collect::<Result<Vec<()>>>()
    })?;
    tally.into_inner().map_err(|_| anyhow!("a run panicked"))
}

/// The middle one of the values; 0 where there are none.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

/// A run that is over.
struct PlayedRun {
    passed: bool,
    /// What to tell people: a line, and what was wrong.
    report: String,
    start_gaps_ns: Vec<u64>,
}

/// Plays one run, and keeps its folder if it failed.
fn run_once(bench: &Bench, scenario: &Path, folder: &Path, number: u32) -> Result<PlayedRun> {
    let name = name_of(scenario)?;
    let run_folder = tempfile::Builder::new()
        .prefix(&format!("{name}-{number}-"))
        .tempdir_in(folder)
        .with_context(|| format!("cannot create a folder in {}", folder.display()))?;
    let protocol = if number % 2 == 1 { Protocol::Protobuf } else { Protocol::Json };
    let begun = Instant::now();
    let outcome = bench.play(scenario, run_folder.path(), protocol).unwrap_or_else(Outcome::of_error);
    let seconds = begun.elapsed().as_secs_f64();
    let (passed, start_gaps_ns) = (outcome.differences.is_empty(), outcome.start_gaps_ns.clone());
    let mark = if passed { "ok  " } else { "FAIL" };
    let mut report = format!("{mark}  {name:<24} run {number}  {seconds:4.1} s  {}", outcome.counts());
    if passed {
        run_folder.close().with_context(|| format!("cannot remove the folder of {name} run {number}"))?;
        return Ok(PlayedRun { passed, report, start_gaps_ns });
    }
    for difference in &outcome.differences {
        write!(report, "\n      {difference}")?;
    }
    write!(report, "\n      kept: {}", run_folder.keep().display())?;
    Ok(PlayedRun { passed, report, start_gaps_ns })
}

/// The versions of the CLI that the scenarios need.
fn versions_of(scenarios: &[PathBuf]) -> Result<Vec<&'static Version>> {
    let needed = scenarios.iter().map(|path| version_of(&Scenario::load(path, &[])?));
    let needed = needed.collect::<Result<Vec<_>>>()?;
    Ok(VERSIONS.into_iter().filter(|version| needed.contains(version)).collect())
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
        let mut options = Self { scenarios: Vec::new(), runs: 1, jobs: 2, kill_drainer: false };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--scenario" => options.scenarios.push(words.next().context(USAGE)?.clone()),
                "--runs" => options.runs = words.next().context(USAGE)?.parse().context(USAGE)?,
                "--jobs" => options.jobs = words.next().context(USAGE)?.parse().context(USAGE)?,
                "--kill-drainer" => options.kill_drainer = true,
                _ => bail!("`{word}` is not known; {USAGE}"),
            }
        }
        ensure!(options.runs > 0 && options.jobs > 0, "no run was asked for; {USAGE}");
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
        let options = |scenarios: &[&str], runs, jobs, kill_drainer| {
            let scenarios = scenarios.iter().map(|name| (*name).to_owned()).collect();
            Some(Options { scenarios, runs, jobs, kill_drainer })
        };
        let table = [
            ("", options(&[], 1, 2, false)),
            ("--runs 10 --jobs 3 --kill-drainer", options(&[], 10, 3, true)),
            ("--scenario bash --scenario simple", options(&["bash", "simple"], 1, 2, false)),
            ("--jobs 0", None),
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
