//! Which key signs a log from which size on. Each key is handed on by the one before, and the first gives the log its
//! name, so that who knows the name knows the keys.

use crate::checkpoint::{Checkpoint, number};
use crate::error::LogError;
use crate::files::{numbers_in, read_text};
use crate::hash::Hash;
use crate::layout::KEYS;
use crate::note::{KEY_BYTES, Note, SigningKey, VerifierKey, sign};
use crate::proof::TreeHead;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// First line of a note that hands signing on.
const TITLE: &str = "tachograph-audit/key@1";
/// What the name of a log begins with; the rest is [`log_id`].
const ORIGIN: &str = "tachograph/audit/";

/// The name of the log whose first key this is, as checkpoints have it.
#[must_use]
pub fn origin_of(first_key: &[u8; KEY_BYTES]) -> String {
    let digest = Sha256::digest(first_key);
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{ORIGIN}{digits}")
}

/// What tells the log from others in a name of ours; the whole name where it is none.
#[must_use]
pub fn log_id(origin: &str) -> &str {
    origin.strip_prefix(ORIGIN).unwrap_or(origin)
}

/// A key, and from where on it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The tree that was signed last without it: it signs what is larger.
    pub after: TreeHead,
    /// The key.
    pub key: VerifierKey,
}

impl Link {
    fn text(&self) -> String {
        let TreeHead { size, root } = self.after;
        format!("{TITLE}\n{}\n{size}\n{root}\n{}\n", self.key.name, self.key)
    }

    fn of(note: &Note<'_>) -> Option<Self> {
        let lines: Vec<&str> = note.text.strip_suffix('\n')?.split('\n').collect();
        let [TITLE, origin, size, root, key] = *lines else { return None };
        let key: VerifierKey = key.parse().ok()?;
        let after = TreeHead { size: number(size)?, root: Hash::from_base64(root)? };
        (key.name == origin).then_some(Self { after, key })
    }
}

/// The keys of a log, the first first. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChain {
    first: Link,
    later: Vec<Link>,
}

impl KeyChain {
    /// Begins a chain, and says the note that does.
    #[must_use]
    pub(crate) fn begin(key: &SigningKey) -> (Self, String) {
        let after = TreeHead { size: 0, root: Hash::of_nothing() };
        let first = Link { after, key: key.verifier().clone() };
        let note = sign(&first.text(), &[key]);
        (Self { first, later: Vec::new() }, note)
    }

    /// Hands signing on, and says the note that does.
    #[must_use]
    pub(crate) fn hand_on(&mut self, after: TreeHead, from: &SigningKey, to: &SigningKey) -> String {
        let link = Link { after, key: to.verifier().clone() };
        let note = sign(&link.text(), &[from, to]);
        self.later.push(link);
        note
    }

    /// Reads the notes of a log, each of which must be right.
    ///
    /// # Errors
    /// When one is missing, or is not signed by whom it must be signed.
    pub fn read(log: &Path) -> Result<Self, LogError> {
        let path = log.join(key_name(0));
        let first = read_link(&path)?.1;
        let is_first = first.after == TreeHead { size: 0, root: Hash::of_nothing() }
            && first.key.name == origin_of(&first.key.public);
        if !is_first {
            return Err(LogError::damaged(&path, "does not fit the name of its log"));
        }
        let mut chain = Self { first, later: Vec::new() };
        for (place, found) in numbers_in(&log.join(KEYS)).into_iter().skip(1).enumerate() {
            let path = log.join(key_name(place as u64 + 1));
            if found != place as u64 + 1 {
                return Err(LogError::damaged(&path, "is missing, and later ones are there"));
            }
            chain.later.push(chain.next(&path)?);
        }
        Ok(chain)
    }

    fn next(&self, path: &Path) -> Result<Link, LogError> {
        let (text, link) = read_link(path)?;
        let last = self.last();
        let is_handed_on = Note::parse(&text).is_some_and(|note| note.is_signed_by(&last.key));
        if link.key.name != self.origin() || link.after.size < last.after.size || !is_handed_on {
            return Err(LogError::damaged(path, "was not signed by the key before it"));
        }
        Ok(link)
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.first.key.name
    }

    /// The keys, the first first.
    pub fn links(&self) -> impl DoubleEndedIterator<Item = &Link> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// The key that signs now.
    #[must_use]
    pub fn last(&self) -> &Link {
        self.later.last().unwrap_or(&self.first)
    }

    /// The keys that were the last while the log had this size, one after the other.
    pub(crate) fn last_at(&self, size: u64) -> impl Iterator<Item = &VerifierKey> {
        let ends = self.later.iter().map(|next| next.after.size).chain([u64::MAX]);
        let in_turn = self.links().zip(ends);
        in_turn.filter(move |(link, end)| link.after.size <= size && size <= *end).map(|(link, _)| &link.key)
    }

    /// The key that signs a tree of this size.
    #[must_use]
    pub fn signer_of(&self, size: u64) -> &VerifierKey {
        let signer = self.later.iter().rev().find(|link| link.after.size < size);
        &signer.unwrap_or(&self.first).key
    }

    /// What a checkpoint of this log says; an error says in words why it is none.
    ///
    /// # Errors
    /// When it is no checkpoint, one of another log, or not signed by the key that signs trees of its size.
    pub fn open(&self, checkpoint: &str) -> Result<TreeHead, &'static str> {
        let note = Note::parse(checkpoint).ok_or("is no signed note")?;
        let said = Checkpoint::of(&note).ok_or("is no checkpoint")?;
        if said.origin != self.origin() {
            return Err("is of another log");
        }
        let is_signed = note.is_signed_by(self.signer_of(said.head.size));
        if is_signed { Ok(said.head) } else { Err("is not signed by the key of the log") }
    }
}

/// The name of the note about a key.
pub(crate) fn key_name(number: u64) -> PathBuf {
    Path::new(KEYS).join(number.to_string())
}

/// A note about a key that this key itself has signed.
fn read_link(path: &Path) -> Result<(String, Link), LogError> {
    let text = read_text(path)?;
    let note = Note::parse(&text);
    let link = note.as_ref().and_then(Link::of);
    match (note, link) {
        (Some(note), Some(link)) if note.is_signed_by(&link.key) => Ok((text.clone(), link)),
        _ => Err(LogError::damaged(path, "is no note that its key has signed")),
    }
}
