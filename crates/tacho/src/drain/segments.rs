//! Which segments hold something that was not taken in yet.

use crate::failure::Failure;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tacho_spool::layout::SEALED;
use tacho_spool::read::{place_before_sealing, segments};
use tacho_store::Store;

/// How far every segment was read, and which ones may hold more.
#[derive(Debug)]
pub(super) struct Segments {
    state: PathBuf,
    cursors: BTreeMap<String, u64>,
    unread: BTreeSet<PathBuf>,
}

impl Segments {
    /// What the store knows of them, and everything that was written since.
    pub(super) fn open(state: &Path, store: &mut Store) -> Result<Self, Failure> {
        let cursors = store.read().segment_cursors()?;
        let mut segments = Self { state: state.to_owned(), cursors, unread: BTreeSet::new() };
        segments.put_right(store)?;
        segments.look(|_| true)?;
        Ok(segments)
    }

    /// Puts right what a drainer left that died between changing files and writing that down. A cursor must not stay
    /// under a name that a writer may begin again.
    fn put_right(&mut self, store: &mut Store) -> Result<(), Failure> {
        let there = segments(&self.state)?;
        let changes = store.change()?;
        for segment in &there {
            if let Some(before) = self.name_before_sealing(segment) {
                let name = self.name(segment);
                changes.rename_segment(&before, &name)?;
                let cursor = self.cursors.remove(&before);
                self.cursors.extend(cursor.map(|cursor| (name, cursor)));
            }
        }
        let there: BTreeSet<String> = there.iter().map(|segment| self.name(segment)).collect();
        for gone in self.cursors.keys().filter(|name| !there.contains(*name)) {
            changes.forget_segment(gone)?;
        }
        self.cursors.retain(|name, _| there.contains(name));
        Ok(changes.commit()?)
    }

    /// The name under which the cursor of a sealed segment still stands. A segment is sealed when it was read to its
    /// end: another cursor belongs to another segment.
    fn name_before_sealing(&self, segment: &Path) -> Option<String> {
        let before = self.name(&place_before_sealing(&self.state, segment)?);
        let size = fs::metadata(segment).ok()?.len();
        let is_its_own =
            !self.cursors.contains_key(&self.name(segment)) && self.cursors.get(&before) == Some(&size);
        is_its_own.then_some(before)
    }

    /// Looks at every segment that can still grow. Sealed ones do not.
    pub(super) fn look_everywhere(&mut self) -> Result<(), Failure> {
        let sealed = self.state.join(SEALED);
        self.look(|segment| !segment.starts_with(&sealed))
    }

    fn look(&mut self, is_looked_at: impl Fn(&Path) -> bool) -> Result<(), Failure> {
        for segment in segments(&self.state)?.into_iter().filter(|segment| is_looked_at(segment)) {
            self.look_at(segment);
        }
        Ok(())
    }

    /// Looks at one segment.
    pub(super) fn look_at(&mut self, segment: PathBuf) {
        let size = fs::metadata(&segment).map(|metadata| metadata.len()).unwrap_or(0);
        // One that is shorter than it was is another one.
        if size != self.cursor(&segment) {
            self.unread.insert(segment);
        }
    }

    /// The next segment to read from.
    pub(super) fn next_unread(&self) -> Option<PathBuf> {
        self.unread.first().cloned()
    }

    /// How far a segment was read.
    pub(super) fn cursor(&self, segment: &Path) -> u64 {
        self.cursors.get(&self.name(segment)).copied().unwrap_or(0)
    }

    /// The name a segment's cursor is kept under: its path below the state directory.
    pub(super) fn name(&self, segment: &Path) -> String {
        segment.strip_prefix(&self.state).unwrap_or(segment).to_string_lossy().into_owned()
    }

    /// Notes how far a segment was read, and whether that is all for now.
    pub(super) fn advance(&mut self, segment: &Path, cursor: u64, is_all: bool) {
        self.cursors.insert(self.name(segment), cursor);
        if is_all {
            self.unread.remove(segment);
        }
    }

    /// Leaves a segment alone until it is looked at again.
    pub(super) fn pass_over(&mut self, segment: &Path) {
        self.unread.remove(segment);
    }

    /// Forgets a segment that is gone, or lies elsewhere now and was read to its end.
    pub(super) fn forget(&mut self, segment: &Path) {
        self.cursors.remove(&self.name(segment));
        self.unread.remove(segment);
    }
}
