//! The log of HEAD, read from its end in pieces, as far back as is asked for.
//!
//! Must not believe a log that contradicts itself: whoever commits can choose the time that is noted.

use super::change::{Change, On, Target};
use super::disk::Stamp;
use super::pointer::ObjectId;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use tacho_model::time::UnixNanos;

const PIECE_BYTES: usize = 64 * 1024;

/// Some six thousand entries. What happened before them is not told.
const LOG_BYTES_MAX: u64 = 1024 * 1024;

/// A command that takes longer than this, its hooks included, between noting the time and writing is none.
const COMMAND_NS_MAX: u64 = 3600 * SECOND_NS;

const SECOND_NS: u64 = 1_000_000_000;

/// What HEAD says now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now<'a> {
    pub(super) on: &'a On,
    pub(super) object: Option<&'a ObjectId>,
    /// When HEAD or its branch was last written, in nanoseconds since the Unix epoch.
    pub(super) written_ns: u64,
}

/// The log of one working tree.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    /// The newest first.
    entries: Vec<Entry>,
    /// Where the part begins that was read.
    begin: u64,
    /// Before this nothing is read.
    floor: u64,
    /// The end of a line whose beginning was not read yet.
    unfinished: Vec<u8>,
}

/// A line of it.
#[derive(Debug)]
struct Entry {
    before: ObjectId,
    after: ObjectId,
    seconds: u64,
    change: Option<Change>,
}

/// An entry, counted from the newest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position(usize);

impl Log {
    pub(super) fn new(file: File, stamp: Stamp) -> Self {
        Self {
            file,
            entries: Vec::new(),
            begin: stamp.size,
            floor: stamp.size.saturating_sub(LOG_BYTES_MAX),
            unfinished: Vec::new(),
        }
    }

    /// The entry that was in force at that time; `None` when that cannot be told.
    pub(super) fn in_force(&mut self, at: UnixNanos, now: Now<'_>) -> Option<Position> {
        let last_second = self.last_second_before(at, now)?;
        let index = self.find(0, |entry| entry.seconds <= last_second)?;
        // One more, so that an entry with an invented time is seen to be older than the one before it.
        self.load(index + 2);
        let looked_at = self.entries.get(..(index + 2).min(self.entries.len()))?;
        let is_in_order =
            looked_at.windows(2).all(|pair| matches!(pair, [newer, older] if newer.seconds >= older.seconds));
        let is_followed = match index.checked_sub(1).and_then(|next| self.entries.get(next)) {
            Some(next) => self.entries.get(index).is_some_and(|entry| entry.after == next.before),
            None => true,
        };
        (is_in_order && is_followed).then_some(Position(index))
    }

    /// The last second whose entries count as older than an event.
    ///
    /// An entry bears the time at which its command began, which may be well before it was written. The newest entry
    /// was written when HEAD or its branch was; when that was after the event, neither the entry counts nor those of
    /// the same second, which one command often makes together.
    fn last_second_before(&mut self, at: UnixNanos, now: Now<'_>) -> Option<u64> {
        let second = at.0 / SECOND_NS;
        self.load(1);
        let newest = self.entries.first()?.seconds;
        if newest > second {
            return Some(second);
        }
        if now.written_ns <= at.0 {
            return self.newest(now).map(|_| second);
        }
        let took_ns = now.written_ns.saturating_sub(newest.saturating_mul(SECOND_NS));
        self.newest(now).filter(|_| took_ns <= COMMAND_NS_MAX).and_then(|_| newest.checked_sub(1))
    }

    /// The newest entry, if it is the one that made HEAD what it is now.
    pub(super) fn newest(&mut self, now: Now<'_>) -> Option<Position> {
        self.load(1);
        let is_object = now.object.is_some() && self.entries.first().map(|entry| &entry.after) == now.object;
        let is_on = self.last_change(Position(0)).is_none_or(|(_, target)| target.may_be(now.on));
        (is_object && is_on).then_some(Position(0))
    }

    /// The object that the entry led to.
    pub(super) fn object(&self, position: Position) -> Option<&ObjectId> {
        self.entries.get(position.0).map(|entry| &entry.after)
    }

    /// What HEAD was on when the entry was in force; `now` is what it is on now.
    pub(super) fn on(&mut self, position: Position, now: &On) -> Option<On> {
        let newer = self.entries.get(..position.0).unwrap_or_default();
        let mut later = newer.iter().rev().filter_map(|entry| entry.change.clone());
        let (next, next_but_one) = (later.next(), later.next());
        let last = self.last_change(position).map(|(_, target)| target);
        if let Some(on) = next.as_ref().and_then(|change| change.before.clone()) {
            // Where they disagree, something happened without a note.
            return last.is_none_or(|target| target.may_be(&on)).then_some(on);
        }
        match (last?, next) {
            (Target::On(on), _) => Some(on.clone()),
            // Nobody changed it since, so it is what HEAD says, if that agrees.
            (target @ Target::Called(_), None) => target.may_be(now).then(|| now.clone()),
            // A rebase does not say where it starts, but where it returns to.
            (Target::Called(name), Some(_)) => {
                let branch = On::Branch(name.clone());
                let returned = next_but_one.is_some_and(|change| change.after == Target::On(branch.clone()));
                returned.then_some(branch)
            }
            (Target::Unknown, _) => None,
        }
    }

    /// What somebody called the commit that HEAD is still on.
    pub(super) fn called(&mut self, position: Position) -> Option<Vec<u8>> {
        let (index, target) = self.last_change(position)?;
        let name = match target {
            Target::Called(name) => name.clone(),
            Target::On(_) | Target::Unknown => return None,
        };
        let is_still_there = self.entries.get(index)?.after == self.entries.get(position.0)?.after;
        is_still_there.then_some(name)
    }

    /// The last change up to the entry.
    fn last_change(&mut self, position: Position) -> Option<(usize, &Target)> {
        let index = self.find(position.0, |entry| entry.change.is_some())?;
        let change = self.entries.get(index)?.change.as_ref()?;
        Some((index, &change.after))
    }

    /// The first entry from `from` on, toward the past, of which this is true.
    fn find(&mut self, from: usize, is_it: impl Fn(&Entry) -> bool) -> Option<usize> {
        let mut next = from;
        loop {
            self.load(next + 1);
            if is_it(self.entries.get(next)?) {
                return Some(next);
            }
            next += 1;
        }
    }

    /// Reads until so many entries are known, or nothing is left.
    fn load(&mut self, count: usize) {
        while self.entries.len() < count && self.begin > self.floor {
            if self.load_piece().is_none() {
                self.floor = self.begin;
            }
        }
    }

    fn load_piece(&mut self) -> Option<()> {
        let end = self.begin;
        let begin = end.saturating_sub(PIECE_BYTES as u64).max(self.floor);
        let mut piece = vec![0; usize::try_from(end - begin).ok()?];
        self.file.read_exact_at(&mut piece, begin).ok()?;
        self.begin = begin;
        piece.append(&mut self.unfinished);
        // Lines end in a line feed; git is just writing what follows the last one. Where the piece begins within the
        // log, so may its first line.
        let mut lines = piece.split_inclusive(|byte| *byte == b'\n');
        let first = if begin > 0 { lines.next().unwrap_or_default() } else { &[] };
        self.entries.extend(lines.rev().filter_map(|line| Entry::read(line.strip_suffix(b"\n")?)));
        self.unfinished = first.to_vec();
        Some(())
    }
}

impl Entry {
    /// Reads `before after name <address> seconds zone`, a tab, and the message.
    fn read(line: &[u8]) -> Option<Self> {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let before = ObjectId::read(words.next()?)?;
        let after = ObjectId::read(words.next()?)?;
        let rest = words.next()?;
        // git takes `<` and `>` out of names and addresses.
        let behind_address = rest.get(rest.iter().position(|byte| *byte == b'>')? + 1..)?;
        let mut parts = behind_address.splitn(2, |byte| *byte == b'\t');
        let mut time = parts.next()?.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let seconds = str::from_utf8(time.next()?).ok()?.parse().ok()?;
        let change = Change::read(parts.next().unwrap_or_default());
        Some(Self { before, after, seconds, change })
    }
}
