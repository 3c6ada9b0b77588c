//! The table as people read it: a line a scenario and way, a column a figure. Pure.

use std::fmt::Write;

use tacho_testkit::figures::{Comparison, Figure, Figures};

use crate::e2e::PlayedRun;

/// The table, with the reasons below the lines that need them. A cell is one number where what was recorded is what was
/// served, else `recorded/served`.
pub(super) fn text(played: &[PlayedRun]) -> String {
    let mut lines = vec![heads()];
    for run in played {
        let compared = run.outcome.comparison.iter().map(|comparison| cells(&run.name, comparison));
        lines.extend(compared);
    }
    let widths: Vec<usize> = (0..lines.first().map_or(0, Vec::len))
        .map(|column| lines.iter().filter_map(|line| line.get(column)).map(String::len).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    push_line(&mut text, &widths, &heads());
    for run in played {
        match &run.outcome.comparison {
            Some(comparison) => {
                push_line(&mut text, &widths, &cells(&run.name, comparison));
                push_reasons(&mut text, comparison);
            }
            None => text += &format!("{}  {}  was not played to its end\n", run.name, run.way.name()),
        }
        for difference in &run.outcome.differences {
            text += &format!("    UNEXPLAINED {difference}\n");
        }
    }
    text
}

fn heads() -> Vec<String> {
    let figures = Figure::ALL.map(|figure| figure.name().to_owned());
    ["scenario".to_owned(), "way".to_owned()].into_iter().chain(figures).collect()
}

fn cells(name: &str, comparison: &Comparison) -> Vec<String> {
    let figures = Figure::ALL.map(|figure| {
        let (served, recorded) = (comparison.served.get(figure), comparison.recorded.get(figure));
        if served == recorded { served.to_string() } else { format!("{recorded}/{served}") }
    });
    [name.to_owned(), comparison.way.name().to_owned()].into_iter().chain(figures).collect()
}

/// Names to the left, numbers to the right.
fn push_line(text: &mut String, widths: &[usize], cells: &[String]) {
    let padded = cells.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
        0 | 1 => format!("{cell:<width$}"),
        _ => format!("{cell:>width$}"),
    });
    let line = padded.collect::<Vec<_>>().join("  ");
    *text += line.trim_end();
    text.push('\n');
}

fn push_reasons(text: &mut String, comparison: &Comparison) {
    for explained in &comparison.explained {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "    {}: {}", listed(&explained.figures), explained.reason);
    }
}

fn listed(figures: &Figures) -> String {
    let figures = figures.each().map(|(figure, missing)| format!("{} {:+}", figure.name(), -missing));
    figures.collect::<Vec<_>>().join(", ")
}
