//! Tests of money, decimals and days.

use crate::money::{DecimalError, Nanodollars, decimal, decimal_text};
use crate::time::{Day, UnixNanos};
use proptest::prelude::*;

#[test]
fn dollars_are_read_as_json_writes_them() {
    for (text, expected) in [
        ("0", Some(0)),
        ("0.0023239999999999997", Some(2_324_000)),
        ("12", Some(12_000_000_000)),
        ("1e-7", Some(100)),
        ("2.5E-9", Some(2)),
        ("3.5e-9", Some(4)),
        ("1.5e3", Some(1_500_000_000_000)),
        ("-0.5", Some(-500_000_000)),
        ("1e-60", Some(0)),
        ("1e60", None),
        ("", None),
        ("-", None),
        ("1.", None),
        (".5", None),
        ("NaN", None),
        ("1e", None),
    ] {
        assert_eq!(Nanodollars::from_dollars(text), expected.map(Nanodollars), "{text}");
    }
}

#[test]
fn money_is_shown_with_the_decimals_that_were_asked_for() {
    for (nanos, nine, four, none) in [
        (0, "$0.000000000", "$0.0000", "$0"),
        (1, "$0.000000001", "$0.0000", "$0"),
        (-2_324_050, "-$0.002324050", "-$0.0023", "$0"),
        (1_500_000_000, "$1.500000000", "$1.5000", "$2"),
        (2_500_000_000, "$2.500000000", "$2.5000", "$2"),
        (i64::MAX, "$9223372036.854775807", "$9223372036.8548", "$9223372037"),
        (i64::MIN, "-$9223372036.854775808", "-$9223372036.8548", "-$9223372037"),
    ] {
        let amount = Nanodollars(nanos);
        assert_eq!([format!("{amount}"), format!("{amount:.4}"), format!("{amount:.0}")], [nine, four, none]);
    }
}

#[test]
fn sums_do_not_wrap() {
    let most = Nanodollars(i64::MAX);
    assert_eq!(most.plus(Nanodollars(1)), most);
    assert_eq!(most.checked_plus(Nanodollars(1)), None);
    assert_eq!(Nanodollars(1).minus(Nanodollars(3)), Nanodollars(-2));
    assert_eq!(Nanodollars::sum([most, most, Nanodollars(-i64::MAX)]), most);
    assert_eq!(Nanodollars::sum([most, Nanodollars(1)]), most);
    assert_eq!(Nanodollars::sum([Nanodollars(i64::MIN); 2]), Nanodollars(i64::MIN));
    assert_eq!([500, 1500, -1500, 2501].map(|nanos| Nanodollars(nanos).micros()), [0, 2, -2, 3]);
}

#[test]
fn decimals_are_exact_or_refused() {
    for (text, expected) in [
        ("0.125", Ok(125_000)),
        ("37.50", Ok(37_500_000)),
        ("10", Ok(10_000_000)),
        ("0.10000000", Ok(100_000)),
        ("0.0000001", Err(DecimalError::TooFine(6))),
        ("99999999999999999999", Err(DecimalError::TooLarge)),
        ("99999999999999999", Err(DecimalError::TooLarge)),
        ("-1", Err(DecimalError::Malformed)),
        ("1e3", Err(DecimalError::Malformed)),
        ("1.2.3", Err(DecimalError::Malformed)),
    ] {
        assert_eq!(decimal(text, 6), expected, "{text}");
    }
}

#[test]
fn days_are_dates() {
    for (text, start) in [
        ("1970-01-01", 0),
        ("2000-02-29", 951_782_400),
        ("2026-10-07", 1_791_331_200),
        ("2100-03-01", 4_107_542_400),
    ] {
        let day: Day = text.parse().unwrap();
        assert_eq!(day.start(), UnixNanos(start * 1_000_000_000), "{text}");
    }
    for text in
        ["2026-02-30", "2100-02-29", "2026-13-01", "2026-1-1", "1969-12-31", "2026-10", "", "2026-10-07x"]
    {
        assert!(text.parse::<Day>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn a_day_is_read_as_it_is_written(nanos: u64) {
        let day = Day::of(UnixNanos(nanos));
        prop_assert_eq!(day.to_string().parse(), Ok(day));
        prop_assert!(day.start() <= UnixNanos(nanos) && nanos - day.start().0 < 86_400_000_000_000);
    }

    #[test]
    fn a_decimal_is_read_as_it_is_written(value: u64, places in 0_u32..19) {
        prop_assert_eq!(decimal(&decimal_text(value, places), places), Ok(value));
    }

    #[test]
    fn money_is_read_as_it_is_written(nanos in -i64::MAX..i64::MAX) {
        let text = Nanodollars(nanos).to_string().replace('$', "");
        prop_assert_eq!(Nanodollars::from_dollars(&text), Some(Nanodollars(nanos)));
    }
}
