//! Reading a log: tiles of hashes, bundles of entries, and roots over any of them.

use crate::error::LogError;
use crate::files::read;
use crate::hash::{HASH_BYTES, Hash};
use crate::layout::{Shelf, TILE_WIDTH};
use crate::proof::{self, split};
use crate::tree::root_of;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Tiles kept in memory at most; a proof needs a few.
const KEPT_TILES_MAX: usize = 64;

/// The tiles of a log of one size.
#[derive(Debug)]
pub struct Tiles {
    log: PathBuf,
    size: u64,
    kept: HashMap<(u32, u64), Vec<Hash>>,
}

impl Tiles {
    /// Those of a log, as a checkpoint of this size has them.
    #[must_use]
    pub fn new(log: &Path, size: u64) -> Self {
        Self { log: log.to_owned(), size, kept: HashMap::new() }
    }

    /// An entry.
    ///
    /// # Errors
    /// When it is beyond the log, or the bundle that has it cannot be read.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, LogError> {
        if index >= self.size {
            return Err(LogError::NoEntry { index, why: "the log is shorter" });
        }
        let (bundle, place) = place_of(index);
        let bytes = self.read(Shelf::Entries, bundle, read_bundle)?;
        let found = entries(&bytes).nth(place).flatten().map(<[u8]>::to_vec);
        found.ok_or(LogError::NoEntry { index, why: "its bundle is damaged" })
    }

    /// The entries from a number on, in their order; an error in the place of a bundle that cannot be read, and of each entry that a
    /// damaged one lacks.
    pub fn entries_from(&self, first: u64) -> impl Iterator<Item = Result<(u64, Vec<u8>), LogError>> {
        let bundles = first / TILE_WIDTH as u64..self.size.div_ceil(TILE_WIDTH as u64);
        bundles.flat_map(move |bundle| self.entries_of(bundle, first))
    }

    /// Those of one bundle.
    fn entries_of(&self, bundle: u64, first: u64) -> Vec<Result<(u64, Vec<u8>), LogError>> {
        let width = Shelf::Entries.width(bundle, self.size);
        let bytes = match self.read(Shelf::Entries, bundle, read_bundle) {
            Ok(bytes) => bytes,
            Err(error) => return vec![Err(error)],
        };
        let begin = bundle * TILE_WIDTH as u64;
        let found = entries(&bytes).chain(std::iter::repeat(None));
        let numbered = (begin..begin + width as u64).zip(found).filter(|(index, _)| *index >= first);
        let whole = |(index, entry): (u64, Option<&[u8]>)| match entry {
            Some(entry) => Ok((index, entry.to_vec())),
            None => Err(LogError::NoEntry { index, why: "its bundle is damaged" }),
        };
        numbered.map(whole).collect()
    }

    /// The hash of an entry.
    ///
    /// # Errors
    /// When it is beyond the log, or the tile that has it cannot be read.
    pub fn leaf(&mut self, index: u64) -> Result<Hash, LogError> {
        if index >= self.size {
            return Err(LogError::NoEntry { index, why: "the log is shorter" });
        }
        self.root_of(index, index + 1)
    }

    /// The hashes that lead from an entry to the root.
    ///
    /// # Errors
    /// When a tile cannot be read.
    pub fn inclusion(&mut self, index: u64) -> Result<Vec<Hash>, LogError> {
        proof::inclusion(index, self.size, &mut |first, end| self.root_of(first, end))
    }

    /// The hashes by which this log is seen to have grown out of an earlier one of this size.
    ///
    /// # Errors
    /// When a tile cannot be read.
    pub fn consistency(&mut self, old: u64) -> Result<Vec<Hash>, LogError> {
        proof::consistency(old, self.size, &mut |first, end| self.root_of(first, end))
    }

    /// The root over entries from the first number up to, but without, the second.
    ///
    /// # Errors
    /// When a tile cannot be read.
    pub fn root_of(&mut self, first: u64, end: u64) -> Result<Hash, LogError> {
        let count = end.saturating_sub(first);
        if count == 0 {
            return Ok(Hash::of_nothing());
        }
        if count.is_power_of_two() && first.is_multiple_of(count) {
            return self.root_of_whole(first, count);
        }
        let middle = first + split(count);
        Ok(Hash::of_pair(self.root_of(first, middle)?, self.root_of(middle, end)?))
    }

    /// The root over a power of two of entries that begin at a multiple of it: neighbours in one tile.
    fn root_of_whole(&mut self, first: u64, count: u64) -> Result<Hash, LogError> {
        let level = count.trailing_zeros() / 8;
        let shift = Shelf::Level(level).height();
        let (tile, place) = place_of(first >> shift);
        let width = usize::try_from(count >> shift).unwrap_or(TILE_WIDTH);
        let hashes = self.hashes(level, tile)?;
        hashes
            .get(place..place + width)
            .map(root_of)
            .ok_or(LogError::NoEntry { index: first, why: "a tile is too short" })
    }

    fn hashes(&mut self, level: u32, index: u64) -> Result<&[Hash], LogError> {
        if self.kept.len() >= KEPT_TILES_MAX && !self.kept.contains_key(&(level, index)) {
            self.kept.clear();
        }
        if !self.kept.contains_key(&(level, index)) {
            let read = |log: &Path, index, width| read_tile(log, level, index, width);
            let mut tile = self.read(Shelf::Level(level), index, read)?;
            tile.truncate(Shelf::Level(level).width(index, self.size));
            self.kept.insert((level, index), tile);
        }
        Ok(self.kept.get(&(level, index)).map_or(&[], Vec::as_slice))
    }

    /// Reads a tile or a bundle by its width: a part, or the whole that took its place since, which begins as the part was.
    fn read<T>(
        &self,
        shelf: Shelf,
        index: u64,
        read: impl Fn(&Path, u64, usize) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        match read(&self.log, index, shelf.width(index, self.size)) {
            Err(error) if error.is_missing_file() => read(&self.log, index, TILE_WIDTH).map_err(|_| error),
            found => found,
        }
    }
}

/// The hashes of a tile of this width.
pub(crate) fn read_tile(log: &Path, level: u32, index: u64, width: usize) -> Result<Vec<Hash>, LogError> {
    let path = log.join(Shelf::Level(level).path(index, width));
    let bytes = read(&path)?;
    let is_whole = bytes.len() == width * HASH_BYTES;
    let hashes = is_whole.then(|| bytes.chunks(HASH_BYTES).filter_map(Hash::from_bytes).collect());
    hashes.ok_or_else(|| LogError::damaged(&path, format!("does not hold {width} hashes")))
}

/// The bytes of a bundle of this width.
pub(crate) fn read_bundle(log: &Path, index: u64, width: usize) -> Result<Vec<u8>, LogError> {
    read(&log.join(Shelf::Entries.path(index, width)))
}

/// The entries of a bundle; `None`, once and last, where it is cut short.
pub(crate) fn entries(bundle: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = Some(bundle);
    std::iter::from_fn(move || {
        let left = rest.take().filter(|left| !left.is_empty())?;
        let entry = left
            .split_first_chunk::<2>()
            .and_then(|(length, behind)| behind.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        rest = entry.map(|(_, behind)| behind);
        Some(entry.map(|(entry, _)| entry))
    })
}

/// In which tile or bundle something is, and where in it.
pub(crate) const fn place_of(index: u64) -> (u64, usize) {
    (index / TILE_WIDTH as u64, (index % TILE_WIDTH as u64) as usize)
}
