//! `tacho alerts`: what somebody should know of is said, and nothing else.

use crate::fixture;
use crate::home::Home;
use serde_json::Value as Json;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn nothing_fires_where_nothing_is_wrong() {
    let home = Home::with([fixture::load("subagent").ago(60)]);
    let ran = home.run(&["alerts"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
    assert_eq!(ran.stderr, "nothing that somebody should know of\n");
    assert_eq!(home.stdout_of(&["alerts", "--json"]), "{\"schema_version\":1,\"alerts\":[]}\n");
}

#[test]
fn what_fires_is_said_and_ends_with_3() {
    let home = Home::with([fixture::load("subagent").ago(60)]);
    let ran = home.run(&["alerts", "--budget", "0.05"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), "error: 2 alerts fire\n"));
    let told: Json =
        serde_json::from_str(&home.run(&["alerts", "--budget", "0.05", "--json"]).stdout).unwrap();
    let names: Vec<&str> =
        told["alerts"].as_array().unwrap().iter().map(|alert| alert["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ClaudeCostBudgetBurnFast", "ClaudeCostBudgetBurnSlow"]);
}

/// What was over before the times that a condition asks about is not so now.
#[test]
fn what_is_over_does_not_fire() {
    let home = Home::with([fixture::load("subagent").ago(7 * 3600)]);
    assert_eq!(home.run(&["alerts", "--budget", "0.05"]).code, Some(0));
}

#[test]
fn a_watch_says_what_begins() {
    let home = Home::new();
    let (notify, told) = (home.path().join("notify"), home.path().join("told"));
    fs::write(&notify, format!("#!/bin/sh\necho \"$1\" >> {}\n", told.display())).unwrap();
    fs::set_permissions(&notify, fs::Permissions::from_mode(0o700)).unwrap();
    home.record(fixture::load("subagent").ago(60));
    let arguments = ["alerts", "--budget", "0.05", "--watch", "--notify", notify.to_str().unwrap()];
    let mut watching = home.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let [first, second] = [lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap()];
    assert!(first.starts_with("begins    critical  ClaudeCostBudgetBurnFast"), "{first}");
    assert!(second.starts_with("begins    warning   ClaudeCostBudgetBurnSlow"), "{second}");
    let until = Instant::now() + PATIENCE;
    while fs::read_to_string(&told).unwrap_or_default().lines().count() < 2 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    watching.kill().unwrap();
    watching.wait().unwrap();
    let mut told: Vec<String> = fs::read_to_string(&told).unwrap().lines().map(str::to_owned).collect();
    told.sort();
    let starts = ["ClaudeCostBudgetBurnFast: $", "ClaudeCostBudgetBurnSlow: $"];
    assert_eq!(told.len(), 2);
    assert!(told.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{told:?}");
}

#[test]
fn a_budget_of_nothing_is_refused() {
    let ran = Home::new().run(&["alerts", "--budget", "0"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stderr, "error: --budget is more than 0 dollars, such as 250\n");
}
