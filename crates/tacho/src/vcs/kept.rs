//! Remembering what was read from a file, for as long as the file stays the same.

use super::disk::{Disk, Found, Stamp};
use std::fs::File;
use std::path::Path;

/// What was read from one file.
#[derive(Debug)]
pub(super) struct Kept<T> {
    known: Option<Reading<T>>,
}

#[derive(Debug)]
struct Reading<T> {
    stamp: Stamp,
    /// Whether every change since would show in the stamp.
    is_final: bool,
    value: T,
}

/// What a file says.
#[derive(Debug)]
pub(super) enum Said<'a, T> {
    /// There is no such file.
    Nothing,
    /// There is something that is not read.
    Barred,
    /// What it says, and which state of the file said it.
    This(&'a mut T, Stamp),
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { known: None }
    }
}

impl<T> Kept<T> {
    /// What the file says now. `read` is called only when the file is not the one that was read last.
    pub(super) fn now(
        &mut self,
        disk: &Disk,
        directory: &Path,
        name: &Path,
        read: impl FnOnce(File, Stamp) -> T,
    ) -> Said<'_, T> {
        let found = disk.look(&directory.join(name));
        let is_known = |known: &Reading<T>| matches!(found, Found::File(stamp) if stamp == known.stamp);
        self.known.take_if(|known| !is_known(known) || !known.is_final);
        match found {
            Found::Nothing | Found::Directory(_) => return Said::Nothing,
            Found::Barred => return Said::Barred,
            Found::File(_) => {}
        }
        if self.known.is_none() {
            let Some((file, stamp)) = disk.open(directory, name) else { return Said::Barred };
            let is_final = stamp.is_distinct();
            self.known = Some(Reading { stamp, is_final, value: read(file, stamp) });
        }
        match &mut self.known {
            Some(Reading { stamp, value, .. }) => Said::This(value, *stamp),
            None => Said::Barred,
        }
    }

    /// What the file said when it was last asked.
    pub(super) fn last(&self) -> Option<&T> {
        self.known.as_ref().map(|known| &known.value)
    }
}
