//! Tests of what needs no disk: hashes, trees, proofs, notes and names, against published vectors.

use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::key_chain::origin_of;
use crate::layout::Shelf;
use crate::note::{NoVerifierKey, Note, SigningKey, VerifierKey, sign};
use crate::proof::{TreeHead, consistency, inclusion, is_consistent, is_included};
use crate::tree::{Tree, root_of};
use proptest::prelude::*;
use std::convert::Infallible;

const INCLUSION: &str = include_str!("../../../fixtures/audit/inclusion.tsv");
const CONSISTENCY: &str = include_str!("../../../fixtures/audit/consistency.tsv");

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// A hash; `None` where the vector has none of the right length.
fn hash(hex: &str) -> Option<Hash> {
    Hash::from_bytes(&bytes(hex))
}

fn path(hexes: &str) -> Option<Vec<Hash>> {
    hexes.split(',').filter(|hex| *hex != "-").map(hash).collect()
}

/// The lines of which the check says something else than the vector.
fn disagreements(table: &str, check: impl Fn(&[&str]) -> Option<bool>) -> Vec<&str> {
    let differs = |line: &&str| {
        let (said, verdict) = line.rsplit_once('\t').unwrap();
        check(&said.split('\t').collect::<Vec<_>>()).unwrap_or(false) != (verdict == "right")
    };
    table.lines().skip(1).filter(differs).collect()
}

#[test]
fn published_proofs() {
    let none: [&str; 0] = [];
    let included = |row: &[&str]| {
        let (index, size) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        Some(is_included(hash(row[2])?, index, size, hash(row[3])?, &path(row[4])?))
    };
    assert_eq!(disagreements(INCLUSION, included), none);
    let consistent = |row: &[&str]| {
        let head = |size: &str, root| Some(TreeHead { size: size.parse().unwrap(), root: hash(root)? });
        Some(is_consistent(head(row[0], row[2])?, head(row[1], row[3])?, &path(row[4])?))
    };
    assert_eq!(disagreements(CONSISTENCY, consistent), none);
}

/// The eight entries that implementations of RFC 6962 are tested with, and the roots of trees of them.
#[test]
fn published_roots() {
    let entries =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let mut tree = Tree::default();
    let mut roots = vec![tree.root()];
    for entry in entries {
        tree.push(Hash::of_entry(&bytes(entry)), |_| ());
        roots.push(tree.root());
    }
    let expected = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    assert_eq!(roots, expected.map(|root| hash(root).unwrap()));
}

/// The example of C2SP signed-note.
#[test]
fn a_published_note() {
    let key: VerifierKey =
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".parse().unwrap();
    let note = "This is an example message.\n\n\u{2014} example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let parsed = Note::parse(note).unwrap();
    assert_eq!((parsed.text, parsed.is_signed_by(&key)), ("This is an example message.\n", true));
    let other = note.replace("example message", "example massage");
    assert!(!Note::parse(&other).unwrap().is_signed_by(&key));
}

#[test]
fn texts_that_are_no_notes() {
    let key = SigningKey::new("example.com/a", &[7; 32]).unwrap();
    let note = sign("text\n", &[&key]);
    assert!(Note::parse(&note).unwrap().is_signed_by(key.verifier()));
    // Also a second signature of the key must be right.
    let wrong = sign("other\n", &[&key]);
    let both = format!("{note}{}", wrong.split_once("\n\n").unwrap().1);
    assert!(!Note::parse(&both).unwrap().is_signed_by(key.verifier()));
    let damaged = [
        note.trim_end().to_owned(),
        note.replace("\n\n", "\n"),
        note.replace('\u{2014}', "-"),
        note.replace("example.com/a ", "example.com/a"),
        note.replace("text", "te\txt"),
        note.replace('=', ""),
        String::new(),
    ];
    assert_eq!(damaged.each_ref().map(|text| Note::parse(text).is_some()), [false; 7]);
}

#[test]
fn names_of_keys_and_logs() {
    let key = SigningKey::new("example.com/a", &[7; 32]).unwrap();
    let text = key.verifier().to_string();
    assert_eq!(text.parse().as_ref(), Ok(key.verifier()));
    let wrong =
        [text.replace("+", "-"), text.replace("/a", "/b"), text.replace("+", "++"), format!("{text}=")];
    assert_eq!(wrong.map(|text| text.parse::<VerifierKey>()), [const { Err(NoVerifierKey) }; 4]);
    assert!(SigningKey::new("a b", &[7; 32]).is_none() && SigningKey::new("", &[7; 32]).is_none());
    assert_eq!(format!("{key:?}"), format!("SigningKey({text})"));
    assert_eq!(origin_of(&key.verifier().public), "tachograph/audit/fe812c12f3ab4ce6ac5db69ac352f906");
}

/// The widths that C2SP tlog-tiles gives as examples, and its example of a path.
#[test]
fn names_and_widths_of_tiles() {
    let widths = |size: u64| {
        (0..3).map(move |level| {
            let shelf = Shelf::Level(level);
            let full = (size >> shelf.height()) / 256;
            (full, shelf.width(full, size))
        })
    };
    assert_eq!(widths(70_000).collect::<Vec<_>>(), [(273, 112), (1, 17), (0, 1)]);
    assert_eq!(widths(256).collect::<Vec<_>>(), [(1, 0), (0, 1), (0, 0)]);
    let names = [
        Shelf::Level(0).path(1_234_067, 256),
        Shelf::Level(1).path(0, 1),
        Shelf::Entries.path(1000, 255),
        Shelf::Level(63).path(1, 256),
    ];
    assert_eq!(
        names.map(|path| path.display().to_string()),
        ["tile/0/x001/x234/067", "tile/1/000.p/1", "tile/entries/x001/000.p/255", "tile/63/001"]
    );
}

#[test]
fn checkpoints_and_what_is_none() {
    let key = SigningKey::new("example.com/log", &[1; 32]).unwrap();
    let head = TreeHead { size: 9, root: Hash::of_nothing() };
    let checkpoint = Checkpoint { origin: "example.com/log".into(), head };
    let signed = checkpoint.signed(&key);
    assert_eq!(Note::parse(&signed).as_ref().and_then(Checkpoint::of), Some(checkpoint.clone()));
    let text = checkpoint.text();
    let others = [
        text.replace("9\n", "09\n"),
        text.replace("9\n", "+9\n"),
        text.replace("9\n", "-9\n"),
        text.clone() + "extension\n",
        text.replace("47DEQ", "47DE"),
        text.replace("example.com/log", ""),
    ];
    let read = others.map(|text| Note::parse(&sign(&text, &[&key])).as_ref().and_then(Checkpoint::of));
    assert_eq!(read, [const { None }; 6]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Every proof of every tree says what is so, and nothing else.
    #[test]
    fn proofs_of_any_tree(size in 1_u64..600, old in 0_u64..600, index in 0_u64..600, other in any::<u64>()) {
        let (old, index) = (old % (size + 1), index % size);
        let leaves: Vec<Hash> = (0..size).map(|number| Hash::of_entry(&number.to_be_bytes())).collect();
        let mut of = |first: u64, end: u64| Ok::<_, Infallible>(root_of(&leaves[first as usize..end as usize]));
        let mut tree = Tree::default();
        let mut before = tree.root();
        for leaf in &leaves {
            tree.push(*leaf, |_| ());
            if tree.size() == old { before = tree.root(); }
        }
        let root = tree.root();
        prop_assert_eq!(root, of(0, size).unwrap());
        let path = inclusion(index, size, &mut of).unwrap();
        prop_assert!(is_included(leaves[index as usize], index, size, root, &path));
        prop_assert!(!is_included(Hash::of_entry(b"x"), index, size, root, &path));
        prop_assert!(other % size == index || !is_included(leaves[index as usize], other % size, size, root, &path));
        let (old, new) = (TreeHead { size: old, root: before }, TreeHead { size, root });
        let path = consistency(old.size, size, &mut of).unwrap();
        prop_assert!(is_consistent(old, new, &path));
        let other = |head: TreeHead| TreeHead { root: Hash::of_entry(b"x"), ..head };
        let wrong = [is_consistent(old, other(new), &path) && old.size > 0, is_consistent(other(old), new, &path)];
        prop_assert_eq!(wrong, [false; 2]);
    }
}
