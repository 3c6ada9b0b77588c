//! `prices`: the dated list of prices in `prices/`, and how it compares with what others publish.

mod drift;
pub(crate) mod list;
mod published;

#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

use tacho_model::time::{Day, UnixNanos};

use crate::workspace::Workspace;

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    match arguments {
        [word] if word == "check" => check(),
        _ => anyhow::bail!("usage: cargo xtask prices check"),
    }
}

/// Compares the prices of today with two published packages. What differs must be known, with its reason.
fn check() -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let today = Day::of(UnixNanos::from_millis(seconds * 1000));
    let rows = list::load(&workspace.root)?;
    let known = drift::known(&workspace.root)?;
    let facts = published::facts(&workspace, today)?;
    let drift = drift::compare(&list::on(&rows, today), &facts, &known);
    print!("{}", drift.table());
    anyhow::ensure!(
        drift.unexplained() == 0,
        "{} to mend: correct prices/, or say in {} why it differs",
        drift.unexplained(),
        drift::KNOWN
    );
    Ok(())
}
