//! Measurements as a page: two tables in Markdown, and their place in the documentation.

use std::time::Duration;

use super::hook::{Measured, Spread};

const BEGIN: &str = "<!-- hook: written by `cargo xtask bench hook --write` -->";
const END: &str = "<!-- end of hook -->";

const KIB: f64 = 1024.0;

/// A figure that must stay under a bar.
struct Bar {
    what: &'static str,
    unit: &'static str,
    limit: f64,
    /// Absent where it could not be measured.
    measured: Option<f64>,
}

pub(super) fn render(measured: &Measured) -> String {
    format!(
        "\
{} rounds of three programs in turn, {} bytes on standard input, {} processors, Linux {}.

| Program | p50 | p95 | p50 / `true` |
|---|---|---|---|
{}{}{}
| Hook | Bar | Measured | Met |
|---|---|---|---|
{}
System calls are counted from the first read of standard input; what comes before is the language's start-up{}.
",
        measured.rounds,
        measured.payload_bytes,
        std::thread::available_parallelism().map_or(0, usize::from),
        kernel(),
        time_row("`/bin/true`", measured.nothing, measured),
        time_row("static read and append", measured.bare, measured),
        time_row("`tacho-hook`", measured.hook, measured),
        bars(measured).iter().map(bar_row).collect::<String>(),
        measured.system_calls.map_or(String::new(), |calls| format!(" ({} in all)", calls.all)),
    )
}

/// The page with the text between the markers; the markers come at the end of a page that has none.
pub(super) fn splice(page: &str, text: &str) -> String {
    let section = format!("{BEGIN}\n{text}{END}\n");
    let old = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    match old {
        Some((before, after)) => format!("{before}{}{after}", section.trim_end()),
        None if page.is_empty() => format!("# Benchmarks\n\n## The hook\n\n{section}"),
        None => format!("{page}\n{section}"),
    }
}

fn bars(measured: &Measured) -> Vec<Bar> {
    let calls = measured.system_calls;
    let bar = |what, unit, limit, measured| Bar { what, unit, limit, measured };
    vec![
        bar("p50 / `true`", "", 0.75, Some(ratio(measured.hook, measured))),
        bar("system calls", "", 32.0, calls.map(|calls| calls.after_start as f64)),
        bar("programs started", "", 0.0, calls.map(|calls| calls.programs_started as f64)),
        bar("size of the file", " KiB", 600.0, Some(measured.file_bytes as f64 / KIB)),
        bar("peak memory", " MiB", 3.0, Some(measured.peak_kib as f64 / KIB)),
        bar("100 MB: peak memory", " MiB", 16.0, Some(measured.large.peak_kib as f64 / KIB)),
        bar("100 MB: time", " s", 1.2, Some(measured.large.wall.as_secs_f64())),
    ]
}

fn bar_row(bar: &Bar) -> String {
    let shown = |figure: f64| {
        let rounded = format!("{figure:.2}");
        rounded.trim_end_matches('0').trim_end_matches('.').to_owned() + bar.unit
    };
    let (measured, met) = match bar.measured {
        Some(figure) if figure <= bar.limit => (shown(figure), "yes"),
        Some(figure) => (shown(figure), "**no**"),
        None => ("not measured: no strace".to_owned(), "unknown"),
    };
    format!("| {} | {} | {measured} | {met} |\n", bar.what, shown(bar.limit))
}

fn time_row(program: &str, spread: Spread, measured: &Measured) -> String {
    let shown = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1_000.0);
    let ratio = ratio(spread, measured);
    format!("| {program} | {} | {} | {ratio:.2} |\n", shown(spread.p50), shown(spread.p95))
}

fn ratio(spread: Spread, measured: &Measured) -> f64 {
    spread.p50.as_secs_f64() / measured.nothing.p50.as_secs_f64()
}

fn kernel() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease");
    release.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_say_whether_they_are_met() {
        let bar = |measured| Bar { what: "time", unit: " s", limit: 1.2, measured };
        assert_eq!(bar_row(&bar(Some(1.2))), "| time | 1.2 s | 1.2 s | yes |\n");
        assert_eq!(bar_row(&bar(Some(10.0))), "| time | 1.2 s | 10 s | **no** |\n");
        assert_eq!(bar_row(&bar(None)), "| time | 1.2 s | not measured: no strace | unknown |\n");
    }

    #[test]
    fn a_second_measurement_replaces_the_first() {
        let first = splice("# Page\n\ntext\n", "one\n");
        assert_eq!(first, format!("# Page\n\ntext\n\n{BEGIN}\none\n{END}\n"));
        let second = splice(&format!("{first}\nmore\n"), "two\n");
        assert_eq!(second, format!("# Page\n\ntext\n\n{BEGIN}\ntwo\n{END}\n\nmore\n"));
    }
}
