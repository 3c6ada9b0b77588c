//! Transcripts, kept for when their agent has deleted them.
//!
//! A file is kept by a second name for it (a hard link), which takes no room as long as the agent has it, and grows with it. On
//! another file system it is copied. The archive has the layout of the agent's own directory, so `tacho import --from` reads it.

use rustix::io::Errno;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Its directory, below the state directory.
pub(crate) const ARCHIVE: &str = "archive";
/// Folders within one another that are looked into.
const DEPTH_MAX: u32 = 10;

/// The archive of one agent.
#[derive(Clone, Debug)]
pub(crate) struct Archive(PathBuf);

impl Archive {
    /// That of an agent, in this state directory.
    pub(crate) fn of(state: &Path, agent: &str) -> Self {
        Self(state.join(ARCHIVE).join(agent))
    }

    /// Keeps a file, which lies at `below` in the agent's directory. What was kept under that name and is another file now
    /// stays beside it.
    pub(crate) fn keep(&self, file: &Path, below: &Path) -> io::Result<()> {
        let place = self.0.join(below);
        let own = fs::symlink_metadata(file)?;
        if !own.is_file() {
            return Ok(());
        }
        match fs::symlink_metadata(&place) {
            Ok(kept) if is_same(&own, &kept) => return Ok(()),
            // A copy, on another file system, that the file has outgrown.
            Ok(kept) if kept.dev() != own.dev() && kept.len() <= own.len() => {}
            Ok(kept) => fs::rename(&place, beside(&place, &kept))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                place.parent().map_or(Ok(()), fs::create_dir_all)?;
            }
            Err(error) => return Err(error),
        }
        match fs::hard_link(file, &place) {
            Ok(()) => Ok(()),
            Err(error) if needs_copy(&error) => copy(file, &place),
            Err(error) => Err(error),
        }
    }
}

/// Forgets what the agent deleted and nobody has written to for so long.
pub(crate) fn forget(state: &Path, age: Duration) -> io::Result<()> {
    forget_below(&state.join(ARCHIVE), age, 0)
}

fn forget_below(folder: &Path, age: Duration, depth: u32) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let (path, metadata) = (entry.path(), entry.metadata()?);
        if metadata.is_dir() && depth < DEPTH_MAX {
            forget_below(&path, age, depth + 1)?;
            // Only one that has become empty goes.
            let _ = fs::remove_dir(&path);
        } else if metadata.is_file() && metadata.nlink() == 1 && age_of(&metadata) > age {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn age_of(metadata: &Metadata) -> Duration {
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    SystemTime::now().duration_since(modified).unwrap_or(Duration::ZERO)
}

fn is_same(left: &Metadata, right: &Metadata) -> bool {
    (left.dev(), left.ino()) == (right.dev(), right.ino())
}

/// Where a file is kept whose name another one has now.
fn beside(place: &Path, kept: &Metadata) -> PathBuf {
    let stem = place.file_stem().unwrap_or_default().to_string_lossy();
    let extension = place.extension().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!("{stem}~{}.{extension}", kept.ino()))
}

/// Whether a second name cannot be had here.
fn needs_copy(error: &io::Error) -> bool {
    let no_links = [Errno::XDEV, Errno::PERM, Errno::MLINK, Errno::OPNOTSUPP, Errno::EXIST];
    no_links.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn copy(file: &Path, place: &Path) -> io::Result<()> {
    let unfinished = place.with_extension("copy");
    fs::copy(file, &unfinished)?;
    fs::rename(&unfinished, place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Write as _;
    use tempfile::TempDir;

    const BELOW: &str = "projects/-home-dev/a.jsonl";

    struct Scene {
        state: TempDir,
        agent: TempDir,
    }

    impl Scene {
        fn new() -> Self {
            let scene = Self { state: TempDir::new().unwrap(), agent: TempDir::new().unwrap() };
            fs::create_dir_all(scene.file().parent().unwrap()).unwrap();
            fs::write(scene.file(), "one\n").unwrap();
            scene.keep();
            scene
        }

        fn file(&self) -> PathBuf {
            self.agent.path().join(BELOW)
        }

        fn keep(&self) {
            Archive::of(self.state.path(), "agent").keep(&self.file(), Path::new(BELOW)).unwrap();
        }

        fn kept(&self) -> Vec<String> {
            let folder = self.state.path().join(ARCHIVE).join("agent/projects/-home-dev");
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut texts: Vec<String> =
                entries.map(|entry| fs::read_to_string(entry.path()).unwrap()).collect();
            texts.sort();
            texts
        }
    }

    #[test]
    fn it_grows_with_the_file_and_outlives_it() {
        let scene = Scene::new();
        OpenOptions::new().append(true).open(scene.file()).unwrap().write_all(b"two\n").unwrap();
        scene.keep();
        fs::remove_file(scene.file()).unwrap();
        assert_eq!(scene.kept(), ["one\ntwo\n"]);
    }

    #[test]
    fn a_file_that_is_written_anew_is_kept_beside_the_old_one() {
        let scene = Scene::new();
        fs::write(scene.file().with_extension("new"), "shorter\n").unwrap();
        fs::rename(scene.file().with_extension("new"), scene.file()).unwrap();
        scene.keep();
        scene.keep();
        assert_eq!(scene.kept(), ["one\n", "shorter\n"]);
    }

    #[test]
    fn what_the_agent_still_has_is_not_forgotten() {
        let scene = Scene::new();
        forget(scene.state.path(), Duration::ZERO).unwrap();
        assert_eq!(scene.kept(), ["one\n"]);
        fs::remove_file(scene.file()).unwrap();
        forget(scene.state.path(), Duration::from_secs(3600)).unwrap();
        assert_eq!(scene.kept(), ["one\n"]);
        forget(scene.state.path(), Duration::ZERO).unwrap();
        assert_eq!(scene.kept(), Vec::<String>::new());
        assert!(!scene.state.path().join(ARCHIVE).join("agent").exists());
    }
}
