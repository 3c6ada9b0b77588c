//! A file: what the kernel holds of it, what the disk holds, and who has it locked.
//!
//! Bytes reach the disk block by block in any order, the length ahead of them or behind. What the disk refused stays
//! in the kernel, where it can be read, and is not written again unless it changes: the sync that fails is the only
//! one to say so.

use super::luck::Draws;
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ops::Range;

/// What reaches the disk as a whole or not at all.
pub const BLOCK_BYTES: usize = 4096;

/// One attempt to append a record.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub record: usize,
    pub place: Range<usize>,
    /// Whether all of the record was taken.
    pub is_whole: bool,
    /// Whether bytes of it were lost with the power.
    pub is_hurt: bool,
    pub promise: Promise,
}

impl Attempt {
    /// One that has nothing of the record yet.
    pub fn begin(record: usize, offset: usize) -> Self {
        let promise = Promise::Nobody;
        Self { record, place: offset..offset, is_whole: false, is_hurt: false, promise }
    }
}

/// Who relies on an attempt being on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    Nobody,
    /// The reader handed the record out.
    Reader,
    /// The writer was told that it is there.
    Writer,
}

#[derive(Debug, Default)]
pub struct StoredFile {
    pub bytes: Vec<u8>,
    pub is_sealed: bool,
    /// Whether whoever sealed it was told that it is.
    pub is_finished: bool,
    /// Whether somebody is in the middle of a write; others wait.
    pub is_being_written: bool,
    pub attempts: Vec<Attempt>,
    /// Whether power failed while the disk had refused bytes. A reader who was told nothing may then have read on.
    pub is_unreliable: bool,
    disk: Vec<u8>,
    disk_len: usize,
    is_sealed_on_disk: bool,
    dirty: BTreeSet<usize>,
    refused: BTreeSet<usize>,
    failures: u32,
    are_failures_told: bool,
    shared_locks: BTreeSet<u64>,
    exclusive_lock: Option<u64>,
}

impl StoredFile {
    pub fn append(&mut self, bytes: &[u8]) {
        assert!(!self.is_finished || bytes.is_empty(), "written to after it was sealed");
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        if !bytes.is_empty() {
            self.dirty.extend(begin / BLOCK_BYTES..=(self.bytes.len() - 1) / BLOCK_BYTES);
        }
    }

    /// Whether this attempt can be read: all of it is there, or all but its last line feed where a line ends anyway.
    pub fn is_readable(&self, attempt: &Attempt, record_len: usize) -> bool {
        let ends_there = self.bytes.get(attempt.place.end).is_none_or(|byte| *byte == b'\n');
        !attempt.is_hurt && (attempt.is_whole || attempt.place.len() + 1 == record_len && ends_there)
    }

    pub fn try_lock(&mut self, holder: u64, operation: FlockOperation) -> Result<(), Errno> {
        let is_shared = operation == FlockOperation::NonBlockingLockShared;
        let is_exclusive = operation == FlockOperation::NonBlockingLockExclusive;
        assert!(is_shared || is_exclusive || operation == FlockOperation::Unlock, "{operation:?} waits");
        let excludes_us = self.exclusive_lock.is_some_and(|other| other != holder);
        let is_in_use = self.shared_locks.iter().any(|other| *other != holder);
        if is_shared && excludes_us || is_exclusive && (excludes_us || is_in_use) {
            return Err(Errno::WOULDBLOCK);
        }
        self.unlock(holder);
        self.shared_locks.extend(is_shared.then_some(holder));
        self.exclusive_lock = self.exclusive_lock.or(is_exclusive.then_some(holder));
        Ok(())
    }

    pub fn unlock(&mut self, holder: u64) {
        self.shared_locks.remove(&holder);
        self.exclusive_lock = self.exclusive_lock.filter(|other| *other != holder);
    }

    /// The failures that whoever opens the file now will not be told of.
    pub fn failures_told(&self) -> u32 {
        if self.are_failures_told { self.failures } else { 0 }
    }

    /// Brings everything to the disk, unless the disk refuses it now; tells of a failure once.
    pub fn sync(&mut self, failures_known: u32, is_refused: bool) -> (u32, Result<(), Errno>) {
        let blocks: Vec<_> = self.dirty.iter().copied().collect();
        self.write_back(&blocks, is_refused);
        self.failures += u32::from(is_refused && blocks.is_empty());
        if !is_refused {
            self.refused.retain(|block| !blocks.contains(block));
        }
        self.disk_len = self.disk_len.max(self.disk.len());
        if failures_known == self.failures {
            return (failures_known, Ok(()));
        }
        self.are_failures_told = true;
        (self.failures, Err(Errno::IO))
    }

    pub fn sync_mode(&mut self) {
        self.is_sealed_on_disk = self.is_sealed;
    }

    /// Brings to the disk what happens to be chosen.
    pub fn write_back_some(&mut self, draws: &mut Draws<'_>) {
        let blocks: Vec<_> = self.dirty.iter().copied().filter(|_| draws.coin()).collect();
        self.write_back(&blocks, !blocks.is_empty() && draws.rarely());
        self.disk_len = draws.between(self.disk_len, self.bytes.len());
    }

    fn write_back(&mut self, blocks: &[usize], is_refused: bool) {
        for block in blocks {
            self.dirty.remove(block);
            let begin = block * BLOCK_BYTES;
            let end = self.bytes.len().min(begin + BLOCK_BYTES);
            if is_refused {
                self.refused.insert(*block);
            } else {
                self.disk.resize(self.disk.len().max(end), 0);
                self.disk[begin..end].copy_from_slice(&self.bytes[begin..end]);
            }
        }
        if is_refused && !blocks.is_empty() {
            self.failures += 1;
            self.are_failures_told = false;
        }
    }

    /// Power fails and comes back.
    pub fn lose_power(&mut self, draws: &mut Draws<'_>) {
        let blocks: Vec<_> = self.dirty.iter().copied().filter(|_| draws.coin()).collect();
        self.write_back(&blocks, false);
        self.disk_len = draws.between(self.disk_len, self.bytes.len());
        self.disk.resize(self.disk_len, 0);
        if self.is_sealed != self.is_sealed_on_disk && draws.coin() {
            self.is_sealed_on_disk = self.is_sealed;
        }
        for attempt in &mut self.attempts {
            let place = attempt.place.clone();
            attempt.is_hurt |= self.disk.get(place.clone()) != self.bytes.get(place);
        }
        *self = Self {
            bytes: self.disk.clone(),
            is_sealed: self.is_sealed_on_disk,
            attempts: std::mem::take(&mut self.attempts),
            is_unreliable: self.is_unreliable || !self.refused.is_empty(),
            disk: std::mem::take(&mut self.disk),
            disk_len: self.disk_len,
            is_sealed_on_disk: self.is_sealed_on_disk,
            ..Self::default()
        };
    }
}
