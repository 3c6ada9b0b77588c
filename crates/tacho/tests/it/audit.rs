//! The audit log as its owner and an auditor meet it: what is sealed of recorded sessions, that it joins the telemetry, that it is
//! sealed once, and what the commands say of it.

mod asking;
mod forgetting;
mod keeping;
mod proving;

use crate::fixture;
use crate::home::{Home, Ran};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::Path;

/// A home in which a recorded session was drained.
fn drained(name: &str) -> Home {
    let home = Home::with([fixture::load(name)]);
    home.drain();
    home
}

/// What a command said, without what differs from run to run.
fn said(home: &Home, ran: &Ran) -> String {
    let text = format!("exit code {:?}\n{}{}", ran.code, ran.stdout, ran.stderr);
    home.without_place(&text)
}

/// Entries, without what differs from run to run.
fn entries(home: &Home) -> String {
    let lines = home.stdout_of(&["audit", "export"]);
    let mut told = String::new();
    for line in lines.lines() {
        let mut entry: Json = serde_json::from_str(line).unwrap();
        let fields = entry.as_object_mut().unwrap();
        for name in ["log", "sealed", "config", "user", "v"] {
            fields.shift_remove(name);
        }
        for name in ["input", "output", "reasoning", "key"] {
            if let Some(value) = fields.get_mut(name) {
                *value = "...".into();
            }
        }
        if fields["type"] == "log_started" {
            fields["time"] = "...".into();
        }
        told.push_str(&format!("{entry}\n"));
    }
    told
}

/// The types of the entries behind the first so many.
fn types(home: &Home, behind: usize) -> Vec<String> {
    let text = entries(home);
    let parsed = text.lines().skip(behind).map(|line| serde_json::from_str::<Json>(line).unwrap());
    parsed.map(|entry| entry["type"].as_str().unwrap().to_owned()).collect()
}

/// Every entry that names a span names one that `tacho show` has, in the trace that it has there.
#[track_caller]
fn joined(home: &Home, session: &str) {
    let shown = home.json_of(&["show", session, "--json"]);
    let mut known = BTreeSet::new();
    collect(&shown, &mut known);
    let exported = home.stdout_of(&["audit", "export"]);
    let mut named = BTreeSet::new();
    for line in exported.lines() {
        let entry: Json = serde_json::from_str(line).unwrap();
        if let (Some(trace), Some(span)) = (entry["trace_id"].as_str(), entry["span_id"].as_str()) {
            named.insert((trace.to_owned(), span.to_owned()));
        }
    }
    let lost: Vec<_> = named.difference(&known).collect();
    assert_eq!(lost, [] as [&(String, String); 0]);
}

fn collect(value: &Json, known: &mut BTreeSet<(String, String)>) {
    if let (Some(trace), Some(span)) = (value["trace_id"].as_str(), value["span_id"].as_str()) {
        known.insert((trace.to_owned(), span.to_owned()));
    }
    match value {
        Json::Array(items) => items.iter().for_each(|item| collect(item, known)),
        Json::Object(fields) => fields.values().for_each(|value| collect(value, known)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[test]
fn what_is_sealed_of_recorded_sessions() {
    for name in fixture::names() {
        let fixture = fixture::load(&name);
        let session = fixture.session.clone();
        let home = Home::with([fixture]);
        home.drain();
        joined(&home, session.as_str());
        let verdict = home.json_of(&["audit", "verify", "--json"]);
        assert_eq!(
            (&verdict["verdict"], verdict["findings"].as_array().map(Vec::len)),
            (&"intact".into(), Some(0))
        );
        insta::assert_snapshot!(format!("of-{name}"), home.without_place(&entries(&home)));
    }
}

/// Draining again, rebuilding, and losing the store seal nothing anew.
#[test]
fn nothing_is_sealed_twice() {
    let home = Home::with(["bash", "denied", "nested", "compacted"].map(fixture::load));
    home.drain();
    let once = home.stdout_of(&["audit", "export"]);
    home.drain();
    home.stdout_of(&["rebuild"]);
    assert_eq!(home.stdout_of(&["audit", "export"]), once);
    std::fs::remove_file(home.store_file()).unwrap();
    home.drain();
    assert_eq!(home.stdout_of(&["audit", "export"]), once);
}

/// A log that somebody put back as it was earlier says so itself, and goes on behind what is left.
#[test]
fn a_log_that_was_cut_says_what_it_lacks() {
    let home = drained("bash");
    let (log, earlier) = (home.state().join("audit/log"), home.path().join("earlier"));
    copy(&log, &earlier);
    let before = home.stdout_of(&["audit", "export"]).lines().count();
    home.record(fixture::load("denied"));
    home.drain();
    let lost = home.stdout_of(&["audit", "export"]).lines().count() - before;
    std::fs::remove_dir_all(&log).unwrap();
    copy(&earlier, &log);
    home.record(fixture::load("nested"));
    home.drain();
    let exported = home.stdout_of(&["audit", "export"]);
    let gap: Json = serde_json::from_str(exported.lines().nth(before).unwrap()).unwrap();
    assert_eq!(
        (&gap["type"], &gap["about"], &gap["lost"]),
        (&"recorder_gap".into(), &"gap:log".into(), &lost.into())
    );
    home.stdout_of(&["rebuild"]);
    let sealed_anew = home.stdout_of(&["audit", "export"]).lines().count() - exported.lines().count();
    assert_eq!(sealed_anew, lost, "what was cut off is decided still");
}

/// Copies a directory with all below it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}
