//! Retention of the audit log: entries that are old enough are given up, up to the first that is held.

use super::sealing::Sealing;
use crate::audit::{Entry, Fields, Policy};
use crate::failure::Failure;
use jiff::Timestamp;
use tacho_audit::error::LogError;
use tacho_audit::layout::TILE_WIDTH;
use tacho_audit::tiles::Tiles;
use tacho_model::time::UnixNanos;

const DAY_NS: u64 = 86_400_000_000_000;

impl Sealing {
    /// Gives up what the policy lets go, whole bundles of entries, and writes down first that it does.
    pub(super) fn give_up(&mut self, policy: &Policy, now: UnixNanos) -> Result<(), Failure> {
        let Some(days) = policy.retention_days else { return Ok(()) };
        let before = UnixNanos(now.0.saturating_sub(days.saturating_mul(DAY_NS)));
        let Ok(writer) = self.book.writer() else { return Ok(()) };
        let (size, minimum) = (writer.size(), writer.minimum().map_err(failed)?);
        drop(writer);
        let tiles = Tiles::new(&self.place.log(), size);
        let old = first_sealed_since(&tiles, minimum, size, before).map_err(failed)?;
        let held = policy.holds.iter().filter_map(|hold| self.index.first_of(&hold.session)).min();
        let until = held.map_or(old, |held| old.min(held)) / TILE_WIDTH as u64 * TILE_WIDTH as u64;
        if until <= minimum {
            return Ok(());
        }
        let mut entry = Fields::of_recorder("entries_given_up", "pruned", now);
        entry.number("below", until);
        entry.number("retention_days", days);
        self.append_own(vec![entry])?;
        self.book.writer().and_then(|mut writer| writer.prune(until)).map_err(failed)?;
        Ok(())
    }
}

/// The first entry that was not sealed before a time. Entries are in the order in which they were sealed.
fn first_sealed_since(tiles: &Tiles, minimum: u64, size: u64, before: UnixNanos) -> Result<u64, LogError> {
    let (mut low, mut high) = (minimum, size);
    while low < high {
        let middle = low + (high - low) / 2;
        let bytes = tiles.entry(middle)?;
        let sealed = Entry::parse(&bytes).and_then(|entry| entry.text("sealed")?.parse::<Timestamp>().ok());
        let is_old = sealed.is_some_and(|at| at.as_nanosecond() < i128::from(before.0));
        if is_old { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

fn failed(error: LogError) -> Failure {
    Failure::external("give up entries of the audit log", error)
}
