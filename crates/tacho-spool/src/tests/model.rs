//! Histories of writers and a drainer on a machine where disks fill up and break, processes die within a call, and
//! power fails: the code is the product's, the machine is a model.

mod luck;
mod machine;
mod process;
mod scenario;
mod stage;
mod stored_file;
mod verdict;
mod world;

use crate::append::Durability;
use luck::Luck;
use proptest::prelude::*;
use rustix::io::Errno;
use scenario::{Action, Call, Cut, Event, Interruption, Power, RECORD_BYTES_MIN, history};
use stored_file::BLOCK_BYTES;
use world::{Boots, World};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Exactly one reading of each record, exactly one damaged line for each torn write.
    #[test]
    fn whoever_dies_a_record_is_read_once(actions in history(Power::Steady)) {
        check(Boots::Named, &actions);
    }

    /// What was synced is there, what was read stays read, and the rest costs no more than itself.
    #[test]
    fn power_takes_nothing_that_was_synced(
        boots in prop::sample::select(&[Boots::Named, Boots::Nameless]),
        actions in history(Power::Failing),
    ) {
        check(boots, &actions);
    }
}

/// What the reader handed out is the store's; the segment must not be the one that forgets it.
#[test]
fn a_segment_that_was_read_keeps_its_name() {
    check(Boots::Named, &[append(Durability::Kernel), read(), crash(&[])]);
}

/// Whoever began the segment may not have synced its name, or may have died before.
#[test]
fn a_writer_syncs_the_name_of_a_segment_that_another_began() {
    check(Boots::Named, &[append(Durability::Kernel), append(Durability::Disk), crash(&[])]);
}

/// The new name of a segment may reach the disk before that of the directory it lies in.
#[test]
fn a_segment_is_sealed_into_a_directory_that_stays() {
    let rename_without_directory = [0, 0, 1];
    check(Boots::Named, &[append(Durability::Disk), read(), seal(), crash(&rename_without_directory)]);
}

/// The reader looks at the size, syncs and reads; what comes in between it hands out only if it is synced.
#[test]
fn what_comes_while_a_reader_reads_waits_for_its_sync() {
    for call in [Call::Standing, Call::Sync, Call::SyncDirectory, Call::Read] {
        let begin = append(Durability::Disk);
        let stopped = read_but(call, Event::Stopped);
        check(Boots::Named, &[begin, stopped, append(Durability::Kernel), Action::Resume(0), crash(&[])]);
    }
}

/// Both ends of a record may reach the disk without what is between them.
#[test]
fn a_record_without_its_middle_is_damaged() {
    let blocks_then_length_then_names = [1, 0, 1, 0x60, 1, 1, 1, 1];
    let long = append_of(3 * BLOCK_BYTES, Durability::Kernel);
    check(Boots::Named, &[long, crash(&blocks_then_length_then_names)]);
}

/// A disk that refuses bytes says so once. When they are gone the cursor is beyond the end, and what is appended then
/// is behind nothing that was read.
#[test]
fn a_cursor_beyond_the_end_passes_nothing_over() {
    let refused = read_but(Call::Sync, Event::Failed(Errno::IO));
    let store_keeps_its_cursor = [0, 0x60];
    let long = append_of(BLOCK_BYTES, Durability::Kernel);
    let after = append(Durability::Disk);
    check(Boots::Nameless, &[long, refused, read(), crash(&store_keeps_its_cursor), after]);
}

fn check(boots: Boots, actions: &[Action]) {
    let world = World::new(boots);
    world.play(actions);
    world.judge();
}

fn append(durability: Durability) -> Action {
    append_of(RECORD_BYTES_MIN, durability)
}

fn append_of(record_bytes: usize, durability: Durability) -> Action {
    Action::Append { session: 'a', record_bytes, durability, interruptions: Vec::new() }
}

fn read() -> Action {
    Action::Read { segment: 0, interruptions: Vec::new() }
}

fn read_but(call: Call, event: Event) -> Action {
    let interruption = Interruption { call, nth: 0, cut: Cut::Behind(0), event };
    Action::Read { segment: 0, interruptions: vec![interruption] }
}

fn seal() -> Action {
    Action::Seal { segment: 0, interruptions: Vec::new() }
}

/// Power fails. Where luck ends, what was not synced is gone.
fn crash(luck: &[u8]) -> Action {
    Action::Crash(Luck::new(luck.to_vec()))
}
