//! Points in time as every source and every export states them, and days.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use thiserror::Error;

/// Nanoseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixNanos(pub u64);

impl UnixNanos {
    /// The point `milliseconds` after the Unix epoch.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds.saturating_mul(1_000_000))
    }

    /// Nanoseconds from `earlier` to this point, 0 when `earlier` is not earlier.
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The point `nanoseconds` later.
    #[must_use]
    pub const fn plus_nanos(self, nanoseconds: u64) -> Self {
        Self(self.0.saturating_add(nanoseconds))
    }
}

/// Nanoseconds of a day.
const DAY_NANOS: u64 = 86_400_000_000_000;

/// A day in UTC, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

impl Day {
    /// The day of a point in time.
    #[must_use]
    pub const fn of(time: UnixNanos) -> Self {
        // 584 years of nanoseconds are 213504 days.
        Self((time.0 / DAY_NANOS) as u32)
    }

    /// The day of a date of the Gregorian calendar, from 1970 on; a date that there is not is the one as many days on.
    #[must_use]
    pub const fn on(year: u16, month: u8, day: u8) -> Self {
        // Years begin in March, so that the day that some years have more is the last one.
        let (month, year) = (month as u32, year as u32);
        let year = if month <= 2 { year.saturating_sub(1) } else { year };
        let months = (month + 9) % 12;
        let days = (153 * months + 2) / 5 + day as u32 - 1;
        let since_year_0 = 365 * year + year / 4 - year / 100 + year / 400 + days;
        Self(since_year_0.saturating_sub(719_468))
    }

    /// When it begins.
    #[must_use]
    pub const fn start(self) -> UnixNanos {
        UnixNanos((self.0 as u64).saturating_mul(DAY_NANOS))
    }

    /// Days from `earlier` to this one, 0 when `earlier` is not earlier.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Year, month and day of the month.
    const fn date(self) -> (u32, u32, u32) {
        let days = self.0 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months + 2) / 5 + 1;
        let month = if months < 10 { months + 3 } else { months - 9 };
        let year = era * 400 + year_of_era + (month <= 2) as u32;
        (year, month, day)
    }
}

/// As `2026-10-07`.
impl Display for Day {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

/// Reads `2026-10-07`.
impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let mut parts = text.splitn(3, '-').map(str::parse::<u16>);
        let mut next = || parts.next().and_then(Result::ok).ok_or(NoDay);
        let (year, month, day) = (next()?, next()?, next()?);
        let small = |part: u16| u8::try_from(part).map_err(|_| NoDay);
        let is_possible =
            (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        let found = Self::on(year.max(1970), small(month)?, small(day)?);
        // A date that there is not, such as 2026-02-30, is written otherwise than it was read.
        if is_possible && found.to_string() == text { Ok(found) } else { Err(NoDay) }
    }
}

/// A text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is no date such as 2026-10-07")]
pub struct NoDay;
