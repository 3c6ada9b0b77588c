//! `tacho tail`: the last events of the spool, and those that come.

use crate::fixture;
use crate::home::Home;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Stdio};
use tacho_spool::read::{seal, segments};
use tacho_spool::state::State;

fn follow(home: &Home, arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut command = home.command(&[&["tail", "-f"], arguments].concat());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdout)
}

fn next_line(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    line
}

#[test]
fn the_last_events() {
    let home = Home::with([fixture::load("subagent")]);
    insta::assert_snapshot!(home.stdout_of(&["tail", "--lines", "12"]));
}

#[test]
fn the_events_of_a_session() {
    let home = Home::with(["bash", "denied"].map(fixture::load));
    let session = fixture::load("denied").session;
    let start = &session.as_str()[..8];
    let told = home.stdout_of(&["tail", "--lines", "1000", "--session", start]);
    assert_eq!(told.lines().count(), fixture::load("denied").hooks.len());
    assert_eq!(told.lines().filter(|line| line.contains(start)).count(), told.lines().count());
}

#[test]
fn a_session_that_nobody_told_of() {
    let home = Home::with([fixture::load("bash")]);
    let ran = home.run(&["tail", "--session", "zzz"]);
    insta::assert_snapshot!(format!("{:?}\n{}{}", ran.code, ran.stdout, ran.stderr), @r#"
    Some(1)
    error: no session of which a hook has said anything begins with "zzz"
      hint: `tacho sessions` lists them; what is older than retention.days is in the store alone
    "#);
    assert_eq!(home.stdout_of(&["tail", "-n", "0"]), "");
}

/// Line by line what the hook wrote, payload included.
#[test]
fn the_records_as_they_are() {
    let fixture = fixture::load("bash");
    let payloads: Vec<String> = fixture.hooks.iter().map(|hook| hook.payload.clone()).collect();
    let home = Home::new();
    let moved = fixture.moved_to(&home.transcripts());
    home.record(fixture::load("bash"));
    let told = home.stdout_of(&["tail", "--lines", "1000", "--json"]);
    let raw = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["raw"].to_string();
    let mut told: Vec<String> = told.lines().map(raw).collect();
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap().to_string();
    let mut expected: Vec<String> = moved.hooks.iter().map(|hook| value(&hook.payload)).collect();
    assert_eq!(expected.len(), payloads.len());
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
}

#[test]
fn an_empty_spool() {
    let ran = Home::new().run(&["tail"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.stderr, @"no hook has said anything yet; `tacho doctor` says whether hooks run");
}

/// From before the spool is there, over segments that are moved away, to a reader that has enough.
#[test]
fn what_comes_is_told_until_nobody_listens() {
    let home = Home::new();
    let (mut child, mut stdout) = follow(&home, &["--lines", "1000"]);
    home.record(fixture::load("bash"));
    let first: Vec<String> = (0..fixture::load("bash").hooks.len()).map(|_| next_line(&mut stdout)).collect();
    assert_eq!(first.concat(), home.stdout_of(&["tail", "--lines", "1000"]));

    let state = State::open(&home.state()).unwrap();
    for segment in segments(&home.state()).unwrap() {
        let size = fs::metadata(&segment).unwrap().len();
        seal(&state, &segment, size).unwrap().unwrap();
    }
    home.record(fixture::load("denied"));
    let second: Vec<String> =
        (0..fixture::load("denied").hooks.len()).map(|_| next_line(&mut stdout)).collect();
    let session = fixture::load("denied").session;
    assert_eq!(second.concat(), home.stdout_of(&["tail", "--lines", "1000", "--session", session.as_str()]));

    drop(stdout);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_torn_line_costs_itself() {
    let home = Home::with([fixture::load("bash")]);
    let whole = home.stdout_of(&["tail", "--lines", "1000"]);
    let segment = segments(&home.state()).unwrap().pop().unwrap();
    let mut file = fs::File::options().append(true).open(&segment).unwrap();
    file.write_all(b"\n{\"v\":1,\"t\":17").unwrap();
    assert_eq!(home.stdout_of(&["tail", "--lines", "1000"]), whole);
    file.write_all(b"\n").unwrap();
    let told = home.stdout_of(&["tail", "--lines", "1000"]);
    let (damaged, rest) = told.split_once('\n').unwrap();
    assert_eq!(rest, whole);
    let shown = format!("{:<18}  {:<8}  {:<18}  cannot be read: a damaged line in", "?", "-", "?");
    assert_eq!(&damaged[..shown.len()], shown);
}

/// What a payload holds does not speak to the terminal.
#[test]
fn control_characters_are_shown() {
    let home = Home::new();
    let mut fixture = fixture::load("bash");
    for hook in &mut fixture.hooks {
        hook.payload = hook.payload.replace("\"prompt\":\"", "\"prompt\":\"\\u001b[31m\\u202eevil ");
    }
    home.record(fixture);
    let mut bytes = Vec::new();
    home.stdout_of(&["tail", "--lines", "1000"]).as_bytes().read_to_end(&mut bytes).unwrap();
    let is_safe = |letter: char| letter == '\n' || !(letter.is_control() || letter == '\u{202e}');
    let told = String::from_utf8(bytes).unwrap();
    assert_eq!(told.chars().filter(|letter| !is_safe(*letter)).count(), 0, "{told}");
    assert_eq!(told.matches("\\u{1b}[31m\\u{202e}evil").count(), 1, "{told}");
}
