//! `e2e`: the built plugin in the real CLI on a scripted API, and all that it records held against what was served.
//!
//! Each run has a folder, a home and a state directory of its own, so that runs do not disturb each other. Nothing may
//! leave loopback, and no process may stay behind. This file reads the arguments and prints; `run` does one run.

mod accounts;
mod audit;
mod differences;
mod install;
mod killer;
mod overnight;
mod plan;
mod propagation;
mod run;
mod stage;

use std::fmt::Write;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use tacho_testkit::scenario::Way;

pub(crate) use plan::{Kept, Plan, PlayedRun};

/// How far the starts of calls may lie from what the API saw, in the median over all runs.
const START_GAP_MS_MAX: f64 = 60.0;

const USAGE: &str =
    "usage: cargo xtask e2e [--scenario NAME]... [--way NAME]... [--runs N] [--jobs N] [--kill-drainer]";

/// Runs the scenarios and fails when one of the runs did.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let plan = parse(arguments)?;
    let begun = Instant::now();
    let played = plan.play(&|run| println!("{}", report(run)))?;
    let failed = played.iter().filter(|run| !run.outcome.differences.is_empty()).count();
    println!("{} passed, {failed} failed in {:.0} s", played.len() - failed, begun.elapsed().as_secs_f64());
    let gaps_ns = played.iter().flat_map(|run| run.outcome.start_gaps_ns.iter().copied()).collect();
    let gap_ms = median(gaps_ns) as f64 / 1e6;
    println!("calls start {gap_ms:.1} ms from what the API saw, in the median");
    ensure!(failed == 0, "{failed} of {} runs failed", played.len());
    ensure!(gap_ms <= START_GAP_MS_MAX, "calls start too far from what the API saw");
    Ok(())
}

/// The middle one of the values; 0 where there are none.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

/// What to tell people of a run: a line, and what was wrong.
pub(crate) fn report(run: &PlayedRun) -> String {
    let PlayedRun { name, way, number, seconds, outcome, folder } = run;
    let mark = if outcome.differences.is_empty() { "ok  " } else { "FAIL" };
    let mut report =
        format!("{mark}  {name:<30} {:<8} run {number}  {seconds:4.1} s  {}", way.name(), outcome.counts());
    let kept = folder.iter().map(|folder| format!("kept: {}", folder.display()));
    for line in outcome.differences.iter().cloned().chain(kept) {
        // Writing to a text cannot fail.
        let _ = write!(report, "\n      {line}");
    }
    report
}

fn parse(arguments: &[String]) -> Result<Plan> {
    let mut plan = Plan::everything();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--scenario" => plan.scenarios.push(words.next().context(USAGE)?.clone()),
            "--way" => plan.ways.push(words.next().and_then(|name| Way::named(name)).context(USAGE)?),
            "--runs" => plan.runs = words.next().context(USAGE)?.parse().context(USAGE)?,
            "--jobs" => plan.jobs = words.next().context(USAGE)?.parse().context(USAGE)?,
            "--kill-drainer" => plan.kill_drainer = true,
            _ => bail!("`{word}` is not known; {USAGE}"),
        }
    }
    ensure!(plan.runs > 0 && plan.jobs > 0, "no run was asked for; {USAGE}");
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<Plan> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words).ok()
    }

    #[test]
    fn reads_the_arguments() {
        let plan = |scenarios: &[&str], ways: &[Way], runs, jobs, kill_drainer| {
            let scenarios = scenarios.iter().map(|name| (*name).to_owned()).collect();
            Some(Plan { scenarios, ways: ways.to_vec(), runs, jobs, kill_drainer, kept: Kept::Failed })
        };
        let table = [
            ("", plan(&[], &[], 1, 2, false)),
            ("--runs 10 --jobs 3 --kill-drainer", plan(&[], &[], 10, 3, true)),
            ("--scenario bash --scenario simple", plan(&["bash", "simple"], &[], 1, 2, false)),
            ("--way mod", plan(&[], &[Way::Mod], 1, 2, false)),
            ("--way other", None),
            ("--jobs 0", None),
            ("--runs", None),
            ("--runs x", None),
            ("--runs 0", None),
            ("--scenario", None),
            ("bash", None),
        ];
        for (line, expected) in table {
            assert_eq!(parsed(line), expected, "{line}");
        }
    }
}
