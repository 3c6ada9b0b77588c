//! The folder of what is shipped: where hooks run from, so it is whole at every moment.

use crate::failure::Failure;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tacho_agents::setup::Setup;

/// Modes of files and of programs; other users get neither.
const FILE: u32 = 0o600;
const PROGRAM: u32 = 0o700;

/// What a folder holds, by its path below it.
#[derive(Debug)]
pub(super) struct Content(Vec<(PathBuf, Vec<u8>, u32)>);

impl Content {
    /// What is shipped for an agent, with these programs.
    pub(super) fn of(setup: &Setup, programs: &[PathBuf]) -> Result<Self, Failure> {
        let shipped = setup.files.iter();
        let mut files: Vec<_> =
            shipped.map(|file| (PathBuf::from(file.path), file.bytes.to_vec(), FILE)).collect();
        for program in programs {
            let bytes = fs::read(program)
                .map_err(|error| Failure::external(format!("read {}", program.display()), error))?;
            let name = program.file_name().unwrap_or_default();
            files.push((Path::new(setup.plugin_folder).join("bin").join(name), bytes, PROGRAM));
        }
        Ok(Self(files))
    }

    /// Has the agent run our module.
    pub(super) fn measure(&mut self, setup: &Setup) {
        let measuring = setup.files.iter().find(|file| file.path == setup.measuring.by);
        let place = self.0.iter_mut().find(|(path, ..)| path.as_path() == Path::new(setup.measuring.path));
        if let (Some(measuring), Some((_, bytes, _))) = (measuring, place) {
            *bytes = measuring.bytes.to_vec();
        }
    }

    /// Whether the folder holds exactly this.
    pub(super) fn is_in(&self, folder: &Path) -> bool {
        let is_there = |(path, bytes, mode): &(PathBuf, Vec<u8>, u32)| {
            let path = folder.join(path);
            let is_mode = |found: u32| found & 0o700 == mode & 0o700;
            fs::metadata(&path).is_ok_and(|found| is_mode(found.permissions().mode()))
                && fs::read(&path).is_ok_and(|found| found == *bytes)
        };
        self.0.iter().all(is_there) && count_files(folder).is_ok_and(|count| count == self.0.len())
    }

    /// Puts this into the folder's place in one step: whoever runs a program there runs the old or the new one.
    pub(super) fn put_into(&self, folder: &Path) -> io::Result<()> {
        let parent = folder.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent)?;
        let draft = tempfile::Builder::new().prefix(".new-").tempdir_in(parent)?;
        for (path, bytes, mode) in &self.0 {
            let path = draft.path().join(path);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(*mode).open(&path)?;
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        match renameat_with(CWD, draft.path(), CWD, folder, RenameFlags::EXCHANGE) {
            // What was there before lies where the draft was, and goes with it.
            Ok(()) => draft.close(),
            Err(Errno::NOENT) => fs::rename(draft.keep(), folder),
            // Not every file system can exchange: then there is an instant without a folder.
            Err(Errno::INVAL | Errno::NOSYS) => {
                let before = tempfile::Builder::new().prefix(".old-").tempdir_in(parent)?;
                match fs::rename(folder, before.path().join("folder")) {
                    Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                    _ => fs::rename(draft.keep(), folder),
                }
            }
            Err(errno) => Err(errno.into()),
        }
    }
}

/// Whether the agent runs our module from a folder, which may be of another version.
pub(super) fn is_measuring(setup: &Setup, folder: &Path) -> bool {
    let [there, measuring] =
        [setup.measuring.path, setup.measuring.by].map(|path| fs::read(folder.join(path)));
    there.is_ok_and(|there| measuring.is_ok_and(|measuring| there == measuring))
}

fn count_files(folder: &Path) -> io::Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        count += if entry.file_type()?.is_dir() { count_files(&entry.path())? } else { 1 };
    }
    Ok(count)
}
