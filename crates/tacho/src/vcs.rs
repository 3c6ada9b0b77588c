//! What a working directory belonged to when something happened in it: repository, branch, revision, user.
//!
//! Read from `.git` and the user's own git configuration, within fixed bounds. Must not start a program, fail, or say
//! what it only guesses: a fact that cannot be told is left out. A repository is hostile input, so nothing is opened
//! but regular files of this user, and none through a symbolic link in the repository. A file system that hangs is not
//! guarded against, and what only the agent's environment says (`GIT_DIR`) is not known here.

mod address;
mod body;
mod change;
mod config_file;
mod discovery;
pub(crate) mod disk;
mod head;
mod kept;
mod lines;
mod main_directories;
mod pointer;
mod references;
mod reflog;
mod remote;
pub(crate) mod text;
mod user;

#[cfg(test)]
mod tests;

pub(crate) use main_directories::Projects;

use crate::config::owner::Account;
use crate::drain::now;
use discovery::{DotGit, Verdict};
use disk::{Disk, Stamp};
use head::HeadFiles;
use remote::Remotes;
use rustix::process::Uid;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tacho_model::time::UnixNanos;
use user::UserFiles;

/// Repositories whose files are remembered; the one that was asked for longest ago goes first.
const REPOSITORIES_MAX: usize = 32;

/// Directories of which it is remembered where their repositories lie.
const WALKS_MAX: usize = 32;

/// How long a look for a repository tells what happened before it.
const WALK_REST: Duration = Duration::from_secs(1);

/// A path is no longer (`PATH_MAX` of Linux).
const CWD_BYTES_MAX: usize = 4096;

/// Names of branches, worktrees, repositories and people are cut to this.
const NAME_BYTES_MAX: usize = 512;

/// What a working directory belonged to at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Workplace {
    /// The directory, as the agent named it.
    pub(crate) cwd: String,
    /// The checked-out repository around it.
    pub(crate) checkout: Option<Checkout>,
    /// The person at the machine, as known now.
    pub(crate) user: Option<User>,
}

/// One working tree of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkout {
    /// The repository.
    pub(crate) repository: Repository,
    /// The name of the linked worktree (`git worktree`); `None` in the main one.
    pub(crate) worktree: Option<String>,
    /// What was checked out.
    pub(crate) head: Head,
}

/// What a repository is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// `https://host/owner/name`, whatever way it is reached; `None` without a remote that has a host.
    pub(crate) url: Option<String>,
    /// The last part of the URL; the name of the directory where there is none.
    pub(crate) name: Option<String>,
    /// Everything between host and name.
    pub(crate) owner: Option<String>,
    /// Who hosts it, as `vcs.provider.name` spells it.
    pub(crate) provider: Option<&'static str>,
}

/// What was checked out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The branch or tag; `None` for a bare commit, and where it cannot be told.
    pub(crate) reference: Option<Reference>,
    /// The id of the commit; `None` on a branch without one, and where it cannot be told.
    pub(crate) revision: Option<String>,
}

/// A branch or tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Its name, without `refs/heads/` or `refs/tags/`.
    pub(crate) name: String,
    /// Which of the two it is.
    pub(crate) kind: ReferenceKind,
}

/// `vcs.ref.head.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    /// A branch.
    Branch,
    /// A tag.
    Tag,
}

/// The person at the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// The name.
    pub(crate) name: String,
    /// The address that git signs commits with.
    pub(crate) email: Option<String>,
    /// Where the name is from.
    pub(crate) source: UserSource,
}

/// Where the name of a user is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserSource {
    /// The user's own git configuration.
    Git,
    /// The system's user database.
    System,
}

/// Tells workplaces, and remembers what it read for as long as the files stay the same.
#[derive(Debug)]
pub(crate) struct Workplaces {
    disk: Disk,
    user: UserFiles,
    repositories: BTreeMap<PathBuf, Known>,
    /// Where it looked last for the repositories of directories.
    walks: BTreeMap<PathBuf, Walk>,
    questions: u64,
}

/// One look for the repository of a directory. It tells where that lay when something happened before it: a later look would
/// only be further from that.
#[derive(Debug)]
struct Walk {
    at: UnixNanos,
    /// The clock may be set back.
    since: Instant,
    /// The `.git` that was found, of a repository that may be read.
    dot_git: Option<PathBuf>,
}

/// A repository whose files are remembered.
#[derive(Debug)]
struct Known {
    /// Its `.git`, which another one may replace.
    stamp: Stamp,
    place: discovery::Place,
    remotes: Remotes,
    head: HeadFiles,
    /// The number of the last question that it answered.
    asked: u64,
}

impl Workplaces {
    /// Knows nothing yet. `account` is whose files are read.
    pub(crate) fn new(account: Account) -> Self {
        Self {
            disk: Disk::of_repositories(account.uid),
            user: UserFiles::new(account),
            repositories: BTreeMap::new(),
            walks: BTreeMap::new(),
            questions: 0,
        }
    }

    /// What the directory belonged to at that time; `None` when it is no absolute path.
    ///
    /// What is checked out is told exactly, to the few milliseconds of the kernel's clock for files, as long as nothing
    /// was written since. Otherwise the log of HEAD tells it, which counts seconds: what it notes in the second of the
    /// event was done before it, except by the newest command, when that is known to have written later. The
    /// remote is told as it is now, and the user as of the last look for a repository.
    pub(crate) fn at(&mut self, cwd: &Path, at: UnixNanos) -> Option<Workplace> {
        let bytes = cwd.as_os_str().as_bytes();
        if !cwd.is_absolute() || bytes.len() > CWD_BYTES_MAX || bytes.contains(&0) {
            return None;
        }
        if !self.walks.get(cwd).is_some_and(|walk| self.tells(walk, at)) {
            if self.walks.len() >= WALKS_MAX && !self.walks.contains_key(cwd) {
                self.walks.clear();
            }
            let (at, since) = (now(), Instant::now());
            self.user.refresh();
            let dot_git = self.find(cwd);
            self.walks.insert(cwd.to_owned(), Walk { at, since, dot_git });
        }
        Some(Workplace {
            cwd: text::bounded(bytes, CWD_BYTES_MAX)?,
            checkout: self.checkout(cwd, at),
            user: self.user.user(),
        })
    }

    /// Whether a look was made after something happened, and what it found is still remembered.
    fn tells(&self, walk: &Walk, at: UnixNanos) -> bool {
        let is_known = walk.dot_git.as_ref().is_none_or(|dot_git| self.repositories.contains_key(dot_git));
        is_known && at <= walk.at && walk.since.elapsed() < WALK_REST
    }

    fn checkout(&mut self, cwd: &Path, at: UnixNanos) -> Option<Checkout> {
        let known = self.repositories.get_mut(self.walks.get(cwd)?.dot_git.as_ref()?)?;
        self.questions += 1;
        known.asked = self.questions;
        Some(known.checkout(&self.disk, &self.user, at))
    }

    /// Looks for the `.git` around a directory. The repository is remembered.
    fn find(&mut self, cwd: &Path) -> Option<PathBuf> {
        let disk = self.disk;
        for dot_git in discovery::upward(&disk, cwd) {
            if !self.is_known(&dot_git) {
                match discovery::examine(&disk, &dot_git) {
                    Verdict::Repository(place) => self.remember(&dot_git, place),
                    Verdict::Nothing => continue,
                    Verdict::Barred => return None,
                }
            }
            return Some(dot_git.path);
        }
        None
    }

    fn is_known(&self, dot_git: &DotGit) -> bool {
        let known = self.repositories.get(&dot_git.path);
        known.is_some_and(|known| dot_git.is_still(&known.stamp))
    }

    fn remember(&mut self, dot_git: &DotGit, place: discovery::Place) {
        if self.repositories.len() >= REPOSITORIES_MAX {
            let oldest = self.repositories.iter().min_by_key(|(_, known)| known.asked);
            if let Some(path) = oldest.map(|(path, _)| path.clone()) {
                self.repositories.remove(&path);
            }
        }
        let known = Known {
            stamp: dot_git.stamp,
            place,
            remotes: Remotes::default(),
            head: HeadFiles::default(),
            asked: 0,
        };
        self.repositories.insert(dot_git.path.clone(), known);
    }
}

/// The directory of the repository around a directory: of a linked worktree, that of the repository it belongs to.
fn main_directory(directory: &Path, owner: Uid) -> Option<PathBuf> {
    let disk = Disk::of_repositories(owner);
    for dot_git in discovery::upward(&disk, directory) {
        match discovery::examine(&disk, &dot_git) {
            Verdict::Repository(place) => return Some(place.main_directory()),
            Verdict::Nothing => {}
            Verdict::Barred => return None,
        }
    }
    None
}

impl Known {
    fn checkout(&mut self, disk: &Disk, user: &UserFiles, at: UnixNanos) -> Checkout {
        Checkout {
            repository: self.remotes.repository(disk, &self.place, user),
            worktree: self.place.worktree.clone(),
            head: self.head.at(disk, &self.place, at),
        }
    }
}
