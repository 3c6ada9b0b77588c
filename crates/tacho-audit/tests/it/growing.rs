//! Logs that grow as they should: what lies on disk, proofs, keys that change, entries that are given up.

use crate::scene::{Scene, entry, files, key, key_for};
use proptest::prelude::*;
use std::fs;
use tacho_audit::error::LogError;
use tacho_audit::hash::Hash;
use tacho_audit::log::Log;
use tacho_audit::note::sign;
use tacho_audit::proof::{TreeHead, is_consistent};
use tacho_audit::tiles::Tiles;
use tacho_audit::tlog_proof::EntryProof;
use tacho_audit::verify::{Grade, Report};

fn intact(report: &Report, entries: u64) {
    let size = report.head.unwrap().size;
    assert_eq!((&*report.findings, report.entries, size), (&[][..], entries, size));
}

#[test]
fn what_lies_on_disk() {
    let mut scene = Scene::new();
    scene.append(2);
    scene.append(1);
    let names = |scene: &Scene| files(&scene.path()).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(
        names(&scene),
        [
            "checkpoint",
            "key/0",
            "lock",
            "tile/0/000.p/2",
            "tile/0/000.p/3",
            "tile/entries/000.p/2",
            "tile/entries/000.p/3"
        ]
    );
    scene.append(255);
    assert_eq!(
        names(&scene),
        [
            "checkpoint",
            "key/0",
            "lock",
            "tile/0/000",
            "tile/0/001.p/2",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/2",
        ]
    );
    assert_eq!(
        scene.checkpoint(),
        "tachograph/audit/34750f98bd59fcfc946da45aaabe933b\n258\n/iztdAkqzXqQaQgiXWbjiHhUVfo6hfhc7+hXRmbUg0s=\n\n\
         \u{2014} tachograph/audit/34750f98bd59fcfc946da45aaabe933b \
         XtIRTf/lnPUf9ZM3uP9fyJHOkBntSpSPOAB8j78smkCe31c+7CLppUuDlT/Nzj8q1iNUjUcGLny/A7fR5TiV8NjbYAs=\n"
    );
    intact(&scene.verify(&[]), 258);
}

#[test]
fn a_log_of_nothing() {
    let mut scene = Scene::new();
    scene.writer().append(&[]).unwrap();
    intact(&scene.verify(&[]), 0);
}

#[test]
fn an_entry_that_is_too_long() {
    let mut scene = Scene::with_entries(1);
    let failed = scene.writer().append(&[vec![0; 65_535], vec![0; 65_536]]);
    assert!(matches!(failed, Err(LogError::EntryTooLong { bytes: 65_536 })));
    intact(&scene.verify(&[]), 1);
}

/// Two that hold a log open take turns, and each goes on where the other was.
#[test]
fn writers_in_turns() {
    let mut scene = Scene::with_entries(3);
    let mut other = Log::new(&scene.path());
    for _ in 0..3 {
        let mut writer = other.write(key_for).unwrap();
        let next = writer.size();
        writer.append(&[entry(next)]).unwrap();
        drop(writer);
        scene.append(1);
    }
    intact(&scene.verify(&[]), 9);
}

#[test]
fn keys_that_change() {
    let mut scene = Scene::with_entries(5);
    let first = scene.checkpoint();
    scene.writer().hand_on(key(2)).unwrap();
    intact(&scene.verify(&[&first]), 5);
    scene.append(300);
    let second = scene.checkpoint();
    let mut writer = scene.writer();
    writer.keep_checkpoint().unwrap();
    writer.hand_on(key(3)).unwrap();
    // Nothing was signed in between.
    writer.hand_on(key(2)).unwrap();
    drop(writer);
    scene.append(1);
    let report = scene.verify(&[&first, &second]);
    intact(&report, 306);
    // Two that others hold, the one that was kept, the notes of three keys, and the newest.
    assert_eq!(report.checkpoints, 7);
    let lost = scene.log.write(|_| None).map(|writer| writer.size());
    assert_eq!(
        lost.unwrap_err().to_string(),
        format!("the key {} that signs the log is not there", key(2).verifier())
    );
}

#[test]
fn entries_that_are_given_up() {
    let mut scene = Scene::with_entries(1000);
    let before = proof(&scene, 3);
    assert_eq!(scene.writer().prune(600).unwrap(), 2);
    scene.append(30);
    let report = scene.verify(&[]);
    intact(&report, 1030 - 512);
    assert_eq!(report.minimum, 600);
    // What was proven stays proven, and can be proven anew to who has the entry.
    assert!(before.check(&[key(1).verifier().clone()]).is_ok());
    let mut tiles = Tiles::new(&scene.path(), 1030);
    let anew = EntryProof { path: tiles.inclusion(3).unwrap(), checkpoint: scene.checkpoint(), ..before };
    assert!(anew.check(&[key(1).verifier().clone()]).is_ok());
    assert!(tiles.entry(3).is_err() && tiles.entry(600).is_ok());
    // Less than was given up is not given up again.
    assert_eq!((scene.writer().prune(10).unwrap(), scene.verify(&[]).minimum), (0, 600));
}

/// Who gave entries up and then handed signing on, before anything else was appended, had the say when he did.
#[test]
fn entries_that_are_given_up_before_the_key_changes() {
    let mut scene = Scene::with_entries(300);
    scene.writer().prune(256).unwrap();
    scene.writer().hand_on(key(2)).unwrap();
    scene.writer().hand_on(key(3)).unwrap();
    intact(&scene.verify(&[]), 44);
    scene.append(1);
    intact(&scene.verify(&[]), 45);
    // Only those who had it: a key that came later signs nothing that was before it.
    let note = fs::read_to_string(scene.path().join("pruned")).unwrap();
    let (text, _) = note.split_once("\n\n").unwrap();
    let signed = |number| sign(&format!("{text}\n"), &[&key(number)]);
    for (number, expected) in [(1, 0), (2, 0), (3, 0)] {
        fs::write(scene.path().join("pruned"), signed(number)).unwrap();
        assert_eq!(scene.verify(&[]).findings.len(), expected, "{number}");
    }
    scene.writer().hand_on(key(2)).unwrap();
    scene.append(1);
    scene.writer().prune(256 + 10).unwrap();
    let note = fs::read_to_string(scene.path().join("pruned")).unwrap();
    let (text, _) = note.split_once("\n\n").unwrap();
    fs::write(scene.path().join("pruned"), sign(&format!("{text}\n"), &[&key(3)])).unwrap();
    assert_eq!(scene.verify(&[]).grade(), Some(Grade::Tampered));
}

/// Who reads a log that grows meanwhile finds what he looks for, also where the part in which it stood has become whole.
#[test]
fn what_is_read_while_the_log_grows() {
    let mut scene = Scene::with_entries(250);
    let (mut tiles, before) = (Tiles::new(&scene.path(), 250), proof(&scene, 3));
    scene.append(300);
    assert_eq!(tiles.entry(249).unwrap(), entry(249));
    assert_eq!(tiles.inclusion(3).unwrap(), before.path);
    let read: Vec<_> = tiles.entries_from(248).map(Result::unwrap).collect();
    assert_eq!(read, [(248, entry(248)), (249, entry(249))]);
}

fn proof(scene: &Scene, index: u64) -> EntryProof {
    let checkpoint = scene.checkpoint();
    let size = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    let mut tiles = Tiles::new(&scene.path(), size);
    EntryProof {
        entry: tiles.entry(index).unwrap(),
        index,
        path: tiles.inclusion(index).unwrap(),
        checkpoint,
    }
}

#[test]
fn proofs_of_entries() {
    let scene = Scene::with_entries(700);
    let keys = [key(1).verifier().clone()];
    for index in [0, 1, 255, 256, 511, 699] {
        let proof = proof(&scene, index);
        let text = proof.to_string();
        assert_eq!(EntryProof::parse(&text).as_ref(), Some(&proof));
        assert_eq!(proof.check(&keys).map(|head| head.size), Ok(700));
        let others = [
            EntryProof { entry: entry(index + 1), ..proof.clone() },
            EntryProof { index: index ^ 1, ..proof.clone() },
            EntryProof { path: proof.path.iter().skip(1).copied().collect(), ..proof.clone() },
        ];
        let wrong = Err("the entry is not in the tree that was signed");
        assert_eq!(others.map(|proof| proof.check(&keys)), [wrong; 3]);
        let untrusted = Err("its checkpoint is not signed by a key that is trusted");
        assert_eq!(proof.check(&[key(2).verifier().clone()]), untrusted);
        let texts = [
            text.replace("@v1", "@v2"),
            text.replace("extra ", "extra  "),
            text.replace("index ", "index 0"),
            text.replace("\n\n", "\n"),
        ];
        assert_eq!(texts.map(|text| EntryProof::parse(&text)), [const { None }; 4]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// However entries come, the log is the same, and each checkpoint grew out of each before.
    #[test]
    fn however_it_grows(batches in prop::collection::vec(1_u64..300, 1..6)) {
        let mut scene = Scene::new();
        let mut heads = vec![TreeHead { size: 0, root: Hash::of_nothing() }];
        for batch in &batches {
            scene.append(*batch);
            heads.push(scene.verify(&[]).head.unwrap());
        }
        let sum = batches.iter().sum();
        let report = scene.verify(&[]);
        prop_assert_eq!((&*report.findings, report.entries), (&[][..], sum));
        let at_once = Scene::with_entries(sum);
        prop_assert_eq!(scene.checkpoint(), at_once.checkpoint());
        for (number, new) in heads.iter().enumerate() {
            let mut tiles = Tiles::new(&scene.path(), new.size);
            for old in &heads[..number] {
                let path = tiles.consistency(old.size).unwrap();
                prop_assert!(is_consistent(*old, *new, &path));
            }
        }
        let newest = heads.last().unwrap();
        let mut tiles = Tiles::new(&scene.path(), newest.size);
        for old in &heads {
            prop_assert!(is_consistent(*old, *newest, &tiles.consistency(old.size).unwrap()));
        }
    }
}

#[test]
fn whatever_a_crash_left_is_overwritten() {
    let mut scene = Scene::with_entries(300);
    let path = scene.path();
    for name in ["fresh", "tile/0/001.p/50", "tile/entries/001.p/50", "tile/0/001", "tile/entries/001"] {
        fs::write(path.join(name), "left by a writer that died").unwrap();
    }
    intact(&scene.verify(&[]), 300);
    scene.log = Log::new(&path);
    scene.append(6);
    scene.append(300);
    intact(&scene.verify(&[]), 606);
}

/// What was never signed is gone before anything else takes its place, also where it is longer than that.
#[test]
fn what_a_crash_left_is_no_alteration() {
    let mut scene = Scene::with_entries(3);
    let path = scene.path();
    for name in ["tile/0/000.p/5", "tile/entries/000.p/5", "tile/0/001", "tile/entries/001.p/9"] {
        fs::create_dir_all(path.join(name).parent().unwrap()).unwrap();
        fs::write(path.join(name), "left by a writer that died").unwrap();
    }
    scene.log = Log::new(&path);
    scene.append(3);
    intact(&scene.verify(&[]), 6);
    scene.append(300);
    intact(&scene.verify(&[]), 306);
}
