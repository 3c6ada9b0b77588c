//! What the messages in the log of HEAD tell of branches. They are written by git and by whoever calls it: a message
//! that is not one of git's tells nothing.

use super::pointer::ObjectId;

/// What HEAD was on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// A branch, by its name without `refs/heads/`.
    Branch(Vec<u8>),
    /// A tag, by its name without `refs/tags/`; only where somebody pointed HEAD at it by hand.
    Tag(Vec<u8>),
    /// A commit.
    Commit,
}

/// What HEAD came to be on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// What is certain.
    On(On),
    /// What somebody called by this name: a branch, a tag, `HEAD~2`.
    Called(Vec<u8>),
    /// Something.
    Unknown,
}

/// A change of what HEAD is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// What it was on before, as far as that is told.
    pub(super) before: Option<On>,
    /// What it was on afterwards.
    pub(super) after: Target,
}

impl Change {
    /// Reads a message; `None` when HEAD stayed on what it was on.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        // Whoever writes no message may have pointed HEAD elsewhere: `git symbolic-ref` does.
        if message.is_empty() {
            return Some(Self::UNKNOWN);
        }
        let (action, rest) = split(message, b": ")?;
        if action == b"checkout" {
            return Self::checkout(rest);
        }
        if action == b"Branch" {
            return Self::renaming(rest);
        }
        // An orphan branch begins without a word in the log; its first commit is the first sign.
        if action == b"commit (initial)" {
            return Some(Self::UNKNOWN);
        }
        if action.ends_with(b" (start)") && rest.starts_with(b"checkout ") {
            return Some(Self { before: None, after: Target::On(On::Commit) });
        }
        // `rebase (finish)`, `pull --rebase (abort)`, `rebase finished`.
        if let Some(target) = rest.strip_prefix(b"returning to ") {
            let branch = target.strip_prefix(b"refs/heads/");
            let after = branch.map_or(On::Commit, |name| On::Branch(name.to_vec()));
            return Some(Self { before: Some(On::Commit), after: Target::On(after) });
        }
        None
    }

    const UNKNOWN: Self = Self { before: None, after: Target::Unknown };

    /// `moving from A to B`: A is the name of a branch, or the whole id of a commit; B is as it was typed.
    fn checkout(rest: &[u8]) -> Option<Self> {
        let (from, to) = split(rest.strip_prefix(b"moving from ")?, b" to ")?;
        let is_commit = |name: &[u8]| ObjectId::read(name).is_some();
        let before = match from {
            b"(invalid)" => None,
            commit if is_commit(commit) => Some(On::Commit),
            branch => Some(On::Branch(branch.to_vec())),
        };
        let after = if is_commit(to) { Target::On(On::Commit) } else { Target::Called(to.to_vec()) };
        Some(Self { before, after })
    }

    /// `renamed refs/heads/A to refs/heads/B`.
    fn renaming(rest: &[u8]) -> Option<Self> {
        let (from, to) = split(rest.strip_prefix(b"renamed refs/heads/")?, b" to refs/heads/")?;
        let after = Target::On(On::Branch(to.to_vec()));
        Some(Self { before: Some(On::Branch(from.to_vec())), after })
    }
}

impl Target {
    /// Whether nothing speaks against its being this.
    pub(super) fn may_be(&self, on: &On) -> bool {
        match (self, on) {
            (Self::On(target), _) => target == on,
            (Self::Called(name), On::Branch(branch)) => name == branch,
            (Self::Called(_), On::Commit) | (Self::Unknown, _) => true,
            // Nobody gets there by calling it something.
            (Self::Called(_), On::Tag(_)) => false,
        }
    }
}

/// The parts before and after the first separator.
fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((bytes.get(..at)?, bytes.get(at + separator.len()..)?))
}
