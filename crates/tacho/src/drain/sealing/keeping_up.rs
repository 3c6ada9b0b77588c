//! What the store knows of the log: brought up to it where the log is ahead, made anew where it is another one, and a gap in the
//! log where that is behind.

use super::{Sealing, Trouble, now};
use crate::audit::{Appended, Entry, Fields, fingerprint_of, is_damage};
use std::ops::Range;
use tacho_audit::tiles::Tiles;
use tacho_model::id::SessionId;
use tacho_store::Changes;
use tacho_store::sealed::Sealed;

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
        let (known, lost) = match changes.read().sealed_log()? {
            Some((of, known)) if of == origin => (known, known.saturating_sub(size)),
            Some((_, gone)) => (0, gone),
            None => (0, 0),
        };
        if lost > 0 {
            changes.forget_sealed()?;
        }
        self.learn(changes, if lost > 0 { 0 } else { known }..size)?;
        changes.set_sealed_log(&origin, size)?;
        self.checkpoint = Some(checkpoint);
        if lost > 0 {
            self.append(changes, vec![gap(lost)])?;
        }
        Ok(())
    }

    /// Appends entries, and takes down how far the log is. The number of the first.
    pub(in crate::drain) fn append(
        &mut self,
        changes: &Changes<'_>,
        entries: Vec<Fields>,
    ) -> Result<u64, Trouble> {
        let appended = self.book.append(entries, now(), self.config.as_deref())?;
        let lost = self.note(changes, appended.clone())?;
        if lost > 0 {
            let told = self.book.append(vec![gap(lost)], now(), self.config.as_deref())?;
            self.note(changes, told)?;
        }
        Ok(appended.first)
    }

    /// Takes down how far the log is, and what others appended meanwhile; how many entries it lacks that it had.
    fn note(&mut self, changes: &Changes<'_>, appended: Appended) -> Result<u64, Trouble> {
        let known = changes.read().sealed_log()?.filter(|(of, _)| *of == appended.origin);
        let known = known.map(|(_, size)| size);
        let lost = known.map_or(0, |size| size.saturating_sub(appended.first));
        if known.is_none() || lost > 0 {
            changes.forget_sealed()?;
            self.sessions.clear();
        }
        self.learn(changes, if lost > 0 { 0 } else { known.unwrap_or(0) }..appended.first)?;
        changes.set_sealed_log(&appended.origin, appended.size)?;
        self.checkpoint = Some(appended.checkpoint);
        Ok(lost)
    }

    /// Takes down what these entries say. Those that cannot be read are for `tacho audit verify` to find.
    fn learn(&self, changes: &Changes<'_>, entries: Range<u64>) -> Result<(), Trouble> {
        let mut taken = Ok(());
        Tiles::new(&self.place.log(), entries.end).each_readable(entries.start, &mut |number, bytes| {
            let Some(entry) = Entry::parse(bytes).filter(|_| taken.is_ok()) else { return };
            let Some(about) = entry.text("about") else { return };
            let session = entry.text("session").map(SessionId::from);
            let sealed = Sealed { entry: number, fingerprint: fingerprint_of(&entry) };
            taken = changes.put_sealed(session.as_ref(), about, sealed);
        });
        Ok(taken?)
    }
}

/// That entries which were sealed are not in the log any more.
fn gap(lost: u64) -> Fields {
    let mut gap = Fields::of_recorder("recorder_gap", "gap:log", now());
    gap.text("reason", "the audit log lacks entries that were sealed");
    gap.number("lost", lost);
    gap
}
