//! Which repository a directory is in, as git itself goes about it: upward to the first `.git`.
//!
//! Like git, stays on the file system of the directory and reads no repository of another user (`safe.directory`, of
//! which there are no exceptions here). Bare repositories are not looked for.

use super::disk::{Disk, Found, Stamp};
use super::{NAME_BYTES_MAX, text};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::iter::successors;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Directories above one another that are looked into.
const LEVELS_MAX: usize = 128;

/// A file that names one path.
const PATH_FILE_BYTES_MAX: u64 = 8 * 1024;

/// A `.git` that the user owns, in a directory that the user owns.
#[derive(Debug)]
pub(super) struct DotGit {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    /// What is there is not to be read.
    Barred,
}

/// Where the files of a repository lie.
#[derive(Debug)]
pub(super) struct Place {
    /// What belongs to one working tree: HEAD and its log.
    pub(super) git_dir: PathBuf,
    /// What all working trees share: branches, tags, configuration.
    pub(super) common_dir: PathBuf,
    /// The name of the linked worktree.
    pub(super) worktree: Option<String>,
}

/// What a `.git` is.
#[derive(Debug)]
pub(super) enum Verdict {
    /// A repository.
    Repository(Place),
    /// None; the next one above may be.
    Nothing,
    /// One that is not read. Those above are not meant.
    Barred,
}

impl DotGit {
    /// Whether it is the one that had this stamp. A directory's times change all the time, as files come and go in it.
    pub(super) fn is_still(&self, stamp: &Stamp) -> bool {
        match self.kind {
            Kind::File => self.stamp == *stamp,
            Kind::Directory => (self.stamp.device, self.stamp.inode) == (stamp.device, stamp.inode),
            Kind::Barred => false,
        }
    }
}

/// Every `.git` from the directory upward; none for a directory that is not there. Those above a directory that is gone
/// may be another repository's: an agent's worktrees lie in the repository that they come from.
pub(super) fn upward(disk: &Disk, cwd: &Path) -> impl Iterator<Item = DotGit> {
    let levels = successors(fs::canonicalize(cwd).ok(), |level| level.parent().map(Path::to_path_buf));
    let mut device = None;
    let on_one_device = levels.take(LEVELS_MAX).map_while(move |level| {
        let metadata = fs::symlink_metadata(&level).ok().filter(Metadata::is_dir)?;
        let is_same = *device.get_or_insert(metadata.dev()) == metadata.dev();
        is_same.then_some((level, metadata))
    });
    on_one_device.filter_map(|(level, metadata)| dot_git(disk, &level, &metadata))
}

fn dot_git(disk: &Disk, level: &Path, metadata: &Metadata) -> Option<DotGit> {
    let path = level.join(".git");
    let is_ours = matches!(disk.found(metadata), Found::Directory(_));
    let (kind, stamp) = match disk.look(&path) {
        Found::Nothing => return None,
        Found::File(stamp) if is_ours => (Kind::File, stamp),
        Found::Directory(stamp) if is_ours => (Kind::Directory, stamp),
        Found::Barred | Found::File(_) | Found::Directory(_) => (Kind::Barred, Stamp::default()),
    };
    Some(DotGit { path, stamp, kind })
}

/// Finds out what a `.git` is.
pub(super) fn examine(disk: &Disk, dot_git: &DotGit) -> Verdict {
    match dot_git.kind {
        Kind::Barred => Verdict::Barred,
        Kind::Directory => Place::examine(disk, dot_git.path.clone()),
        // git gives up at a file that leads nowhere.
        Kind::File => match target(disk, &dot_git.path).map(|git_dir| Place::examine(disk, git_dir)) {
            Some(Verdict::Repository(place)) => Verdict::Repository(place),
            Some(Verdict::Nothing | Verdict::Barred) | None => Verdict::Barred,
        },
    }
}

/// Where a `.git` file leads, as linked worktrees and submodules have it.
fn target(disk: &Disk, dot_git: &Path) -> Option<PathBuf> {
    let level = dot_git.parent()?;
    let content = disk.read(level, Path::new(".git"), PATH_FILE_BYTES_MAX)?;
    let path = path_in(content.strip_prefix(b"gitdir: ")?)?;
    fs::canonicalize(level.join(path)).ok()
}

/// The directory that the working trees of a repository share, as one of them names it.
fn common_dir(disk: &Disk, git_dir: &Path) -> Option<PathBuf> {
    let content = disk.read(git_dir, Path::new("commondir"), PATH_FILE_BYTES_MAX)?;
    fs::canonicalize(git_dir.join(path_in(&content)?)).ok()
}

/// The path that a line holds.
fn path_in(line: &[u8]) -> Option<PathBuf> {
    let end = line.iter().rposition(|byte| !b"\r\n".contains(byte))?;
    let path = line.get(..=end)?;
    let is_path = !path.contains(&0) && !path.contains(&b'\n');
    is_path.then(|| PathBuf::from(OsString::from_vec(path.to_vec())))
}

impl Place {
    /// Finds out whether all that makes a repository is there, and is the user's.
    fn examine(disk: &Disk, git_dir: PathBuf) -> Verdict {
        let (is_linked, common_dir) = match disk.look(&git_dir.join("commondir")) {
            Found::Nothing => (false, Some(git_dir.clone())),
            Found::File(_) => (true, common_dir(disk, &git_dir)),
            Found::Barred | Found::Directory(_) => (true, None),
        };
        let Some(common_dir) = common_dir else { return Verdict::Barred };
        for directory in [&git_dir, &common_dir, &common_dir.join("objects"), &common_dir.join("refs")] {
            match disk.look(directory) {
                Found::Directory(_) => {}
                // git goes on above a directory that only bears the name.
                Found::Nothing | Found::File(_) if !is_linked => return Verdict::Nothing,
                Found::Nothing | Found::File(_) | Found::Barred => return Verdict::Barred,
            }
        }
        match disk.look(&git_dir.join("HEAD")) {
            Found::File(_) => Verdict::Repository(Self::new(git_dir, common_dir, is_linked)),
            Found::Nothing | Found::Directory(_) => Verdict::Nothing,
            Found::Barred => Verdict::Barred,
        }
    }

    fn new(git_dir: PathBuf, common_dir: PathBuf, is_linked: bool) -> Self {
        let in_worktrees = git_dir.parent().and_then(Path::file_name) == Some(OsStr::new("worktrees"));
        let name = git_dir.file_name().filter(|_| is_linked && in_worktrees);
        let worktree = name.and_then(|name| text::bounded(name.as_bytes(), NAME_BYTES_MAX));
        Self { git_dir, common_dir, worktree }
    }

    /// The directory in which the repository lies; a bare one is that itself.
    pub(super) fn main_directory(&self) -> PathBuf {
        let is_in_tree = self.common_dir.file_name() == Some(OsStr::new(".git"));
        let around = self.common_dir.parent().filter(|_| is_in_tree);
        around.unwrap_or(&self.common_dir).to_path_buf()
    }

    /// What the main directory of the repository is called.
    pub(super) fn directory_name(&self) -> Option<String> {
        let name_of = |path: &Path| path.file_name().map(|name| name.as_bytes().to_vec());
        let own = name_of(&self.common_dir)?;
        let bare = own.strip_suffix(b".git").unwrap_or(&own);
        // `.git` says nothing, and neither does what people call a hidden repository beside its worktrees.
        let name = if bare.is_empty() || bare.starts_with(b".") {
            name_of(self.common_dir.parent()?)?
        } else {
            bare.to_vec()
        };
        text::bounded(&name, NAME_BYTES_MAX)
    }
}
