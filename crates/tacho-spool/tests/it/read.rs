//! What the reader makes of whole, torn, damaged, growing, shrinking and sealed segments.

use crate::scene::{HOST, Scene, object, pipe_at, read_all, record, texts};
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tacho_spool::append::{Durability, append};
use tacho_spool::layout::{SEALED, SPOOL};
use tacho_spool::read::{CHUNK_BYTES_MAX, Chunk, place_before_sealing, read_from, seal, segments};
use tacho_spool::state::State;

fn add(segment: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(segment).unwrap().write_all(bytes).unwrap();
}

/// What a chunk says, without where its records stand.
fn said(chunk: &Chunk) -> (Vec<String>, u64, u64, bool) {
    (texts(chunk), chunk.damaged, chunk.cursor, chunk.more)
}

#[test]
fn a_cursor_goes_on_where_it_stood() {
    let scene = Scene::set();
    scene.append(1);
    let first = read_from(&scene.segment(0), 0).unwrap();
    assert_eq!(first.records.iter().map(|record| record.offset).collect::<Vec<_>>(), [1]);
    assert_eq!(said(&read_from(&scene.segment(0), first.cursor).unwrap()), (vec![], 0, first.cursor, false));
    scene.append(2);
    let second = read_from(&scene.segment(0), first.cursor).unwrap();
    assert_eq!(said(&second), (vec![object(2)], 0, first.cursor * 2, false));
    assert_eq!(second.records[0].offset, first.cursor + 1);
}

/// The lock decides what an unterminated end is: no writer has the segment, or one may still be at it.
#[test]
fn a_torn_end_is_told_from_one_in_progress_by_the_lock() {
    let scene = Scene::set();
    let whole = record(1);
    let torn = &record(2)[..20];
    let segment = scene.segment_of(&[&whole, torn].concat());

    let writer = File::open(&segment).unwrap();
    flock(&writer, FlockOperation::NonBlockingLockShared).unwrap();
    // The line feed before the torn record is a line of its own.
    let before_tail = whole.len() as u64 + 1;
    assert_eq!(said(&read_from(&segment, 0).unwrap()), (vec![object(1)], 0, before_tail, false));

    drop(writer);
    let end = (whole.len() + torn.len()) as u64;
    assert_eq!(said(&read_from(&segment, 0).unwrap()), (vec![object(1)], 1, end, false));
    assert_eq!(said(&read_from(&segment, before_tail).unwrap()), (vec![], 1, end, false));

    add(&segment, &record(3));
    assert_eq!(texts(&read_from(&segment, end).unwrap()), [object(3)]);
    let again = read_from(&segment, 0).unwrap();
    assert_eq!((texts(&again), again.damaged), (vec![object(1), object(3)], 1));
}

/// A record that lacks nothing but its last line feed says what it said, whether or not another came behind it.
#[test]
fn a_record_without_its_last_line_feed_is_whole() {
    let scene = Scene::set();
    let bytes = record(1);
    let segment = scene.segment_of(&bytes[..bytes.len() - 1]);
    let found = read_from(&segment, 0).unwrap();
    assert_eq!(said(&found), (vec![object(1)], 0, bytes.len() as u64 - 1, false));
    add(&segment, &record(2));
    assert_eq!(texts(&read_from(&segment, found.cursor).unwrap()), [object(2)]);
}

#[test]
fn damage_costs_the_damaged_lines_only() {
    let scene = Scene::set();
    let segment = scene.segment_of(
        &[&record(1)[..], &[0; 5000], &record(2), b"\n{\"v\":1", &record(3), b"\xFF\xFE\n", &record(4)]
            .concat(),
    );
    let found = read_all(&segment);
    assert_eq!((texts(&found), found.damaged), ([1, 2, 3, 4].map(object).to_vec(), 3));
}

#[test]
fn no_line_stops_the_reader_however_long() {
    let scene = Scene::set();
    let junk = vec![b'x'; 2 * CHUNK_BYTES_MAX + 10];
    let segment = scene.segment_of(&[&record(1)[..], &junk, &record(2)].concat());
    let first = read_from(&segment, 0).unwrap();
    assert_eq!(said(&first), (vec![object(1)], 0, record(1).len() as u64, true));
    let second = read_from(&segment, first.cursor).unwrap();
    assert_eq!(said(&second), (vec![], 1, first.cursor + CHUNK_BYTES_MAX as u64, true));
    assert_eq!(texts(&read_all(&segment)), [object(1), object(2)]);
}

/// Lines that end exactly at, just before and just behind the end of a chunk.
#[test]
fn the_end_of_a_chunk_costs_nothing() {
    for padding in CHUNK_BYTES_MAX - record(1).len() - 2..=CHUNK_BYTES_MAX - record(1).len() + 2 {
        let scene = Scene::set();
        let mut bytes = vec![b'\n'; padding];
        (1..=3).for_each(|number| bytes.extend(record(number)));
        let segment = scene.segment_of(&bytes);
        let first = read_from(&segment, 0).unwrap();
        assert!(first.more && first.cursor <= CHUNK_BYTES_MAX as u64);
        let found = read_all(&segment);
        assert_eq!((texts(&found), found.damaged), ((1..=3).map(object).collect(), 0), "{padding}");
        assert_eq!((found.cursor, found.more), (bytes.len() as u64, false));
    }
}

/// A file that ends before the cursor is not the one that was read; skipping it would lose records unseen.
#[test]
fn a_segment_that_shrank_is_read_again() {
    let scene = Scene::set();
    let segment = scene.segment_of(&record(1));
    assert_eq!(
        said(&read_from(&segment, 10_000).unwrap()),
        (vec![object(1)], 0, record(1).len() as u64, false)
    );
    fs::write(&segment, "").unwrap();
    assert_eq!(said(&read_from(&segment, 10_000).unwrap()), (vec![], 0, 0, false));
}

#[test]
fn only_segments_are_listed() {
    let scene = Scene::set();
    assert!(segments(scene.state.path()).unwrap().is_empty());
    scene.append(1);
    let host = scene.state.path().join(SPOOL).join(HOST);
    let outside = scene.outside("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("x.0.jsonl"), record(9)).unwrap();
    symlink(&outside, scene.state.path().join(SPOOL).join("link")).unwrap();
    symlink(outside.join("x.0.jsonl"), host.join("link.0.jsonl")).unwrap();
    pipe_at(&host.join("pipe.0.jsonl"));
    fs::create_dir(host.join("directory.0.jsonl")).unwrap();
    fs::write(host.join("notes.txt"), "").unwrap();
    fs::write(scene.state.path().join(SPOOL).join("stray.jsonl"), record(9)).unwrap();
    assert_eq!(segments(scene.state.path()).unwrap(), [scene.segment(0)]);
    for planted in ["link.0.jsonl", "pipe.0.jsonl", "directory.0.jsonl"] {
        assert!(read_from(&host.join(planted), 0).is_err(), "{planted}");
    }
}

#[test]
fn a_path_need_not_be_text() {
    let scene = Scene::set();
    let path = scene.outside("").join(OsStr::from_bytes(b"caf\xE9"));
    let state = State::open(&path).unwrap();
    append(&state, crate::scene::to("s"), &record(1), Durability::Kernel).unwrap();
    let found = segments(&path).unwrap();
    assert_eq!(found, [path.join(SPOOL).join(HOST).join("s.0.jsonl")]);
    let sealed = seal(&state, &found[0], record(1).len() as u64).unwrap();
    assert_eq!(sealed, Some(path.join(SEALED).join(format!("{HOST}.s.0.jsonl"))));
}

#[test]
fn a_sealed_segment_is_whole_read_only_and_listed_last() {
    let scene = Scene::set();
    let size = record(1).len() as u64;
    scene.append(1);
    assert_eq!(seal(&scene.state, &scene.segment(0), size - 1).unwrap(), None);
    let writer = File::open(scene.segment(0)).unwrap();
    flock(&writer, FlockOperation::NonBlockingLockShared).unwrap();
    assert_eq!(seal(&scene.state, &scene.segment(0), size).unwrap(), None);
    drop(writer);
    let sealed = seal(&scene.state, &scene.segment(0), size).unwrap().unwrap();
    assert_eq!(sealed, scene.state.path().join(SEALED).join(format!("{HOST}.s.0.jsonl")));
    assert_eq!(fs::metadata(&sealed).unwrap().permissions().mode() & 0o777, 0o400);
    assert_eq!(fs::metadata(sealed.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    scene.append(2);
    assert_eq!(segments(scene.state.path()).unwrap(), [scene.segment(0), sealed]);
}

/// A writer whose clock was set back begins a segment of the same name; sealing that one keeps both.
#[test]
fn sealing_never_replaces_a_sealed_segment() {
    let scene = Scene::set();
    for number in 1..=3 {
        scene.append(number);
        seal(&scene.state, &scene.segment(0), record(number).len() as u64).unwrap().unwrap();
    }
    let names: Vec<_> = segments(scene.state.path())
        .unwrap()
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["", "~1", "~2"].map(|again| format!("{HOST}.s.0{again}.jsonl")));
    for sealed in segments(scene.state.path()).unwrap() {
        assert_eq!(place_before_sealing(scene.state.path(), &sealed), Some(scene.segment(0)));
    }
    assert_eq!(place_before_sealing(scene.state.path(), &scene.segment(0)), None);
    assert_eq!(scene.all(), ((1..=3).map(object).collect(), 0));
}

/// A drainer reads and seals as fast as it can while writers append.
#[test]
fn nothing_is_lost_between_writers_and_a_sealing_reader() {
    const WRITERS: u64 = 4;
    const RECORDS: u64 = 300;
    let scene = Scene::set();
    let done = AtomicBool::new(false);
    let mut found = Vec::new();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let scene = &scene;
                scope.spawn(move || (0..RECORDS).for_each(|number| scene.append(writer * RECORDS + number)))
            })
            .collect();
        let reader = scope.spawn(|| {
            let mut found = Vec::new();
            loop {
                let is_last = done.load(Ordering::SeqCst);
                for segment in segments(scene.state.path()).unwrap() {
                    if segment.starts_with(scene.state.path().join(SEALED)) {
                        continue;
                    }
                    let chunk = read_all(&segment);
                    if seal(&scene.state, &segment, chunk.cursor).unwrap().is_some() {
                        assert_eq!(chunk.damaged, 0);
                        found.extend(texts(&chunk));
                    }
                }
                if is_last {
                    return found;
                }
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::SeqCst);
        found = reader.join().unwrap();
    });
    assert_eq!(found.len() as u64, WRITERS * RECORDS);
    assert_eq!(BTreeSet::from_iter(found), (0..WRITERS * RECORDS).map(object).collect());
}
