//! Whether the clock is believed by what is forgotten for its age. One that is ahead, by mistake or for a try, must not cost all
//! that is kept.
//!
//! A clock that stands more than a day beyond where it stood last is believed once it has gone on from there for a day. So is that of a
//! machine that was off: what is old is forgotten a little later then.

use crate::failure::Failure;
use std::fs;
use std::path::Path;
use tacho_model::time::UnixNanos;

/// The file in the state directory: where the clock stood when it was believed last, and from where it has to go on.
const CLOCK: &str = "clock";
const DAY_NS: u64 = 86_400_000_000_000;

/// What was seen of the clock, in nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clock {
    /// Where it stood when it was believed last.
    stood: u64,
    /// Where it stood when it was seen to have leapt; `None` where it has not.
    leapt_to: Option<u64>,
}

/// Whether the clock is believed now, by what was seen of it before.
pub(super) fn is_believed(state: &Path, now: UnixNanos) -> Result<bool, Failure> {
    let path = state.join(CLOCK);
    let clock = Clock::after(fs::read_to_string(&path).ok().and_then(|text| Clock::parse(&text)), now.0);
    fs::write(&path, clock.text())?;
    Ok(clock.leapt_to.is_none())
}

impl Clock {
    /// What is known once it stands here.
    fn after(before: Option<Self>, now: u64) -> Self {
        let stands = Self { stood: now, leapt_to: None };
        match before {
            Some(Self { stood, leapt_to }) if now > stood.saturating_add(DAY_NS) => match leapt_to {
                Some(since) if now >= since.saturating_add(DAY_NS) => stands,
                Some(since) if now >= since => Self { stood, leapt_to },
                _ => Self { stood, leapt_to: Some(now) },
            },
            _ => stands,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split_whitespace().map(|number| number.parse().ok());
        Some(Self { stood: numbers.next()??, leapt_to: numbers.next().flatten() })
    }

    fn text(self) -> String {
        let leapt_to = self.leapt_to.map(|since| format!(" {since}")).unwrap_or_default();
        format!("{}{leapt_to}\n", self.stood)
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, DAY_NS};

    /// Times in hours.
    fn clock(stood: u64, leapt_to: Option<u64>) -> Clock {
        let hours = |hours: u64| hours * DAY_NS / 24;
        Clock { stood: hours(stood), leapt_to: leapt_to.map(hours) }
    }

    #[test]
    fn a_clock_that_leaps_has_to_go_on_from_there_for_a_day() {
        for (before, now, after) in [
            // It goes on as ever, or was set back.
            ((100, None), 101, (101, None)),
            ((100, None), 124, (124, None)),
            ((100, None), 50, (50, None)),
            // It leaps.
            ((100, None), 125, (100, Some(125))),
            ((100, Some(125)), 130, (100, Some(125))),
            ((100, Some(125)), 148, (100, Some(125))),
            ((100, Some(125)), 149, (149, None)),
            // It is set right again, or leaps to somewhere else.
            ((100, Some(900)), 101, (101, None)),
            ((100, Some(900)), 500, (100, Some(500))),
        ] {
            let (before, after) = (clock(before.0, before.1), clock(after.0, after.1));
            let found = Clock::after(Some(before), now * DAY_NS / 24);
            assert_eq!(found, after, "{before:?} at {now} hours");
            assert_eq!(Clock::parse(&found.text()), Some(found));
        }
        assert_eq!(Clock::after(None, 7), Clock { stood: 7, leapt_to: None });
        assert_eq!(Clock::parse(""), None);
    }
}
