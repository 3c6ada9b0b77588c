//! What is destroyed: at its owner's wish, and by its age.

use super::{drained, types};
use crate::fixture;
use crate::home::Home;
use crate::resident::Resident;
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tacho_spool::append::{Destination, Durability, append};
use tacho_spool::blob::{Blob, BlobWriter};
use tacho_spool::frame;
use tacho_spool::state::State;
use tacho_store::Store;

#[test]
fn what_is_forgotten_cannot_be_opened() {
    let home = drained("denied");
    let session = fixture::load("denied").session.as_str().to_owned();
    let before = home.json_of(&["audit", "show", "4", "--json"]);
    assert!(before["beside"]["input_nonce"].is_string());
    let said = home.stdout_of(&["audit", "forget", &session]);
    assert_eq!(said, format!("{session} is forgotten, with 2 files of its own; entry 7 says so\n"));
    let after = home.json_of(&["audit", "show", "4", "--json"]);
    assert_eq!((&after["entry"], &after["beside"]), (&before["entry"], &serde_json::json!({})));
    assert_eq!(home.run(&["audit", "verify"]).code, Some(0));
    assert_eq!(home.json_of(&["sessions", "--json"])["sessions"], serde_json::json!([]));
    home.drain();
    home.stdout_of(&["rebuild"]);
    assert_eq!(types(&home, 7), ["session_forgotten"]);
}

/// Payloads that lie beside the spool go with the session that they are of, and no others.
#[test]
fn what_lies_beside_the_spool_is_forgotten_too() {
    let home = drained("denied");
    let session = fixture::load("denied").session.as_str().to_owned();
    let state = State::open(&home.state()).unwrap();
    for (name, of) in [("its", session.as_str()), ("of-another", "another")] {
        let mut blob = BlobWriter::create(&state, name.to_owned()).unwrap();
        blob.push(b"{}").unwrap();
        let Blob { name, len, crc } = blob.finish(Durability::Kernel).unwrap();
        let record = format!(
            r#"{{"v":1,"t":1,"b":1,"pid":1,"sid":"{of}","raw_ref":{{"name":"{name}","len":{len},"crc":"{crc:08x}"}}"#
        );
        let to = Destination { host_directory: "host", session: of, unix_seconds: 1 };
        append(&state, to, &frame::seal(record.as_bytes()), Durability::Kernel).unwrap();
    }
    home.drain();
    home.stdout_of(&["audit", "forget", &session]);
    let left: Vec<_> =
        fs::read_dir(home.state().join("blobs")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["of-another"]);
}

/// What was set aside of a session goes with it, and is not kept once more as long as the agent has its file.
#[test]
fn copies_of_what_is_forgotten_go() {
    let home = drained("denied");
    let session = fixture::load("denied").session.as_str().to_owned();
    let archive = home.state().join("archive/claude-code/projects");
    let kept = |name: &str| archive.join("-home-dev-project").join(name);
    let copies = [
        kept(&format!("{session}~7.jsonl")),
        home.state().join(format!("damaged/{session}.1.jsonl")),
        home.state().join("store.damaged-1"),
    ];
    let of_others = [kept("another~7.jsonl"), home.state().join("damaged/another.1.jsonl")];
    for path in copies.iter().chain(&of_others) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}").unwrap();
    }
    home.stdout_of(&["audit", "forget", &session]);
    assert_eq!(copies.each_ref().map(|path| path.exists()), [false; 3]);
    assert_eq!(of_others.each_ref().map(|path| path.exists()), [true; 2]);
    home.run(&["import"]);
    assert!(!kept(&format!("{session}.jsonl")).exists());
}

/// As long as anything is held, what cannot be told apart stays, and that is said.
#[test]
fn a_damaged_store_stays_while_something_is_held() {
    let home = drained("denied");
    home.record(fixture::load("bash"));
    home.drain();
    home.stdout_of(&["audit", "hold", fixture::load("bash").session.as_str()]);
    let damaged = home.state().join("store.damaged-1");
    fs::write(&damaged, "").unwrap();
    let ran = home.run(&["audit", "forget", fixture::load("denied").session.as_str()]);
    let note = "note: [home]/state/store.damaged-1 may hold it still, and something else that is held; remove it when you can\n";
    assert_eq!((ran.code, &*home.without_place(&ran.stderr), damaged.exists()), (Some(0), note, true));
}

/// What the store forgot of a session is learnt from the log again when more is heard of it: nothing that is decided anew is
/// sealed without a word of what it corrects, or once more as it was.
#[test]
fn a_session_that_goes_on_after_it_was_forgotten_by_its_age() {
    let home = Home::with(["denied", "bash"].map(fixture::load));
    home.drain();
    let session = fixture::load("denied").session;
    let known = || {
        let store = Store::open_to_read(&home.store_file()).unwrap().unwrap();
        let read = store.read();
        (read.first_entry_of(&session).unwrap().unwrap(), read.sealed(Some(&session)).unwrap().len())
    };
    let (first, entries) = known();
    assert!(entries > 3);
    home.configure("[retention]\ndays = 1\n");
    // What cannot be given up is no decision that is not sealed.
    home.stdout_of(&["audit", "retain", "1d"]);
    let pruned = home.state().join("audit/log/pruned");
    fs::write(&pruned, "nonsense").unwrap();
    retain_until(&home, || known().1 == 0);
    assert!(!home.state().join("unsealed").exists());
    fs::remove_file(pruned).unwrap();
    assert_eq!(known(), (first, 0));
    let before = home.stdout_of(&["audit", "export"]);
    home.record(fixture::load("denied"));
    home.drain();
    home.stdout_of(&["rebuild"]);
    assert_eq!(known().0, first);
    let after = home.stdout_of(&["audit", "export"]);
    assert!(after.starts_with(&before));
    let mut said: HashMap<String, Json> = HashMap::new();
    for line in after.lines() {
        let mut entry: Json = serde_json::from_str(line).unwrap();
        let (seq, corrects) = (entry["seq"].take(), entry["corrects"].take());
        for name in ["sealed", "config"] {
            entry[name].take();
        }
        let about = format!("{} {}", entry["session"], entry["about"]);
        if let Some(earlier) = said.insert(about, json!([seq, entry])) {
            assert_eq!(corrects, earlier[0]);
            assert_ne!(said.values().find(|one| one[0] == seq).unwrap()[1], earlier[1]);
        }
    }
}

/// What is held may fill the quota alone. Then what is old goes, and what goes on does not.
#[test]
fn what_goes_on_is_not_forgotten_for_a_quota() {
    let home = Home::new();
    let [old, recent] = ["bash", "denied"].map(|name| fixture::load(name).session);
    for fixture in fixture::all() {
        let is_recent = fixture.session == recent;
        home.record(if is_recent { fixture.ago(60) } else { fixture.ago(7200) });
    }
    home.drain();
    let ids = || -> BTreeSet<String> {
        let listed = home.json_of(&["sessions", "--json"]);
        listed["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = ids();
    for held in before.iter().filter(|id| **id != old.as_str() && **id != recent.as_str()) {
        home.stdout_of(&["audit", "hold", held]);
    }
    let used = Store::open_to_read(&home.store_file()).unwrap().unwrap().read().used_bytes().unwrap();
    assert!(used > 1_200_000, "{used} bytes are hardly more than the quota");
    home.configure("[retention]\nstore_mib = 1\n");
    let mut drainer = home.command(&["drain", "--background"]).spawn().unwrap();
    let is_applied = until(|| !ids().contains(old.as_str()));
    // It answers once it has applied all of it.
    home.drain();
    drainer.kill().unwrap();
    drainer.wait().unwrap();
    assert!(is_applied);
    let gone: Vec<String> = before.difference(&ids()).cloned().collect();
    assert_eq!(gone, [old.as_str()]);
}

/// A clock that was set ahead, by mistake or for a try, costs nothing that is kept.
#[test]
fn nothing_is_old_by_a_clock_that_leapt() {
    let home = Home::with(["denied", "bash"].map(fixture::load));
    home.drain();
    home.configure("[retention]\ndays = 1\n");
    home.stdout_of(&["audit", "retain", "1d"]);
    let clock = home.state().join("clock");
    let hours_ago = |hours: u64| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        now - hours * 3_600_000_000_000
    };
    let sessions = || home.json_of(&["sessions", "--json"])["sessions"].as_array().unwrap().len();
    fs::write(&clock, format!("{}\n", hours_ago(30 * 24))).unwrap();
    let drainer = Resident::listening(&home);
    // It answers the second time once it has applied all of it.
    home.drain();
    home.drain();
    assert_eq!((sessions(), fs::read_to_string(&clock).unwrap().split_whitespace().count()), (2, 3));
    drainer.kill();
    fs::write(&clock, format!("{} {} {}\n", hours_ago(30 * 24), hours_ago(25), hours_ago(2))).unwrap();
    retain_until(&home, || sessions() == 0);
}

/// To make the file shorter all of it is written, which is nothing to do every few minutes where nothing went.
#[test]
fn a_store_of_which_nothing_may_go_is_left_as_it_is() {
    let home = Home::new();
    fixture::all().into_iter().for_each(|fixture| home.record(fixture.ago(60)));
    home.drain();
    home.configure("[retention]\nstore_mib = 1\n");
    let drainer = Resident::listening(&home);
    // It answers the second time once it has applied all of it.
    home.drain();
    home.drain();
    let used = Store::open_to_read(&home.store_file()).unwrap().unwrap().read().used_bytes().unwrap();
    let written = drainer.written_bytes();
    assert!(used > 1_200_000 && written < used, "{written} bytes were written to {used}");
}

/// Summaries of what the model thought are content and go by its age; what opens commitments to what somebody else has stays.
#[test]
fn summaries_go_with_the_content() {
    let home = Home::new();
    home.configure("[[destination]]\nendpoint = \"http://127.0.0.1:1\"\nlevel = \"full\"\n");
    home.record(fixture::load("thinking"));
    home.run(&["drain", "--once", "--timeout", "1"]);
    let opening = home.state().join("audit/openings").join(fixture::load("thinking").session.as_str());
    let before = fs::read_to_string(&opening).unwrap();
    assert!(before.lines().count() > 1);
    home.configure("[retention]\ndays = 1\n");
    let lines = || fs::read_to_string(&opening).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    retain_until(&home, || lines().len() == 1);
    assert_eq!(lines(), [before.lines().next().unwrap()]);
}

/// Whether summaries are kept follows what is configured, also while a drainer runs.
#[test]
fn summaries_that_are_wanted_meanwhile() {
    let home = Home::new();
    let (state, fixture) = (home.state(), fixture::load("thinking"));
    let opening = state.join("audit/openings").join(fixture.session.as_str());
    let checkpoint = state.join("audit/log/checkpoint");
    let mut drainer = home.command(&["drain", "--background"]).spawn().unwrap();
    assert!(until(|| state.join("drain.sock").exists()));
    home.configure("[[destination]]\nendpoint = \"http://127.0.0.1:1\"\nlevel = \"full\"\n");
    home.record(fixture);
    let size = || fs::read_to_string(&checkpoint).ok()?.lines().nth(1)?.parse::<u64>().ok();
    let is_sealed = until(|| size() > Some(3));
    drainer.kill().unwrap();
    drainer.wait().unwrap();
    assert!(is_sealed);
    assert!(fs::read_to_string(&opening).unwrap().lines().count() > 1);
}

/// Has a drainer apply retention until something is so.
#[track_caller]
fn retain_until(home: &Home, is_so: impl Fn() -> bool) {
    let mut drainer = home.command(&["drain", "--background"]).spawn().unwrap();
    let is_so = until(is_so);
    drainer.kill().unwrap();
    drainer.wait().unwrap();
    assert!(is_so, "it is kept for ever");
}

/// Waits until something is so; whether it came to that.
fn until(is_so: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() && began.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(20));
    }
    is_so()
}
