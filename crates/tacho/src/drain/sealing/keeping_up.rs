//! What the store knows of the log: brought up to it where the log is ahead, made anew where it is another one, and a gap in the
//! log where that is behind.

use super::{Sealing, Trouble, now};
use crate::audit::{Appended, Entry, Fields, fingerprint_of, is_damage, lost_entries};
use std::collections::HashMap;
use std::ops::Range;
use tacho_audit::tiles::Tiles;
use tacho_model::id::SessionId;
use tacho_store::sealed::Sealed;
use tacho_store::{Changes, StoreError};

impl Sealing {
    /// Learns from the log, once, what a drainer sealed that died before the store knew.
    pub(in crate::drain) fn catch_up(&mut self, changes: &Changes<'_>) -> Result<(), Trouble> {
        if self.checkpoint.is_some() {
            return Ok(());
        }
        let (origin, size, checkpoint) = match self.book.writer() {
            Ok(log) => (log.chain().origin().to_owned(), log.size(), log.checkpoint().to_owned()),
            // It is set aside when something is appended.
            Err(error) if is_damage(&error) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        match changes.read().sealed_log()? {
            Some((of, known)) if of == origin && known > size => self.append(changes, Vec::new()).map(drop),
            Some((of, known)) if of != origin && known > 0 => {
                self.append(changes, vec![lost_entries(known, now())]).map(drop)
            }
            _ => self.note(changes, Appended { origin, first: size, size, checkpoint, is_behind: false }),
        }
    }

    /// Appends entries, and takes down how far the log is. The number of the first.
    pub(in crate::drain) fn append(
        &mut self,
        changes: &Changes<'_>,
        entries: Vec<Fields>,
    ) -> Result<u64, Trouble> {
        let known = changes.read().sealed_log()?;
        let known = known.as_ref().map(|(origin, size)| (origin.as_str(), *size));
        let appended = self.book.append(entries, now(), self.config.as_deref(), known)?;
        let first = appended.first;
        self.note(changes, appended)?;
        Ok(first)
    }

    /// Takes down how far the log is, and what others appended meanwhile. Of a log that is another one, or lacks what it
    /// had, nothing is known.
    fn note(&mut self, changes: &Changes<'_>, log: Appended) -> Result<(), Trouble> {
        let known = changes.read().sealed_log()?.filter(|(of, _)| *of == log.origin && !log.is_behind);
        if known.is_none() {
            changes.forget_sealed()?;
            self.sessions.clear();
        }
        self.learn(changes, known.map_or(0, |(_, size)| size)..log.first, |_| true)?;
        changes.set_sealed_log(&log.origin, log.size)?;
        self.checkpoint = Some(log.checkpoint);
        Ok(())
    }

    /// What was sealed of a session. Where only the place of that was kept, it is learnt from the log again.
    pub(super) fn known_of(
        &self,
        changes: &Changes<'_>,
        id: &SessionId,
    ) -> Result<HashMap<String, Sealed>, StoreError> {
        if let Some(entries) = changes.read().folded_up(id)? {
            changes.unfold_sealed(id)?;
            self.learn(changes, entries, |session| session == Some(id))?;
        }
        changes.read().sealed(Some(id))
    }

    /// Takes down what these entries say of the sessions that are meant. Those that cannot be read are for
    /// `tacho audit verify` to find.
    fn learn(
        &self,
        changes: &Changes<'_>,
        entries: Range<u64>,
        is_meant: impl Fn(Option<&SessionId>) -> bool,
    ) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        // What was the end of the log once can be read as a part of what it is.
        let size = self.place.entries().unwrap_or(entries.end);
        let there = Tiles::new(&self.place.log(), size);
        let wanted = there.entries_from(entries.start).flatten();
        for (number, bytes) in wanted.take_while(|(number, _)| *number < entries.end) {
            let Some(entry) = Entry::parse(&bytes) else { continue };
            let session = entry.text("session").map(SessionId::from);
            if let Some(about) = entry.text("about").filter(|_| is_meant(session.as_ref())) {
                let sealed = Sealed { entry: number, fingerprint: fingerprint_of(&entry) };
                changes.put_sealed(session.as_ref(), about, sealed)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditPlace, Book};
    use crate::config::Config;
    use std::fs;
    use std::path::Path;
    use tacho_model::time::UnixNanos;
    use tacho_store::Store;
    use tacho_store::store::STORE_FILE;

    fn notes(numbers: Range<u64>) -> Vec<Fields> {
        numbers.map(|number| Fields::of_recorder("note", &number.to_string(), UnixNanos(1))).collect()
    }

    /// What the store knows of what the recorder itself said: how much, and of the last of it in which entry it stands.
    fn known(state: &Path) -> (usize, Option<u64>) {
        let store = Store::open(&state.join(STORE_FILE)).unwrap();
        let sealed = store.read().sealed(None).unwrap();
        (sealed.len(), sealed.values().map(|sealed| sealed.entry).max())
    }

    fn append(state: &Path, sealing: &mut Sealing, entries: Vec<Fields>) {
        let mut store = Store::open(&state.join(STORE_FILE)).unwrap();
        let changes = store.change().unwrap();
        sealing.append(&changes, entries).unwrap_or_else(|_| panic!("it is not appended"));
        changes.commit().unwrap();
    }

    /// What others say is learnt, also where the last that they said stands within a bundle that is full by then.
    #[test]
    fn what_others_append_is_learnt() {
        let state = tempfile::tempdir().unwrap();
        let mut sealing = Sealing::open(state.path(), &Config::default());
        append(state.path(), &mut sealing, notes(0..200));
        let mut book = Book::new(AuditPlace::below(state.path()));
        book.append(notes(200..203), UnixNanos(1), None, None).unwrap();
        append(state.path(), &mut sealing, notes(203..300));
        // With the entry by which the log begins, and without what its caller takes down himself.
        assert_eq!(known(state.path()), (4, Some(203)));
    }

    /// Of a log that was put back as it was earlier nothing is known but what it still says, and that it lacks something
    /// stands in it.
    #[test]
    fn a_log_that_lacks_entries_is_learnt_anew() {
        let state = tempfile::tempdir().unwrap();
        let mut sealing = Sealing::open(state.path(), &Config::default());
        append(state.path(), &mut sealing, notes(0..3));
        let checkpoint = AuditPlace::below(state.path()).log().join("checkpoint");
        let earlier = fs::read(&checkpoint).unwrap();
        append(state.path(), &mut sealing, notes(3..9));
        fs::write(&checkpoint, earlier).unwrap();
        append(state.path(), &mut sealing, notes(9..10));
        assert_eq!(known(state.path()), (5, Some(4)));
        let gap = Tiles::new(&AuditPlace::below(state.path()).log(), 6).entry(4).unwrap();
        let gap = Entry::parse(&gap).unwrap();
        assert_eq!((gap.text("about"), gap.number("lost")), (Some("gap:log"), Some(6)));
    }
}
