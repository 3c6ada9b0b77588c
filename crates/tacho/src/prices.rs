//! The owner's own prices: `prices.toml` beside his configuration, in the grammar of the list.
//!
//! Nothing of a file counts in which anything is wrong: half of a price list would price calls wrongly.
//! Must not compute: what a price means is in `tacho-assemble`.

pub(crate) mod again;
mod calls;
mod grammar;

pub(crate) use calls::Pricing;

use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::terminal::note;
use grammar::Wrong;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tacho_assemble::price::{Clash, Prices};
use tacho_spool::crc32c::crc32c;

/// The prices that count now.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) prices: Prices,
    /// Where the owner's lie, or would lie.
    pub(crate) file: Option<PathBuf>,
    /// Why the owner's do not count; then the list alone does.
    pub(crate) problem: Option<String>,
}

impl Loaded {
    /// Whether anything but the list counts.
    pub(crate) fn has_own(&self) -> bool {
        self.problem.is_none() && self.file.as_deref().is_some_and(Path::exists)
    }
}

/// Reads the owner's prices. One that has none has the list.
pub(crate) fn load() -> Loaded {
    let file = place::prices_file();
    let (prices, problem) = match file.as_deref().map_or_else(|| Ok(Prices::list()), read) {
        Ok(prices) => (prices, None),
        Err(problem) => (Prices::list(), Some(problem)),
    };
    Loaded { prices, file, problem }
}

/// The prices that count now, by which amounts are to be kept: not the list alone where the owner means to say something else.
pub(crate) fn load_as_meant() -> Result<Prices, Failure> {
    let Loaded { prices, problem, .. } = load();
    problem.map_or(Ok(prices), |problem| {
        Err(Failure::new(FailureKind::Config, format!("your own prices do not count: {problem}"))
            .hint("mend that first; tacho prices check says what is wrong"))
    })
}

/// The prices that count now. That the owner's do not is told on standard error.
pub(crate) fn load_or_list() -> Prices {
    let Loaded { prices, problem, .. } = load();
    if let Some(problem) = problem {
        note(&format!("note: your own prices do not count: {problem}"));
    }
    prices
}

fn read(path: &Path) -> Result<Prices, String> {
    match fs::read_to_string(path) {
        Ok(text) => parse(&text, path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Prices::list()),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

/// The list with what a file says before it. What is wrong is told with file, line and key.
pub(crate) fn parse(text: &str, path: &Path) -> Result<Prices, String> {
    let at = |(line, reason): Wrong| format!("{}, line {line}: {reason}", path.display());
    let contents = grammar::read(text).map_err(at)?;
    let (row_lines, rows): (Vec<usize>, Vec<_>) = contents.rows.into_iter().unzip();
    let (discount_lines, discounts): (Vec<usize>, Vec<_>) = contents.discounts.into_iter().unzip();
    let version = format!("{:08x}", crc32c(text.as_bytes()));
    Prices::with_own(rows, discounts, &version).map_err(|clash| {
        let (lines, one, other) = match clash {
            Clash::Rows(one, other) => (row_lines, one, other),
            Clash::Discounts(one, other) => (discount_lines, one, other),
        };
        let line = |place: usize| lines.get(place).copied().unwrap_or_default();
        at((line(other), format!("`model` and `from` are those of line {}", line(one))))
    })
}

#[cfg(test)]
mod tests;
