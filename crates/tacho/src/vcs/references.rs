//! What branches and tags point to, in their own files or packed into one.

use super::discovery::Place;
use super::disk::{Disk, Stamp, read_all};
use super::kept::{Kept, Said};
use super::lines::each_line;
use super::pointer::{ObjectId, Pointer, ReferenceName};
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

/// References that lead to one another, as in git.
const STEPS_MAX: usize = 5;

/// References whose files are remembered.
const LOOSE_MAX: usize = 16;

/// A file with one reference is short.
const LOOSE_BYTES_MAX: u64 = 4 * 1024;

/// More than half a million references.
const PACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// An id, a space, a name.
const PACKED_LINE_BYTES_MAX: usize = 2 * 1024;

/// The references of a repository, as far as they were asked for.
#[derive(Debug, Default)]
pub(super) struct References {
    loose: BTreeMap<ReferenceName, Kept<Option<Pointer>>>,
    packed: Kept<BTreeMap<ReferenceName, Option<ObjectId>>>,
}

/// Where a reference leads in the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The reference that points to an object, or will.
    pub(super) name: ReferenceName,
    /// The object; `None` for a branch without a commit.
    pub(super) object: Option<ObjectId>,
    /// The references on the way to it.
    pub(super) way: Times,
    /// All of them, the last one included.
    pub(super) all: Times,
}

/// When files were last written, in nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// Any of them: since then they say what they say.
    pub(super) any_ns: u64,
    /// Any of those that hold one reference only, and are written when that changes.
    pub(super) single_ns: u64,
}

impl Times {
    /// The times of a file that holds one reference.
    pub(super) fn of_single(stamp: &Stamp) -> Self {
        Self { any_ns: stamp.modified_ns, single_ns: stamp.modified_ns }
    }

    /// The times of a file that holds many.
    fn of_packed(stamp: &Stamp) -> Self {
        Self { any_ns: stamp.modified_ns, single_ns: 0 }
    }

    /// The times of these files and those.
    pub(super) fn and(self, other: Self) -> Self {
        Self { any_ns: self.any_ns.max(other.any_ns), single_ns: self.single_ns.max(other.single_ns) }
    }
}

/// What one reference points to, and the times of the file that says so.
type Step = Option<(Pointer, Times)>;

impl References {
    /// Follows a reference to its end; `None` when that cannot be told. `way` is the times of what names it.
    pub(super) fn resolve(
        &mut self,
        disk: &Disk,
        place: &Place,
        name: ReferenceName,
        way: Times,
    ) -> Option<Resolved> {
        let mut resolved = Resolved { name, object: None, way, all: way };
        for _ in 0..STEPS_MAX {
            match self.step(disk, place, &resolved.name)? {
                None => return Some(resolved),
                Some((Pointer::Object(object), times)) => {
                    resolved.object = Some(object);
                    resolved.all = resolved.way.and(times);
                    return Some(resolved);
                }
                Some((Pointer::Reference(name), times)) => {
                    resolved.name = name;
                    resolved.way = resolved.way.and(times);
                    resolved.all = resolved.way;
                }
            }
        }
        None
    }

    /// One step: `Some(None)` when there is no such reference, `None` when that cannot be told.
    fn step(&mut self, disk: &Disk, place: &Place, name: &ReferenceName) -> Option<Step> {
        if self.loose.len() >= LOOSE_MAX && !self.loose.contains_key(name) {
            self.loose.clear();
        }
        let directory = if name.is_of_worktree() { &place.git_dir } else { &place.common_dir };
        let read = |file: File, stamp| Pointer::read(&read_all(file, stamp, LOOSE_BYTES_MAX)?);
        match self.loose.entry(name.clone()).or_default().now(disk, directory, name.path(), read) {
            Said::This(pointer, stamp) => Some(Some((pointer.clone()?, Times::of_single(&stamp)))),
            // An older state may be packed.
            Said::Barred => None,
            Said::Nothing => self.packed(disk, place, name),
        }
    }

    fn packed(&mut self, disk: &Disk, place: &Place, name: &ReferenceName) -> Option<Step> {
        let file_name = Path::new("packed-refs");
        match self.packed.now(disk, &place.common_dir, file_name, |_, _| BTreeMap::new()) {
            Said::Nothing => Some(None),
            Said::Barred => None,
            Said::This(known, stamp) => {
                if known.len() >= LOOSE_MAX && !known.contains_key(name) {
                    known.clear();
                }
                if !known.contains_key(name) {
                    if stamp.size > PACKED_BYTES_MAX {
                        return None;
                    }
                    let (file, _) = disk.open(&place.common_dir, file_name)?;
                    known.insert(name.clone(), find_packed(file, name));
                }
                let object = known.get(name)?.clone();
                Some(object.map(|object| (Pointer::Object(object), Times::of_packed(&stamp))))
            }
        }
    }

    /// Whether there is such a reference, as far as one can tell.
    pub(super) fn has(&mut self, disk: &Disk, place: &Place, name: &ReferenceName) -> bool {
        matches!(self.step(disk, place, name), Some(Some(_)))
    }
}

/// Finds a line `id name` (git-pack-refs(1)).
fn find_packed(file: File, name: &ReferenceName) -> Option<ObjectId> {
    let mut found = None;
    each_line(file, PACKED_BYTES_MAX, PACKED_LINE_BYTES_MAX, |line| {
        let is_it = line.strip_suffix(name.as_bytes()).and_then(|rest| rest.strip_suffix(b" "));
        match is_it.and_then(ObjectId::read) {
            Some(object) => {
                found = Some(object);
                ControlFlow::Break(())
            }
            None => ControlFlow::Continue(()),
        }
    });
    found
}
