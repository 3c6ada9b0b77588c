//! How the files of a log are called: the layout of C2SP tlog-tiles, and beside it our notes.

use std::path::PathBuf;

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: usize = 256;
/// Length of an entry at most, in bytes: its length stands before it in two.
pub const ENTRY_BYTES_MAX: usize = 65_535;
/// The signed checkpoint of the log as it is.
pub const CHECKPOINT: &str = "checkpoint";
/// Directory of earlier checkpoints, each named by its size.
pub const PAST: &str = "past";
/// Directory of the notes that say which key signs from where on, numbered from 0.
pub const KEYS: &str = "key";
/// The note that says which entries were given up.
pub const PRUNED: &str = "pruned";
/// Locked by who writes.
pub const LOCK: &str = "lock";
/// What is being written, until it has its name.
pub const FRESH: &str = "fresh";

/// Below which directory of `tile` things lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Hashes of a level, of entries at level 0.
    Level(u32),
    /// Entries.
    Entries,
}

impl Shelf {
    /// The directory of it.
    #[must_use]
    pub fn directory(self) -> PathBuf {
        let name = match self {
            Self::Level(level) => level.to_string(),
            Self::Entries => "entries".to_owned(),
        };
        PathBuf::from("tile").join(name)
    }

    /// Where a full tile or bundle lies.
    #[must_use]
    pub fn full(self, index: u64) -> PathBuf {
        self.directory().join(index_path(index))
    }

    /// The directory of its parts, while it is not full.
    #[must_use]
    pub fn parts(self, index: u64) -> PathBuf {
        self.directory().join(index_path(index) + ".p")
    }

    /// Where a tile or bundle of this width lies, which is 1 to [`TILE_WIDTH`].
    #[must_use]
    pub fn path(self, index: u64, width: usize) -> PathBuf {
        if width == TILE_WIDTH { self.full(index) } else { self.parts(index).join(width.to_string()) }
    }

    /// How many entries one hash of it stands for, as a power of two.
    #[must_use]
    pub const fn height(self) -> u32 {
        match self {
            Self::Level(level) => level * 8,
            Self::Entries => 0,
        }
    }

    /// How wide a tile is in a tree of this size: 0 where there is none.
    #[must_use]
    pub fn width(self, index: u64, size: u64) -> usize {
        let whole = size.checked_shr(self.height()).unwrap_or(0);
        let before = index.saturating_mul(TILE_WIDTH as u64);
        usize::try_from(whole.saturating_sub(before)).map_or(TILE_WIDTH, |rest| rest.min(TILE_WIDTH))
    }
}

/// An index in groups of three digits, all but the last behind an `x`.
fn index_path(index: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}
