//! What importing takes, as a page.

use std::time::Duration;

use super::super::import::Measured;
use super::{Bar, KIB, bar_row, kernel, processors};

pub(in super::super) fn import(measured: &Measured) -> String {
    let to_ccusage = |taken: Duration| taken.as_secs_f64() / measured.ccusage.as_secs_f64();
    let millis = |taken: Duration| taken.as_secs_f64() * 1_000.0;
    let bars = [
        Bar::at_most("`import` / `ccusage`", "", 0.6, to_ccusage(measured.import)),
        Bar::at_most("peak memory", " MiB", 150.0, measured.peak_kib as f64 / KIB),
        Bar::at_most("the slowest list of `tacho cost`", " ms", 20.0, millis(measured.cost.1)),
        Bar::at_most("`import` after one session grew", " ms", 50.0, millis(measured.again)),
    ];
    let rows = [
        ("`cat`", measured.cat),
        ("`ccusage claude daily --json --offline`", measured.ccusage),
        ("`ccost --output json`", measured.ccost),
        ("`tacho import`", measured.import),
    ];
    let row = |(program, taken): (&str, Duration)| {
        format!("| {program} | {:.2} s | {:.2} |\n", taken.as_secs_f64(), to_ccusage(taken))
    };
    format!(
        "\
The middle of {} rounds in turn: {} transcripts of {} MB in all with {} different calls; {} processors, Linux {}. \
The slowest list is that by `{}`.

| Program | Time | / `ccusage` |
|---|---|---|
{}
| Import | Bar | Measured | Met |
|---|---|---|---|
{}",
        measured.rounds,
        measured.corpus.files,
        measured.corpus.bytes / 1_000_000,
        measured.corpus.calls,
        processors(),
        kernel(),
        measured.cost.0,
        rows.into_iter().map(row).collect::<String>(),
        bars.iter().map(bar_row).collect::<String>(),
    )
}
