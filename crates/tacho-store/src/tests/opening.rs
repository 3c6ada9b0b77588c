//! Opening: new, older, newer and damaged files.

use super::sample::{contents, empty, fill, golden, path_in};
use crate::{Store, StoreError};
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

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

/// The file that the first released schema wrote. With `TACHO_UPDATE_FIXTURES` set it is written anew, which is
/// allowed only as long as that schema was not released.
#[test]
fn the_file_of_schema_1_is_still_read() {
    let (directory, mut store) = empty();
    fill(&mut store);
    let written = contents(&store);
    if env::var_os("TACHO_UPDATE_FIXTURES").is_some() {
        store.shrink().unwrap();
        drop(store);
        fs::create_dir_all(golden("").as_path()).unwrap();
        fs::copy(path_in(&directory), golden("v1.db")).unwrap();
    }
    let directory = TempDir::new().unwrap();
    fs::copy(golden("v1.db"), path_in(&directory)).unwrap();
    assert_eq!(contents(&Store::open_to_read(&path_in(&directory)).unwrap().unwrap()), written);
    assert_eq!(contents(&Store::open(&path_in(&directory)).unwrap()), written);
}
