//! Standard input that never ends, never comes or is not there; limits; things planted in the state directory.

use crate::scene::{Scene, fire, read_all, run, walk};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tacho_spool::loss::{self, Loss};

const START: &[u8] = br#"{"session_id":"s","hook_event_name":"SessionStart"}"#;

type Plant = fn(&Path, &Path);

fn no_files() -> Vec<PathBuf> {
    Vec::new()
}

fn bad(record: &Value) -> &Value {
    &record["bad"]
}

#[test]
fn input_without_end_is_cut() {
    let scene = Scene::set();
    run(&mut scene.hook(), |mut stdin| while stdin.write_all(b"y\n").is_ok() {});
    assert_eq!(bad(&scene.record()), "json");

    let scene = Scene::set();
    run(&mut scene.hook(), |mut stdin| {
        let _ = stdin.write_all(br#"{"session_id":"s","x":["#);
        while stdin.write_all(br#""xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","#).is_ok() {}
    });
    let record = scene.record();
    assert_eq!((bad(&record), &record["sid"]), (&json!("cut"), &json!("s")));
}

/// The other end stays open until the hook has ended.
#[test]
fn input_that_stays_open_is_not_waited_for() {
    for (payload, expected) in
        [(START, Value::Null), (&START[..20], "cut".into()), (b"", "empty".into()), (b"x", "json".into())]
    {
        let scene = Scene::set();
        let (ended, end) = mpsc::channel::<()>();
        run(&mut scene.hook(), move |mut stdin| {
            let _ = stdin.write_all(payload);
            let _ = end.recv();
        });
        drop(ended);
        assert_eq!(bad(&scene.record()), &expected, "{payload:?}");
    }
}

#[test]
fn a_slow_writer_is_heard_to_the_end() {
    let scene = Scene::set();
    run(&mut scene.hook(), |mut stdin| {
        for piece in START.chunks(10) {
            let _ = stdin.write_all(piece);
            thread::sleep(Duration::from_millis(10));
        }
    });
    assert_eq!(scene.record()["raw"]["session_id"], "s");
}

#[test]
fn closed_descriptors_are_no_failure() {
    let closed = [("exec <&-", "empty"), ("exec >&-", ""), ("exec 2>&-", ""), ("exec <&- >&- 2>&-", "empty")];
    for (before, expected) in closed {
        let scene = Scene::set();
        fs::write(scene.state().join("notice"), "note\n").unwrap();
        fire(&mut scene.hook_after(before), START);
        assert_eq!(bad(&scene.record()).as_str().unwrap_or_default(), expected, "{before}");
    }
    // A directory can be opened and not read.
    let scene = Scene::set();
    fire(&mut scene.hook_after("exec </"), b"");
    assert_eq!(bad(&scene.record()), "empty");
}

/// With fewer descriptors than four a dynamic loader fails before the hook begins; the program that ships has none.
#[test]
fn limits_end_in_silence() {
    for before in ["ulimit -n 4", "ulimit -n 5", "ulimit -n 6", "ulimit -f 0", "ulimit -u 1"] {
        let scene = Scene::set();
        fire(&mut scene.hook_after(before), START);
        fire(&mut scene.hook_after(before), &[START, &[b' '; 100_000]].concat());
    }
}

/// Segments may not grow beyond 4 or 8 KiB, by the shell's unit, as on a disk that is full: what fits is recorded,
/// the rest is counted, and nothing of a payload that fits nowhere is left to take room.
#[test]
fn recorded_and_lost_are_all_that_fired() {
    let scene = Scene::set();
    let state = tacho_spool::state::State::open(&scene.state()).unwrap();
    loss::prepare(&state).unwrap();
    let payload =
        |length: usize| format!(r#"{{"session_id":"s","x":"{}"}}"#, "x".repeat(length)).into_bytes();
    let lengths = [300, 2_000, 2_000, 3_000, 20_000, 2_000, 40_000, 200_000, 100, 3_000];
    for length in lengths {
        fire(&mut scene.hook_after("ulimit -f 8"), &payload(length));
    }
    let (records, _) = read_all(&scene.state());
    let mut recorded: Vec<_> =
        records.iter().filter_map(|record| record["raw"]["x"].as_str()).map(str::len).collect();
    recorded.sort_unstable();
    assert_eq!(recorded, [100, 300, 2_000, 2_000, 2_000, 3_000, 3_000]);
    let losses = loss::read(&scene.state()).unwrap();
    assert_eq!(losses.iter().map(|loss| loss.count).sum::<u64>(), 3);
    let reasons: Vec<_> = losses.iter().map(|loss| loss.reason.as_str()).collect();
    assert!(reasons.iter().all(|reason| ["errno28", "errno27"].contains(reason)), "{reasons:?}");
    assert_eq!(walk(&scene.state().join("blobs")), no_files());

    // Room is back, and nobody did anything about it.
    scene.fire(&payload(20_000));
    assert_eq!(read_all(&scene.state()).0.len(), recorded.len() + 1);
}

#[test]
fn a_payload_whose_blob_cannot_be_kept_keeps_its_beginning() {
    let scene = Scene::set();
    fs::write(scene.state().join("blobs"), "in the way").unwrap();
    let payload = format!(r#"{{"x":"{}","session_id":"s"}}"#, "x".repeat(100_000));
    scene.fire(payload.as_bytes());
    let record = scene.record();
    assert_eq!(
        (&record["bad"], &record["len"], &record["sid"], record["raw_b64"].as_str().unwrap().len()),
        (&json!("cut"), &json!(payload.len()), &json!("s"), (32 * 1024_usize).div_ceil(3) * 4)
    );
}

fn plant_pipe(path: &Path, _: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

fn plant_link(path: &Path, target: &Path) {
    symlink(target, path).unwrap();
}

fn plant_hard_link(path: &Path, target: &Path) {
    fs::hard_link(target, path).unwrap();
}

fn plant_directory(path: &Path, _: &Path) {
    fs::create_dir(path).unwrap();
}

/// Nothing in the state directory makes the hook wait, fail, speak, or touch what a link leads to.
#[test]
fn planted_files_cost_nothing() {
    let plants: [(&str, Plant); 4] = [
        ("pipe", plant_pipe),
        ("symbolic link", plant_link),
        ("hard link", plant_hard_link),
        ("directory", plant_directory),
    ];
    for name in ["segment", "drain.lock", "losses", "sync", "notice", "blobs"] {
        for (kind, plant) in plants {
            if (name, kind) == ("blobs", "directory") {
                continue;
            }
            let scene = Scene::without_drainer();
            scene.fire(START);
            let target = scene.folder().join("target");
            fs::write(&target, "untouched\n").unwrap();
            let path = if name == "segment" { scene.segments().remove(0) } else { scene.state().join(name) };
            drop(fs::remove_file(&path));
            plant(&path, &target);
            let large = [START, &[b' '; 100_000]].concat();
            let said = [START, &large].map(|payload| fire(&mut scene.hook(), payload));
            assert_eq!(said, [const { String::new() }; 2], "{kind} at {name}");
            // A hard link in the place of a segment holds a line that is no record.
            let recorded = read_all(&scene.state()).0.len();
            assert_eq!(recorded, if name == "segment" { 2 } else { 3 }, "{kind} at {name}");
            assert_eq!(fs::read_to_string(&target).unwrap(), "untouched\n", "{kind} at {name}");
        }
    }
}

/// A link in the place of the spool takes no record elsewhere; the loss is counted, and leaves no blob behind.
#[test]
fn a_spool_that_leads_elsewhere_gets_nothing() {
    let scene = Scene::set();
    let elsewhere = scene.folder().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, scene.state().join("spool")).unwrap();
    scene.fire(&[START, &[b' '; 100_000]].concat());
    assert_eq!((walk(&elsewhere), walk(&scene.state().join("blobs"))), (no_files(), no_files()));
    let losses = loss::read(&scene.state()).unwrap();
    let Ok([Loss { reason, count, first_unix_ns, last_unix_ns }]) = <[Loss; 1]>::try_from(losses) else {
        panic!("not one loss")
    };
    assert_eq!((reason.as_str(), count, first_unix_ns), ("errno40", 1, last_unix_ns));
}

#[test]
fn the_notice_is_shown_when_a_session_starts() {
    let scene = Scene::set();
    let notice = |text: &str, payload: &[u8]| {
        fs::write(scene.state().join("notice"), text).unwrap();
        fire(&mut scene.hook(), payload)
    };
    let stop = br#"{"session_id":"s","hook_event_name":"Stop"}"#;
    assert_eq!(notice("token refused\nsecond line\n", START), "token refused\n");
    assert_eq!(notice("token refused\n", stop), "");
    assert_eq!(notice("", START), "");
    assert_eq!(notice("a\u{1b}[31mb\u{7}", START), "a[31mb\n");
    assert_eq!(notice(&"\u{e9}".repeat(400), START), format!("{}\n", "\u{e9}".repeat(256)));
}
