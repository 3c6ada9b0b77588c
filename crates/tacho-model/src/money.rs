//! Money: integers of a billionth of a US dollar, and decimals that are read without rounding.
//!
//! Must not hold a float: what is summed over millions of calls must not depend on the order.

use std::fmt::{self, Display, Formatter};
use thiserror::Error;

/// Nanodollars in a dollar.
const PER_DOLLAR: u64 = 1_000_000_000;

/// Decimals of a dollar that are kept.
const PLACES: u32 = 9;

/// An amount of US dollars in billionths. The only type of money; a difference may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanodollars(pub i64);

impl Nanodollars {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads dollars as JSON writes a number, such as `0.0023239999999999997` or `1e-7`, rounded half to even.
    #[must_use]
    pub fn from_dollars(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, unsigned) = match mantissa.strip_prefix('-') {
            Some(unsigned) => (-1, unsigned),
            None => (1, mantissa),
        };
        let (digits, decimals) = digits(unsigned)?;
        // A float has 17 digits that mean something; 38 of them fit.
        let value: u128 = digits.parse().ok()?;
        let shift = exponent.checked_sub(i32::try_from(decimals).ok()?)?.checked_add_unsigned(PLACES)?;
        let power = 10_u128.checked_pow(shift.unsigned_abs());
        let nanos = match (shift < 0, power) {
            (false, power) => value.checked_mul(power?)?,
            (true, Some(power)) => half_even(value, power),
            (true, None) => 0,
        };
        Some(Self(i64::try_from(nanos).ok()? * sign))
    }

    /// The sum, or `None` if it is none that can be written down.
    #[must_use]
    pub const fn checked_plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The sum, at most what can be written down.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it, or how much is missing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum of all, taken in 128 bits, so that only a result that cannot be written down is cut.
    #[must_use]
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Self {
        let sum = amounts.into_iter().fold(0_i128, |sum, one| sum.saturating_add(i128::from(one.0)));
        let limit = if sum < 0 { i64::MIN } else { i64::MAX };
        Self(i64::try_from(sum).unwrap_or(limit))
    }

    /// In millionths of a dollar, rounded half to even, as agents and other tools count.
    #[must_use]
    pub fn micros(self) -> i64 {
        let micros = i64::try_from(half_even(u128::from(self.0.unsigned_abs()), 1000)).unwrap_or(i64::MAX);
        if self.0 < 0 { -micros } else { micros }
    }
}

/// Dollars with nine decimals, or with as many as the precision says, rounded half to even.
impl Display for Nanodollars {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let asked = formatter.precision().and_then(|places| u32::try_from(places).ok());
        let places = asked.unwrap_or(PLACES).min(PLACES);
        let unit = 10_u64.pow(PLACES - places);
        let rounded = half_even(u128::from(self.0.unsigned_abs()), u128::from(unit));
        let one = u128::from(PER_DOLLAR / unit);
        let sign = if self.0 < 0 && rounded > 0 { "-" } else { "" };
        write!(formatter, "{sign}${}", rounded / one)?;
        match usize::try_from(places) {
            Ok(width) if width > 0 => write!(formatter, ".{:0width$}", rounded % one),
            _ => Ok(()),
        }
    }
}

/// The quotient, rounded to the nearest, and to the even one of two that are as near.
#[must_use]
pub const fn half_even(dividend: u128, divisor: u128) -> u128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    let other_half = divisor - rest;
    if rest > other_half || rest == other_half && quotient % 2 == 1 { quotient + 1 } else { quotient }
}

/// Why a text is no decimal that can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// Anything but digits with at most one point among them.
    #[error("is no decimal number of at least 0, such as 2.50")]
    Malformed,
    /// It would have to be rounded.
    #[error("has more than {0} decimals")]
    TooFine(u32),
    /// It does not fit.
    #[error("is too large")]
    TooLarge,
}

/// Reads a decimal of at least 0 as an integer of its `places`th decimal, never rounding: with 6 places `2.5` is 2500000.
///
/// # Errors
/// The text is no such decimal, has more decimals, or does not fit.
pub fn decimal(text: &str, places: u32) -> Result<u64, DecimalError> {
    let (digits, decimals) = digits(text).ok_or(DecimalError::Malformed)?;
    let value: u64 = digits.parse().map_err(|_| DecimalError::TooLarge)?;
    let power = |exponent: u32| 10_u64.checked_pow(exponent).ok_or(DecimalError::TooLarge);
    match decimals.checked_sub(places) {
        None => value.checked_mul(power(places - decimals)?).ok_or(DecimalError::TooLarge),
        Some(finer) if value.is_multiple_of(power(finer)?) => Ok(value / power(finer)?),
        Some(_) => Err(DecimalError::TooFine(places)),
    }
}

/// Writes an integer of the `places`th decimal as a decimal, as short as it can be: with 6 places 2500000 is `2.5`.
#[must_use]
pub fn decimal_text(value: u64, places: u32) -> String {
    let digits = format!("{value:0width$}", width = usize::try_from(places).unwrap_or(0) + 1);
    let (whole, fraction) =
        digits.split_at(digits.len().saturating_sub(usize::try_from(places).unwrap_or(0)));
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// The digits of a decimal without its point, and how many of them stand behind it.
fn digits(text: &str) -> Option<(String, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let has_point = text.contains('.');
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_decimal =
        !whole.is_empty() && has_point != fraction.is_empty() && are_digits(whole) && are_digits(fraction);
    is_decimal.then(|| Some((format!("{whole}{fraction}"), u32::try_from(fraction.len()).ok()?)))?
}
