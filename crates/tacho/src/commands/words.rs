//! Numbers and times as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tacho_model::event::Share;
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;

/// A duration in at most four digits.
pub(crate) fn duration(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds / 1_000_000;
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{:.1} s", milliseconds as f64 / 1e3),
        60_000..3_600_000 => format!("{} min {:02} s", milliseconds / 60_000, milliseconds / 1000 % 60),
        _ => format!("{} h {:02} min", milliseconds / 3_600_000, milliseconds / 60_000 % 60),
    }
}

/// A count with thin steps: 1 234, 12.3 k, 4.5 M. An unknown one is `?`.
pub(crate) fn count(number: Option<u64>) -> String {
    match number {
        None => "?".to_owned(),
        Some(number @ 0..10_000) => number.to_string(),
        Some(number @ 10_000..10_000_000) => format!("{:.1} k", number as f64 / 1e3),
        Some(number) => format!("{:.1} M", number as f64 / 1e6),
    }
}

/// Money: to the cent, below a dollar to the hundredth of a cent.
pub(crate) fn dollars(amount: Nanodollars) -> String {
    if amount.0.unsigned_abs() < 1_000_000_000 { format!("{amount:.4}") } else { format!("{amount:.2}") }
}

/// A share in percent, without what is less than a tenth of one.
pub(crate) fn percent(share: Share) -> String {
    format!("{:.1}", share.percent()).trim_end_matches(".0").to_owned()
}

/// What something cost. An unknown amount is `?`; `+?` says that something without a price is left out.
pub(crate) fn cost(cost: Option<Nanodollars>, unpriced: u64) -> String {
    let more = if unpriced > 0 { "+?" } else { "" };
    cost.map_or_else(|| "?".to_owned(), |cost| format!("{}{more}", dollars(cost)))
}

/// Bytes.
pub(crate) fn bytes(number: u64) -> String {
    match number {
        0..1_024 => format!("{number} B"),
        1_024..1_048_576 => format!("{:.1} KiB", number as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", number as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", number as f64 / 1_073_741_824.0),
    }
}

/// A point in time, in the user's zone.
pub(crate) fn time(at: UnixNanos) -> String {
    let nanoseconds = i128::from(at.0);
    let Ok(timestamp) = Timestamp::from_nanosecond(nanoseconds) else { return "?".to_owned() };
    timestamp.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Local time of day, to the millisecond.
pub(crate) fn time_of_day(at: UnixNanos) -> String {
    let Ok(timestamp) = Timestamp::from_nanosecond(i128::from(at.0)) else { return "?".to_owned() };
    timestamp.to_zoned(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string()
}

/// `1 turn`, `2 turns`.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
