//! Order and repetition leave no trace: whatever the order in which a session's observations come, and however often,
//! the same spans come out.

use crate::fixture::{self, Fixture};
use crate::observations::{self, Heard, assembled};
use tacho_model::time::UnixNanos;

/// Shuffles of each session.
const SHUFFLES: u64 = 50;

/// Xorshift (Marsaglia 2003): numbers that look random and are the same on every machine.
struct Xorshift(u64);

impl Xorshift {
    const fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// The same observations in another order, some of them more than once.
fn shuffled(heard: &[Heard], seed: u64) -> Vec<Heard> {
    let mut numbers = Xorshift::seeded(seed);
    let repeated = (0..heard.len() / 4).map(|_| heard[numbers.below(heard.len())].clone());
    let repeated: Vec<Heard> = repeated.collect();
    let mut heard: Vec<Heard> = heard.iter().cloned().chain(repeated).collect();
    numbers.shuffle(&mut heard);
    heard
}

#[track_caller]
fn check(fixture: &Fixture, heard: &[Heard], now: UnixNanos) {
    let ordered = assembled(fixture, heard, now);
    for seed in 0..SHUFFLES {
        let other = assembled(fixture, &shuffled(heard, seed), now);
        for (ordered, other) in ordered.spans.iter().zip(&other.spans) {
            assert_eq!(ordered, other, "a span of {} with seed {seed}", fixture.name);
        }
        assert_eq!(ordered, other, "{} with seed {seed}", fixture.name);
    }
}

#[test]
fn a_finished_session() {
    for fixture in fixture::all() {
        let heard = observations::of(&fixture);
        check(&fixture, &heard, heard.last().unwrap().at);
    }
}

/// Halfway, with much that is open or waits for its row.
#[test]
fn a_session_that_goes_on() {
    for fixture in fixture::all() {
        let mut heard = observations::of(&fixture);
        heard.truncate(heard.len() / 2);
        check(&fixture, &heard, heard.last().unwrap().at);
    }
}

/// Only hooks, as when the agent keeps no transcript.
#[test]
fn a_session_without_a_transcript() {
    for fixture in fixture::all() {
        let mut heard = observations::of(&fixture);
        heard.retain(|heard| heard.is_hook);
        check(&fixture, &heard, heard.last().unwrap().at.plus_nanos(60_000_000_000));
    }
}

/// Only the transcript, as when no hook ran.
#[test]
fn a_session_without_hooks() {
    for fixture in fixture::all() {
        let mut heard = observations::of(&fixture);
        heard.retain(|heard| !heard.is_hook);
        check(&fixture, &heard, heard.last().unwrap().at);
    }
}
