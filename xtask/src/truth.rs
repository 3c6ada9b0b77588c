//! `truth`: the runs of `e2e` as a table, which says for each scenario what was served, what was recorded, and why the two
//! are not the same where they are not.
//!
//! It plays nothing of its own: `e2e` has the one harness and the one comparison. A way of recording is a line below the
//! scenario, so that one more way is one more line.

mod table;

use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tacho_testkit::claude::CURRENT;

use crate::e2e::{Kept, Plan, PlayedRun, report};

const USAGE: &str = "usage: cargo xtask truth [--scenario NAME]... [--json] [--keep] [--jobs N]";

#[derive(Debug, PartialEq, Eq)]
struct Options {
    plan: Plan,
    json: bool,
}

/// Plays the scenarios, prints the table, and fails where a difference has no reason or a reason no difference.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let Options { plan, json } = Options::parse(arguments)?;
    let begun = Instant::now();
    let mut played = plan.play(&|run| eprintln!("{}", report(run)))?;
    played.sort_by(|left, right| left.name.cmp(&right.name));
    if json {
        println!("{}", serde_json::to_string_pretty(&as_json(&played))?);
    } else {
        print!("{}", table::text(&played));
        println!(
            "\nCLI {}, {} scenarios in {:.0} s",
            CURRENT.name,
            played.len(),
            begun.elapsed().as_secs_f64()
        );
    }
    let wrong = played.iter().filter(|run| !run.outcome.differences.is_empty()).count();
    ensure!(wrong == 0, "{wrong} of {} scenarios differ without a reason", played.len());
    Ok(())
}

fn as_json(played: &[PlayedRun]) -> Value {
    let scenarios = played.iter().map(|run| {
        let ways: Vec<_> = run.outcome.comparison.iter().collect();
        json!({ "scenario": run.name, "ways": ways, "unexplained": run.outcome.differences })
    });
    json!({ "schema_version": 1, "cli": CURRENT.name, "scenarios": scenarios.collect::<Vec<_>>() })
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let plan = Plan { scenarios: Vec::new(), runs: 1, jobs: 2, kill_drainer: false, kept: Kept::Failed };
        let mut options = Self { plan, json: false };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--scenario" => options.plan.scenarios.push(words.next().context(USAGE)?.clone()),
                "--jobs" => options.plan.jobs = words.next().context(USAGE)?.parse().context(USAGE)?,
                "--keep" => options.plan.kept = Kept::All,
                "--json" => options.json = true,
                _ => bail!("`{word}` is not known; {USAGE}"),
            }
        }
        ensure!(options.plan.jobs > 0, "no run was asked for; {USAGE}");
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_arguments() {
        let options = |scenarios: &[&str], jobs, kept, json| {
            let scenarios = scenarios.iter().map(|name| (*name).to_owned()).collect();
            Some(Options { plan: Plan { scenarios, runs: 1, jobs, kill_drainer: false, kept }, json })
        };
        let table = [
            ("", options(&[], 2, Kept::Failed, false)),
            ("--json --keep --jobs 1", options(&[], 1, Kept::All, true)),
            ("--scenario bash --scenario simple", options(&["bash", "simple"], 2, Kept::Failed, false)),
            ("--jobs 0", None),
            ("--scenario", None),
            ("bash", None),
        ];
        for (line, expected) in table {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(Options::parse(&words).ok(), expected, "{line}");
        }
    }
}
