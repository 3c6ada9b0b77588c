//! Whether the clock is believed by what is forgotten for its age. One that is ahead, by mistake or for a try, must not cost all
//! that is kept.
//!
//! A clock that stands more than a day beyond where it stood last is believed once it has gone on from there for a day. So is that of a
//! machine that was off: what is old is forgotten a little later then.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use tacho_model::time::UnixNanos;
use tempfile::NamedTempFile;

/// The file in the state directory that says what was seen of the clock: up to three times in nanoseconds since the Unix epoch.
pub(crate) const CLOCK: &str = "clock";
/// A clock that goes on is not further than this from where it was seen last; and so long one that leapt has to go on.
const DAY_NS: u64 = 86_400_000_000_000;
/// A clock that leapt and stands further than this from where it was seen then has leapt again. A machine may be off for a week.
const GONE_ON_NS: u64 = 10 * DAY_NS;

/// What was seen of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Clock {
    /// Where it stood when it was believed last.
    stood: u64,
    leap: Option<Leap>,
}

/// A clock that is not believed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leap {
    /// Where it leapt to.
    to: u64,
    /// Where it was seen last.
    seen: u64,
}

/// Whether the clock is believed now, by what was seen of it before.
pub(super) fn is_believed(state: &Path, now: UnixNanos) -> bool {
    let path = state.join(CLOCK);
    let before = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        // What cannot be read may have said that it leapt.
        read => Some(read.ok().and_then(|text| Clock::parse(&text)).unwrap_or_default()),
    };
    let clock = Clock::after(before, now.0);
    // Where it cannot be written, it is the next time as if nothing had been seen since: then nothing is forgotten for its age.
    let _ = write(state, &path, &clock.text());
    clock.leap.is_none()
}

/// Writes it whole or not at all.
fn write(state: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut fresh = NamedTempFile::new_in(state)?;
    fresh.write_all(text.as_bytes())?;
    fresh.persist(path)?;
    Ok(())
}

impl Clock {
    /// What is known once it stands here.
    fn after(before: Option<Self>, now: u64) -> Self {
        let stands = Self { stood: now, leap: None };
        let Some(Self { stood, leap }) = before.filter(|before| now > before.stood.saturating_add(DAY_NS))
        else {
            return stands;
        };
        match leap {
            Some(Leap { to, seen }) if (seen..=seen.saturating_add(GONE_ON_NS)).contains(&now) => {
                if now >= to.saturating_add(DAY_NS) {
                    stands
                } else {
                    Self { stood, leap: Some(Leap { to, seen: now }) }
                }
            }
            _ => Self { stood, leap: Some(Leap { to: now, seen: now }) },
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let numbers: Result<Vec<u64>, _> = text.split_whitespace().map(str::parse).collect();
        match *numbers.ok()? {
            [stood] => Some(Self { stood, leap: None }),
            [stood, to, seen] => Some(Self { stood, leap: Some(Leap { to, seen }) }),
            _ => None,
        }
    }

    fn text(self) -> String {
        let leap = self.leap.map(|leap| format!(" {} {}", leap.to, leap.seen)).unwrap_or_default();
        format!("{}{leap}\n", self.stood)
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, DAY_NS, Leap};

    /// Times in hours.
    fn clock((stood, leap): (u64, Option<(u64, u64)>)) -> Clock {
        let hours = |hours: u64| hours * DAY_NS / 24;
        let leap = leap.map(|(to, seen)| Leap { to: hours(to), seen: hours(seen) });
        Clock { stood: hours(stood), leap }
    }

    #[test]
    fn a_clock_that_leaps_has_to_go_on_from_there_for_a_day() {
        for (before, now, after) in [
            // It goes on as ever, or was set back.
            ((100, None), 101, (101, None)),
            ((100, None), 124, (124, None)),
            ((100, None), 50, (50, None)),
            // It leaps, and goes on.
            ((100, None), 125, (100, Some((125, 125)))),
            ((100, Some((125, 125))), 130, (100, Some((125, 130)))),
            ((100, Some((125, 130))), 148, (100, Some((125, 148)))),
            ((100, Some((125, 148))), 149, (149, None)),
            // The machine was off for a week.
            ((100, Some((125, 125))), 293, (293, None)),
            // It is set right again, or leaps to somewhere else.
            ((100, Some((900, 900))), 101, (101, None)),
            ((100, Some((900, 900))), 500, (100, Some((500, 500)))),
            ((100, Some((125, 130))), 900, (100, Some((900, 900)))),
        ] {
            let (before, after) = (clock(before), clock(after));
            let found = Clock::after(Some(before), now * DAY_NS / 24);
            assert_eq!(found, after, "{before:?} at {now} hours");
            assert_eq!(Clock::parse(&found.text()), Some(found));
        }
        assert_eq!(Clock::after(None, DAY_NS + 1), Clock { stood: DAY_NS + 1, leap: None });
        assert_eq!(Clock::parse(""), None);
        assert!(Clock::after(Some(Clock::default()), 2 * DAY_NS).leap.is_some());
    }
}
