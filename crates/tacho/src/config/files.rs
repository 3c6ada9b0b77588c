//! The files that configuration is read from, and whether any of them has changed.

use super::declared::CONFIG_FILE;
use super::environment::variable;
use super::regular_file;
use super::stored::Directory;
use super::trust;
use crate::place;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use tacho_agents::AGENTS;

/// The files as they were when they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    /// Those whose places are known, in their order.
    known: Vec<Option<Stamp>>,
    /// Those that are named in these: tokens, keys and certificates, which others replace when they run out.
    named: BTreeMap<PathBuf, Option<Stamp>>,
}

/// What tells a file from itself after a change: device, inode, size, and when anything about it changed.
type Stamp = (u64, u64, u64, i64, i64);

impl Files {
    /// Those whose places are known, as they are now: to be called before any is read, so that no change is missed.
    pub(super) fn now() -> Self {
        Self { known: known(), named: BTreeMap::new() }
    }

    /// Reads one that is named in another; else what is wrong with it, behind its name.
    pub(super) fn read(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        self.named.entry(path.to_owned()).or_insert_with(|| stamp(path));
        regular_file::read(path)
    }

    /// Whether any is another by now.
    pub(super) fn have_changed(&self) -> bool {
        self.known != known() || self.named.iter().any(|(path, before)| stamp(path) != *before)
    }
}

fn known() -> Vec<Option<Stamp>> {
    let own = [place::managed_file(), place::owners_file(), place::file_by_variables()];
    let own = own.map(|file| file.map(|file| file.path));
    let directories = AGENTS.iter().filter_map(|agent| Some((agent, Directory::of(agent)?)));
    let of_agents = directories.flat_map(|(agent, directory)| directory.files(agent));
    let declared = variable(CONFIG_FILE).map(PathBuf::from);
    let all =
        own.into_iter().chain([place::prices_file(), trust::path(), declared]).chain(of_agents.map(Some));
    all.map(|path| path.as_deref().and_then(stamp)).collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino(), found.size(), found.ctime(), found.ctime_nsec()))
}
