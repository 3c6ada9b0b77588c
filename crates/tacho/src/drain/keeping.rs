//! Retention of the audit log: entries that are old enough are given up, up to the first that is held.

use super::sealing::{Sealing, Trouble};
use crate::audit::{Entry, Fields, Policy};
use crate::failure::Failure;
use jiff::Timestamp;
use tacho_audit::error::LogError;
use tacho_audit::layout::TILE_WIDTH;
use tacho_audit::tiles::Tiles;
use tacho_model::id::SessionId;
use tacho_model::time::UnixNanos;
use tacho_store::Changes;

const DAY_NS: u64 = 86_400_000_000_000;

impl Sealing {
    /// Gives up what the policy lets go, whole bundles of entries, and writes down first that it does.
    pub(super) fn give_up(
        &mut self,
        changes: &Changes<'_>,
        policy: &Policy,
        now: UnixNanos,
    ) -> Result<(), Failure> {
        let Some(days) = policy.retention_days else { return Ok(()) };
        let before = UnixNanos(now.0.saturating_sub(days.saturating_mul(DAY_NS)));
        // What was sealed says where what is held begins.
        self.catch_up(changes).map_err(told)?;
        let Ok(writer) = self.book.writer() else { return Ok(()) };
        let (size, minimum) = (writer.size(), writer.minimum().map_err(failed)?);
        drop(writer);
        let tiles = Tiles::new(&self.place.log(), size);
        let mut until = first_sealed_since(&tiles, minimum, before);
        for hold in &policy.holds {
            let first = changes.read().first_entry_of(&SessionId::from(&*hold.session))?;
            until = first.map_or(until, |first| until.min(first));
        }
        let until = until / TILE_WIDTH as u64 * TILE_WIDTH as u64;
        if until <= minimum {
            // A drainer that died while it removed them left some.
            return self.book.writer().and_then(|mut writer| writer.prune(minimum)).map(drop).map_err(failed);
        }
        let mut entry = Fields::of_recorder("entries_given_up", "pruned", now);
        entry.number("below", until);
        entry.number("retention_days", days);
        self.append(changes, vec![entry]).map_err(told)?;
        changes.forget_sealed_before(until)?;
        self.book.writer().and_then(|mut writer| writer.prune(until)).map_err(failed)?;
        Ok(())
    }
}

/// The first entry that was not sealed before a time. What stands behind it is kept, whatever the clock said then, and so is what
/// cannot be read.
fn first_sealed_since(tiles: &Tiles, minimum: u64, before: UnixNanos) -> u64 {
    let is_old = |bytes: &[u8]| {
        let sealed = Entry::parse(bytes).and_then(|entry| entry.text("sealed")?.parse::<Timestamp>().ok());
        sealed.is_some_and(|at| at.as_nanosecond() < i128::from(before.0))
    };
    let read = tiles.entries_from(minimum);
    minimum + read.take_while(|read| read.as_ref().is_ok_and(|(_, bytes)| is_old(bytes))).count() as u64
}

fn told(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Store(error) => error.into(),
        Trouble::Log(failure) | Trouble::Beside(failure) => failure,
    }
}

fn failed(error: LogError) -> Failure {
    Failure::external("give up entries of the audit log", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditPlace, Hold};
    use crate::config::Config;
    use std::path::Path;
    use tacho_audit::verify::{Outside, verify};
    use tacho_store::Store;
    use tacho_store::store::STORE_FILE;

    const DAY: UnixNanos = UnixNanos(20_000 * DAY_NS);

    /// A log of 300 entries that were sealed on a day, one of them of a session, and 300 of a hundred days later.
    fn sealing(state: &Path) -> Sealing {
        let mut sealing = Sealing::open(state, &Config::default());
        for at in [DAY, DAY.plus_nanos(100 * DAY_NS)] {
            let entry = |number: u32| {
                let mut entry = Fields::of_recorder("note", &number.to_string(), at);
                if (number, at) == (40, DAY) {
                    entry.text("session", "held");
                }
                entry
            };
            let entries = (0..300).map(entry).collect();
            sealing.book.append(entries, at, None, None).unwrap();
        }
        sealing
    }

    /// The first entry that is left after so many days, and how many there are.
    #[track_caller]
    fn check(policy: &Policy, days_later: u64, expected: (u64, u64)) {
        let state = tempfile::tempdir().unwrap();
        let mut sealing = sealing(state.path());
        let mut store = Store::open(&state.path().join(STORE_FILE)).unwrap();
        let place = AuditPlace::below(state.path());
        for _ in 0..2 {
            let changes = store.change().unwrap();
            sealing.give_up(&changes, policy, DAY.plus_nanos(days_later * DAY_NS)).unwrap();
            changes.commit().unwrap();
        }
        let report = verify(&place.log(), Outside { witnessed: &[], first_key: None }, &mut |_, _| None);
        assert_eq!(report.findings, []);
        assert_eq!((report.minimum, report.head.unwrap().size), expected);
    }

    #[test]
    fn what_is_old_is_given_up_once() {
        let policy = |retention_days| Policy { retention_days, holds: Vec::new() };
        // The log begins with an entry of its own, and ends with the one that says what was given up.
        check(&policy(None), 5_000, (0, 601));
        check(&policy(Some(50)), 20, (0, 601));
        check(&policy(Some(50)), 120, (256, 602));
        check(&policy(Some(50)), 160, (512, 602));
    }

    /// A clock that was wrong for a while gives nothing up that was sealed before.
    #[test]
    fn nothing_is_given_up_that_stands_before_what_is_young() {
        let state = tempfile::tempdir().unwrap();
        let mut sealing = Sealing::open(state.path(), &Config::default());
        for at in [DAY, UnixNanos(0), DAY] {
            let entries =
                (0..300).map(|number| Fields::of_recorder("note", &number.to_string(), at)).collect();
            sealing.book.append(entries, at, None, None).unwrap();
        }
        let tiles = Tiles::new(&AuditPlace::below(state.path()).log(), 901);
        assert_eq!(first_sealed_since(&tiles, 0, DAY), 0);
        assert_eq!(first_sealed_since(&tiles, 400, DAY), 601);
        assert_eq!(first_sealed_since(&tiles, 400, DAY.plus_nanos(DAY_NS)), 901);
    }

    #[test]
    fn nothing_is_given_up_from_what_is_held_on() {
        let hold = Hold { session: "held".to_owned(), since: String::new(), reason: None };
        check(&Policy { retention_days: Some(50), holds: vec![hold] }, 160, (0, 601));
    }
}
