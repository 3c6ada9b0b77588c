//! Destinations on this machine: files, the terminal, and what is written for whoever looks for a fault.

use super::home_with;
use crate::home::Home;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use tacho_testkit::otlp::Receiver;

fn spans_in(lines: &str) -> BTreeSet<String> {
    let requests = lines.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    requests.flat_map(|request| super::spans_in(&request)).collect()
}

/// The spans of the home's sessions, as they are reported.
fn reported(home: &Home) -> BTreeSet<String> {
    let sessions = home.json_of(&["sessions", "--json"]);
    let ids = sessions["sessions"].as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap());
    let report = ids.map(|id| home.json_of(&["show", id, "--json"]));
    let id = |span: &Json| span["span_id"].as_str().unwrap().to_owned();
    report.flat_map(|report| report["spans"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_have_a_line_for_each_request() {
    let home = home_with(&["bash", "nested"]);
    let place = home.path().join("out");
    home.configure(&format!(
        "[[destination]]\nkind = \"file\"\npath = {place:?}\nsignals = [\"traces\", \"metrics\"]\n"
    ));
    home.drain();
    home.drain();
    let traces = fs::read_to_string(place.join("traces.jsonl")).unwrap();
    assert_eq!(spans_in(&traces), reported(&home));
    assert_eq!(
        [mode(&place), mode(&place.join("traces.jsonl")), mode(&place.join("metrics.jsonl"))],
        [0o700, 0o600, 0o600]
    );
    assert!(!place.join("logs.jsonl").exists());
}

/// Every event of a hook once, with its time; what was said in it only where its owner wants content there.
#[test]
fn events_have_a_line_each() {
    for level in ["full", "metadata"] {
        let home = home_with(&["bash"]);
        let place = home.path().join("out");
        let configure = |signals: &str| {
            home.configure(&format!(
                "[[destination]]\nkind = \"file\"\npath = {place:?}\nlevel = {level:?}\nsignals = {signals}\n"
            ));
        };
        configure("[\"traces\"]");
        home.drain();
        assert!(!place.join("events.jsonl").exists());
        configure("[\"events\"]");
        home.stdout_of(&["rebuild"]);
        for _ in 0..2 {
            home.drain();
        }
        let text = fs::read_to_string(place.join("events.jsonl")).unwrap();
        let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let hooks = crate::fixture::load("bash").an_hour_ago().moved_to(&home.transcripts()).hooks;
        let hidden = |line: &Json| {
            let mut line = line.clone();
            let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            assert!(timestamp.as_str().unwrap().ends_with('Z'), "{timestamp}");
            line
        };
        let expected = |payload: &str| {
            let payload: Json = serde_json::from_str(payload).unwrap();
            match level {
                "full" => payload,
                _ => json!({ "event": payload["hook_event_name"], "session_id": payload["session_id"] }),
            }
        };
        let told: Vec<Json> = lines.iter().map(hidden).collect();
        let expected: Vec<Json> = hooks.iter().map(|hook| expected(&hook.payload)).collect();
        assert_eq!(told, expected);
    }
}

/// What cannot be written waits, and says why.
#[test]
fn a_place_that_cannot_be_written_holds_up_nothing_else() {
    let home = home_with(&["bash"]);
    fs::write(home.path().join("a-file"), "").unwrap();
    let receiver = Receiver::start().unwrap();
    let place = home.path().join("a-file/out");
    home.configure(&format!(
        "[[destination]]\nkind = \"file\"\npath = {place:?}\n[[destination]]\nendpoint = {:?}\n",
        receiver.url()
    ));
    let ran = home.run(&["drain", "--once", "--timeout", "2"]);
    assert_eq!((ran.code, receiver.spans().len()), (Some(1), 4));
    let status = home.without_place(&home.stdout_of(&["status"]));
    let told: Vec<&str> = status.lines().filter(|line| line.contains("in a row")).collect();
    let [told] = told.try_into().unwrap();
    assert!(told.ends_with("in a row: write [home]/a-file/out: Not a directory (os error 20)"), "{told}");
}

/// The owner's file names a file for all payloads, with a destination or without.
#[test]
fn every_payload_is_written_for_whoever_looks_for_a_fault() {
    for endpoint in [false, true] {
        let home = home_with(&["bash"]);
        let receiver = Receiver::start().unwrap();
        receiver.answer_when(|_| true, tacho_testkit::otlp::Answer::error(401));
        let file = home.path().join("payloads.log");
        let destination = format!("[[destination]]\nendpoint = {:?}\n", receiver.url());
        let destination = if endpoint { destination } else { String::new() };
        home.configure(&format!("debug_file = {file:?}\n{destination}"));
        let code = home.run(&["drain", "--once", "--timeout", "2"]).code;
        assert_eq!(code, Some(i32::from(endpoint)));
        let text = fs::read_to_string(&file).unwrap();
        let of = |prefix: &str| -> String {
            let lines = text.lines().filter_map(|line| line.strip_prefix(prefix));
            lines.map(|line| format!("{line}\n")).collect()
        };
        assert_eq!(spans_in(&of("[tacho:trace] ")), reported(&home));
        assert_eq!(of("[tacho:metric] ").lines().count(), 1);
        let expected = format!("{}: HTTP 401: the token is missing or wrong\n", receiver.url());
        assert_eq!(
            of("tacho: ").lines().next().unwrap_or_default(),
            if endpoint { expected.trim_end() } else { "" }
        );
        assert_eq!(mode(&file), 0o600);
    }
}

/// Prints what it sends there while somebody looks, and nothing while nobody does.
#[test]
fn a_drainer_in_the_foreground_prints() {
    let home = home_with(&["bash"]);
    home.configure("[[destination]]\nkind = \"console\"\nsignals = [\"traces\"]\n");
    home.drain();
    let status = home.stdout_of(&["status"]);
    let (_, told) = status.split_once("sends to   ").unwrap();
    assert_eq!(
        told,
        "console: 0 delivered, 0 waiting, 0 rejected\n           printed only while somebody looks: tacho drain --foreground\n"
    );
    let mut command = home.command(&["drain", "--foreground", "--debug"]);
    let mut drainer = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(drainer.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(spans_in(&line), reported(&home));
    let lines = BufReader::new(drainer.stderr.take().unwrap()).lines().map(Result::unwrap);
    let traces = lines.filter_map(|line| line.strip_prefix("[tacho:trace] ").map(str::to_owned));
    assert_eq!(spans_in(&traces.take(1).collect::<String>()), reported(&home));
    drainer.kill().unwrap();
    drainer.wait().unwrap();
}
