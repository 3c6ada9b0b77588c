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
use tacho_testkit::scenario::Way;

use crate::e2e::{Kept, Plan, PlayedRun, report};

const USAGE: &str =
    "usage: cargo xtask truth [--scenario NAME]... [--way NAME]... [--json] [--keep] [--jobs N]";

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
    played.sort_by(|left, right| (&left.name, left.way).cmp(&(&right.name, right.way)));
    if json {
        println!("{}", serde_json::to_string_pretty(&as_json(&played))?);
    } else {
        print!("{}", table::text(&played));
        println!(
            "\nCLI {}, {} scenarios, {} runs in {:.0} s",
            CURRENT.name,
            played.chunk_by(|left, right| left.name == right.name).count(),
            played.len(),
            begun.elapsed().as_secs_f64()
        );
    }
    let wrong = played.iter().filter(|run| !run.outcome.differences.is_empty()).count();
    ensure!(wrong == 0, "{wrong} of {} runs differ without a reason", played.len());
    Ok(())
}

fn as_json(played: &[PlayedRun]) -> Value {
    let scenarios = played.chunk_by(|left, right| left.name == right.name).map(|runs| {
        let name = runs.first().map(|run| &run.name);
        let ways: Vec<_> = runs.iter().filter_map(|run| run.outcome.comparison.as_ref()).collect();
        let unexplained = runs.iter().flat_map(|run| {
            run.outcome.differences.iter().map(|difference| format!("{}: {difference}", run.way.name()))
        });
        json!({ "scenario": name, "ways": ways, "unexplained": unexplained.collect::<Vec<_>>() })
    });
    json!({ "schema_version": 1, "cli": CURRENT.name, "scenarios": scenarios.collect::<Vec<_>>() })
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { plan: Plan::everything(), json: false };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--scenario" => options.plan.scenarios.push(words.next().context(USAGE)?.clone()),
                "--way" => {
                    options.plan.ways.push(words.next().and_then(|name| Way::named(name)).context(USAGE)?);
                }
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
            let ways = Vec::new();
            Some(Options { plan: Plan { scenarios, ways, runs: 1, jobs, kill_drainer: false, kept }, json })
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
