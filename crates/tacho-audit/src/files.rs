//! Files of a log: read whole, replaced whole. A file has its name only once the disk has its bytes.

use crate::error::LogError;
use crate::layout::{FRESH, LOCK};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An append takes milliseconds; who holds the lock for two seconds is stuck.
const TRIES: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(2);

/// Whoever holds it is the one writer; the kernel drops it with its process.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "dropping the file is what releases the lock")] File);

impl Lock {
    /// Waits for the writer before and takes its place; one that does not make way is not waited for for ever.
    pub(crate) fn take(log: &Path) -> Result<Self, LogError> {
        make_directory(log).map_err(|error| LogError::file("make", log, error))?;
        let path = log.join(LOCK);
        let file = to_write().truncate(false).open(&path);
        let locked = file.and_then(|file| {
            wait_for(&file)?;
            Ok(Self(file))
        });
        locked.map_err(|error| LogError::file("lock", &path, error))
    }
}

fn wait_for(file: &File) -> io::Result<()> {
    for _ in 1..TRIES {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
            locked => return Ok(locked?),
        }
    }
    Ok(flock(file, FlockOperation::NonBlockingLockExclusive)?)
}

/// What is written together: file by file, then the names.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    log: &'a Path,
    /// Directories with names that the disk may not have yet.
    changed: BTreeSet<PathBuf>,
}

impl<'a> Writing<'a> {
    pub(crate) const fn below(log: &'a Path) -> Self {
        Self { log, changed: BTreeSet::new() }
    }

    /// Writes a file, or replaces it.
    pub(crate) fn put(&mut self, name: &Path, bytes: &[u8]) -> Result<(), LogError> {
        let path = self.log.join(name);
        self.put_at(&path, bytes).map_err(|error| LogError::file("write", &path, error))
    }

    fn put_at(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let fresh = self.log.join(FRESH);
        let mut file = to_write().truncate(true).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        for directory in path.ancestors().skip(1).take_while(|directory| directory.starts_with(self.log)) {
            if directory.is_dir() {
                break;
            }
            self.changed.extend(directory.parent().map(Path::to_owned));
        }
        if let Some(directory) = path.parent() {
            make_directory(directory)?;
            self.changed.insert(directory.to_owned());
        }
        fs::rename(&fresh, path)
    }

    /// Brings the names to the disk.
    pub(crate) fn finish(self) -> Result<(), LogError> {
        self.changed.iter().try_for_each(|directory| {
            let synced = File::open(directory).and_then(|directory| directory.sync_all());
            synced.map_err(|error| LogError::file("sync", directory, error))
        })
    }
}

/// Reads a file whole.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LogError> {
    fs::read(path).map_err(|error| LogError::file("read", path, error))
}

/// Reads a text whole.
pub(crate) fn read_text(path: &Path) -> Result<String, LogError> {
    String::from_utf8(read(path)?).map_err(|_| LogError::damaged(path, "is no text"))
}

/// The names in a directory that are numbers as we write them, in their order; none where there is no directory.
pub(crate) fn numbers_in(directory: &Path) -> Vec<u64> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut numbers: Vec<u64> = names
        .filter_map(|name| name.parse().ok().filter(|number: &u64| number.to_string() == name))
        .collect();
    numbers.sort_unstable();
    numbers
}

fn to_write() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
