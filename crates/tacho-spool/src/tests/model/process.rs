//! A process on the machine: its calls, and what happens instead of one or before.

use super::machine::{Entry, FileNumber, Machine};
use super::scenario::{Call, Event, Interruption};
use super::stage::Brake;
use super::stored_file::Attempt;
use super::world::World;
use crate::file_system::{FileSystem, Standing};
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

pub struct Process<'w> {
    world: &'w World,
    boot: u32,
    interruptions: &'w [Interruption],
    brake: Option<Brake>,
    calls: RefCell<BTreeMap<Call, u8>>,
    is_killed: Cell<bool>,
    setbacks: Cell<Setbacks>,
    record: Cell<usize>,
    last_attempt: Cell<Option<(FileNumber, usize)>>,
}

/// What went wrong for a process through no fault of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setbacks {
    /// Segments that took no more than a part, or did not take it to the disk.
    pub spoilt: u8,
    /// All else.
    pub others: u8,
}

/// An open file. Its lock goes with it.
pub struct OpenFile<'w> {
    world: &'w World,
    id: u64,
    number: FileNumber,
    failures_known: Cell<u32>,
}

impl Drop for OpenFile<'_> {
    fn drop(&mut self) {
        // While a failed check unwinds, its own thread may have the machine.
        if let Ok(mut machine) = self.world.machine.try_lock() {
            machine.files[self.number].unlock(self.id);
        }
    }
}

impl<'w> Process<'w> {
    pub fn start(world: &'w World, interruptions: &'w [Interruption], brake: Option<Brake>) -> Self {
        Self {
            world,
            boot: world.boot(),
            interruptions,
            brake,
            calls: RefCell::default(),
            is_killed: Cell::new(false),
            setbacks: Cell::default(),
            record: Cell::new(usize::MAX),
            last_attempt: Cell::new(None),
        }
    }

    /// Whether it still runs. One that does not goes on in vain: no call of it does anything.
    pub fn is_alive(&self) -> bool {
        !self.is_killed.get() && self.boot == self.world.boot()
    }

    /// How often power had failed when it began.
    pub fn boot(&self) -> u32 {
        self.boot
    }

    pub fn setbacks(&self) -> Setbacks {
        self.setbacks.get()
    }

    /// Says which record it is about to append.
    pub fn set_record(&self, record: usize) {
        self.record.set(record);
    }

    /// Where it tried last to put its record: the file, and which attempt of those there.
    pub fn last_attempt(&self) -> Option<(FileNumber, usize)> {
        self.last_attempt.get()
    }

    /// What happens at this call, if anything.
    fn interruption(&self, call: Call) -> Option<&'w Interruption> {
        let mut calls = self.calls.borrow_mut();
        let nth = calls.entry(call).or_default();
        *nth += 1;
        self.interruptions.iter().find(|other| other.call == call && other.nth + 1 == *nth)
    }

    /// Lets happen what happens at this call. An error is the call's.
    fn reach(&self, call: Call) -> Result<(), Errno> {
        let happened =
            self.interruption(call).map_or(Ok(()), |interruption| self.suffer(&interruption.event));
        if self.is_alive() { happened } else { Err(Errno::IO) }
    }

    fn suffer(&self, event: &Event) -> Result<(), Errno> {
        match event {
            Event::Killed => self.is_killed.set(true),
            Event::Stopped => self.stop(),
            Event::Failed(errno) => return Err(*errno),
        }
        if self.is_alive() { Ok(()) } else { Err(Errno::IO) }
    }

    fn stop(&self) {
        let may_go_on = self.is_alive() && self.brake.as_ref().is_some_and(Brake::pull);
        self.is_killed.set(self.is_killed.get() || !may_go_on);
    }

    fn set_back(&self, spoilt: u8, others: u8) {
        let before = self.setbacks.get();
        self.setbacks.set(Setbacks { spoilt: before.spoilt + spoilt, others: before.others + others });
    }

    /// Does what a call does, if it is reached and nothing comes between.
    fn call<T>(&self, call: Call, act: impl FnOnce(&mut Machine) -> Result<T, Errno>) -> Result<T, Errno> {
        self.reach(call).inspect_err(|_| self.set_back(0, 1))?;
        act(&mut self.world.machine())
    }

    fn open(&self, number: FileNumber) -> OpenFile<'w> {
        let failures_known = Cell::new(self.world.machine().files[number].failures_told());
        OpenFile { world: self.world, id: self.world.next_id(), number, failures_known }
    }

    fn sync(&self, file: &OpenFile<'w>) -> Result<(), Errno> {
        let reached = self.reach(Call::Sync);
        if !self.is_alive() {
            return reached;
        }
        let known = file.failures_known.get();
        let (failures, outcome) = self.world.machine().files[file.number].sync(known, reached.is_err());
        file.failures_known.set(failures);
        outcome.inspect_err(|_| self.set_back(1, 0))
    }

    /// Waits until nobody else is in the middle of a write to this file.
    fn begin_attempt(&self, file: &OpenFile<'w>) -> Result<usize, Errno> {
        while self.world.machine().files[file.number].is_being_written && self.is_alive() {
            self.stop();
        }
        if !self.is_alive() {
            return Err(Errno::IO);
        }
        let stored = &mut self.world.machine().files[file.number];
        stored.attempts.push(Attempt::begin(self.record.get(), stored.bytes.len()));
        let attempt = stored.attempts.len() - 1;
        self.last_attempt.set(Some((file.number, attempt)));
        Ok(attempt)
    }

    /// Adds to what the file took of the record before.
    fn take(&self, file: &OpenFile<'w>, attempt: usize, bytes: &[u8]) {
        let record_bytes = self.world.records()[self.record.get()].bytes;
        let stored = &mut self.world.machine().files[file.number];
        stored.append(bytes);
        let attempt = &mut stored.attempts[attempt];
        attempt.place.end += bytes.len();
        attempt.is_whole = attempt.place.len() == record_bytes;
    }
}

impl<'w> FileSystem for Process<'w> {
    type File = OpenFile<'w>;

    fn open_to_append(&self, path: &Path) -> Result<OpenFile<'w>, Errno> {
        let number = self.call(Call::Open, |machine| match machine.entry(path) {
            Some(Entry::Directory) => Err(Errno::ISDIR),
            Some(Entry::File(number)) if machine.files[number].is_sealed => Err(Errno::ACCESS),
            Some(Entry::File(number)) => Ok(number),
            None => machine.parent(path).map(|()| machine.make_file(path)),
        })?;
        Ok(self.open(number))
    }

    fn open_to_read(&self, path: &Path) -> io::Result<OpenFile<'w>> {
        let number = self.call(Call::Open, |machine| match machine.entry(path) {
            Some(Entry::File(number)) => Ok(number),
            Some(Entry::Directory) => Err(Errno::INVAL),
            None => Err(Errno::NOENT),
        })?;
        Ok(self.open(number))
    }

    fn lock(&self, file: &OpenFile<'w>, operation: FlockOperation) -> Result<(), Errno> {
        self.call(Call::Lock, |machine| machine.files[file.number].try_lock(file.id, operation))
    }

    fn standing(&self, file: &OpenFile<'w>) -> Result<Standing, Errno> {
        self.call(Call::Standing, |machine| {
            let stored = &machine.files[file.number];
            let bytes = stored.bytes.len() as u64;
            Ok(Standing { is_ours_alone: true, is_sealed: stored.is_sealed, bytes })
        })
    }

    fn append(&self, file: &OpenFile<'w>, bytes: &[u8]) -> Result<usize, Errno> {
        let attempt = self.begin_attempt(file)?;
        let Some(interruption) = self.interruption(Call::Append) else {
            self.take(file, attempt, bytes);
            return Ok(bytes.len());
        };
        let (before, behind) = bytes.split_at(interruption.cut.of(bytes.len()));
        self.take(file, attempt, before);
        self.world.machine().files[file.number].is_being_written = true;
        let happened = self.suffer(&interruption.event);
        if self.boot == self.world.boot() {
            self.world.machine().files[file.number].is_being_written = false;
        }
        match happened {
            Ok(()) => {
                self.take(file, attempt, behind);
                Ok(bytes.len())
            }
            Err(errno) if !self.is_alive() => Err(errno),
            Err(errno) if before.is_empty() => {
                let is_full = u8::from(errno == Errno::NOSPC);
                self.set_back(1 - is_full, is_full);
                Err(errno)
            }
            Err(_) => {
                self.set_back(u8::from(!behind.is_empty()), 0);
                Ok(before.len())
            }
        }
    }

    fn read_exact_at(&self, file: &OpenFile<'w>, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let begin = usize::try_from(offset).map_err(io::Error::other)?;
        Ok(self.call(Call::Read, |machine| {
            let found = machine.files[file.number].bytes.get(begin..begin + bytes.len());
            found.map(|found| bytes.copy_from_slice(found)).ok_or(Errno::IO)
        })?)
    }

    fn make_read_only(&self, file: &OpenFile<'w>) -> Result<(), Errno> {
        self.call(Call::MakeReadOnly, |machine| {
            machine.files[file.number].is_sealed = true;
            Ok(())
        })
    }

    fn sync_bytes(&self, file: &OpenFile<'w>) -> Result<(), Errno> {
        self.sync(file)
    }

    fn sync_file(&self, file: &OpenFile<'w>) -> Result<(), Errno> {
        self.sync(file)?;
        self.world.machine().files[file.number].sync_mode();
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> Result<(), Errno> {
        self.reach(Call::SyncDirectory).inspect_err(|_| self.set_back(1, 0))?;
        let mut machine = self.world.machine();
        match machine.entry(path) {
            Some(Entry::Directory) => machine.sync_directory(path),
            Some(Entry::File(_)) => return Err(Errno::NOTDIR),
            None => return Err(Errno::NOENT),
        }
        Ok(())
    }

    fn make_directory(&self, path: &Path) -> Result<(), Errno> {
        self.call(Call::MakeDirectory, |machine| match machine.entry(path) {
            Some(_) => Err(Errno::EXIST),
            None => machine.parent(path).map(|()| machine.make_directory(path)),
        })
    }

    fn is_taken(&self, path: &Path) -> bool {
        self.is_alive() && self.world.machine().entry(path).is_some()
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), Errno> {
        self.call(Call::Rename, |machine| {
            let entry = machine.entry(from).ok_or(Errno::NOENT)?;
            machine.parent(to).map(|()| machine.rename(from, to, entry))
        })
    }
}
