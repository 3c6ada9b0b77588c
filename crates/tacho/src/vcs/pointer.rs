//! What HEAD and the files of branches hold: the name of a reference, or the id of an object.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// File systems take no longer names; a component is shorter still.
const REFERENCE_BYTES_MAX: usize = 1024;

/// What a file points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pointer {
    /// Another reference.
    Reference(ReferenceName),
    /// An object.
    Object(ObjectId),
}

/// The full name of a reference that git would accept: `refs/heads/main`. It leads nowhere but below `refs`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReferenceName(Vec<u8>);

/// The id of an object in lower-case hex, by SHA-1 or SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectId(String);

impl Pointer {
    /// Reads the content of a file.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        match content.strip_prefix(b"ref:") {
            Some(name) => ReferenceName::new(name.trim_ascii()).map(Self::Reference),
            None => {
                let word = content.split(u8::is_ascii_whitespace).next()?;
                ObjectId::read(word).map(Self::Object)
            }
        }
    }
}

impl ReferenceName {
    /// The name, if it is one (git-check-ref-format(1)). The `.invalid` branch, which stands in HEAD where references
    /// are kept in tables (`extensions.refStorage = reftable`), is none.
    pub(super) fn new(name: &[u8]) -> Option<Self> {
        let is_odd = |byte: &u8| *byte < 0x20 || *byte == 0x7f || b" ~^:?*[\\".contains(byte);
        let has = |pair: &[u8]| name.windows(2).any(|window| window == pair);
        let is_part = |part: &[u8]| !part.is_empty() && !part.starts_with(b".") && !part.ends_with(b".lock");
        let is_name = name.len() <= REFERENCE_BYTES_MAX
            && name.starts_with(b"refs/")
            && !name.ends_with(b".")
            && !name.iter().any(is_odd)
            && !has(b"..")
            && !has(b"@{")
            && name.split(|byte| *byte == b'/').all(is_part);
        is_name.then(|| Self(name.to_vec()))
    }

    /// The tag of this name.
    pub(super) fn of_tag(name: &[u8]) -> Option<Self> {
        Self::new(&[b"refs/tags/", name].concat())
    }

    /// The whole name.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Where its file lies.
    pub(super) fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// The name of the branch, if it is one.
    pub(super) fn branch(&self) -> Option<&[u8]> {
        self.0.strip_prefix(b"refs/heads/")
    }

    /// The name of the tag, if it is one.
    pub(super) fn tag(&self) -> Option<&[u8]> {
        self.0.strip_prefix(b"refs/tags/")
    }

    /// Whether each working tree has its own of it (gitrepository-layout(5)).
    pub(super) fn is_of_worktree(&self) -> bool {
        let own: [&[u8]; 3] = [b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/"];
        own.iter().any(|prefix| self.0.starts_with(prefix))
    }
}

impl ObjectId {
    /// Reads an id.
    pub(super) fn read(hex: &[u8]) -> Option<Self> {
        let is_id = matches!(hex.len(), 40 | 64) && hex.iter().all(u8::is_ascii_hexdigit);
        let text = || String::from_utf8_lossy(hex).to_ascii_lowercase();
        is_id.then(|| Self(text()))
    }

    /// Whether it stands for no object.
    pub(super) fn is_none(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'0')
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}
