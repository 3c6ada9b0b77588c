//! Many hooks at once, hooks that are killed, and a reader that seals under their hands.

use crate::scene::{Scene, fire, read_all};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tacho_spool::blob;
use tacho_spool::crc32c::crc32c;
use tacho_spool::layout::SEALED;
use tacho_spool::read::{read_from, seal, segments};
use tacho_spool::state::State;

fn payload(id: &str, length: usize) -> Vec<u8> {
    format!(r#"{{"session_id":"s","tool_use_id":"{id}","x":"{}"}}"#, "x".repeat(length)).into_bytes()
}

fn ids(scene: &Scene) -> (Vec<String>, u64) {
    let (records, damaged) = read_all(&scene.state());
    let mut ids: Vec<_> = records.iter().map(|record| record["tuid"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    (ids, damaged)
}

#[test]
fn many_hooks_at_once_lose_and_mix_nothing() {
    const THREADS: usize = 16;
    const HOOKS: usize = 50;
    let scene = Scene::set();
    let id = |thread: usize, number: usize| format!("t{thread:02}-{number:02}");
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let scene = &scene;
            scope.spawn(move || {
                for number in 0..HOOKS {
                    let length = [10, 1_500, 20_000, 47_000, 60_000][(thread + number) % 5];
                    scene.fire(&payload(&id(thread, number), length));
                }
            });
        }
    });
    let fired = (0..THREADS).flat_map(|thread| (0..HOOKS).map(move |number| id(thread, number))).collect();
    assert_eq!(ids(&scene), (fired, 0));
}

/// A drainer reads and seals as fast as it can; no hook's record is lost on the way or read twice.
#[test]
fn hooks_append_while_segments_are_sealed() {
    let scene = Scene::set();
    let state = State::open(&scene.state()).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let scene = &scene;
                scope.spawn(move || {
                    (0..40).for_each(|number| scene.fire(&payload(&format!("w{writer}-{number:02}"), 500)));
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                for segment in segments(state.path()).unwrap() {
                    if !segment.starts_with(state.path().join(SEALED)) {
                        let cursor = read_from(&segment, 0).unwrap().cursor;
                        drop(seal(&state, &segment, cursor).unwrap());
                    }
                }
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::SeqCst);
    });
    let fired =
        (0..4).flat_map(|writer| (0..40).map(move |number| format!("w{writer}-{number:02}"))).collect();
    assert_eq!(ids(&scene), (fired, 0));
}

/// A hook that exited 0 has recorded, whoever was killed beside it; a killed one costs at most its own line.
#[test]
fn a_kill_costs_nothing_that_was_acknowledged() {
    const HOOKS: u64 = 240;
    let scene = Scene::set();
    let acknowledged = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for thread in 0..4 {
            let (scene, acknowledged) = (&scene, &acknowledged);
            scope.spawn(move || {
                for number in (thread..HOOKS).step_by(4) {
                    let id = format!("k{number:03}");
                    let length =
                        [1_000, 40_000, 200_000, 1_000_000][usize::try_from(number / 4 % 4).unwrap()];
                    // Spread over the time a hook takes, in no order.
                    let delay = Duration::from_micros(number * 7_919 % 12_000);
                    if fire_and_kill(scene, &payload(&id, length), delay) {
                        acknowledged.lock().unwrap().insert(id);
                    }
                }
            });
        }
    });
    let (records, damaged) = read_all(&scene.state());
    let found: BTreeSet<_> =
        records.iter().map(|record| record["tuid"].as_str().unwrap().to_owned()).collect();
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(found.is_superset(&acknowledged), "{:?}", acknowledged.difference(&found));
    assert_eq!(found.len(), records.len());
    assert!(damaged <= HOOKS - acknowledged.len() as u64);
    for reference in records.iter().filter_map(|record| record.get("raw_ref")) {
        let file = blob::open(&scene.state(), reference["name"].as_str().unwrap()).unwrap();
        let bytes = std::io::read_to_string(file).unwrap();
        let stated = (reference["len"].as_u64().unwrap(), reference["crc"].as_str().unwrap().to_owned());
        assert_eq!((bytes.len() as u64, format!("{:08x}", crc32c(bytes.as_bytes()))), stated);
    }
    let fired = fire(&mut scene.hook(), &payload("last", 10));
    assert_eq!(fired, "");
    assert!(read_all(&scene.state()).0.iter().any(|record| record["tuid"] == "last"));
}

/// Whether the hook had exited 0 before it could be killed.
fn fire_and_kill(scene: &Scene, payload: &[u8], delay: Duration) -> bool {
    let mut command = scene.hook();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // A hook that was killed reads no further.
        scope.spawn(move || drop(stdin.write_all(payload)));
        thread::sleep(delay);
        child.kill().unwrap();
        child.wait().unwrap().success()
    })
}
