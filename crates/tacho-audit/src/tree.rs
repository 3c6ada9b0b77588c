//! The growing tree: what of it is not yet in a full tile, from which its root follows.
//!
//! A tree of any size needs less than a tile a level to go on, so neither writing nor verifying holds more.

use crate::hash::Hash;
use crate::layout::TILE_WIDTH;

/// A tree that grows entry by entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// For each level, the hashes of its last tile while that is not full.
    edge: Vec<Vec<Hash>>,
}

/// A tile that has become full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTile {
    /// Its level.
    pub level: u32,
    /// Which one of its level.
    pub index: u64,
    /// Its hashes.
    pub hashes: Vec<Hash>,
}

impl Tree {
    /// A tree of this size whose last tiles, level by level, hold these hashes.
    #[must_use]
    pub const fn with_edge(size: u64, edge: Vec<Vec<Hash>>) -> Self {
        Self { size, edge }
    }

    /// How many entries it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// For each level, the hashes of its last tile while that is not full.
    #[must_use]
    pub fn edge(&self) -> &[Vec<Hash>] {
        &self.edge
    }

    /// Adds an entry by its hash, and tells the tiles that became full with it.
    pub fn push(&mut self, leaf: Hash, mut when_full: impl FnMut(FullTile)) {
        self.size += 1;
        let mut hash = leaf;
        let mut covered = self.size;
        for level in 0.. {
            let Some(hashes) = self.edge.get_mut(level as usize) else {
                self.edge.push(vec![hash]);
                return;
            };
            hashes.push(hash);
            if hashes.len() < TILE_WIDTH {
                return;
            }
            covered /= TILE_WIDTH as u64;
            hash = root_of(hashes);
            when_full(FullTile { level, index: covered - 1, hashes: std::mem::take(hashes) });
        }
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut root = None;
        for hashes in &self.edge {
            let row: Vec<Hash> = hashes.iter().copied().chain(root).collect();
            root = (!row.is_empty()).then(|| root_of(&row));
        }
        root.unwrap_or_else(Hash::of_nothing)
    }
}

/// The root over neighbours, of which all but the last stand for equally many entries.
#[must_use]
pub fn root_of(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => Hash::of_pair(*left, *right),
                odd => odd.first().copied().unwrap_or_else(Hash::of_nothing),
            })
            .collect();
    }
    row.first().copied().unwrap_or_else(Hash::of_nothing)
}
