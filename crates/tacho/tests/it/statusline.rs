//! The command between the agent and its status line.

use crate::home::{Home, Ran};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

fn payload(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/status_line").join(name)
}

/// Runs the command with this on standard input.
fn run(home: &Home, input: &Path, arguments: &[&str]) -> Ran {
    let mut command = home.command(&[&["statusline"], arguments].concat());
    // Where the state directory cannot be used, what is recorded stays with this home all the same.
    command
        .stdin(File::open(input).unwrap())
        .env("PATH", "/usr/bin:/bin")
        .env("XDG_RUNTIME_DIR", home.path());
    Ran::from(command.output().unwrap())
}

fn ran(code: i32, stdout: &str, stderr: &str) -> Ran {
    Ran { code: Some(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() }
}

/// How many records of it the store has.
fn told(home: &Home) -> usize {
    home.drain();
    home.observations().iter().filter(|body| body.contains("StatusLine")).count()
}

#[test]
fn the_other_command_gets_what_the_agent_wrote_and_answers_itself() {
    let home = Home::new();
    let input = payload("subscription.json");
    let text = fs::read_to_string(&input).unwrap();
    assert_eq!(run(&home, &input, &["--then", "cat; echo why >&2; exit 7"]), ran(7, &text, "why\n"));
    assert_eq!(told(&home), 1);
}

/// It answers as if we were not there: nothing to read, nowhere to write.
#[test]
fn the_other_command_answers_whatever_goes_wrong() {
    let home = Home::new();
    fs::write(home.state(), "no directory").unwrap();
    let input = home.path().join("input");
    for text in ["", "no json \u{7f}", "{\"session_id\": 7}", &"x".repeat(300_000)] {
        fs::write(&input, text).unwrap();
        assert_eq!(run(&home, &input, &["--then", "cat"]), ran(0, text, ""));
        assert_eq!(run(&home, &input, &[]), ran(0, "", ""));
    }
    let counted = run(&home, &payload("subscription.json"), &["--then", "wc -l"]);
    assert_eq!((counted.code, counted.stdout.trim(), counted.stderr.as_str()), (Some(0), "1", ""));
}

#[test]
fn figures_are_recorded_when_they_change() {
    let home = Home::new();
    for name in
        ["before_the_first_answer.json", "subscription.json", "subscription.json", "key_of_the_api.json"]
    {
        run(&home, &payload(name), &[]);
    }
    assert_eq!(told(&home), 3);
    // Only how long the agent has run is another one.
    let text = fs::read_to_string(payload("subscription.json")).unwrap();
    let later = home.path().join("later");
    fs::write(&later, text.replace(r#""total_duration_ms":"#, r#""total_duration_ms":9"#)).unwrap();
    run(&home, &later, &[]);
    assert_eq!(told(&home), 3);
}

#[test]
fn a_line_of_our_own() {
    let home = Home::new();
    let line = |name: &str| run(&home, &payload(name), &[]).stdout;
    // The hour would be another one once the day of the recording is near.
    let subscription = line("subscription.json");
    let (before, resets) = subscription.split_once(", resets ").unwrap();
    assert_eq!(before, "Opus 5.5 · context 1 % · $0.0355 · 5 h 42 %");
    assert_eq!(resets.matches(" · 7 d 7 %, resets ").count(), 1, "{resets}");
    assert_eq!(line("key_of_the_api.json"), "Opus 5.5 · context 0 % · $0.0040\n");
}

/// A high share is coloured unless its reader wants none.
#[test]
fn colours() {
    let home = Home::new();
    let input = home.path().join("input");
    let text = fs::read_to_string(payload("key_of_the_api.json")).unwrap();
    fs::write(&input, text.replace(r#""used_percentage":0"#, r#""used_percentage":97.5"#)).unwrap();
    let line = |refused: &str| {
        let mut command = home.command(&["statusline"]);
        command.stdin(File::open(&input).unwrap()).env("NO_COLOR", refused);
        Ran::from(command.output().unwrap()).stdout
    };
    assert_eq!(line(""), "Opus 5.5 · \u{1b}[31mcontext 97.5 %\u{1b}[0m · $0.0040\n");
    assert_eq!(line("1"), "Opus 5.5 · context 97.5 % · $0.0040\n");
}

/// Nothing is known of the session but its line.
#[test]
fn limits_are_shown() {
    let home = Home::new();
    run(&home, &payload("subscription.json"), &[]);
    home.drain();
    let status = home.json_of(&["status", "--json"]);
    let limits = &status["limits"]["limits"];
    let expected = serde_json::json!([
        { "window": "five_hour", "used_percent": 42.0, "resets_at_ns": 1_795_910_400_000_000_000_u64 },
        { "window": "seven_day", "used_percent": 7.0, "resets_at_ns": 1_796_342_400_000_000_000_u64 },
    ]);
    assert_eq!(limits, &expected);
    assert_eq!(home.json_of(&["cost", "--json"])["status"]["limits"], expected);
    let session = home.json_of(&["show", "last", "--json"]);
    assert_eq!(session["status"]["limits"], expected);
    assert_eq!(session["session"]["started_ns"], session["status"]["told_at_ns"]);
    let lines = home.stdout_of(&["status"]);
    assert_eq!(lines.lines().filter(|line| line.starts_with("limit ")).count(), 2, "{lines}");
}
