//! Who the user is, by the git configuration below the home directory that the system names, else by the system itself.
//!
//! Must not follow `include` and `includeIf`, nor look where variables point: whoever sets a variable is unknown.

use super::config_file::{self, Entry};
use super::disk::{Disk, read_all};
use super::kept::Kept;
use super::remote::WrittenUrl;
use super::{NAME_BYTES_MAX, User, UserSource, text};
use crate::config::owner::Account;
use std::path::{Path, PathBuf};

/// Where git looks, in the order in which it reads; what it reads later replaces what it read before.
const FILES: [&str; 2] = [".config/git/config", ".gitconfig"];

const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// The user's git configuration.
#[derive(Debug)]
pub(super) struct UserFiles {
    disk: Disk,
    home: Option<PathBuf>,
    system_name: Option<String>,
    files: [Kept<Settings>; 2],
}

/// What one file says that is of use.
#[derive(Debug, Default)]
struct Settings {
    name: Option<String>,
    email: Option<String>,
    rewrites: Vec<Rewrite>,
}

/// `url.<base>.insteadOf = prefix`
#[derive(Debug)]
struct Rewrite {
    prefix: Vec<u8>,
    base: WrittenUrl,
}

impl UserFiles {
    pub(super) fn new(account: Account) -> Self {
        Self {
            disk: Disk::of_home(account.uid),
            system_name: text::value(account.name.unwrap_or_default().as_bytes(), NAME_BYTES_MAX),
            home: account.home,
            files: Default::default(),
        }
    }

    /// Reads again what has changed.
    pub(super) fn refresh(&mut self) {
        let Some(home) = &self.home else { return };
        for (kept, name) in self.files.iter_mut().zip(FILES) {
            kept.now(&self.disk, home, Path::new(name), |file, stamp| {
                let text = read_all(file, stamp, CONFIG_BYTES_MAX).unwrap_or_default();
                Settings::of(&config_file::read(&text).unwrap_or_default())
            });
        }
    }

    fn settings(&self) -> impl DoubleEndedIterator<Item = &Settings> {
        self.files.iter().filter_map(Kept::last)
    }

    /// The person. An address without a name beside it goes with the name that the system has.
    pub(super) fn user(&self) -> Option<User> {
        let name = self.settings().rev().find_map(|settings| settings.name.clone());
        let email = self.settings().rev().find_map(|settings| settings.email.clone());
        let source = if name.is_some() { UserSource::Git } else { UserSource::System };
        Some(User { name: name.or_else(|| self.system_name.clone())?, email, source })
    }

    /// A URL with the longest prefix replaced that the user has another for.
    pub(super) fn rewritten(&self, url: &WrittenUrl) -> WrittenUrl {
        let rewrites = self.settings().flat_map(|settings| &settings.rewrites);
        let fitting = rewrites.filter(|rewrite| url.0.starts_with(&rewrite.prefix));
        match fitting.max_by_key(|rewrite| rewrite.prefix.len()) {
            Some(Rewrite { prefix, base }) => {
                let rest = url.0.strip_prefix(prefix.as_slice()).unwrap_or_default();
                WrittenUrl([base.0.as_slice(), rest].concat())
            }
            None => WrittenUrl(url.0.clone()),
        }
    }
}

impl Settings {
    fn of(entries: &[Entry]) -> Self {
        let mut settings = Self::default();
        for entry in entries {
            let Some(value) = entry.value.as_deref() else { continue };
            match entry.name.as_slice() {
                b"user.name" => settings.name = text::value(value, NAME_BYTES_MAX),
                b"user.email" => settings.email = text::value(value, NAME_BYTES_MAX),
                _ => {
                    if let Some(base) = entry.between("url", "insteadof") {
                        let base = WrittenUrl(base.to_vec());
                        settings.rewrites.push(Rewrite { prefix: value.to_vec(), base });
                    }
                }
            }
        }
        settings
    }
}
