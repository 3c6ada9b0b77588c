//! `tacho alerts`: what somebody should know of is said, and nothing else.

use crate::fixture::{self, Fixture, HookCall};
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

/// A session that goes on, in which these calls were made, one a second: each by its command and whether it failed.
fn calling(calls: &[(&str, bool)]) -> Fixture {
    let mut fixture = fixture::load("bash_fails").ago(60);
    fixture.transcripts.clear();
    fixture.hooks.truncate(4);
    let failing = fixture.hooks.split_off(2);
    for (number, (command, fails)) in (0..).zip(calls) {
        for HookCall { t_ns, payload } in &failing {
            let mut payload: Json = serde_json::from_str(payload).unwrap();
            payload["tool_use_id"] = format!("toolu_{number}").into();
            payload["tool_input"]["command"] = (*command).into();
            if !fails && payload["hook_event_name"] == "PostToolUseFailure" {
                payload["hook_event_name"] = "PostToolUse".into();
                payload["tool_response"] = serde_json::json!({});
                payload.as_object_mut().unwrap().remove("error");
            }
            let t_ns = t_ns + number * 1_000_000_000;
            fixture.hooks.push(HookCall { t_ns, payload: payload.to_string() });
        }
    }
    fixture
}

/// The names of what fires.
fn fired(home: &Home) -> Vec<String> {
    let told: Json = serde_json::from_str(&home.run(&["alerts", "--json"]).stdout).unwrap();
    told["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| alert["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_agent_that_goes_round_in_circles() {
    const ERRORS: &str = "HighToolErrorRate";
    let (same, other) = (("make", true), ("make -k", true));
    for (calls, expected) in [
        (&[same; 4][..], &[][..]),
        (&[same; 5], &[ERRORS, "ClaudeStuckLoop"]),
        (&[other, same, same, same, same, same], &[ERRORS, "ClaudeStuckLoop"]),
        (&[same, same, other, same, same, same], &[ERRORS]),
        (&[same, same, same, same, same, ("ls", false)], &[ERRORS]),
        (&[same, same, same, same, ("make", false), same], &[ERRORS]),
    ] {
        assert_eq!(fired(&Home::with([calling(calls)])), expected, "{calls:?}");
    }
}

#[test]
fn an_audit_log_that_was_exchanged() {
    let home = Home::with([fixture::load("bash").ago(60)]);
    assert_eq!(fired(&home), [""; 0]);
    fs::write(home.state().join("audit/log/checkpoint"), "another").unwrap();
    home.record(fixture::load("subagent").ago(60));
    assert_eq!(fired(&home), ["AuditChainBroken"]);
    let is_aside = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("damaged-");
    let found = fs::read_dir(home.state().join("audit")).unwrap().map(|entry| entry.unwrap().file_name());
    let aside = found.into_iter().find(is_aside).unwrap();
    fs::rename(home.state().join("audit").join(aside), home.path().join("kept")).unwrap();
    assert_eq!(fired(&home), [""; 0]);
}

#[test]
fn decisions_that_cannot_be_sealed() {
    let home = Home::new();
    fs::create_dir_all(home.state()).unwrap();
    fs::set_permissions(home.state(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(home.state().join("audit"), "in the way").unwrap();
    home.record(fixture::load("bash").ago(60));
    assert_eq!(fired(&home), [""; 0], "it may pass");
    let marker = home.state().join("unsealed");
    let since: u64 = fs::read_to_string(&marker).unwrap().parse().unwrap();
    fs::write(&marker, (since - 700 * 1_000_000_000).to_string()).unwrap();
    assert_eq!(fired(&home), ["AuditNotSealing"]);
    fs::remove_file(home.state().join("audit")).unwrap();
    assert_eq!((fired(&home), marker.exists()), (Vec::new(), false));
}

#[test]
fn a_budget_of_nothing_is_refused() {
    let ran = Home::new().run(&["alerts", "--budget", "0"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stderr, "error: --budget is more than 0 dollars, such as 250\n");
}
