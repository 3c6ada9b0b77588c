//! The writer of a log. Whoever appends holds the log's lock for as long as that takes, looks first at what is there,
//! and replaces the checkpoint last: what a crash leaves beyond it is overwritten.

use crate::checkpoint::Checkpoint;
use crate::error::LogError;
use crate::files::{Lock, Writing, read_text};
use crate::hash::Hash;
use crate::key_chain::{KeyChain, key_name};
use crate::layout::{CHECKPOINT, ENTRY_BYTES_MAX, PAST, Shelf, TILE_WIDTH};
use crate::note::{SigningKey, VerifierKey};
use crate::proof::TreeHead;
use crate::tiles::{entries, read_bundle, read_tile};
use crate::tree::{FullTile, Tree};
use std::fs;
use std::path::{Path, PathBuf};

/// A log that is written to.
#[derive(Debug)]
pub struct Log {
    directory: PathBuf,
    /// What is known of it, as of the checkpoint that was seen last.
    known: Option<Known>,
}

/// A log as of a checkpoint.
#[derive(Debug)]
struct Known {
    /// The checkpoint as it is written.
    checkpoint: String,
    chain: KeyChain,
    tree: Tree,
    /// The last bundle, while it is not full.
    bundle: Vec<u8>,
    /// Whether nothing of an append that was given up halfway lies beside it.
    is_clean: bool,
}

/// The one writer of a log, for as long as it lives.
#[derive(Debug)]
pub struct Writer<'a> {
    pub(crate) directory: &'a Path,
    known: &'a mut Known,
    key: SigningKey,
    _lock: Lock,
}

impl Log {
    /// The log in this directory, which need not be there yet.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), known: None }
    }

    /// Takes the place of the writer, with the key that `key_for` finds for the log's last key; a log that is not there
    /// is begun with the key it finds for none.
    ///
    /// # Errors
    /// When the log cannot be read or begun, does not fit its checkpoint, or its key is not found.
    pub fn write(
        &mut self,
        key_for: impl FnOnce(Option<&VerifierKey>) -> Option<SigningKey>,
    ) -> Result<Writer<'_>, LogError> {
        let lock = Lock::take(&self.directory)?;
        let path = self.directory.join(CHECKPOINT);
        let checkpoint = match read_text(&path) {
            Err(error) if error.is_missing_file() && !self.directory.join("tile").exists() => {
                let key = key_for(None).ok_or_else(|| key_missing(None))?;
                let known = begin(&self.directory, &key)?;
                let known = self.known.insert(known);
                return Ok(Writer { directory: &self.directory, known, key, _lock: lock });
            }
            read => read?,
        };
        let known = match self.known.take() {
            Some(known)
                if known.checkpoint == checkpoint
                    && known.is_clean
                    // Nor was signing handed on since.
                    && !self.directory.join(key_name(known.chain.links().count() as u64)).exists() =>
            {
                known
            }
            _ => load(&self.directory, checkpoint)?,
        };
        let signer = &known.chain.last().key;
        let key = key_for(Some(signer)).filter(|key| key.verifier() == signer);
        let key = key.ok_or_else(|| key_missing(Some(signer)))?;
        Ok(Writer { directory: &self.directory, known: self.known.insert(known), key, _lock: lock })
    }
}

fn key_missing(wanted: Option<&VerifierKey>) -> LogError {
    LogError::KeyMissing { wanted: wanted.map_or_else(|| "of a new log".to_owned(), ToString::to_string) }
}

/// Begins a log. Killed in between, it is begun anew.
fn begin(directory: &Path, key: &SigningKey) -> Result<Known, LogError> {
    let (chain, note) = KeyChain::begin(key);
    let mut writing = Writing::below(directory);
    writing.put(&key_name(0), note.as_bytes())?;
    writing.finish()?;
    let tree = Tree::default();
    let checkpoint = checkpoint_of(&chain, &tree).signed(key);
    let mut writing = Writing::below(directory);
    writing.put(Path::new(CHECKPOINT), checkpoint.as_bytes())?;
    writing.finish()?;
    Ok(Known { checkpoint, chain, tree, bundle: Vec::new(), is_clean: true })
}

/// Reads what is needed to go on, and compares it with the checkpoint.
fn load(directory: &Path, checkpoint: String) -> Result<Known, LogError> {
    let chain = KeyChain::read(directory)?;
    let path = directory.join(CHECKPOINT);
    let head = chain.open(&checkpoint).map_err(|why| LogError::damaged(&path, why))?;
    let mut edge = Vec::new();
    for level in 0..8 {
        let whole = head.size >> Shelf::Level(level).height();
        if whole == 0 {
            break;
        }
        let index = whole / TILE_WIDTH as u64;
        let width = Shelf::Level(level).width(index, head.size);
        edge.push(if width == 0 { Vec::new() } else { read_tile(directory, level, index, width)? });
    }
    let tree = Tree::with_edge(head.size, edge);
    if tree.root() != head.root {
        return Err(LogError::damaged(&path, "does not fit the tiles"));
    }
    let (last, width) = (head.size / TILE_WIDTH as u64, (head.size % TILE_WIDTH as u64) as usize);
    let bundle = if width == 0 { Vec::new() } else { read_bundle(directory, last, width)? };
    let leaves: Vec<Hash> = entries(&bundle).map_while(|entry| entry.map(Hash::of_entry)).collect();
    if tree.edge().first().is_some_and(|edge| *edge != leaves) {
        return Err(LogError::damaged(
            &directory.join(Shelf::Entries.path(last, width)),
            "does not fit its tile",
        ));
    }
    forget_beyond(directory, head.size)?;
    Ok(Known { checkpoint, chain, tree, bundle, is_clean: true })
}

/// Removes what an append left that died, or could not be finished, before its checkpoint was written: nobody signed it, and
/// beside what is written in its place it would look like an alteration.
fn forget_beyond(directory: &Path, size: u64) -> Result<(), LogError> {
    let shelves = (0..8).map(Shelf::Level).chain([Shelf::Entries]);
    for shelf in shelves {
        let mut index = (size >> shelf.height()) / TILE_WIDTH as u64;
        let mut signed = shelf.width(index, size);
        loop {
            let full = remove_if_there(&directory.join(shelf.full(index)))?;
            let parts = forget_wider(&directory.join(shelf.parts(index)), signed)?;
            if !full && !parts {
                break;
            }
            (index, signed) = (index + 1, 0);
        }
    }
    Ok(())
}

/// Removes the parts that are wider than what was signed. Whether there were any.
fn forget_wider(parts: &Path, signed: usize) -> Result<bool, LogError> {
    let mut found = false;
    for part in fs::read_dir(parts).into_iter().flatten().flatten() {
        let width = part.file_name().to_str().and_then(|name| name.parse::<usize>().ok());
        if width.is_none_or(|width| width > signed) {
            found |= remove_if_there(&part.path())?;
        }
    }
    Ok(found)
}

fn remove_if_there(path: &Path) -> Result<bool, LogError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(LogError::file("remove", path, error)),
    }
}

fn checkpoint_of(chain: &KeyChain, tree: &Tree) -> Checkpoint {
    let head = TreeHead { size: tree.size(), root: tree.root() };
    Checkpoint { origin: chain.origin().to_owned(), head }
}

impl Writer<'_> {
    /// How many entries there are, which is the number of the next.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.known.tree.size()
    }

    /// The keys of the log.
    #[must_use]
    pub fn chain(&self) -> &KeyChain {
        &self.known.chain
    }

    /// The signed checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.known.checkpoint
    }

    /// Adds entries, all or none, and signs that they are there.
    ///
    /// # Errors
    /// When one is too long, or a file cannot be written. The log then is what it was.
    pub fn append(&mut self, new: &[Vec<u8>]) -> Result<(), LogError> {
        if let Some(entry) = new.iter().find(|entry| entry.len() > ENTRY_BYTES_MAX) {
            return Err(LogError::EntryTooLong { bytes: entry.len() });
        }
        if new.is_empty() {
            return Ok(());
        }
        let (mut tree, mut bundle) = (self.known.tree.clone(), self.known.bundle.clone());
        self.known.is_clean = false;
        let mut writing = Writing::below(self.directory);
        let mut full = Vec::new();
        for entry in new {
            // It is no longer than that.
            let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
            bundle.extend(length.to_be_bytes());
            bundle.extend(entry);
            let before = full.len();
            tree.push(Hash::of_entry(entry), |tile| full.push(tile));
            if let Some(tile) = full.get(before) {
                writing.put(&Shelf::Entries.full(tile.index), &bundle)?;
                bundle.clear();
            }
        }
        full.iter().try_for_each(|tile| put_tile(&mut writing, tile))?;
        put_edge(&mut writing, &self.known.tree, &tree, &bundle)?;
        writing.finish()?;
        let checkpoint = checkpoint_of(&self.known.chain, &tree).signed(&self.key);
        self.sign_off(Path::new(CHECKPOINT), &checkpoint)?;
        forget_parts(self.directory, &full);
        self.known.tree = tree;
        self.known.bundle = bundle;
        self.known.checkpoint = checkpoint;
        self.known.is_clean = true;
        Ok(())
    }

    /// Hands signing on to another key, whose name must be that of the log. What was signed stays signed; the next
    /// checkpoint is the new key's.
    ///
    /// # Errors
    /// When the note about it cannot be written. The old key then signs on.
    pub fn hand_on(&mut self, to: SigningKey) -> Result<(), LogError> {
        let mut chain = self.known.chain.clone();
        let number = chain.links().count() as u64;
        let after = TreeHead { size: self.known.tree.size(), root: self.known.tree.root() };
        let note = chain.hand_on(after, &self.key, &to);
        self.sign_off(&key_name(number), &note)?;
        self.known.chain = chain;
        self.key = to;
        Ok(())
    }

    /// Keeps the checkpoint as it is now beside later ones.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_checkpoint(&mut self) -> Result<(), LogError> {
        let name = Path::new(PAST).join(self.size().to_string());
        let checkpoint = self.known.checkpoint.clone();
        self.sign_off(&name, &checkpoint)
    }

    /// Writes one file, and makes it last.
    pub(crate) fn sign_off(&mut self, name: &Path, text: &str) -> Result<(), LogError> {
        let mut writing = Writing::below(self.directory);
        writing.put(name, text.as_bytes())?;
        writing.finish()
    }

    pub(crate) const fn key(&self) -> &SigningKey {
        &self.key
    }

    pub(crate) fn head(&self) -> TreeHead {
        TreeHead { size: self.known.tree.size(), root: self.known.tree.root() }
    }
}

fn put_tile(writing: &mut Writing<'_>, tile: &FullTile) -> Result<(), LogError> {
    writing.put(&Shelf::Level(tile.level).full(tile.index), &bytes_of(&tile.hashes))
}

/// Writes the tiles and the bundle that are not full, where they are not what they were.
fn put_edge(writing: &mut Writing<'_>, before: &Tree, tree: &Tree, bundle: &[u8]) -> Result<(), LogError> {
    for (level, hashes) in (0..).zip(tree.edge()) {
        let shelf = Shelf::Level(level);
        let index = (tree.size() >> shelf.height()) / TILE_WIDTH as u64;
        if hashes.is_empty() || before.edge().get(level as usize) == Some(hashes) {
            continue;
        }
        writing.put(&shelf.path(index, hashes.len()), &bytes_of(hashes))?;
        if level == 0 {
            writing.put(&Shelf::Entries.path(index, hashes.len()), bundle)?;
        }
    }
    Ok(())
}

fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Removes the parts of tiles and bundles that are full now. One that stays is in nobody's way.
fn forget_parts(directory: &Path, full: &[FullTile]) {
    for tile in full {
        let _ = fs::remove_dir_all(directory.join(Shelf::Level(tile.level).parts(tile.index)));
        if tile.level == 0 {
            let _ = fs::remove_dir_all(directory.join(Shelf::Entries.parts(tile.index)));
        }
    }
}
