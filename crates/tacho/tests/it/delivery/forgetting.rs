//! What is forgotten is sent nowhere any more and lies nowhere; what waits of other sessions still arrives.

use super::arrivals::{reported_spans, sorted};
use super::{configure, dead_letters, destination_status, home_with, spans_in};
use crate::fixture;
use crate::home::Home;
use std::fs;
use std::path::{Path, PathBuf};
use tacho_store::Store;
use tacho_testkit::otlp::{Answer, Receiver, Signal};

/// What was said in the session `bash` and in no other.
const SAID: &str = "Done listing.";

/// Has the session `bash` forgotten; what is said of it.
#[track_caller]
fn forget_bash(home: &Home) -> String {
    let session = fixture::load("bash").session;
    home.stdout_of(&["audit", "forget", session.as_str()]).replace(session.as_str(), "it")
}

/// The files below a directory in which something was said.
fn files_with(text: &str, directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files_with(text, &path));
        } else if path.is_file() && holds(&fs::read(&path).unwrap(), text) {
            found.push(path);
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn what_waits_of_a_forgotten_session_is_not_sent() {
    for (protocol, compression) in
        [("http/protobuf", "gzip"), ("http/protobuf", "none"), ("http/json", "none")]
    {
        let home = home_with(&["bash", "nested"]);
        let receiver = Receiver::start().unwrap();
        receiver.answer_next(Signal::Traces, Answer::error(401));
        let signals = "level = \"full\"\nsignals = [\"traces\", \"logs\"]";
        configure(
            &home,
            &receiver,
            &format!("protocol = {protocol:?}\ncompression = {compression:?}\n{signals}\n"),
        );
        assert_eq!(home.run(&["drain", "--once"]).code, Some(1));
        // Who looks at the store meanwhile keeps nothing of it there.
        let _looking = Store::open_to_read(&home.store_file()).unwrap();
        insta::allow_duplicates!(
            insta::assert_snapshot!(forget_bash(&home), @"it is forgotten, with 2 files of its own and 12 items that did not arrive; entry 21 says so")
        );
        assert_eq!(files_with(SAID, &home.state()), [] as [PathBuf; 0]);
        insta::allow_duplicates!(
            insta::assert_snapshot!(destination_status(&home, &receiver), @r#"[{"name":"[receiver]","configured":true,"delivered":0,"waiting":32,"rejected":0,"failures_in_a_row":1,"last_error":"HTTP 401: the token is missing or wrong"},[{"reason":"forgotten before it was sent","count":12}]]"#)
        );
        home.drain();
        assert_eq!(sorted(receiver.spans()), reported_spans(&home, |_| true));
        let of_other = fixture::load("nested").session;
        let sessions = receiver.logs().into_iter().map(|log| log.attributes["session.id"].clone());
        assert!(sessions.into_iter().all(|session| session == of_other.as_str()));
    }
}

/// Events are lines of what hooks said.
#[test]
fn events_of_a_forgotten_session_are_not_written() {
    let home = home_with(&["bash", "nested"]);
    let directory = home.path().join("telemetry");
    fs::write(&directory, "in the way").unwrap();
    home.configure(&format!("[[destination]]\nkind = \"file\"\npath = {directory:?}\nlevel = \"full\"\n"));
    assert_eq!(home.run(&["drain", "--once", "--timeout", "1"]).code, Some(1));
    insta::assert_snapshot!(forget_bash(&home), @"it is forgotten, with 2 files of its own and 18 items that did not arrive; entry 21 says so");
    fs::remove_file(&directory).unwrap();
    home.drain();
    assert_eq!(
        files_with(SAID, home.path()),
        [home.transcripts().join(format!("{}.jsonl", fixture::load("bash").session.as_str()))]
    );
    let events = fs::read_to_string(directory.join("events.jsonl")).unwrap();
    assert_eq!(events.lines().count(), fixture::load("nested").hooks.len());
}

#[test]
fn dead_letters_of_a_forgotten_session_go() {
    let home = home_with(&["bash", "nested"]);
    let receiver = Receiver::start().unwrap();
    // Refused as a whole by a fault of its own, so that it is kept in one piece.
    receiver.answer_next(Signal::Traces, Answer::error(500));
    configure(&home, &receiver, "level = \"full\"\n");
    assert_eq!(home.run(&["drain", "--once"]).code, Some(1));
    let of_both: Vec<_> =
        dead_letters(&home, &receiver).iter().flat_map(|letter| spans_in(&letter["request"])).collect();
    let file = home.state().join("dead-letters.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(home.state().join("dead-letters.old.jsonl"), &text).unwrap();
    fs::write(home.state().join("dead-letters.new"), &text).unwrap();
    fs::write(&file, format!("{text}{}", &text[..text.len() / 2])).unwrap();
    insta::assert_snapshot!(forget_bash(&home), @"it is forgotten, with 2 files of its own and 8 items that did not arrive; entry 21 says so");
    assert_eq!(files_with(SAID, &home.state()), [] as [PathBuf; 0]);
    let [letter] = dead_letters(&home, &receiver).try_into().unwrap();
    let of_other = spans_in(&letter["request"]);
    assert_eq!(letter["items"], of_other.len());
    assert!(of_other.len() < of_both.len());
    home.run(&["drain", "--once", "--dead-letters"]);
    assert_eq!(
        receiver.spans().iter().filter(|span| of_other.contains(&span.span_id)).count(),
        2 * of_other.len()
    );
    assert_eq!(receiver.spans().len(), 2 * of_other.len());
}
