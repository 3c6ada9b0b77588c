//! What a repository is called: by its remote, or else by its directory.
//!
//! The configuration of the repository is asked for nothing else. In particular not for the name of its user: it is
//! written by whoever made the repository, which for an unpacked archive is a stranger, and who sat at the machine is
//! not for a stranger to say.

use super::address::Address;
use super::config_file::{self, Entry};
use super::discovery::Place;
use super::disk::{Disk, read_all};
use super::kept::{Kept, Said};
use super::user::UserFiles;
use super::{NAME_BYTES_MAX, Repository, text};
use std::fmt;
use std::path::Path;

/// Some thousands of branches with their settings.
const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// The remotes of a repository.
#[derive(Debug, Default)]
pub(super) struct Remotes {
    /// The URL of the one that names the repository.
    url: Kept<Option<WrittenUrl>>,
}

/// A URL as it is written down, with whatever is secret in it.
pub(super) struct WrittenUrl(pub(super) Vec<u8>);

impl fmt::Debug for WrittenUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WrittenUrl(..)")
    }
}

impl Remotes {
    /// What the repository is called.
    pub(super) fn repository(&mut self, disk: &Disk, place: &Place, user: &UserFiles) -> Repository {
        let read = |file, stamp| naming_url(&config_file::read(&read_all(file, stamp, CONFIG_BYTES_MAX)?)?);
        let url = match self.url.now(disk, &place.common_dir, Path::new("config"), read) {
            Said::This(url, _) => url.as_ref(),
            Said::Nothing | Said::Barred => None,
        };
        match url.and_then(|url| Address::read(&user.rewritten(url).0)) {
            Some(Address { url, owner, name, provider }) => Repository {
                url: Some(url),
                name: text::bounded(name.as_bytes(), NAME_BYTES_MAX),
                owner: owner.and_then(|owner| text::bounded(owner.as_bytes(), NAME_BYTES_MAX)),
                provider,
            },
            None => Repository { url: None, name: place.directory_name(), owner: None, provider: None },
        }
    }
}

/// The URL of `origin`, else of the only remote.
fn naming_url(entries: &[Entry]) -> Option<WrittenUrl> {
    let mut remotes: Vec<(&[u8], Option<&[u8]>)> = Vec::new();
    for entry in entries {
        let Some(name) = entry.between("remote", "url") else { continue };
        let url = entry.value.as_deref()?;
        match remotes.iter_mut().find(|(known, _)| *known == name) {
            // An empty one takes back those before it; of several, git fetches from the first.
            Some((_, first)) if url.is_empty() => *first = None,
            Some((_, first)) => *first = first.or(Some(url)),
            None => remotes.push((name, Some(url).filter(|url| !url.is_empty()))),
        }
    }
    let origin = remotes.iter().find(|(name, _)| *name == b"origin");
    let (_, url) = match (origin, remotes.as_slice()) {
        (Some(origin), _) => *origin,
        (None, [only]) => *only,
        (None, _) => return None,
    };
    url.map(|url| WrittenUrl(url.to_vec()))
}
