//! Writers, the drainer and its store on one machine, and who was told what.

use super::luck::Draws;
use super::machine::{Entry, FileNumber, Machine};
use super::process::{Process, Setbacks};
use super::scenario::{Action, Interruption};
use super::stage::Stage;
use super::stored_file::Promise;
use crate::append::{Destination, Durability, append_in};
use crate::frame;
use crate::layout::{SEALED, SEGMENT_SUFFIX};
use crate::read::{Chunk, read_in, seal_in};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;

/// Whether the directory of segments has another name after each boot, or the kernel does not tell boots apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boots {
    Named,
    Nameless,
}

/// What somebody appended, or tried to.
#[derive(Debug, Default)]
pub struct Record {
    pub open_object: Vec<u8>,
    /// Its length in its frame.
    pub bytes: usize,
    /// Whether its writer was told that it is in the spool.
    pub is_acknowledged: bool,
    pub setbacks: Setbacks,
}

/// What the drainer keeps. All of it is committed at once, and the last commits may be gone after a crash.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub cursors: BTreeMap<PathBuf, (FileNumber, u64)>,
    /// File and offset of every record that was taken in.
    pub taken: BTreeSet<(FileNumber, u64)>,
    pub damaged: u64,
}

pub struct World {
    pub machine: Mutex<Machine>,
    records: Mutex<Vec<Record>>,
    /// The last one is what the drainer goes by.
    commits: Mutex<Vec<Store>>,
    boots: Boots,
    boot: AtomicU32,
    last_id: AtomicU64,
    /// The boot in which a drainer runs.
    draining: Mutex<Option<u32>>,
}

impl World {
    pub fn new(boots: Boots) -> Self {
        Self {
            machine: Mutex::default(),
            records: Mutex::default(),
            commits: Mutex::new(vec![Store::default()]),
            boots,
            boot: AtomicU32::new(0),
            last_id: AtomicU64::new(0),
            draining: Mutex::new(None),
        }
    }

    pub fn machine(&self) -> MutexGuard<'_, Machine> {
        alone(&self.machine)
    }

    pub fn records(&self) -> MutexGuard<'_, Vec<Record>> {
        alone(&self.records)
    }

    /// What the drainer has.
    pub fn store(&self) -> Store {
        alone(&self.commits).last().unwrap().clone()
    }

    /// How often power has failed.
    pub fn boot(&self) -> u32 {
        self.boot.load(Ordering::SeqCst)
    }

    pub fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Ordering::SeqCst)
    }

    pub fn play(&self, actions: &[Action]) {
        thread::scope(|scope| {
            let mut stage = Stage::new(self, scope);
            actions.iter().for_each(|action| self.act(&mut stage, action));
            stage.resume_all();
        });
    }

    fn act<'w>(&'w self, stage: &mut Stage<'_, 'w>, action: &'w Action) {
        match action {
            Action::Append { session, record_bytes, durability, interruptions } => {
                stage.run(interruptions, |writer| self.append(writer, *session, *record_bytes, *durability));
            }
            Action::Read { segment, interruptions } => {
                let path = self.choose(*segment, |_| true);
                self.drain(stage, path, interruptions, Self::read);
            }
            Action::Seal { segment, interruptions } => {
                let path = self.choose(*segment, |path| !path.starts_with(SEALED));
                self.drain(stage, path, interruptions, Self::seal);
            }
            Action::Resume(number) => stage.resume(usize::from(*number)),
            Action::Writeback(luck) => self.machine().write_back_some(&mut luck.draws()),
            Action::Crash(luck) => {
                self.crash(luck.draws());
                stage.resume_all();
            }
        }
    }

    /// All segments, in the order of their names.
    pub fn segments(&self) -> Vec<(PathBuf, FileNumber)> {
        let machine = self.machine();
        let is_segment = |path: &Path| path.to_str().is_some_and(|path| path.ends_with(SEGMENT_SUFFIX));
        let segments = machine.named_files().filter(|(path, _)| is_segment(path));
        segments.map(|(path, number)| (path.to_owned(), number)).collect()
    }

    fn choose(&self, number: u8, is_eligible: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        let mut paths: Vec<_> = self.segments().into_iter().map(|(path, _)| path).collect();
        paths.retain(|path| is_eligible(path));
        (!paths.is_empty()).then(|| paths.swap_remove(usize::from(number) % paths.len()))
    }

    fn append(&self, writer: &Process<'_>, session: char, record_bytes: usize, durability: Durability) {
        let number = self.records().len();
        let open_object = open_object(number, record_bytes);
        let framed = frame::seal(&open_object);
        assert_eq!(framed.len(), record_bytes);
        self.records().push(Record { open_object, bytes: record_bytes, ..Record::default() });
        writer.set_record(number);
        let host_directory = match self.boots {
            Boots::Named => format!("00000001-{:08x}", self.boot()),
            Boots::Nameless => "00000001-00000000".to_owned(),
        };
        let session = session.to_string();
        let to = Destination { host_directory: &host_directory, session: &session, unix_seconds: 0 };
        let outcome = append_in(writer, to, &framed, durability);
        if !writer.is_alive() {
            return;
        }
        let setbacks = writer.setbacks();
        assert!(outcome.is_ok() || setbacks.spoilt > 1 || setbacks.others > 0, "{outcome:?}: {setbacks:?}");
        let record = &mut self.records()[number];
        record.setbacks = setbacks;
        record.is_acknowledged = outcome.is_ok();
        if outcome.is_ok() && durability == Durability::Disk {
            let (file, attempt) = writer.last_attempt().unwrap();
            self.machine().files[file].attempts[attempt].promise = Promise::Writer;
        }
    }

    /// Lets the drainer do something with a segment, unless it is busy.
    fn drain<'w>(
        &'w self,
        stage: &mut Stage<'_, 'w>,
        segment: Option<PathBuf>,
        interruptions: &'w [Interruption],
        act: fn(&Self, &Process<'w>, &Path),
    ) {
        let boot = Some(self.boot());
        let Some(segment) = segment.filter(|_| *alone(&self.draining) != boot) else { return };
        *alone(&self.draining) = boot;
        stage.run(interruptions, move |drainer| {
            act(self, drainer, &segment);
            if self.boot() == drainer.boot() {
                *alone(&self.draining) = None;
            }
        });
    }

    pub fn read(&self, drainer: &Process<'_>, path: &Path) {
        let cursor = self.store().cursors.get(path).map_or(0, |(_, cursor)| *cursor);
        match read_in(drainer, path, cursor) {
            Ok(chunk) if drainer.is_alive() => self.take(path, cursor, &chunk),
            Err(error) if drainer.is_alive() => {
                assert_ne!(drainer.setbacks(), Setbacks::default(), "{error}")
            }
            _ => {}
        }
    }

    /// Takes in what the reader handed out, and commits.
    fn take(&self, path: &Path, cursor: u64, chunk: &Chunk) {
        let Some(Entry::File(number)) = self.machine().entry(path) else { panic!("no {path:?}") };
        let attempts = self.attempts_behind(number, cursor, chunk);
        let mut store = self.store();
        let file = &mut self.machine().files[number];
        for (attempt, record) in attempts.into_iter().zip(&chunk.records) {
            let is_news = store.taken.insert((number, record.offset));
            assert!(file.is_unreliable || is_news && cursor <= record.offset, "{record:?} is read twice");
            let attempt = &mut file.attempts[attempt];
            if attempt.is_whole && !attempt.is_hurt && attempt.promise == Promise::Nobody {
                attempt.promise = Promise::Reader;
            }
        }
        store.damaged += chunk.damaged;
        store.cursors.insert(path.to_owned(), (number, chunk.cursor));
        alone(&self.commits).push(store);
    }

    fn seal(&self, drainer: &Process<'_>, path: &Path) {
        let mut store = self.store();
        let cursor = store.cursors.remove(path);
        match seal_in(drainer, Path::new(""), path, cursor.map_or(0, |(_, cursor)| cursor)) {
            Ok(Some(target)) if drainer.is_alive() => {
                let Some(Entry::File(number)) = self.machine().entry(&target) else {
                    panic!("no {target:?}")
                };
                let file = &mut self.machine().files[number];
                file.is_finished = true;
                assert_eq!(cursor.map_or(0, |(_, cursor)| cursor), file.bytes.len() as u64, "sealed unread");
                store.cursors.extend(cursor.map(|cursor| (target, cursor)));
                alone(&self.commits).push(store);
            }
            Err(error) if drainer.is_alive() => {
                assert_ne!(drainer.setbacks(), Setbacks::default(), "{error}")
            }
            _ => {}
        }
    }

    fn crash(&self, mut draws: Draws<'_>) {
        self.boot.fetch_add(1, Ordering::SeqCst);
        self.machine().lose_power(&mut draws);
        self.check_promises();
        let mut commits = alone(&self.commits);
        let last = draws.between(0, commits.len() - 1);
        commits.truncate(last + 1);
        // Whose cursor is whose is the store's affair, and so is what it takes in again.
        let store = commits.last_mut().unwrap();
        let machine = self.machine();
        store.cursors.retain(|path, (number, _)| machine.entry(path) == Some(Entry::File(*number)));
        let cursors: BTreeMap<_, _> = store.cursors.values().copied().collect();
        store.taken.retain(|(number, offset)| cursors.get(number).is_some_and(|cursor| offset < cursor));
    }
}

/// One process runs at a time, so that nobody ever waits here.
fn alone<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.try_lock().unwrap()
}

/// Text of a record that no other has.
fn open_object(number: usize, record_bytes: usize) -> Vec<u8> {
    let frame_bytes = frame::seal(b"").len();
    let mut object = format!(r#"{{"v":1,"n":{number},"x":""#).into_bytes();
    let letter = b"abcdefghijklmnopqrstuvwxyz"[number % 26];
    object.resize(record_bytes - frame_bytes - 1, letter);
    object.push(b'"');
    object
}
