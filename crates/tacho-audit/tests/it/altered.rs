//! Logs that somebody altered: each alteration is found, and the first bad entry named.

use crate::scene::{Scene, files, key, verify_at};
use std::fs;
use std::path::Path;
use tacho_audit::checkpoint::Checkpoint;
use tacho_audit::hash::Hash;
use tacho_audit::log::Log;
use tacho_audit::note::sign;
use tacho_audit::proof::TreeHead;
use tacho_audit::tree::Tree;
use tacho_audit::verify::{Finding, Grade, Outside, verify};

/// What is found, as lines of grade, entry and words.
fn found(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let entry = finding.entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string());
        format!("{:?} {entry} {}", finding.grade, finding.what)
    };
    findings.iter().map(line).collect()
}

#[track_caller]
fn check(alter: impl Fn(&Path), expected: &[&str]) {
    let scene = Scene::with_entries(600);
    alter(&scene.path());
    assert_eq!(found(&scene.verify(&[]).findings), expected);
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    *bytes.get_mut(place).unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
}

const TILE: &str = "it does not have the hash that its tile holds";

#[test]
fn an_entry() {
    let other = "Tampered 1 is another entry";
    let root = "Tampered 0 an entry from 0 to 599 is not what was signed: the checkpoint has another root";
    let level = "Tampered 0 tile 0 of level 1 does not hold the hash of what is below it";
    let own = &format!("Tampered 1 {TILE}");
    check(|log| flip(&log.join("tile/entries/000"), 100), &[other, own, root, level]);
    // With its tiles made to fit, the root tells.
    check(
        |log| {
            let bundle = fs::read(log.join("tile/entries/000")).unwrap();
            let mut altered = bundle.clone();
            altered[100] ^= 1;
            fs::write(log.join("tile/entries/000"), &altered).unwrap();
            let first = 2 + usize::from(u16::from_be_bytes([altered[0], altered[1]]));
            let second = first + 2 + usize::from(u16::from_be_bytes([altered[first], altered[first + 1]]));
            let mut tile = fs::read(log.join("tile/0/000")).unwrap();
            tile[32..64].copy_from_slice(&Hash::of_entry(&altered[first + 2..second]).0);
            fs::write(log.join("tile/0/000"), &tile).unwrap();
            let mut tree = Tree::default();
            tile.chunks(32).for_each(|leaf| tree.push(Hash::from_bytes(leaf).unwrap(), |_| ()));
            let mut above = fs::read(log.join("tile/1/000.p/2")).unwrap();
            above[..32].copy_from_slice(&tree.root().0);
            fs::write(log.join("tile/1/000.p/2"), above).unwrap();
        },
        &[other, root],
    );
}

#[test]
fn lengths_of_entries() {
    let short = "Tampered 256 its bundle does not hold 256 whole entries";
    check(
        |log| flip(&log.join("tile/entries/001"), 0),
        &["Tampered 256 is another entry", "Tampered 257 is another entry", short],
    );
    let extra = "Tampered 599 its bundle does not hold 88 whole entries";
    check(
        |log| {
            let path = log.join("tile/entries/002.p/88");
            let bundle = fs::read(&path).unwrap();
            fs::write(path, [bundle.as_slice(), &[0, 1, b'x']].concat()).unwrap();
        },
        &[extra],
    );
}

#[test]
fn tiles() {
    check(|log| flip(&log.join("tile/0/001"), 70), &[&format!("Tampered 258 {TILE}")]);
    let above = "Tampered 256 tile 0 of level 1 does not hold the hash of what is below it";
    check(|log| flip(&log.join("tile/1/000.p/2"), 40), &[above]);
}

#[test]
fn files_that_are_missing() {
    for (name, entry) in [
        ("tile/0/000", "-"),
        ("tile/entries/001", "256"),
        ("tile/1/000.p/2", "-"),
        ("checkpoint", "-"),
        ("key/0", "-"),
    ] {
        let scene = Scene::with_entries(600);
        let path = scene.path().join(name);
        fs::remove_file(&path).unwrap();
        let expected = format!("Incomplete {entry} cannot read {}", path.display());
        assert_eq!(found(&scene.verify(&[]).findings), [expected]);
    }
}

#[test]
fn parts_from_before() {
    let mut scene = Scene::with_entries(3);
    scene.append(4);
    flip(&scene.path().join("tile/entries/000.p/3"), 9);
    flip(&scene.path().join("tile/0/000.p/3"), 9);
    let expected = ["tile/entries/000.p/3", "tile/0/000.p/3"]
        .map(|name| format!("Tampered 0 {name} is not how what it became begins"));
    assert_eq!(found(&scene.verify(&[]).findings), expected);
}

#[test]
fn a_checkpoint() {
    let forged = |log: &Path, signer: u8| {
        let head = TreeHead { size: 599, root: Hash::of_nothing() };
        let origin = key(1).verifier().name.clone();
        let text = Checkpoint { origin, head }.text();
        fs::write(log.join("checkpoint"), sign(&text, &[&key(signer)])).unwrap();
    };
    check(
        |log| flip(&log.join("checkpoint"), 60),
        &["Tampered - the checkpoint is not signed by the key of the log"],
    );
    check(|log| forged(log, 2), &["Tampered - the checkpoint is not signed by the key of the log"]);
    // Even its own key cannot make another log of it.
    let scene = Scene::with_entries(600);
    forged(&scene.path(), 1);
    let report = scene.verify(&[]);
    assert_eq!(report.grade(), Some(Grade::Incomplete));
}

#[test]
fn keys_that_were_swapped() {
    let mut scene = Scene::with_entries(3);
    let witness = scene.checkpoint();
    let known = key(1).verifier().clone();
    // All of it made anew by another, whose log it now is.
    fs::remove_dir_all(scene.path()).unwrap();
    let other = tacho_audit::note::SigningKey::new("x", &[9; 32]).unwrap();
    let name = tacho_audit::key_chain::origin_of(&other.verifier().public);
    let other = || tacho_audit::note::SigningKey::new(&name, &[9; 32]);
    scene.log = Log::new(&scene.path());
    scene.log.write(|_| other()).unwrap().append(&[crate::scene::entry(0)]).unwrap();
    assert_eq!(found(&scene.verify(&[]).findings), [""; 0]);
    let report = scene.verify(&[&witness]);
    assert_eq!(found(&report.findings), ["Tampered - the checkpoint of a witness is of another log"]);
    let outside = Outside { witnessed: &[], first_key: Some(&known) };
    let report = verify(&scene.path(), outside, &mut |_, _| None);
    assert_eq!(found(&report.findings), ["Tampered - its first key is not the one that is known"]);
}

#[test]
fn notes_on_keys() {
    let mut scene = Scene::with_entries(3);
    scene.writer().hand_on(key(2)).unwrap();
    scene.append(3);
    let log = scene.path();
    let whole = files(&log);
    let restore = || whole.iter().for_each(|(name, bytes)| fs::write(log.join(name), bytes).unwrap());
    let check = |expected: &str| {
        assert_eq!(
            found(&verify_at(&log, &[]).findings),
            [expected.replace("LOG", &log.display().to_string())]
        );
        restore();
    };
    fs::remove_file(log.join("key/1")).unwrap();
    check("Tampered - the checkpoint is not signed by the key of the log");
    flip(&log.join("key/1"), 60);
    check("Tampered - LOG/key/1 is no note that its key has signed");
    let (text, _) = String::from_utf8(fs::read(log.join("key/1")).unwrap())
        .unwrap()
        .split_once("\n\n")
        .map(|(text, rest)| (format!("{text}\n"), rest.to_owned()))
        .unwrap();
    fs::write(log.join("key/1"), sign(&text, &[&key(2)])).unwrap();
    check("Tampered - LOG/key/1 was not signed by the key before it");
    fs::rename(log.join("key/1"), log.join("key/2")).unwrap();
    assert_eq!(
        found(&verify_at(&log, &[]).findings),
        [format!("Tampered - {}/key/1 is missing, and later ones are there", log.display())]
    );
}

/// Who cuts the end off and puts an earlier checkpoint back is found by whoever holds a later one.
#[test]
fn a_log_that_was_cut() {
    let mut scene = Scene::with_entries(3);
    let earlier = scene.checkpoint();
    scene.append(2);
    let later = scene.checkpoint();
    fs::write(scene.path().join("checkpoint"), &earlier).unwrap();
    assert_eq!(found(&scene.verify(&[&earlier]).findings), [""; 0]);
    assert_eq!(
        found(&scene.verify(&[&earlier, &later]).findings),
        ["Tampered 3 the log was cut: it has 3 entries, and a witness says that there were 5"]
    );
}

/// One who has the key and writes another end is found by whoever holds a checkpoint from before.
#[test]
fn a_log_with_another_past() {
    let mut scene = Scene::with_entries(3);
    let common = scene.checkpoint();
    scene.append(2);
    let seen = scene.checkpoint();
    fs::write(scene.path().join("checkpoint"), &common).unwrap();
    let mut writer = scene.writer();
    writer.append(&[b"another".to_vec(), b"one".to_vec(), b"more".to_vec()]).unwrap();
    drop(writer);
    let another = |number| format!("Tampered {number} is another entry");
    let expected = [
        another(3),
        another(4),
        another(5),
        "Tampered 3 an entry from 3 to 4 is not what was signed: a witness has another root".to_owned(),
    ];
    assert_eq!(found(&scene.verify(&[&common, &seen]).findings), expected);
}

#[test]
fn what_was_given_up_without_a_word() {
    let mut scene = Scene::with_entries(600);
    scene.writer().prune(300).unwrap();
    assert_eq!(found(&scene.verify(&[]).findings), [""; 0]);
    fs::remove_file(scene.path().join("pruned")).unwrap();
    let bundle = scene.path().join("tile/entries/000");
    let expected = format!("Incomplete 0 cannot read {}", bundle.display());
    assert_eq!(found(&scene.verify(&[]).findings), [expected]);
}

/// What was given up may be there all the same, whole or in part, and must be what it was.
#[test]
fn what_was_given_up_and_put_back() {
    let mut scene = Scene::with_entries(600);
    let bundle = fs::read(scene.path().join("tile/entries/000")).unwrap();
    let part = bundle_of(7);
    scene.writer().prune(600).unwrap();
    let log = scene.path();
    let put = |name: &str, bytes: &[u8]| {
        let path = log.join("tile/entries").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    put("000", &bundle);
    put("000.p/7", &part);
    let report = verify_at(&log, &[]);
    assert_eq!((found(&report.findings), report.entries), (Vec::new(), 88 + 256));
    let mut altered = bundle.clone();
    altered[100] ^= 1;
    put("000", &altered);
    assert_eq!(
        found(&verify_at(&log, &[]).findings),
        [
            "Tampered 1 is another entry",
            "Tampered 1 tile/entries/000.p/7 is not how what it became begins",
            &format!("Tampered 1 {TILE}"),
            "Tampered 0 an entry from 0 to 599 is not what was signed: the note on pruning has another root",
            "Tampered 0 an entry from 0 to 599 is not what was signed: the checkpoint has another root",
            "Tampered 0 tile 0 of level 1 does not hold the hash of what is below it",
        ]
    );
    fs::remove_file(log.join("tile/entries/000")).unwrap();
    assert_eq!(found(&verify_at(&log, &[]).findings), [""; 0]);
    put("000.p/7", &altered[..part.len()]);
    assert_eq!(
        found(&verify_at(&log, &[]).findings),
        ["Tampered 1 tile/entries/000.p/7 is not how what it became begins"]
    );
}

/// A bundle of the first entries.
fn bundle_of(count: u64) -> Vec<u8> {
    let entries = (0..count).map(crate::scene::entry);
    entries.flat_map(|entry| [&u16::try_from(entry.len()).unwrap().to_be_bytes(), &*entry].concat()).collect()
}
