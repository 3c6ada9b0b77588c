//! Measurements as a page: tables in Markdown, and their place in the documentation.

mod agent;
mod audit;
mod export;
mod import;
mod statusline;

use std::time::Duration;

use anyhow::Context;

use super::baseline::Baselines;
use super::drain;
use super::hook::{Measured, Spread};
use super::silence;

pub(super) use agent::agent;
pub(super) use audit::audit;
pub(super) use export::export;
pub(super) use import::import;
pub(super) use statusline::statusline;

const KIB: f64 = 1024.0;

/// A figure that must stay under a bar.
struct Bar {
    what: &'static str,
    unit: &'static str,
    limit: f64,
    /// Whether more is better.
    is_floor: bool,
    /// Absent where it could not be measured.
    measured: Option<f64>,
}

impl Bar {
    fn at_most(what: &'static str, unit: &'static str, limit: f64, measured: f64) -> Self {
        Self { what, unit, limit, is_floor: false, measured: Some(measured) }
    }

    fn at_least(what: &'static str, unit: &'static str, limit: f64, measured: f64) -> Self {
        Self { is_floor: true, ..Self::at_most(what, unit, limit, measured) }
    }
}

pub(super) fn hook(measured: &Measured) -> String {
    format!(
        "\
{} rounds of three programs in turn, {} bytes on standard input, {} processors, Linux {}.

| Program | p50 | p95 | p50 / `true` |
|---|---|---|---|
{}{}{}
{}

| Hook | Bar | Measured | Met |
|---|---|---|---|
{}
System calls are counted from the first read of standard input; what comes before is the language's start-up{}.
",
        measured.rounds,
        measured.payload_bytes,
        processors(),
        kernel(),
        time_row("`/bin/true`", measured.nothing, measured),
        time_row("static read and append", measured.bare, measured),
        time_row("`tacho-hook`", measured.hook, measured),
        beside_drainers(&measured.silence),
        bars(measured).iter().map(bar_row).collect::<String>(),
        measured.system_calls.map_or(String::new(), |calls| format!(" ({} in all)", calls.all)),
    )
}

pub(super) fn drain(measured: &drain::Measured) -> String {
    let events_a_second = measured.backlog.events as f64 / measured.processor.as_secs_f64();
    let Baselines { own, floor } = measured.baselines;
    let (own_times, floor_times) = (measured.times(own), measured.times(floor));
    let bars = [
        Bar::at_least("events a second of one processor", "", 30_000.0, events_a_second),
        Bar::at_most("time of the processor / parse, insert and compress alone", "", 2.0, own_times),
        Bar::at_most("peak memory", " MiB", 64.0, measured.peak_kib as f64 / KIB),
    ];
    format!(
        "\
The middle one of three runs: {} events in {} sessions, {} MB of segments, to {} requests of {} MB that a receiver acknowledged; {} processors, \
Linux {}. {:.1} s of the processor in {:.1} s; parsing, inserting and compressing as it does them take {:.1} s alone, and the \
least that can be meant by these words {:.1} s: that is {:.2} times less than draining takes.

| Drainer | Bar | Measured | Met |
|---|---|---|---|
{}",
        measured.backlog.events,
        measured.backlog.sessions,
        measured.backlog.bytes / 1_000_000,
        measured.requests,
        measured.sent_bytes / 1_000_000,
        processors(),
        kernel(),
        measured.processor.as_secs_f64(),
        measured.wall.as_secs_f64(),
        own.as_secs_f64(),
        floor.as_secs_f64(),
        floor_times,
        bars.iter().map(bar_row).collect::<String>(),
    )
}

/// The hook while a drainer runs.
fn beside_drainers(measured: &silence::Measured) -> String {
    let both = |spread: Spread| format!("{} | {}", shown(spread.p50), shown(spread.p95));
    format!(
        "\
{} hooks beside each of two drainers in turn, one every few milliseconds, while the other drainer stands still. One \
drainer has no destination; {} requests of the other were never answered.

| `tacho-hook` beside a drainer | p50 | p95 |
|---|---|---|
| without a destination | {} |
| whose destination never answers | {} |",
        measured.hooks,
        measured.requests,
        both(measured.without),
        both(measured.silent),
    )
}

/// The page with the text in the place that is marked for it.
pub(super) fn splice(page: &str, what: &str, text: &str) -> anyhow::Result<String> {
    let (begin, end) = (
        format!("<!-- {what}: written by `cargo xtask bench {what} --write` -->"),
        format!("<!-- end of {what} -->"),
    );
    let (before, rest) =
        page.split_once(&begin).with_context(|| format!("the page has no place for {what}"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("the place for {what} has no end"))?;
    Ok(format!("{before}{begin}\n{}\n{end}{after}", text.trim_end()))
}

fn bars(measured: &Measured) -> Vec<Bar> {
    let calls = measured.system_calls;
    let silence = &measured.silence;
    let slower = |of: fn(&Spread) -> Duration| {
        Some(of(&silence.silent).as_secs_f64() / of(&silence.without).as_secs_f64())
    };
    let bar = |what, unit, limit, measured| Bar { what, unit, limit, is_floor: false, measured };
    vec![
        bar("p50 / `true`", "", 0.75, Some(ratio(measured.hook, measured))),
        bar("system calls", "", 32.0, calls.map(|calls| calls.after_start as f64)),
        bar("programs started", "", 0.0, calls.map(|calls| calls.programs_started as f64)),
        bar("size of the file", " KiB", 600.0, Some(measured.file_bytes as f64 / KIB)),
        bar("peak memory", " MiB", 3.0, Some(measured.peak_kib as f64 / KIB)),
        bar("100 MB: peak memory", " MiB", 16.0, Some(measured.large.peak_kib as f64 / KIB)),
        bar("100 MB: time", " s", 1.2, Some(measured.large.wall.as_secs_f64())),
        bar("p50, destination never answers / none", "", 1.2, slower(|spread| spread.p50)),
        bar("p95, destination never answers / none", "", 1.2, slower(|spread| spread.p95)),
    ]
}

fn bar_row(bar: &Bar) -> String {
    let shown = |figure: f64| {
        let rounded = format!("{figure:.2}");
        rounded.trim_end_matches('0').trim_end_matches('.').to_owned() + bar.unit
    };
    let (measured, met) = match bar.measured {
        Some(figure) if (figure <= bar.limit) != bar.is_floor => (shown(figure), "yes"),
        Some(figure) => (shown(figure), "**no**"),
        None => ("not measured: no strace".to_owned(), "unknown"),
    };
    format!("| {} | {} | {measured} | {met} |\n", bar.what, shown(bar.limit))
}

fn time_row(program: &str, spread: Spread, measured: &Measured) -> String {
    let ratio = ratio(spread, measured);
    format!("| {program} | {} | {} | {ratio:.2} |\n", shown(spread.p50), shown(spread.p95))
}

fn shown(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1_000.0)
}

fn ratio(spread: Spread, measured: &Measured) -> f64 {
    spread.p50.as_secs_f64() / measured.nothing.p50.as_secs_f64()
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
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
        let bar = |measured| Bar { what: "time", unit: " s", limit: 1.2, is_floor: false, measured };
        assert_eq!(bar_row(&bar(Some(1.2))), "| time | 1.2 s | 1.2 s | yes |\n");
        assert_eq!(bar_row(&bar(Some(10.0))), "| time | 1.2 s | 10 s | **no** |\n");
        assert_eq!(bar_row(&bar(None)), "| time | 1.2 s | not measured: no strace | unknown |\n");
    }

    #[test]
    fn a_second_measurement_replaces_the_first() {
        let page = "# Page\n<!-- x: written by `cargo xtask bench x --write` -->\n<!-- end of x -->\nmore\n";
        let first = splice(page, "x", "one\n").unwrap();
        assert_eq!(first, page.replace("-->\n<!-- end", "-->\none\n<!-- end"));
        assert_eq!(splice(&first, "x", "two\n").unwrap(), first.replace("one", "two"));
    }
}
