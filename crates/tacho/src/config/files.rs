//! The files that configuration is read from, and whether any of them has changed.

use super::declared::CONFIG_FILE;
use super::environment::variable;
use super::stored::Directory;
use super::trust;
use crate::place;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use tacho_agents::AGENTS;

/// The files as they are at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files(Vec<Option<Stamp>>);

/// What tells a file from itself after a change: device, inode, size, and when anything about it changed.
type Stamp = (u64, u64, u64, i64, i64);

impl Files {
    /// The files as they are now.
    pub(crate) fn now() -> Self {
        let own = [place::managed_file(), place::owners_file(), place::file_by_variables()];
        let own = own.map(|file| file.map(|file| file.path));
        let directories = AGENTS.iter().filter_map(|agent| Some((agent, Directory::of(agent)?)));
        let of_agents = directories.flat_map(|(agent, directory)| directory.files(agent));
        let declared = variable(CONFIG_FILE).map(PathBuf::from);
        let all = own.into_iter().chain([trust::path(), declared]).chain(of_agents.map(Some));
        Self(all.map(|path| path.and_then(stamp)).collect())
    }
}

fn stamp(path: PathBuf) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino(), found.size(), found.ctime(), found.ctime_nsec()))
}
