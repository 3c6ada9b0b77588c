//! The verifier that was written apart from this crate, from the format's page alone, says the same of the same logs.

use crate::scene::{Scene, key, verify_at};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tacho_audit::verify::Grade;

fn verifier() -> Command {
    let mut python = Command::new("python3");
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/verify_audit.py"));
    python
}

/// What it says of a log.
fn verdict(log: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let said = verifier().args(arguments).arg(log).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stderr), "");
    (String::from_utf8(said.stdout).unwrap(), said.status.code())
}

/// A log with all that a log can have: full tiles of two levels, keys, kept checkpoints, entries that were given up.
fn scene() -> Scene {
    let mut scene = Scene::with_entries(40);
    scene.writer().hand_on(key(2)).unwrap();
    scene.append(700);
    let mut writer = scene.writer();
    writer.keep_checkpoint().unwrap();
    writer.prune(300).unwrap();
    writer.hand_on(key(3)).unwrap();
    drop(writer);
    scene.append(20);
    scene.append(3);
    scene
}

#[test]
fn what_it_says() {
    let mut scene = scene();
    let key = key(1).verifier().to_string();
    let intact = ("intact\n".to_owned(), Some(0));
    assert_eq!(verdict(&scene.path(), &["--key", &key]), intact);
    let seen = tempfile::NamedTempFile::new().unwrap();
    fs::write(&seen, scene.checkpoint()).unwrap();
    let earlier = scene.checkpoint();
    scene.append(1);
    fs::write(&seen, scene.checkpoint()).unwrap();
    let witness = seen.path().display().to_string();
    assert_eq!(verdict(&scene.path(), &["--witness", &witness]), intact);
    fs::write(scene.path().join("checkpoint"), earlier).unwrap();
    let cut = format!("tampered: {witness} says another root at 764 of 763 entries\ntampered\n");
    assert_eq!(verdict(&scene.path(), &["--witness", &witness]), (cut, Some(3)));
    fs::remove_file(scene.path().join("tile/0/001")).unwrap();
    let missing =
        "incomplete: tile 1 of level 0 cannot be read: No such file or directory\nincomplete\n".to_owned();
    assert_eq!(verdict(&scene.path(), &[]), (missing, Some(4)));
}

/// One byte of each file, changed in turn.
#[test]
fn both_say_the_same() {
    let scene = scene();
    let whole = crate::scene::files(&scene.path());
    let folder = tempfile::tempdir().unwrap();
    let mut logs = vec![(scene.path(), None)];
    for (number, (name, bytes)) in
        whole.iter().filter(|(name, _)| name != "lock" && name != "fresh").enumerate()
    {
        for place in [0, bytes.len() / 2, bytes.len() - 1] {
            let copy = folder.path().join(format!("{number}-{place}"));
            whole.iter().for_each(|(name, bytes)| put(&copy, name, bytes));
            let mut altered = bytes.clone();
            altered[place] ^= 4;
            put(&copy, name, &altered);
            logs.push((copy, Some(Grade::Tampered)));
        }
    }
    let ours: Vec<_> = logs.iter().map(|(log, _)| verify_at(log, &[]).grade()).collect();
    let theirs = each(logs.iter().map(|(log, _)| log));
    let expected: Vec<_> = logs.iter().map(|(_, expected)| *expected).collect();
    assert_eq!((ours, theirs), (expected.clone(), expected));
}

/// A bundle that was given up and put back, in whole or in part, as it was and altered.
#[test]
fn both_say_the_same_of_what_was_put_back() {
    let whole = Scene::with_entries(300);
    let bundle = fs::read(whole.path().join("tile/entries/000")).unwrap();
    let end = bundle.len();
    let part = (0..7).fold(0, |at, _| at + 2 + usize::from(bundle[at]) * 256 + usize::from(bundle[at + 1]));
    let mut expected = Vec::new();
    let mut scenes = Vec::new();
    for (name, length) in [("tile/entries/000", end), ("tile/entries/000.p/7", part)] {
        for place in [None, Some(0), Some(length / 2), Some(length - 1)] {
            let mut scene = Scene::with_entries(300);
            scene.writer().prune(300).unwrap();
            let mut bytes = bundle[..length].to_vec();
            place.into_iter().for_each(|place| bytes[place] ^= 4);
            put(&scene.path(), name, &bytes);
            expected.push(place.map(|_| Grade::Tampered));
            scenes.push(scene);
        }
    }
    let paths: Vec<PathBuf> = scenes.iter().map(Scene::path).collect();
    let ours: Vec<_> = paths.iter().map(|log| verify_at(log, &[]).grade()).collect();
    assert_eq!((ours, each(paths.iter())), (expected.clone(), expected));
}

/// What is missing hides no alteration behind it.
#[test]
fn both_say_the_same_of_an_alteration_behind_what_is_missing() {
    let scene = Scene::with_entries(600);
    let log = scene.path();
    fs::remove_file(log.join("tile/entries/000")).unwrap();
    fs::remove_file(log.join("tile/0/000")).unwrap();
    let grades = || [verify_at(&log, &[]).grade(), each([log.clone()].iter()).pop().unwrap()];
    assert_eq!(grades(), [Some(Grade::Incomplete); 2]);
    let mut bundle = fs::read(log.join("tile/entries/001")).unwrap();
    bundle[100] ^= 4;
    put(&log, "tile/entries/001", &bundle);
    assert_eq!(grades(), [Some(Grade::Tampered); 2]);
}

/// Something else where a file must be, so that it cannot be read.
#[test]
fn both_say_the_same_of_what_cannot_be_read() {
    let mut scene = Scene::with_entries(3);
    scene.writer().keep_checkpoint().unwrap();
    scene.append(300);
    scene.writer().prune(256).unwrap();
    let whole = crate::scene::files(&scene.path());
    let folder = tempfile::tempdir().unwrap();
    let mut logs = Vec::new();
    for (number, (name, _)) in whole.iter().filter(|(name, _)| name != "lock").enumerate() {
        let copy = folder.path().join(number.to_string());
        whole.iter().for_each(|(name, bytes)| put(&copy, name, bytes));
        fs::remove_file(copy.join(name)).unwrap();
        fs::create_dir(copy.join(name)).unwrap();
        logs.push(copy);
    }
    let ours: Vec<_> = logs.iter().map(|log| verify_at(log, &[]).grade()).collect();
    let expected = vec![Some(Grade::Incomplete); logs.len()];
    assert_eq!((ours, each(logs.iter())), (expected.clone(), expected));
}

fn put(log: &Path, name: &str, bytes: &[u8]) {
    let path = log.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn each<'a>(logs: impl Iterator<Item = &'a PathBuf>) -> Vec<Option<Grade>> {
    let mut python = verifier();
    let mut python = python.arg("--each").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: String = logs.map(|log| format!("{}\n", log.display())).collect();
    let mut input = python.stdin.take().unwrap();
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let said = python.wait_with_output().unwrap();
    writing.join().unwrap();
    let grade = |line: &str| match line {
        "intact" => None,
        "incomplete" => Some(Grade::Incomplete),
        _ => Some(Grade::Tampered),
    };
    String::from_utf8(said.stdout).unwrap().lines().map(grade).collect()
}
