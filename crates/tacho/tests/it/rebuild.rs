//! What is derived can be thrown away, damaged or left by a later version, and nobody has to repair anything.

use crate::fixture::{self, Fixture};
use crate::home::{Home, Ran};
use std::fs;
use std::path::{Path, PathBuf};

/// SQLite's page size where nobody chose another.
const PAGE_BYTES: usize = 4096;

/// Some of everything: tools, subagents, errors, a session that was killed.
fn fixtures() -> impl Iterator<Item = Fixture> {
    ["bash", "denied", "killed", "rate_limited", "nested", "subagent_in_background"]
        .into_iter()
        .map(fixture::load)
}

/// A home with its sessions drained, and the reports about them.
fn drained() -> (Home, Vec<String>) {
    let home = Home::with(fixtures());
    home.drain();
    let reports = home.reports();
    (home, reports)
}

/// All files below a directory with what they hold.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

fn overwrite(path: &Path, offset: usize, bytes: &[u8]) {
    let mut content = fs::read(path).unwrap();
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
    fs::write(path, content).unwrap();
}

/// The files that were set aside as damaged.
fn set_aside(home: &Home) -> Vec<PathBuf> {
    let entries = fs::read_dir(home.state()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains("damaged")).collect()
}

/// What a command said, without the home's place and the second at which a file was set aside.
fn said(home: &Home, ran: &Ran, aside: &[PathBuf]) -> String {
    let mut text = home.without_place(&format!("exit code {:?}\n{}{}", ran.code, ran.stdout, ran.stderr));
    for path in aside {
        text = text.replace(path.extension().unwrap().to_str().unwrap(), "[damaged]");
    }
    text
}

#[test]
fn draining_again_changes_nothing() {
    let (home, reports) = drained();
    home.drain();
    assert_eq!(home.reports(), reports);
}

#[test]
fn what_is_derived_is_rebuilt_the_same() {
    let (home, reports) = drained();
    assert_eq!(home.stdout_of(&["rebuild"]), "rebuilt 6 sessions\n");
    assert_eq!(home.reports(), reports);
}

#[test]
fn a_store_that_is_gone_is_made_again_the_same() {
    let (home, reports) = drained();
    fs::remove_file(home.store_file()).unwrap();
    home.drain();
    assert_eq!(home.reports(), reports);
}

#[test]
fn a_store_that_is_gone_is_made_again_by_whoever_reads() {
    let (home, reports) = drained();
    fs::remove_file(home.store_file()).unwrap();
    assert_eq!(home.reports(), reports);
}

/// The file is damaged here; whoever drains next says so once, keeps it, and makes it again.
#[track_caller]
fn heals(home: &Home, reports: &[String]) -> String {
    let damaged = fs::read(home.store_file()).unwrap();
    let ran = home.run(&["drain", "--once"]);
    let aside = set_aside(home);
    let kept: Vec<Vec<u8>> = aside.iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(kept, [damaged], "{ran:?}");
    assert_eq!(home.reports(), reports);
    said(home, &ran, &aside)
}

#[test]
fn a_store_with_a_damaged_head_heals() {
    let (home, reports) = drained();
    overwrite(&home.store_file(), 0, &[0xA5; 100]);
    insta::assert_snapshot!(heals(&home, &reports), @r"
    exit code Some(0)
    note: the store was damaged; it is kept as [home]/state/store.[damaged] and made again
    ");
}

#[test]
fn a_store_with_damaged_pages_heals() {
    let (home, reports) = drained();
    let pages = fs::read(home.store_file()).unwrap().len() / PAGE_BYTES;
    for page in 1..pages {
        overwrite(&home.store_file(), page * PAGE_BYTES, &[0xA5; 100]);
    }
    insta::assert_snapshot!(heals(&home, &reports), @r"
    exit code Some(0)
    note: the store was damaged; it is kept as [home]/state/store.[damaged] and made again
    ");
}

/// Whichever page is damaged: nobody ever has to repair the file.
#[test]
fn a_store_with_one_damaged_page_heals() {
    let home = Home::with([fixture::load("killed")]);
    home.drain();
    let reports = home.reports();
    let intact = fs::read(home.store_file()).unwrap();
    let mut not_healed = Vec::new();
    for page in 0..intact.len() / PAGE_BYTES {
        fs::write(home.store_file(), &intact).unwrap();
        overwrite(&home.store_file(), page * PAGE_BYTES, &[0xA5; 100]);
        let rebuilt = home.run(&["rebuild"]);
        let shown = home.run(&["show", "last", "--json"]);
        if (rebuilt.code, Some(&shown.stdout)) != (Some(0), reports.first()) {
            not_healed.push((page, rebuilt, shown.code));
        }
        set_aside(&home).iter().for_each(|path| fs::remove_file(path).unwrap());
    }
    assert_eq!(not_healed, []);
}

#[test]
fn a_store_of_a_later_version_is_refused_and_left_alone() {
    let (home, _) = drained();
    // `user_version` of the database header: 4 bytes, big-endian (SQLite file format, section 1.3).
    overwrite(&home.store_file(), 60, &999_u32.to_be_bytes());
    home.record(fixture::load("parallel"));
    let before = (fs::read(home.store_file()).unwrap(), files(&home.state().join("spool")));
    let commands: [&[&str]; 7] = [
        &["drain", "--once"],
        &["rebuild"],
        &["sessions"],
        &["show", "last"],
        &["status"],
        &["status", "--json"],
        &[],
    ];
    let said: Vec<String> = commands.iter().map(|command| said(&home, &home.run(command), &[])).collect();
    let first = said.first().unwrap();
    insta::assert_snapshot!(first, @r"
    exit code Some(1)
    error: the store cannot be used
      because: the store [home]/state/store.db has schema 999, and this version knows schemas up to 11
      hint: update tacho to the version that wrote it; hooks go on recording meanwhile, nothing is lost
    ");
    assert!(said.iter().all(|other| other == first), "{said:#?}");
    assert_eq!((fs::read(home.store_file()).unwrap(), files(&home.state().join("spool"))), before);
}
