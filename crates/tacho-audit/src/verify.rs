//! Verifying a whole log: every entry against its tile, every tile against the one above, the root against the signed
//! checkpoint, and the growth of the log against every earlier checkpoint that anybody holds. Changes nothing, and holds a
//! few tiles at a time. A log that grows or is pruned meanwhile is verified again where anything seemed wrong: parts of
//! tiles go once the tile is full.

use crate::error::LogError;
use crate::files::{numbers_in, read, read_text};
use crate::hash::{HASH_BYTES, Hash};
use crate::key_chain::KeyChain;
use crate::layout::{CHECKPOINT, PAST, PRUNED, Shelf, TILE_WIDTH};
use crate::note::VerifierKey;
use crate::proof::TreeHead;
use crate::prune::Pruned;
use crate::tiles::{entries, read_bundle, read_tile};
use crate::tree::Tree;
use std::path::Path;

/// So often a log is verified again that grows meanwhile.
const TRIES: usize = 5;
/// So many findings say enough.
const FINDINGS_MAX: usize = 100;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Something that must be there is not, or cannot be read; what is there fits.
    Incomplete,
    /// What is there is not what was signed.
    Tampered,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub grade: Grade,
    /// The first entry it is about, if it is about entries.
    pub entry: Option<u64>,
    /// What is wrong, in words.
    pub what: String,
}

/// A checkpoint that somebody else holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Where it comes from, for findings.
    pub from: String,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// What a verification came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The name of the log.
    pub origin: Option<String>,
    /// The tree that is signed.
    pub head: Option<TreeHead>,
    /// The first entry that was not given up.
    pub minimum: u64,
    /// Entries that were read and fit their tiles.
    pub entries: u64,
    /// Earlier checkpoints, the log's own and others', that the log was found to have grown out of.
    pub checkpoints: u64,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<Finding>,
}

/// What is known from outside.
#[derive(Clone, Copy, Debug)]
pub struct Outside<'a> {
    /// Checkpoints that others hold.
    pub witnessed: &'a [Witnessed],
    /// The first key of the log, where that is known.
    pub first_key: Option<&'a VerifierKey>,
}

/// Says what is wrong with an entry itself, by its number and its bytes.
pub type Judge<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Option<String>;

/// Verifies the log in a directory.
#[must_use]
pub fn verify(log: &Path, outside: Outside<'_>, judge: Judge<'_>) -> Report {
    let standing = || [CHECKPOINT, PRUNED].map(|name| read_text(&log.join(name)).ok());
    for _ in 1..TRIES {
        let before = standing();
        let report = verify_once(log, outside, judge);
        if report.findings.is_empty() || standing() == before {
            return report;
        }
    }
    verify_once(log, outside, judge)
}

fn verify_once(log: &Path, outside: Outside<'_>, judge: Judge<'_>) -> Report {
    let mut report = Report::default();
    let Some(chain) = report.note(KeyChain::read(log)) else { return report };
    report.origin = Some(chain.origin().to_owned());
    if outside.first_key.is_some_and(|key| chain.links().next().is_some_and(|link| link.key != *key)) {
        report.find(Grade::Tampered, None, "its first key is not the one that is known".to_owned());
    }
    let Some(checkpoint) = report.note(read_text(&log.join(CHECKPOINT))) else { return report };
    let head = match chain.open(&checkpoint) {
        Ok(head) => head,
        Err(why) => {
            report.find(Grade::Tampered, None, format!("the checkpoint {why}"));
            return report;
        }
    };
    report.head = Some(head);
    let pruned = report.note(Pruned::read(log, &chain));
    report.minimum = pruned.map_or(0, |pruned| pruned.minimum);
    let mut expected = report.expected(log, &chain, outside.witnessed, head);
    expected
        .extend(pruned.map(|pruned| Expected { head: pruned.head, from: "the note on pruning".to_owned() }));
    expected.retain(|one| one.head.size > 0 || one.head.root != Hash::of_nothing());
    expected.push(Expected { head, from: "the checkpoint".to_owned() });
    expected.sort_by_key(|one| one.head.size);
    Walk { log, head, report, tree: Tree::default(), expected: expected.into_iter().peekable(), good: 0 }
        .through(judge)
}

/// A root that the tree must have had at a size.
#[derive(Debug)]
struct Expected {
    head: TreeHead,
    from: String,
}

impl Report {
    /// The worst of what was found.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        self.findings.iter().map(|finding| finding.grade).max()
    }

    fn find(&mut self, grade: Grade, entry: Option<u64>, what: String) {
        let is_worse = self.grade() < Some(grade);
        if self.findings.len() >= FINDINGS_MAX && is_worse {
            // The verdict must not depend on how much else is wrong.
            self.findings.pop();
        }
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { grade, entry, what });
        }
    }

    fn note<T>(&mut self, read: Result<T, LogError>) -> Option<T> {
        read.map_err(|error| self.find(grade_of(&error), None, error.to_string())).ok()
    }

    /// The earlier trees that the log must have grown out of.
    fn expected(
        &mut self,
        log: &Path,
        chain: &KeyChain,
        witnessed: &[Witnessed],
        head: TreeHead,
    ) -> Vec<Expected> {
        let mut expected: Vec<Expected> = chain
            .links()
            .map(|link| Expected { head: link.after, from: format!("the note on the key {}", link.key) })
            .collect();
        let mut checkpoints = witnessed.to_vec();
        for size in numbers_in(&log.join(PAST)) {
            let from = Path::new(PAST).join(size.to_string());
            if let Some(checkpoint) = self.note(read_text(&log.join(&from))) {
                checkpoints.push(Witnessed { from: from.display().to_string(), checkpoint });
            }
        }
        for Witnessed { from, checkpoint } in checkpoints {
            match chain.open(&checkpoint) {
                Ok(seen) => expected.push(Expected { head: seen, from }),
                Err(why) => self.find(Grade::Tampered, None, format!("the checkpoint of {from} {why}")),
            }
        }
        for one in expected.iter().filter(|one| one.head.size > head.size) {
            let what = format!(
                "the log was cut: it has {} entries, and {} says that there were {}",
                head.size, one.from, one.head.size
            );
            self.find(Grade::Tampered, Some(head.size), what);
        }
        expected.retain(|one| one.head.size <= head.size);
        expected
    }
}

fn grade_of(error: &LogError) -> Grade {
    if matches!(error, LogError::File { .. }) { Grade::Incomplete } else { Grade::Tampered }
}

/// On the way through the entries.
struct Walk<'a, I: Iterator<Item = Expected>> {
    log: &'a Path,
    head: TreeHead,
    report: Report,
    tree: Tree,
    expected: std::iter::Peekable<I>,
    /// The largest size at which the tree had the root that it must have had.
    good: u64,
}

impl<I: Iterator<Item = Expected>> Walk<'_, I> {
    fn through(mut self, judge: Judge<'_>) -> Report {
        self.meet_expected();
        let mut is_whole = true;
        for bundle in 0..self.head.size.div_ceil(TILE_WIDTH as u64) {
            match self.leaves(bundle, judge) {
                Some(leaves) if is_whole => leaves.into_iter().for_each(|leaf| self.grow(leaf)),
                // Behind what is missing no root can be told, and its own tile is all that there is to compare with.
                Some(leaves) => self.compare(0, bundle, &leaves),
                None => is_whole = false,
            }
        }
        if !is_whole {
            return self.report;
        }
        let edge = self.tree.edge().to_vec();
        for (level, hashes) in (0..).zip(&edge).filter(|(_, hashes)| !hashes.is_empty()) {
            let index = (self.head.size >> Shelf::Level(level).height()) / TILE_WIDTH as u64;
            self.compare(level, index, hashes);
        }
        self.report
    }

    fn grow(&mut self, leaf: Hash) {
        let mut full = Vec::new();
        self.tree.push(leaf, |tile| full.push(tile));
        full.iter().for_each(|tile| self.compare(tile.level, tile.index, &tile.hashes));
        self.meet_expected();
    }

    /// The hashes of the entries of a bundle; `None` where neither it nor its tile can be read. A bundle that was given up need
    /// not be there; one that is must be what it was.
    fn leaves(&mut self, bundle: u64, judge: Judge<'_>) -> Option<Vec<Hash>> {
        let width = Shelf::Entries.width(bundle, self.head.size);
        let first = bundle * TILE_WIDTH as u64;
        let bytes = match read_bundle(self.log, bundle, width) {
            Ok(bytes) => bytes,
            Err(error) => {
                let may_be_missing = first + width as u64 <= self.report.minimum && width == TILE_WIDTH;
                if !(may_be_missing && error.is_missing_file()) {
                    self.report.find(grade_of(&error), Some(first), error.to_string());
                }
                let tile = self.report.note(read_tile(self.log, 0, bundle, width))?;
                self.compare_parts(Shelf::Entries, bundle, &tile);
                return Some(tile);
            }
        };
        let mut leaves = Vec::with_capacity(width);
        for (index, entry) in (first..).zip(entries(&bytes).map_while(|entry| entry).take(width)) {
            leaves.push(Hash::of_entry(entry));
            if let Some(what) = judge(index, entry) {
                self.report.find(Grade::Tampered, Some(index), what);
            }
        }
        let is_whole = leaves.len() == width && entries(&bytes).nth(width).is_none();
        if !is_whole {
            let tile = read_tile(self.log, 0, bundle, width);
            let tile = self.report.note(tile)?;
            let same = leaves.iter().zip(&tile).take_while(|(found, right)| found == right).count();
            let what = format!("its bundle does not hold {width} whole entries");
            self.report.find(Grade::Tampered, Some(first + same.min(width - 1) as u64), what);
            return Some(tile);
        }
        self.compare_parts(Shelf::Entries, bundle, &leaves);
        self.report.entries += width as u64;
        Some(leaves)
    }

    /// Compares a tile with what it must hold, and so do parts of it that were written before it was full.
    fn compare(&mut self, level: u32, index: u64, hashes: &[Hash]) {
        let Some(found) = self.report.note(read_tile(self.log, level, index, hashes.len())) else { return };
        let differs = found.iter().zip(hashes).position(|(found, right)| found != right);
        if let Some(place) = differs {
            let entry = (index * TILE_WIDTH as u64 + place as u64) << Shelf::Level(level).height();
            let what = match level {
                0 => "it does not have the hash that its tile holds".to_owned(),
                _ => format!("tile {index} of level {level} does not hold the hash of what is below it"),
            };
            self.report.find(Grade::Tampered, Some(entry), what);
        }
        self.compare_parts(Shelf::Level(level), index, hashes);
    }

    /// What was signed of a tile or bundle before it was as wide as it is now must be how it begins, by its hashes.
    fn compare_parts(&mut self, shelf: Shelf, index: u64, hashes: &[Hash]) {
        let width = shelf.width(index, self.head.size);
        for part in numbers_in(&self.log.join(shelf.parts(index))) {
            let part = usize::try_from(part).unwrap_or(usize::MAX);
            // A wider one was left by a writer that did not come to sign it.
            if part >= width {
                continue;
            }
            let name = shelf.path(index, part);
            let bytes = match read(&self.log.join(&name)) {
                // It went when the tile became full.
                Err(error) if error.is_missing_file() => continue,
                read => self.report.note(read),
            };
            let Some(bytes) = bytes else { continue };
            let found: Option<Vec<Hash>> = match shelf {
                Shelf::Level(_) => bytes.chunks(HASH_BYTES).map(Hash::from_bytes).collect(),
                Shelf::Entries => entries(&bytes).map(|entry| entry.map(Hash::of_entry)).collect(),
            };
            let found = found.unwrap_or_default();
            if found.len() == part && hashes.starts_with(&found) {
                continue;
            }
            let same = found.iter().zip(hashes).take_while(|(found, right)| found == right).count();
            let first =
                (index * TILE_WIDTH as u64 + same.min(part.saturating_sub(1)) as u64) << shelf.height();
            let what = format!("{} is not how what it became begins", name.display());
            self.report.find(Grade::Tampered, Some(first), what);
        }
    }

    /// Compares the root with all that it must be at this size.
    fn meet_expected(&mut self) {
        let size = self.tree.size();
        let mut root = None;
        while let Some(expected) = self.expected.next_if(|one| one.head.size == size) {
            let is_right = *root.get_or_insert_with(|| self.tree.root()) == expected.head.root;
            if is_right {
                self.good = size;
                self.report.checkpoints += 1;
                continue;
            }
            let what = format!(
                "an entry from {} to {} is not what was signed: {} has another root",
                self.good,
                size.saturating_sub(1),
                expected.from
            );
            self.report.find(Grade::Tampered, Some(self.good), what);
        }
    }
}
