//! Order and repetition leave no trace: whatever the order in which a session's observations come, however often, and
//! however late, the same spans come out.

use crate::fixture::{self, Fixture};
use crate::observations::{self, Heard, assembled};
use tacho_assemble::price::Prices;
use tacho_assemble::tree::{Assembly, assemble};
use tacho_model::time::UnixNanos;

/// Permutations of each session in each test: 1008 over the 28 sessions.
const PERMUTATIONS: u64 = 36;

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

    fn shuffled<'a>(&mut self, items: impl IntoIterator<Item = &'a Heard>) -> Vec<&'a Heard> {
        let mut items: Vec<&Heard> = items.into_iter().collect();
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
        items
    }
}

/// Compares what comes of the observations in order with what comes of each permutation of them.
fn check(
    heard: &[Heard],
    fixture: &Fixture,
    now: UnixNanos,
    permuted: impl Fn(&mut Xorshift, &[Heard]) -> Assembly,
) {
    let ordered = assembled(fixture, heard, now);
    for seed in 0..PERMUTATIONS {
        let other = permuted(&mut Xorshift::seeded(seed), heard);
        is_same(&ordered, &other, fixture, seed);
    }
}

#[track_caller]
fn is_same(ordered: &Assembly, other: &Assembly, fixture: &Fixture, seed: u64) {
    for (ordered, other) in ordered.spans.iter().zip(&other.spans) {
        assert_eq!(ordered, other, "a span of {} with seed {seed}", fixture.name);
    }
    assert_eq!(ordered, other, "{} with seed {seed}", fixture.name);
}

/// What remains of every session, in any order.
fn check_all(keeps: fn(&Heard) -> bool, wait_ns: u64) {
    for fixture in fixture::all() {
        let mut heard = observations::of(&fixture);
        heard.retain(keeps);
        let now = heard.last().unwrap().at.plus_nanos(wait_ns);
        check(&heard, &fixture, now, |numbers, heard| assembled(&fixture, numbers.shuffled(heard), now));
    }
}

#[test]
fn any_order() {
    check_all(|_| true, 0);
}

/// As when the agent keeps no transcript.
#[test]
fn any_order_without_a_transcript() {
    check_all(|heard| heard.is_hook, 60_000_000_000);
}

/// As when no hook ran.
#[test]
fn any_order_without_hooks() {
    check_all(|heard| !heard.is_hook, 0);
}

/// Every observation up to three times.
#[test]
fn any_repetition() {
    for fixture in fixture::all() {
        let heard = observations::of(&fixture);
        let now = heard.last().unwrap().at;
        check(&heard, &fixture, now, |numbers, heard| {
            let times: Vec<usize> = heard.iter().map(|_| 1 + numbers.below(3)).collect();
            let repeated =
                heard.iter().zip(times).flat_map(|(heard, times)| std::iter::repeat_n(heard, times));
            assembled(&fixture, numbers.shuffled(repeated), now)
        });
    }
}

/// A third of them come when the others were looked at long ago.
#[test]
fn any_delay() {
    for fixture in fixture::all() {
        let heard = observations::of(&fixture);
        let now = heard.last().unwrap().at;
        check(&heard, &fixture, now, |numbers, heard| {
            let order = numbers.shuffled(heard);
            let mut facts = observations::facts(&fixture);
            let [_, whole] = <[_; 2]>::from(order.split_at(order.len() * 2 / 3)).map(|part| {
                part.iter().flat_map(|heard| &heard.events).for_each(|event| facts.add(event));
                assemble(&facts, &Prices::list(), now)
            });
            whole
        });
    }
}

/// Cut off anywhere, with much that is open or waits for its row.
#[test]
fn any_order_of_any_beginning() {
    for fixture in fixture::all() {
        let all = observations::of(&fixture);
        for seed in 0..PERMUTATIONS {
            let mut numbers = Xorshift::seeded(seed);
            let (heard, _) = all.split_at(1 + numbers.below(all.len()));
            let now = heard.last().unwrap().at;
            let other = assembled(&fixture, numbers.shuffled(heard), now);
            is_same(&assembled(&fixture, heard, now), &other, &fixture, seed);
        }
    }
}
