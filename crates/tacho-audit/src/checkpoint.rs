//! Checkpoints: how large a log is and what its root is, signed (C2SP tlog-checkpoint).

use crate::hash::Hash;
use crate::note::{Note, SigningKey, sign};
use crate::proof::TreeHead;

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// The tree.
    pub head: TreeHead,
}

impl Checkpoint {
    /// What is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.head.size, self.head.root)
    }

    /// Signs it.
    #[must_use]
    pub fn signed(&self, key: &SigningKey) -> String {
        sign(&self.text(), &[key])
    }

    /// Reads the text of a note; `None` if it is no checkpoint, or has lines that we do not write.
    #[must_use]
    pub fn of(note: &Note<'_>) -> Option<Self> {
        let mut lines = note.text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let head = TreeHead { size: number(size)?, root: Hash::from_base64(root)? };
        let is_whole = lines.next().is_none() && !origin.is_empty();
        is_whole.then(|| Self { origin: origin.to_owned(), head })
    }
}

/// A number in its one right spelling.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}
