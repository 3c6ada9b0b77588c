//! The list of prices as Rust: one static table in order of model and day, and every name of a model.

use std::fmt::Write;
use std::path::Path;

use tacho_model::time::Day;
use tacho_spool::crc32c::crc32c;

use super::rust::rustfmt;
use crate::prices::list::Row;

const HEADER: &str = "\
//! The list of prices, and the names by which its models are known.
//! Generated from prices/ by `cargo xtask codegen`; do not edit.

use super::row::Row;
use std::ops::Range;
use tacho_model::time::Day;
";

pub(super) fn render(rows: &[Row], root: &Path) -> anyhow::Result<String> {
    let table = table(rows);
    let names = names(rows);
    let last = rows.iter().map(|row| row.checked).max().map(|day| day.to_string()).unwrap_or_default();
    let sum = crc32c(table.as_bytes());
    let version = format!(
        "\n/// When it was last compared with its sources, and a checksum of what it says.\n\
         pub(super) const VERSION: &str = \"{last}.{sum:08x}\";\n"
    );
    rustfmt(&[HEADER, &version, &names, &table].concat(), root)
}

fn table(rows: &[Row]) -> String {
    let mut text =
        "\n/// The rows, in order of model and first day.\npub(super) static ROWS: &[Row] = &[\n".to_owned();
    for row in rows {
        _ = writeln!(text, "{},", row_source(row));
    }
    text.push_str("];\n");
    text
}

fn row_source(row: &Row) -> String {
    let mut text = format!(
        "Row::new({:?}, {}, {}, {}, {}, {:?}, {})",
        row.model,
        optional_day(row.from),
        optional_day(row.until),
        prices(row.prices),
        number(row.web_search),
        row.source.join(", "),
        day(row.checked),
    );
    if let Some((prompt_gt, over)) = row.over {
        _ = write!(text, ".over({}, {})", number(prompt_gt), prices(over));
    }
    if let Some(fast) = row.fast {
        _ = write!(text, ".fast({})", prices(fast));
    }
    _ = write!(text, ".factors({}, {})", number(row.geo_us), number(row.batch));
    text
}

fn names(rows: &[Row]) -> String {
    let mut names = Vec::new();
    for row in rows {
        let first = rows.iter().take_while(|other| other.model < row.model).count();
        let count = rows.iter().filter(|other| other.model == row.model).count();
        let of_row = row.aliases.iter().chain([&row.model]);
        names.extend(of_row.map(|name| (name.as_str(), first, first + count)));
    }
    names.sort_unstable();
    names.dedup();
    let mut text = "\n/// Every name of a model, in order, and the places of its rows.\n\
                    pub(super) static NAMES: &[(&str, Range<usize>)] = &[\n"
        .to_owned();
    for (name, first, end) in names {
        _ = writeln!(text, "({name:?}, {first}..{end}),");
    }
    text.push_str("];\n");
    text
}

fn prices(prices: [u64; 5]) -> String {
    format!("[{}]", prices.map(number).join(", "))
}

fn optional_day(of: Option<Day>) -> String {
    of.map_or_else(|| "None".to_owned(), |of| format!("Some({})", day(of)))
}

fn day(day: Day) -> String {
    let parts = day.to_string();
    let numbers: Vec<&str> = parts.split('-').map(|part| part.trim_start_matches('0')).collect();
    format!("Day::on({})", numbers.join(", "))
}

/// As clippy wants it written.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join("_")
}
