//! Who is told no metrics for a while because it refused them: longer each time, until it takes some or something is configured
//! anew. Whatever else it gets goes on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What is doubled with each refusal: the pause between two tellings.
const PAUSE: Duration = Duration::from_secs(15);
/// The longest.
const MAX: Duration = Duration::from_secs(3600);

/// Those who refused, by their endpoints: how often in a row, and until when they are left alone.
#[derive(Debug, Default)]
pub(super) struct HeldOff(BTreeMap<String, (u32, Instant)>);

impl HeldOff {
    /// Notes that a destination refused what it was told.
    pub(super) fn refused(&mut self, endpoint: &str, now: Instant) {
        let times = self.0.get(endpoint).map_or(0, |(times, _)| *times) + 1;
        let pause = PAUSE.saturating_mul(2_u32.saturating_pow(times)).min(MAX);
        self.0.insert(endpoint.to_owned(), (times, now + pause));
    }

    /// Notes that it took some.
    pub(super) fn taken(&mut self, endpoint: &str) {
        self.0.remove(endpoint);
    }

    /// Whether it is left alone.
    pub(super) fn holds(&self, endpoint: &str, now: Instant) -> bool {
        self.0.get(endpoint).is_some_and(|(_, until)| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_something_is_taken() {
        let (mut held_off, mut now) = (HeldOff::default(), Instant::now());
        let second = Duration::from_secs(1);
        for seconds in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            assert!(!held_off.holds("a", now));
            held_off.refused("a", now);
            let pause = Duration::from_secs(seconds);
            assert!(held_off.holds("a", now + pause - second) && !held_off.holds("b", now));
            now += pause;
        }
        held_off.refused("a", now);
        held_off.taken("a");
        assert!(!held_off.holds("a", now));
        held_off.refused("a", now);
        assert!(!held_off.holds("a", now + 30 * second));
    }
}
