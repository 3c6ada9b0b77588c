//! `bench`: figures that the documentation quotes, measured here and now, with the bars they must stay under.

mod backlog;
mod drain;
mod hook;
mod programs;
mod report;
mod trace;

use crate::workspace::{self, Workspace};

const PAGE: &str = "docs/benchmarks.md";

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["hook"] => measure_hook().map(|text| println!("{text}")),
        ["hook", "--write"] => write(&measure_hook()?),
        ["drain", events, program @ ..] => {
            let measured = drain::measure(
                &Workspace::load()?,
                events.parse()?,
                program.first().map(std::path::Path::new),
            )?;
            println!(
                "{} events {} sessions {} MB: wall {:.1} s cpu {:.1} s = {:.0} events/s/core, peak {} MiB, {} requests {} MB",
                measured.backlog.events,
                measured.backlog.sessions,
                measured.backlog.bytes / 1000000,
                measured.wall.as_secs_f64(),
                measured.processor.as_secs_f64(),
                measured.backlog.events as f64 / measured.processor.as_secs_f64(),
                measured.peak_kib / 1024,
                measured.requests,
                measured.sent_bytes / 1000000
            );
            Ok(())
        }
        _ => anyhow::bail!("usage: cargo xtask bench hook [--write]"),
    }
}

fn measure_hook() -> anyhow::Result<String> {
    let workspace = Workspace::load()?;
    Ok(report::render(&hook::measure(&workspace)?))
}

fn write(text: &str) -> anyhow::Result<()> {
    let path = Workspace::load()?.root.join(PAGE);
    let page = if path.exists() { workspace::read(&path)? } else { String::new() };
    workspace::write(&path, report::splice(&page, text))?;
    println!("{text}\nwrote {PAGE}");
    Ok(())
}
