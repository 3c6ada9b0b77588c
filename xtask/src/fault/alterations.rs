//! Alterations of a log, as somebody makes them who can write every file of it, may make the tiles fit, and may even have its key;
//! what he cannot do is change the checkpoints that others hold.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use tacho_audit::checkpoint::Checkpoint;
use tacho_audit::hash::Hash;
use tacho_audit::key_chain::origin_of;
use tacho_audit::layout::{Shelf, TILE_WIDTH};
use tacho_audit::log::Log;
use tacho_audit::note::{Note, SigningKey, sign};
use tacho_audit::proof::TreeHead;
use tacho_audit::verify::{Grade, Outside, Witnessed, verify};

use super::Place;
use super::logs::{Luck, Original, entry, key_for};
use super::python::Python;

/// So many logs lie about while the other verifier looks at them.
const AT_ONCE: usize = 50;

/// A kind of alteration.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    alter: fn(&Case<'_>, &mut Luck) -> Result<Altered>,
}

pub(super) const KINDS: [Kind; 7] = [
    Kind { name: "single-bit edits", alter: edit },
    Kind { name: "deletions", alter: |case, luck| case.change(luck, delete) },
    Kind { name: "insertions", alter: |case, luck| case.change(luck, insert) },
    Kind {
        name: "reorderings",
        alter: |case, luck| case.change(luck, |entries, place, luck| reorder(entries, place, luck)),
    },
    Kind { name: "duplications", alter: |case, luck| case.change(luck, duplicate) },
    Kind { name: "key swaps", alter: swap_key },
    Kind { name: "tail cuts", alter: cut },
];

/// What verifiers said of an alteration.
pub(super) struct Tried {
    pub(super) what: String,
    pub(super) ours: Option<Grade>,
    pub(super) theirs: Option<Grade>,
}

/// Where an entry says that it stands.
#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

/// What was done, and which checkpoints others hold.
struct Altered {
    what: String,
    held: Vec<String>,
}

/// A copy of a log that is to be altered.
struct Case<'a> {
    log: PathBuf,
    original: &'a Original,
}

/// Makes so many alterations and asks both verifiers.
pub(super) fn try_all(kind: Kind, place: Place<'_>) -> Result<Vec<Tried>> {
    let Place { root, folder, count, seed } = place;
    let mut python = Python::start(root)?;
    let mut luck = Luck(seed.wrapping_mul(1000) + kind.name.len() as u64);
    let folder = folder.join(kind.name);
    let mut originals = Vec::new();
    for number in 0..20 {
        originals.push(Original::make(&folder.join(format!("original-{number}")), &mut luck)?);
    }
    let mut tried: Vec<Tried> = Vec::new();
    for number in 0..count {
        let original = originals.get(number % originals.len()).context("no log")?;
        let case = Case { log: folder.join(number.to_string()), original };
        original.copy_to(&case.log)?;
        let Altered { what, held } = (kind.alter)(&case, &mut luck)?;
        let mut witnesses = Vec::new();
        for (place, checkpoint) in held.iter().enumerate() {
            let path = case.log.with_extension(format!("held-{place}"));
            fs::write(&path, checkpoint)?;
            witnesses.push(path);
        }
        python.ask(&case.log, &witnesses)?;
        let ours = told(&case.log, &held);
        tried.push(Tried { what: format!("{what} ({})", case.log.display()), ours, theirs: None });
        if number % AT_ONCE == AT_ONCE - 1 || number + 1 == count {
            for (number, one) in tried.iter_mut().enumerate().skip(number / AT_ONCE * AT_ONCE) {
                one.theirs = python.answer()?;
                fs::remove_dir_all(folder.join(number.to_string()))?;
            }
        }
    }
    Ok(tried)
}

/// What our verifier says, which also looks whether entries stand where they say.
pub(super) fn told(log: &Path, held: &[String]) -> Option<Grade> {
    let witness =
        |checkpoint: &String| Witnessed { from: "a witness".into(), checkpoint: checkpoint.clone() };
    let witnessed: Vec<_> = held.iter().map(witness).collect();
    let mut judge = |number: u64, entry: &[u8]| {
        let seq = serde_json::from_slice::<Numbered>(entry).map(|entry| entry.seq);
        (seq.ok() != Some(number)).then(|| "stands where another was".to_owned())
    };
    verify(log, Outside { witnessed: &witnessed, first_key: None }, &mut judge).grade()
}

fn edit(case: &Case<'_>, luck: &mut Luck) -> Result<Altered> {
    let files: Vec<_> = case.original.files.iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
    let (name, bytes) = files.get(luck.below(files.len())).context("no file")?;
    let (place, bit) = (luck.below(bytes.len()), luck.below(8));
    let mut altered = bytes.clone();
    if let Some(byte) = altered.get_mut(place) {
        *byte ^= 1 << bit;
    }
    fs::write(case.log.join(name), altered)?;
    Ok(Altered { what: format!("bit {bit} of byte {place} of {}", name.display()), held: Vec::new() })
}

/// A change of the list of entries, and what it is.
type Change = fn(&mut Vec<Vec<u8>>, usize, &mut Luck) -> Result<String>;

fn delete(entries: &mut Vec<Vec<u8>>, place: usize, _: &mut Luck) -> Result<String> {
    entries.remove(place);
    Ok(format!("entry {place} deleted"))
}

fn insert(entries: &mut Vec<Vec<u8>>, place: usize, luck: &mut Luck) -> Result<String> {
    entries.insert(place, entry(place, &format!("Invented{}", luck.below(1000))));
    Ok(format!("an entry inserted before {place}"))
}

fn reorder(entries: &mut [Vec<u8>], place: usize, luck: &mut Luck) -> Result<String> {
    let other = (place + 1 + luck.below(entries.len() - 1)) % entries.len();
    entries.swap(place, other);
    Ok(format!("entries {place} and {other} exchanged"))
}

fn duplicate(entries: &mut Vec<Vec<u8>>, place: usize, luck: &mut Luck) -> Result<String> {
    let again = entries.get(place).cloned().context("no entry")?;
    let to = luck.below(entries.len() + 1);
    entries.insert(to, again);
    Ok(format!("entry {place} again before {to}"))
}

impl Case<'_> {
    /// Changes the list of entries: in one bundle alone, or with all that depends on it, or with all of that signed anew by the
    /// log's own key, which only those notice who hold a checkpoint.
    fn change(&self, luck: &mut Luck, change: Change) -> Result<Altered> {
        match luck.below(3) {
            0 => self.change_bundle(luck, change),
            effort => {
                let mut entries = self.original.entries.clone();
                let place = luck.below(entries.len());
                let what = change(&mut entries, place, luck)?;
                self.write_anew(&entries)?;
                let newest = self.original.checkpoints.last().context("no checkpoint")?;
                if effort == 1 {
                    fs::write(self.log.join("checkpoint"), newest)?;
                    return Ok(Altered { what: format!("{what}, tiles made to fit"), held: Vec::new() });
                }
                Ok(Altered { what: format!("{what}, signed anew"), held: vec![newest.clone()] })
            }
        }
    }

    fn change_bundle(&self, luck: &mut Luck, change: Change) -> Result<Altered> {
        let size = self.original.entries.len();
        let first = luck.below(size - self.original.minimum) + self.original.minimum;
        let bundle = first / TILE_WIDTH;
        let range = bundle * TILE_WIDTH..size.min((bundle + 1) * TILE_WIDTH);
        let mut entries = self.original.entries.get(range.clone()).context("no bundle")?.to_vec();
        // Of one entry alone there is nothing to exchange.
        let what = if entries.len() == 1 {
            delete(&mut entries, 0, luck)?
        } else {
            let place = luck.below(entries.len());
            change(&mut entries, place, luck)?
        };
        let length = |entry: &Vec<u8>| u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes();
        let bytes: Vec<u8> =
            entries.iter().flat_map(|entry| [length(entry).as_slice(), entry].concat()).collect();
        let name = Shelf::Entries.path(bundle as u64, range.len());
        fs::write(self.log.join(&name), bytes)?;
        Ok(Altered { what: format!("{what} in {}", name.display()), held: Vec::new() })
    }

    /// Writes the log anew with these entries and its own first key.
    fn write_anew(&self, entries: &[Vec<u8>]) -> Result<()> {
        fs::remove_dir_all(&self.log)?;
        Log::new(&self.log).write(key_for)?.append(entries)?;
        Ok(())
    }

    fn note(&self, name: &str) -> Result<String> {
        fs::read_to_string(self.log.join(name)).with_context(|| format!("cannot read {name}"))
    }
}

/// Another key in place of the log's: on the checkpoint, on all notes, or on a log made anew as a whole.
fn swap_key(case: &Case<'_>, luck: &mut Luck) -> Result<Altered> {
    let secret = [100 + luck.below(100) as u8; 32];
    let checkpoint = case.note("checkpoint")?;
    let said = Note::parse(&checkpoint).as_ref().and_then(Checkpoint::of).context("no checkpoint")?;
    let other = SigningKey::new(&said.origin, &secret).context("no key")?;
    let none = Vec::new();
    match luck.below(3) {
        0 => {
            fs::write(case.log.join("checkpoint"), said.signed(&other))?;
            Ok(Altered { what: "the checkpoint signed by another key".into(), held: none })
        }
        1 => {
            let text = format!(
                "tachograph-audit/key@1\n{}\n0\n{}\n{}\n",
                said.origin,
                Hash::of_nothing(),
                other.verifier()
            );
            fs::remove_dir_all(case.log.join("key"))?;
            fs::create_dir_all(case.log.join("key"))?;
            fs::write(case.log.join("key/0"), sign(&text, &[&other]))?;
            fs::write(case.log.join("checkpoint"), said.signed(&other))?;
            Ok(Altered { what: "all notes signed by another key".into(), held: none })
        }
        _ => {
            let named = origin_of(&other.verifier().public);
            fs::remove_dir_all(&case.log)?;
            let own = || SigningKey::new(&named, &secret);
            Log::new(&case.log).write(|_| own())?.append(&case.original.entries)?;
            Ok(Altered { what: "a log of another key".into(), held: vec![checkpoint] })
        }
    }
}

/// The end cut off, with the earlier checkpoint put back that was right for what is left.
fn cut(case: &Case<'_>, luck: &mut Luck) -> Result<Altered> {
    let newest = case.original.checkpoints.last().context("no checkpoint")?;
    let earlier = luck.below(case.original.checkpoints.len().max(2) - 1);
    let checkpoint = match case.original.checkpoints.get(earlier).filter(|one| *one != newest) {
        Some(checkpoint) => checkpoint.clone(),
        // Nothing at all is left.
        None => {
            let head = TreeHead { size: 0, root: Hash::of_nothing() };
            let key = super::logs::key(1)?;
            Checkpoint { origin: key.verifier().name.clone(), head }.signed(&key)
        }
    };
    let size = checkpoint.lines().nth(1).unwrap_or_default().to_owned();
    let left: usize = size.parse()?;
    case.write_anew(case.original.entries.get(..left).unwrap_or_default())?;
    Ok(Altered { what: format!("cut to {size} entries"), held: vec![newest.clone()] })
}
