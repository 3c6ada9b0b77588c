//! ClickHouse, in a Python process: what the recorder wrote into files becomes rows as the collector's exporter writes them,
//! and the questions of `deploy/clickhouse` are asked of them.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::answer;
use super::recording::Recording;
use super::{Bench, Finding, Signal, install};
use crate::workspace;

const VERSION: &str = "4.4.0";
const FILL_AND_ASK: &str = include_str!("clickhouse.py");

/// Questions that nothing in the recorded sessions answers: no span of theirs is corrected.
const MAY_BE_EMPTY: &[&str] = &["corrected"];

pub(super) fn questions(bench: &Bench) -> Result<Vec<Finding>> {
    let installed = install::python(&bench.workspace, "chdb", VERSION)?;
    let folder = tempfile::tempdir()?;
    let written = folder.path().join("written");
    let recording = Recording::sent_to(bench, &format!("kind = \"file\"\npath = {:?}", written.display()))?;
    let script = folder.path().join("clickhouse.py");
    workspace::write(&script, FILL_AND_ASK)?;
    let sql = bench.workspace.root.join("deploy/clickhouse");
    let mut command = Command::new(installed.join("bin/python3"));
    let text = workspace::output(command.arg(script).arg(&written).arg(sql).env("TZ", "UTC"))?;
    let answers: Value = serde_json::from_str(&text).context("cannot read the answers")?;
    compare(&answers, &recording)
}

fn compare(answers: &Value, recording: &Recording) -> Result<Vec<Finding>> {
    let questions = answers.as_object().context("no answers")?;
    for (name, rows) in questions {
        let is_answered = rows.as_array().is_none_or(|rows| !rows.is_empty());
        ensure!(is_answered || MAY_BE_EMPTY.contains(&name.as_str()), "{name} has no answer");
    }
    let of_teams = answer::list(answers, "/spend_by_team").iter();
    let months =
        of_teams.flat_map(|team| ["/nanos_this_month", "/nanos_last_month"].map(|month| team.pointer(month)));
    let nanos: i64 = months.flatten().filter_map(Value::as_i64).sum();
    let expected = recording.cost_nanos()?;
    ensure!(nanos == expected, "teams spent {nanos} billionths, should be {expected}");
    let counted = answer::list(answers, "/cost_by_counters").iter();
    let counted: f64 = counted.filter_map(|row| answer::number(row, "/usd")).sum();
    ensure!(
        (counted * 1e9 - expected as f64).abs() < 1e3,
        "counters rose by ${counted}, should be {expected}"
    );
    let silent: Vec<&str> =
        answer::list(answers, "/who_is_not_sending").iter().map(|row| answer::text(row, "/person")).collect();
    ensure!(silent == ["Grace Hopper"], "{silent:?} are not sending");
    let asked = questions.len() - 1;
    Ok(vec![Finding::same(Signal::Queries, asked, "questions"), Finding::cost(nanos)])
}
