//! The proof of one entry in a file: the entry, the way from it to a root, and the checkpoint that signs the root (C2SP
//! tlog-proof). It reveals no other entry.

use crate::checkpoint::{Checkpoint, number};
use crate::hash::Hash;
use crate::layout::ENTRY_BYTES_MAX;
use crate::note::{Note, VerifierKey};
use crate::proof::{TreeHead, is_included};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use std::fmt;
use std::io::{self, Read as _};

const TITLE: &str = "c2sp.org/tlog-proof@v1";
/// Siblings of an entry at most: the tree has at most 2^64 entries.
const PATH_MAX: usize = 64;

/// A proof that a log has an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryProof {
    /// The entry.
    pub entry: Vec<u8>,
    /// Its number.
    pub index: u64,
    /// The hashes that lead from it to the root.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

impl fmt::Display for EntryProof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra = compressed(&self.entry).map_err(|_| fmt::Error)?;
        writeln!(formatter, "{TITLE}\nextra {}\nindex {}", STANDARD.encode(extra), self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(formatter, "{hash}"))?;
        write!(formatter, "\n{}", self.checkpoint)
    }
}

impl EntryProof {
    /// Reads a proof; `None` if the text is none that holds its entry.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let is_titled = lines.next()? == TITLE;
        let entry = expanded(&STANDARD.decode(lines.next()?.strip_prefix("extra ")?).ok()?)?;
        let index = number(lines.next()?.strip_prefix("index ")?)?;
        let path: Vec<Hash> = lines.map(Hash::from_base64).collect::<Option<_>>()?;
        let is_right = is_titled && path.len() <= PATH_MAX;
        is_right.then(|| Self { entry, index, path, checkpoint: checkpoint.to_owned() })
    }

    /// The tree in which the entry is, by the word of one of these keys; an error says in words what is wrong.
    ///
    /// # Errors
    /// When the checkpoint is not signed by any of them, or the entry is not in its tree.
    pub fn check(&self, keys: &[VerifierKey]) -> Result<TreeHead, &'static str> {
        let note = Note::parse(&self.checkpoint).ok_or("its checkpoint is no signed note")?;
        let said = Checkpoint::of(&note).ok_or("its checkpoint is none")?;
        if !keys.iter().any(|key| key.name == said.origin && note.is_signed_by(key)) {
            return Err("its checkpoint is not signed by a key that is trusted");
        }
        let TreeHead { size, root } = said.head;
        let is_in = is_included(Hash::of_entry(&self.entry), self.index, size, root, &self.path);
        if is_in { Ok(said.head) } else { Err("the entry is not in the tree that was signed") }
    }
}

/// The entry as a proof has it: by itself it would be most of the proof.
fn compressed(entry: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ZlibEncoder::new(entry, Compression::best()).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The entry; `None` for what is none, or would be longer than one can be.
fn expanded(extra: &[u8]) -> Option<Vec<u8>> {
    let mut entry = Vec::new();
    let mut limited = ZlibDecoder::new(extra).take(ENTRY_BYTES_MAX as u64 + 1);
    limited.read_to_end(&mut entry).ok()?;
    (entry.len() <= ENTRY_BYTES_MAX).then_some(entry)
}
