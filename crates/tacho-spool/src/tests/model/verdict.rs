//! What must be true whenever somebody reads, whenever power fails, and at the end of every history.

use super::machine::FileNumber;
use super::process::{Process, Setbacks};
use super::stored_file::{Attempt, Promise};
use super::world::World;
use crate::read::{Chunk, Record, read_in};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

impl World {
    /// Lets the drainer read all there is, and judges what it has then.
    pub fn judge(&self) {
        self.read_to_the_end();
        self.check_promises();
        let anew = self.segments().into_iter().map(|(path, number)| self.read_anew(&path, number));
        let damaged: u64 = anew.sum();
        if self.boot() == 0 {
            let torn = self.torn_lines();
            assert_eq!((damaged, self.store().damaged), (torn, torn), "damaged lines");
        }
        self.check_writers();
    }

    /// What somebody was told to be on the disk is there, whole and under its name.
    pub fn check_promises(&self) {
        let named: BTreeSet<_> = self.segments().into_iter().map(|(_, number)| number).collect();
        for (number, file) in self.machine().files.iter_mut().enumerate() {
            let is_lost = |attempt: &Attempt| attempt.is_hurt || !named.contains(&number);
            for attempt in file.attempts.iter_mut().filter(|attempt| is_lost(attempt)) {
                let is_excused = attempt.promise == Promise::Reader && file.is_unreliable;
                assert!(
                    is_excused || attempt.promise == Promise::Nobody,
                    "{attempt:?} of file {number} is lost"
                );
                attempt.promise = Promise::Nobody;
            }
        }
    }

    /// The attempts that these records are from: each record as it was appended, in this order, and none left out.
    pub fn attempts_behind(&self, number: FileNumber, cursor: u64, chunk: &Chunk) -> Vec<usize> {
        let file = &self.machine().files[number];
        let records = self.records();
        let behind = chunk.records.iter().map(|record| {
            let begins_there = |attempt: &Attempt| attempt.place.start as u64 + 1 == record.offset;
            let found = file.attempts.iter().rposition(|each| !each.place.is_empty() && begins_there(each));
            let found = found.unwrap_or_else(|| panic!("nobody appended {record:?}"));
            let appended = &records[file.attempts[found].record];
            assert!(appended.open_object == record.open_object, "{record:?} was altered");
            found
        });
        let behind: Vec<_> = behind.collect();
        assert!(behind.is_sorted(), "records are out of order");

        let start = if cursor <= file.bytes.len() as u64 { cursor } else { 0 };
        for (index, attempt) in file.attempts.iter().enumerate() {
            let is_passed = start <= attempt.place.start as u64 && attempt.place.end as u64 <= chunk.cursor;
            let is_due = is_passed && file.is_readable(attempt, records[attempt.record].bytes);
            assert!(!is_due || behind.contains(&index), "{attempt:?} was passed over");
        }
        behind
    }

    fn read_to_the_end(&self) {
        // A failure of long ago is told once.
        for _ in 0..2 {
            for (path, _) in self.segments() {
                self.read(&Process::start(self, &[], None), &path);
            }
        }
    }

    /// Reads a segment from its start and returns its damaged lines. Who reads only now finds what the drainer found.
    fn read_anew(&self, path: &Path, number: FileNumber) -> u64 {
        let reader = Process::start(self, &[], None);
        let chunk = read_in(&reader, path, 0).unwrap();
        self.attempts_behind(number, 0, &chunk);
        let file = &self.machine().files[number];
        assert_eq!((chunk.cursor, chunk.more), (file.bytes.len() as u64, false));
        let taken = self.store().taken;
        let is_taken = |record: &Record| taken.contains(&(number, record.offset));
        assert!(file.is_unreliable || chunk.records.iter().all(is_taken), "{path:?} has what was never read");
        let is_spoilt =
            |attempt: &&Attempt| !attempt.place.is_empty() && (attempt.is_hurt || !attempt.is_whole);
        let spoilt = file.attempts.iter().filter(is_spoilt).count() as u64;
        assert!(chunk.damaged <= spoilt, "{} damaged lines of {spoilt} spoilt records", chunk.damaged);
        chunk.damaged
    }

    /// Lines of which a part was written: more than the line feed before them, less than all but the one behind.
    fn torn_lines(&self) -> u64 {
        let records = self.records();
        let machine = self.machine();
        let attempts = machine.files.iter().flat_map(|file| &file.attempts);
        let is_torn = |each: &&Attempt| (2..records[each.record].bytes - 1).contains(&each.place.len());
        attempts.filter(is_torn).count() as u64
    }

    /// Whoever was told that its record is in the spool put it there; none writes more than twice, nor to one segment
    /// again, nor twice without a reason.
    fn check_writers(&self) {
        let machine = self.machine();
        let mut attempts: BTreeMap<usize, Vec<(FileNumber, &Attempt)>> = BTreeMap::new();
        for (number, file) in machine.files.iter().enumerate() {
            for attempt in &file.attempts {
                attempts.entry(attempt.record).or_default().push((number, attempt));
            }
        }
        for (number, record) in self.records().iter().enumerate() {
            let mine = attempts.remove(&number).unwrap_or_default();
            let files: BTreeSet<_> = mine.iter().map(|(file, _)| file).collect();
            let wholes = mine.iter().filter(|(_, attempt)| attempt.is_whole).count();
            assert!(mine.len() <= 2 && files.len() == mine.len(), "{mine:?}");
            assert!(!record.is_acknowledged || wholes > 0, "{record:?} is nowhere");
            let is_plain = record.is_acknowledged && record.setbacks == Setbacks::default();
            assert!(!is_plain || mine.len() == 1, "{mine:?}");
        }
    }
}
