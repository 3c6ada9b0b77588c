//! Opening: new, older, newer and damaged files.

use super::sample::{contents, empty, fill, golden, path_in};
use crate::{Store, StoreError, schema};
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Barrier;
use tempfile::TempDir;

/// The files of all schemas.
const FILES: [&str; 11] = ["v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11"];
/// Where `user_version` stands in the file: 4 bytes, big-endian (SQLite file format, section 1.3).
const USER_VERSION_AT: usize = 60;

#[test]
fn a_store_keeps_what_was_written() {
    let (directory, mut store) = empty();
    fill(&mut store);
    let written = contents(&store);
    drop(store);
    assert_eq!(contents(&Store::open(&path_in(&directory)).unwrap()), written);
    assert_eq!(contents(&Store::open_to_read(&path_in(&directory)).unwrap().unwrap()), written);
}

/// A drainer that a hook started, and a command that somebody gave at that moment.
#[test]
fn several_may_make_it_at_once() {
    for _ in 0..20 {
        let directory = TempDir::new().unwrap();
        let path = path_in(&directory);
        let (start, path) = (&Barrier::new(4), path.as_path());
        std::thread::scope(|scope| {
            let open = || {
                start.wait();
                Store::open(path).map(drop)
            };
            let openers: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            openers.into_iter().for_each(|opener| opener.join().unwrap().unwrap());
        });
    }
}

#[test]
fn only_its_owner_can_read_it() {
    let (directory, mut store) = empty();
    fill(&mut store);
    let modes: Vec<u32> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777)
        .collect();
    assert_eq!(modes, [0o600; 3], "the file, its log and its index");
}

#[test]
fn there_is_nothing_to_read_before_anything_was_written() {
    let directory = TempDir::new().unwrap();
    assert!(Store::open_to_read(&path_in(&directory)).unwrap().is_none());
    fs::write(path_in(&directory), b"").unwrap();
    assert!(Store::open_to_read(&path_in(&directory)).unwrap().is_none());
}

/// A file with these bytes, opened both ways; it must be as it was afterwards.
fn refusals(bytes: &[u8]) -> [StoreError; 2] {
    let directory = TempDir::new().unwrap();
    let path = path_in(&directory);
    fs::write(&path, bytes).unwrap();
    let refusals = [Store::open(&path).err().unwrap(), Store::open_to_read(&path).err().unwrap()];
    assert_eq!(fs::read(&path).unwrap(), bytes);
    refusals
}

#[test]
fn a_later_schema_is_refused() {
    let mut bytes = fs::read(golden("v1.db")).unwrap();
    bytes[USER_VERSION_AT..USER_VERSION_AT + 4].copy_from_slice(&999_u32.to_be_bytes());
    for refusal in refusals(&bytes) {
        assert!(matches!(refusal, StoreError::Newer { found: 999, .. }), "{refusal:?}");
        assert!(!refusal.is_damage());
    }
}

#[test]
fn a_file_that_is_no_store_is_damage() {
    for bytes in [&b"SQLite format 3\0 and nothing more"[..], &[0xA5; 8192][..]] {
        for refusal in refusals(bytes) {
            assert!(refusal.is_damage(), "{refusal:?}");
        }
    }
}

/// Every schema that ever was has a file, `vN.db`, and what it says, `vN.txt`. With `TACHO_UPDATE_FIXTURES` set the
/// texts are written anew, and the file of the latest schema, which is allowed only until that is released.
#[test]
fn the_files_of_every_schema_are_read() {
    let is_updating = env::var_os("TACHO_UPDATE_FIXTURES").is_some();
    let latest = schema::latest();
    if is_updating {
        let (directory, mut store) = empty();
        fill(&mut store);
        store.shrink().unwrap();
        drop(store);
        fs::copy(path_in(&directory), golden(&format!("v{latest}.db"))).unwrap();
    }
    assert_eq!(FILES.len() as i64, latest);
    for name in FILES {
        let directory = TempDir::new().unwrap();
        fs::copy(golden(&format!("{name}.db")), path_in(&directory)).unwrap();
        let said = contents(&Store::open(&path_in(&directory)).unwrap());
        let text = golden(&format!("{name}.txt"));
        if is_updating {
            fs::write(&text, &said).unwrap();
        }
        assert_eq!(said, fs::read_to_string(text).unwrap(), "{name}");
        assert_eq!(contents(&Store::open_to_read(&path_in(&directory)).unwrap().unwrap()), said);
    }
}

/// What reads only may not migrate, and does not understand an older file.
#[test]
fn an_older_schema_is_not_read_before_it_was_migrated() {
    let directory = TempDir::new().unwrap();
    fs::copy(golden("v1.db"), path_in(&directory)).unwrap();
    let refusal = Store::open_to_read(&path_in(&directory)).err().unwrap();
    assert!(matches!(refusal, StoreError::Older { found: 1, .. }), "{refusal:?}");
    drop(Store::open(&path_in(&directory)).unwrap());
    assert!(Store::open_to_read(&path_in(&directory)).unwrap().is_some());
}
