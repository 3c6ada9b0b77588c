//! Giving up old entries. Their hashes stay, so that every proof stays valid; that they were given up is signed, so that
//! nobody can remove entries and say it was that.

use crate::checkpoint::number;
use crate::error::LogError;
use crate::files::read_text;
use crate::hash::Hash;
use crate::key_chain::KeyChain;
use crate::layout::{PRUNED, Shelf, TILE_WIDTH};
use crate::log::Writer;
use crate::note::{Note, sign};
use crate::proof::TreeHead;
use std::fs;
use std::path::Path;

/// First line of the note.
const TITLE: &str = "tachograph-audit/pruned@1";

/// Which entries were given up, and when that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// The first entry that was not.
    pub minimum: u64,
    /// The log at that time.
    pub head: TreeHead,
}

impl Pruned {
    /// What a log says of it.
    ///
    /// # Errors
    /// When the note is there and not right.
    pub fn read(log: &Path, chain: &KeyChain) -> Result<Self, LogError> {
        let path = log.join(PRUNED);
        let text = match read_text(&path) {
            Err(error) if error.is_missing_file() => {
                return Ok(Self { minimum: 0, head: TreeHead { size: 0, root: Hash::of_nothing() } });
            }
            read => read?,
        };
        let said = Note::parse(&text).and_then(|note| Self::of(&note, chain));
        said.ok_or_else(|| LogError::damaged(&path, "was not signed by the key of the log"))
    }

    fn of(note: &Note<'_>, chain: &KeyChain) -> Option<Self> {
        let lines: Vec<&str> = note.text.strip_suffix('\n')?.split('\n').collect();
        let [TITLE, origin, minimum, size, root] = *lines else { return None };
        let head = TreeHead { size: number(size)?, root: Hash::from_base64(root)? };
        let said = Self { minimum: number(minimum)?, head };
        let signed = chain.last_at(head.size).any(|key| note.is_signed_by(key));
        (origin == chain.origin() && said.minimum <= head.size && signed).then_some(said)
    }
}

impl Writer<'_> {
    /// The first entry that was not given up.
    ///
    /// # Errors
    /// When the note about it is not right.
    pub fn minimum(&self) -> Result<u64, LogError> {
        Ok(Pruned::read(self.directory, self.chain())?.minimum)
    }

    /// Gives up the entries before `minimum`, as far as whole bundles of them go, and says how many bundles it removed.
    ///
    /// # Errors
    /// When it cannot be written down. Nothing is given up then.
    pub fn prune(&mut self, minimum: u64) -> Result<u64, LogError> {
        let head = self.head();
        let before = self.minimum()?;
        let minimum = minimum.min(head.size);
        if minimum > before {
            let origin = self.chain().origin();
            let text = format!("{TITLE}\n{origin}\n{minimum}\n{}\n{}\n", head.size, head.root);
            let note = sign(&text, &[self.key()]);
            self.sign_off(Path::new(PRUNED), &note)?;
        }
        let bundles = 0..minimum.max(before) / TILE_WIDTH as u64;
        let removed = bundles
            .filter(|bundle| fs::remove_file(self.directory.join(Shelf::Entries.full(*bundle))).is_ok());
        Ok(removed.count() as u64)
    }
}
