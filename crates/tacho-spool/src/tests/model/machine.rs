//! A machine: its files, their names, and what is left of both when power fails.
//!
//! A name reaches the disk with its directory, or by chance and in any order; only what happens to one name stays in
//! order, and a rename is one change. That is less than any journalling file system gives.

use super::luck::Draws;
use super::stored_file::StoredFile;
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Place of a file among all there ever were.
pub type FileNumber = usize;

/// What bears a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Directory,
    File(FileNumber),
}

#[derive(Debug, Default)]
pub struct Machine {
    pub files: Vec<StoredFile>,
    names: BTreeMap<PathBuf, Entry>,
    names_on_disk: BTreeMap<PathBuf, Entry>,
    /// What the disk does not know yet, in the order in which it happened.
    changes: Vec<Change>,
}

/// A change of names.
#[derive(Debug)]
struct Change {
    from: Option<PathBuf>,
    to: PathBuf,
    entry: Entry,
}

impl Machine {
    /// What bears this name; the empty one is the directory where all begins.
    pub fn entry(&self, path: &Path) -> Option<Entry> {
        if path.as_os_str().is_empty() { Some(Entry::Directory) } else { self.names.get(path).copied() }
    }

    /// Whether there is a directory for this name.
    pub fn parent(&self, path: &Path) -> Result<(), Errno> {
        match path.parent().and_then(|parent| self.entry(parent)) {
            Some(Entry::Directory) => Ok(()),
            Some(Entry::File(_)) => Err(Errno::NOTDIR),
            None => Err(Errno::NOENT),
        }
    }

    pub fn named_files(&self) -> impl Iterator<Item = (&Path, FileNumber)> {
        self.names.iter().filter_map(|(path, entry)| match entry {
            Entry::File(number) => Some((path.as_path(), *number)),
            Entry::Directory => None,
        })
    }

    pub fn make_file(&mut self, path: &Path) -> FileNumber {
        self.files.push(StoredFile::default());
        self.change(Change { from: None, to: path.to_owned(), entry: Entry::File(self.files.len() - 1) });
        self.files.len() - 1
    }

    pub fn make_directory(&mut self, path: &Path) {
        self.change(Change { from: None, to: path.to_owned(), entry: Entry::Directory });
    }

    pub fn rename(&mut self, from: &Path, to: &Path, entry: Entry) {
        self.change(Change { from: Some(from.to_owned()), to: to.to_owned(), entry });
    }

    fn change(&mut self, change: Change) {
        change.make(&mut self.names);
        self.changes.push(change);
    }

    /// Brings the names in a directory to the disk, and what happened to these names before.
    pub fn sync_directory(&mut self, path: &Path) {
        let mut names = BTreeSet::new();
        for change in self.changes.iter().rev() {
            if change.names().any(|name| name.parent() == Some(path) || names.contains(name)) {
                names.extend(change.names().cloned());
            }
        }
        self.bring_to_disk(|change| change.names().any(|name| names.contains(name)));
    }

    /// Brings to the disk what happens to be chosen.
    pub fn write_back_some(&mut self, draws: &mut Draws<'_>) {
        self.files.iter_mut().for_each(|file| file.write_back_some(draws));
        self.write_back_some_names(draws);
    }

    fn write_back_some_names(&mut self, draws: &mut Draws<'_>) {
        let mut late = BTreeSet::new();
        self.bring_to_disk(|change| {
            let is_due = !change.names().any(|name| late.contains(name)) && draws.coin();
            if !is_due {
                late.extend(change.names().cloned());
            }
            is_due
        });
    }

    fn bring_to_disk(&mut self, mut is_due: impl FnMut(&Change) -> bool) {
        let (due, late): (Vec<_>, Vec<_>) = self.changes.drain(..).partition(|change| is_due(change));
        due.iter().for_each(|change| change.make(&mut self.names_on_disk));
        self.changes = late;
    }

    /// Power fails and comes back.
    pub fn lose_power(&mut self, draws: &mut Draws<'_>) {
        self.files.iter_mut().for_each(|file| file.lose_power(draws));
        self.write_back_some_names(draws);
        self.changes.clear();
        self.names.clear();
        // A directory comes before what is in it.
        for (path, entry) in &self.names_on_disk {
            let parent = path.parent().unwrap_or(path);
            if parent.as_os_str().is_empty() || self.names.contains_key(parent) {
                self.names.insert(path.clone(), *entry);
            }
        }
        self.names_on_disk.clone_from(&self.names);
    }
}

impl Change {
    fn names(&self) -> impl Iterator<Item = &PathBuf> {
        self.from.iter().chain([&self.to])
    }

    fn make(&self, names: &mut BTreeMap<PathBuf, Entry>) {
        if let Some(from) = &self.from {
            names.remove(from);
        }
        names.insert(self.to.clone(), self.entry);
    }
}
