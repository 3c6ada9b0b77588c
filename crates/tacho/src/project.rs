//! The file by which a project says how it is recorded: what it asks for, and whether its owner trusts it.
//!
//! Anybody may have written it, and a repository may bring it along. So it is read like any hostile input, and by itself
//! only takes away: content, names, sending. What cannot be understood takes away as if it had been understood. What would
//! send something elsewhere or under another name is a wish, which counts once its owner trusts the file as it is.

mod body;
mod front_matter;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use body::observation_body;

use crate::vcs::disk::{Disk, Found};
use front_matter::FrontMatter;
use rustix::process::Uid;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tacho_agents::Agent;

/// A file that is longer is not read.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Directories above one another that are looked into.
const LEVELS_MAX: usize = 128;

/// A project's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProjectFile {
    pub(crate) path: PathBuf,
    /// SHA-256 of what is in it, in hex; empty for what is not read.
    pub(crate) sha256: String,
    pub(crate) rules: Rules,
    pub(crate) wishes: Wishes,
    /// What of it is not obeyed, and why.
    pub(crate) problems: Vec<String>,
}

/// What counts, whoever wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Nothing is sent.
    pub(crate) withheld: bool,
    /// No words of people, files and models are sent.
    pub(crate) omits_content: bool,
    /// No name of a person is sent.
    pub(crate) omits_names: bool,
    /// What the project says of itself.
    pub(crate) attributes: BTreeMap<String, String>,
}

/// What counts only in a file that is trusted.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) endpoint: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) dataset: Option<String>,
    pub(crate) agent_name: Option<String>,
}

impl Rules {
    /// What is taken to be meant where nobody can tell.
    fn strictest() -> Self {
        Self { withheld: false, omits_content: true, omits_names: true, attributes: BTreeMap::new() }
    }
}

impl Wishes {
    /// The keys that have a value.
    pub(crate) fn keys(&self) -> Vec<&'static str> {
        let Self { endpoint, token, dataset, agent_name } = self;
        let all =
            [("otlp_url", endpoint), ("auth_token", token), ("dataset", dataset), ("agent_name", agent_name)];
        all.into_iter().filter(|(_, value)| value.is_some()).map(|(key, _)| key).collect()
    }
}

impl std::fmt::Debug for Wishes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.keys()).finish()
    }
}

impl ProjectFile {
    /// The file of the project that a directory is in: in the nearest directory that has one, up to the one that is a
    /// repository. Without a repository, only in the directory itself.
    ///
    /// # Errors
    /// Fails for a directory that is not there: nobody can tell what its project says.
    pub(crate) fn find(agent: &Agent, directory: &Path, owner: Uid) -> std::io::Result<Option<Self>> {
        let directory = fs::canonicalize(directory)?;
        let levels: Vec<&Path> = directory.ancestors().take(LEVELS_MAX).collect();
        let is_repository = |level: &&Path| fs::symlink_metadata(level.join(".git")).is_ok();
        let root = levels.iter().position(is_repository).unwrap_or(0);
        let disk = Disk::of_repositories(owner);
        let places = levels.iter().take(root + 1);
        let mut files = places.flat_map(|level| agent.project_files.iter().map(move |name| (level, name)));
        let found = files.find(|(level, name)| !matches!(disk.look(&level.join(name)), Found::Nothing));
        Ok(found.map(|(level, name)| Self::read(&disk, level, Path::new(name))))
    }

    /// The file at this path, whatever its name; `None` without one.
    pub(crate) fn at(path: &Path, owner: Uid) -> Option<Self> {
        let disk = Disk::of_repositories(owner);
        // The directory of the agent's own files is looked at like the file: it must be no link.
        let (directory, level) = (path.parent()?, path.parent()?.parent()?);
        let name = Path::new(directory.file_name()?).join(path.file_name()?);
        (!matches!(disk.look(path), Found::Nothing)).then(|| Self::read(&disk, level, &name))
    }

    /// The file, and everything taken away that another one takes away.
    pub(crate) fn narrowed_by(mut self, other: &Self) -> Self {
        self.rules.withheld |= other.rules.withheld;
        self.rules.omits_content |= other.rules.omits_content;
        self.rules.omits_names |= other.rules.omits_names;
        self
    }

    fn read(disk: &Disk, level: &Path, name: &Path) -> Self {
        let path = level.join(name);
        let Some(bytes) = disk.read(level, name, FILE_BYTES_MAX) else {
            let problem = format!(
                "it is not read: only a regular file of yours up to {} KiB is, behind no symbolic link",
                FILE_BYTES_MAX / 1024
            );
            return Self::not_understood(path, String::new(), problem);
        };
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        match FrontMatter::of(&bytes) {
            Ok(FrontMatter { rules, wishes, problems }) => Self { path, sha256, rules, wishes, problems },
            Err(problem) => Self::not_understood(path, sha256, problem),
        }
    }

    fn not_understood(path: PathBuf, sha256: String, problem: String) -> Self {
        let (rules, wishes) = (Rules::strictest(), Wishes::default());
        Self { path, sha256, rules, wishes, problems: vec![problem] }
    }
}
