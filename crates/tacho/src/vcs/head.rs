//! What was checked out at a time: from HEAD and its branch as they are, if they are not newer than that, and from the
//! log of HEAD otherwise.

use super::change::On;
use super::discovery::Place;
use super::disk::{Disk, read_all};
use super::kept::{Kept, Said};
use super::pointer::{ObjectId, Pointer, ReferenceName};
use super::references::{References, Times};
use super::reflog::{Log, Now, Position};
use super::{Head, NAME_BYTES_MAX, Reference, ReferenceKind, text};
use std::path::Path;
use tacho_model::time::UnixNanos;

const HEAD_BYTES_MAX: u64 = 4 * 1024;

/// The files of one working tree that say what is checked out.
#[derive(Debug, Default)]
pub(super) struct HeadFiles {
    head: Kept<Option<Pointer>>,
    references: References,
    log: Kept<Log>,
}

/// What is checked out now.
struct Present {
    on: On,
    object: Option<ObjectId>,
    /// The files that say what HEAD is on.
    on_times: Times,
    /// Those, and the one that says which object that leads to.
    times: Times,
}

impl HeadFiles {
    /// What was checked out at that time, as far as it can be told.
    pub(super) fn at(&mut self, disk: &Disk, place: &Place, at: UnixNanos) -> Head {
        let Some(present) = self.present(disk, place) else { return Head::default() };
        let is_unchanged = present.times.any_ns <= at.0;
        if is_unchanged && present.on != On::Commit {
            return Head { reference: reference(&present.on), revision: revision(present.object.as_ref()) };
        }
        let written_ns = present.times.single_ns;
        let now = Now { on: &present.on, object: present.object.as_ref(), written_ns };
        let log_name = Path::new("logs/HEAD");
        let mut log = match self.log.now(disk, &place.git_dir, log_name, Log::new) {
            Said::This(log, _) => Some(log),
            Said::Nothing | Said::Barred => None,
        };
        let position =
            log.as_mut().and_then(|log| if is_unchanged { log.newest(now) } else { log.in_force(at, now) });
        let noted = log.zip(position);
        let (on, past) = match noted {
            Some((log, position)) => told_by(log, position, &present, at),
            None => (present.on_at(at), Noted::default()),
        };
        let object = if is_unchanged { present.object } else { past.object };
        let tag = past.called.filter(|_| on == Some(On::Commit)).and_then(|name| {
            let tag = tag_called(&name)?;
            self.references.has(disk, place, &tag).then(|| On::Tag(tag.tag().unwrap_or_default().to_vec()))
        });
        Head { reference: tag.or(on).as_ref().and_then(reference), revision: revision(object.as_ref()) }
    }

    /// What is checked out now; `None` when that cannot be told.
    fn present(&mut self, disk: &Disk, place: &Place) -> Option<Present> {
        let read = |file, stamp| Pointer::read(&read_all(file, stamp, HEAD_BYTES_MAX)?);
        let Said::This(head, stamp) = self.head.now(disk, &place.git_dir, Path::new("HEAD"), read) else {
            return None;
        };
        let times = Times::of_single(&stamp);
        match head.clone()? {
            Pointer::Object(object) => {
                Some(Present { on: On::Commit, object: Some(object), on_times: times, times })
            }
            Pointer::Reference(name) => {
                let resolved = self.references.resolve(disk, place, name, times)?;
                let on = match (resolved.name.branch(), resolved.name.tag()) {
                    (Some(branch), _) => On::Branch(branch.to_vec()),
                    (None, Some(tag)) => On::Tag(tag.to_vec()),
                    (None, None) => On::Commit,
                };
                Some(Present { on, object: resolved.object, on_times: resolved.way, times: resolved.all })
            }
        }
    }
}

impl Present {
    /// What HEAD was on at that time, if it has not been changed since.
    fn on_at(&self, at: UnixNanos) -> Option<On> {
        (self.on_times.any_ns <= at.0).then(|| self.on.clone())
    }
}

/// What the log notes of a time.
#[derive(Default)]
struct Noted {
    object: Option<ObjectId>,
    /// What somebody called it.
    called: Option<Vec<u8>>,
}

fn told_by(log: &mut Log, position: Position, present: &Present, at: UnixNanos) -> (Option<On>, Noted) {
    let on = present.on_at(at).or_else(|| log.on(position, &present.on));
    let object = log.object(position).cloned();
    let called = log.called(position);
    (on, Noted { object, called })
}

/// The tag that a name to check out may mean: `v1`, `tags/v1`, `refs/tags/v1`.
fn tag_called(name: &[u8]) -> Option<ReferenceName> {
    let name = name.strip_prefix(b"refs/").unwrap_or(name);
    ReferenceName::of_tag(name.strip_prefix(b"tags/").unwrap_or(name))
}

fn reference(on: &On) -> Option<Reference> {
    let (name, kind) = match on {
        On::Branch(name) => (name, ReferenceKind::Branch),
        On::Tag(name) => (name, ReferenceKind::Tag),
        On::Commit => return None,
    };
    Some(Reference { name: text::bounded(name, NAME_BYTES_MAX)?, kind })
}

fn revision(object: Option<&ObjectId>) -> Option<String> {
    object.filter(|object| !object.is_none()).map(|object| object.as_str().to_owned())
}
