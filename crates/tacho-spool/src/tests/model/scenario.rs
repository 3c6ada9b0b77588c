//! What may happen, in any order: the actions of a case and how they are drawn.

use super::luck::Luck;
use super::stored_file::BLOCK_BYTES;
use crate::append::Durability;
use crate::frame::RECORD_BYTES_MAX;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rustix::io::Errno;

/// The shortest record there is room for.
pub const RECORD_BYTES_MIN: usize = 64;

/// What somebody does, or what happens to all.
#[derive(Clone, Debug)]
pub enum Action {
    /// A writer comes and appends a record.
    Append { session: char, record_bytes: usize, durability: Durability, interruptions: Vec<Interruption> },
    /// The drainer reads one segment on from its cursor.
    Read { segment: u8, interruptions: Vec<Interruption> },
    /// The drainer seals one segment, if it may.
    Seal { segment: u8, interruptions: Vec<Interruption> },
    /// One of those that were stopped goes on.
    Resume(u8),
    /// Some of what the kernel holds reaches the disk.
    Writeback(Luck),
    /// Power fails: what did not reach the disk is gone, or old, or zero, and so is everybody.
    Crash(Luck),
}

/// What happens at a call of a process.
#[derive(Clone, Debug)]
pub struct Interruption {
    pub call: Call,
    /// How many calls of this kind go well before.
    pub nth: u8,
    /// Where this finds a write.
    pub cut: Cut,
    pub event: Event,
}

/// A place in what is written.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// So many bytes are written.
    Behind(usize),
    /// So many bytes are missing.
    Before(usize),
}

impl Cut {
    pub fn of(self, bytes: usize) -> usize {
        match self {
            Self::Behind(written) => written % (bytes + 1),
            Self::Before(missing) => bytes - missing % (bytes + 1),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Event {
    /// The process dies.
    Killed,
    /// The call fails: a write is cut short, a sync brings nothing to the disk.
    Failed(Errno),
    /// It is stopped; others go on.
    Stopped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Open,
    Lock,
    Standing,
    Append,
    Read,
    Sync,
    SyncDirectory,
    MakeDirectory,
    MakeReadOnly,
    Rename,
}

/// Calls of a writer, the write itself most often.
const WRITING: &[Call] = &[
    Call::Append,
    Call::Append,
    Call::Append,
    Call::Open,
    Call::Lock,
    Call::Standing,
    Call::Sync,
    Call::SyncDirectory,
    Call::MakeDirectory,
];
const READING: &[Call] =
    &[Call::Open, Call::Standing, Call::Sync, Call::SyncDirectory, Call::Read, Call::Lock];
const SEALING: &[Call] = &[
    Call::Open,
    Call::Lock,
    Call::Standing,
    Call::MakeReadOnly,
    Call::Sync,
    Call::SyncDirectory,
    Call::MakeDirectory,
    Call::Rename,
];

/// Whether power may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    Steady,
    Failing,
}

/// What happens one after the other.
pub fn history(power: Power) -> impl Strategy<Value = Vec<Action>> {
    vec(action(power), 1..32)
}

fn action(power: Power) -> impl Strategy<Value = Action> {
    let durability = select(&[Durability::Kernel, Durability::Disk]);
    let writing = (select(&['a', 'b']), record_bytes(), durability, interruptions(WRITING));
    let append = writing.prop_map(|(session, record_bytes, durability, interruptions)| Action::Append {
        session,
        record_bytes,
        durability,
        interruptions,
    });
    let read = (any::<u8>(), interruptions(READING))
        .prop_map(|(segment, interruptions)| Action::Read { segment, interruptions });
    let seal = (any::<u8>(), interruptions(SEALING))
        .prop_map(|(segment, interruptions)| Action::Seal { segment, interruptions });
    let crashes = u32::from(power == Power::Failing);
    prop_oneof![
        8 => append,
        6 => read,
        2 => seal,
        4 => any::<u8>().prop_map(Action::Resume),
        2 => luck().prop_map(Action::Writeback),
        crashes => luck().prop_map(Action::Crash),
    ]
}

fn interruptions(calls: &'static [Call]) -> impl Strategy<Value = Vec<Interruption>> {
    let event = prop_oneof![
        1 => Just(Event::Killed),
        2 => select(&[Errno::NOSPC, Errno::IO]).prop_map(Event::Failed),
        3 => Just(Event::Stopped),
    ];
    let nth = prop_oneof![4 => Just(0), 1 => 1..4_u8];
    let interruption = (select(calls), nth, cut(), event).prop_map(|(call, nth, cut, event)| {
        let event = match (call, event) {
            // Locks work for all processes or for none.
            (Call::Lock, Event::Failed(_)) => Event::Killed,
            (_, event) => event,
        };
        Interruption { call, nth, cut, event }
    });
    prop_oneof![1 => Just(Vec::new()), 1 => vec(interruption, 1..3)]
}

/// Small, about as long as some blocks, or as long as a record may be.
fn record_bytes() -> impl Strategy<Value = usize> {
    prop_oneof![
        14 => RECORD_BYTES_MIN..400,
        4 => (1..4_usize, 0..6_usize).prop_map(|(blocks, more)| blocks * BLOCK_BYTES + more - 3),
        1 => RECORD_BYTES_MAX - 3..=RECORD_BYTES_MAX,
    ]
}

/// Anywhere, and often close to an end.
fn cut() -> impl Strategy<Value = Cut> {
    prop_oneof![
        1 => (0..3_usize).prop_map(Cut::Behind),
        1 => (0..3_usize).prop_map(Cut::Before),
        2 => (0..RECORD_BYTES_MAX).prop_map(Cut::Behind),
    ]
}

fn luck() -> impl Strategy<Value = Luck> {
    vec(any::<u8>(), 0..24).prop_map(Luck::new)
}
