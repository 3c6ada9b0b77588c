//! What a status line takes, as a page.

use super::super::hook::Spread;
use super::super::statusline::Measured;
use super::{Bar, bar_row, kernel, processors, shown};

pub(in super::super) fn statusline(measured: &Measured) -> String {
    let times = |spread: Spread| spread.p50.as_secs_f64() / measured.alone.p50.as_secs_f64();
    let row = |(line, spread): (&str, Spread)| {
        format!("| {line} | {} | {} | {:.2} |\n", shown(spread.p50), shown(spread.p95), times(spread))
    };
    let rows = [
        ("`sh -c true`", measured.alone),
        ("`tacho statusline --then true`, figures that change", measured.recording),
        ("the same, figures that were told before", measured.unchanged),
    ];
    let added = measured.added().as_secs_f64() * 1_000.0;
    format!(
        "\
{} rounds of three status lines in turn, {} processors, Linux {}.

| Status line | p50 | p95 | p50 / `sh -c true` |
|---|---|---|---|
{}
| Status line | Bar | Measured | Met |
|---|---|---|---|
{}",
        measured.rounds,
        processors(),
        kernel(),
        rows.into_iter().map(row).collect::<String>(),
        bar_row(&Bar::at_most("added to the other command, p50", " ms", 20.0, added)),
    )
}
