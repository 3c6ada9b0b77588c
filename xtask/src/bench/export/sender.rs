//! One exporter in a process of its own, which sends spans chunk by chunk. They are made before its clock starts.

use std::io;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use tacho_export::destination::Compression;
use tacho_export::otlp::REQUEST_ITEMS_MAX;
use tacho_model::batch::Batch;
use tacho_privacy::Cleared;

use super::Exporter;
use super::corpus::Corpus;
use super::ours::Ours;
use super::sdk::Sdk;
use crate::bench::baseline::processor_time;
use crate::workspace;

/// Spans of a turn: no more than stay at hand for the processor from when they are made, as they do where they come from.
pub(super) const CHUNK: usize = 2 * REQUEST_ITEMS_MAX;

/// An exporter.
pub(super) trait Exports {
    /// Spans as it takes them.
    type Spans;

    /// Makes them. No part of what is measured.
    fn made_of(&mut self, batches: Vec<Cleared<Batch>>) -> Self::Spans;

    /// Encodes and delivers all of them.
    fn export(&mut self, spans: Self::Spans) -> Result<()>;
}

/// Sends so many spans, a chunk for each line that comes in, and says of each what it took.
pub(in super::super) fn run(words: &[&str]) -> Result<()> {
    let [exporter, compression, spans, store, url] = *words else { bail!("not for people") };
    let compression = Compression::named(compression).context("no such compression")?;
    let (corpus, spans) = (Corpus::read(Path::new(store))?, spans.parse()?);
    match Exporter::named(exporter).context("no such exporter")? {
        Exporter::Ours => send(&mut Ours::new(url, compression)?, &corpus, spans),
        Exporter::Sdk => send(&mut Sdk::new(url, compression)?, &corpus, spans),
    }
}

fn send(exporter: &mut impl Exports, corpus: &Corpus, spans: usize) -> Result<()> {
    for first in (0..spans).step_by(CHUNK) {
        let count = CHUNK.min(spans - first);
        io::stdin().read_line(&mut String::new())?;
        let made = exporter.made_of(corpus.batches(first, count));
        let (began, processor) = (Instant::now(), processor_time());
        exporter.export(made)?;
        let (wall, processor) = (began.elapsed(), processor_time() - processor);
        println!("{count} {} {} {}", wall.as_nanos(), processor.as_nanos(), peak_kib()?);
    }
    Ok(())
}

/// The peak of this process's memory until now.
fn peak_kib() -> Result<u64> {
    let status = workspace::read(Path::new("/proc/self/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak is told")?;
    Ok(peak.trim().trim_end_matches(" kB").parse()?)
}

/// What a chunk took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) spans: u64,
    pub(super) wall_ns: u64,
    pub(super) processor_ns: u64,
    /// Until then.
    pub(super) peak_kib: u64,
}

impl Turn {
    /// As an exporter says it.
    pub(super) fn parse(line: &str) -> Result<Self> {
        let figures: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [spans, wall_ns, processor_ns, peak_kib] = figures[..] else { bail!("no figures: {line}") };
        Ok(Self { spans, wall_ns, processor_ns, peak_kib })
    }
}
