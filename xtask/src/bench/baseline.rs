//! What draining a backlog is compared with: to parse, to insert and to compress, and nothing else.

mod floor;
mod own;

use std::env;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use memchr::memmem;
use rustix::time::{ClockId, clock_gettime};

use serde::Deserialize;
use serde_json::value::RawValue;
use tacho_model::semconv;
use tacho_spool::read::read_from;

use crate::workspace;

/// What a request has in it that tells what the audit log was.
const CHECKPOINT: &str = semconv::TACHOGRAPH_AUDIT_CHECKPOINT.name();
/// Bytes of segments that go into one transaction, as many as the drainer puts into one.
const TRANSACTION_BYTES: u64 = 6 * 1024 * 1024;

/// The time of the processor that each baseline takes.
#[derive(Clone, Copy)]
pub(super) struct Baselines {
    /// Parsing and inserting as the drainer does it, and compressing.
    pub(super) own: Duration,
    /// The least that reading lines, inserting them, and compressing can take.
    pub(super) floor: Duration,
}

/// The baselines for the drained backlog below `state` and these request bodies, taken in a process of its own that has
/// its memory from where the drainer has it.
pub(super) fn measure(state: &Path, folder: &Path, bodies: &Path) -> Result<Baselines> {
    let mut command = Command::new(env::current_exe().context("cannot find this program")?);
    let printed = workspace::output(command.args(["bench", "baseline"]).args([state, folder, bodies]))?;
    let mut times = printed.split_whitespace().map(|time| Ok(Duration::from_micros(time.parse()?)));
    let mut next = || -> Result<Duration> { times.next().context("a baseline is missing")? };
    Ok(Baselines { own: next()?, floor: next()? })
}

/// Takes them here and now.
pub(super) fn run(state: &Path, folder: &Path, bodies: &Path) -> Result<Baselines> {
    let sent = kept(bodies)?;
    let expanded: Vec<Vec<u8>> = sent.iter().map(|body| expanded(&body.bytes)).collect::<Result<_>>()?;
    let compressing = timed(|| expanded.iter().try_for_each(|body| compress(body)))?;
    // Metrics and checkpoints are sent as they are made, and nowhere inserted.
    let is_checkpoint = |body: &[u8]| memmem::find(body, CHECKPOINT.as_bytes()).is_some();
    let inserted =
        sent.into_iter().zip(&expanded).filter(|(sent, body)| !sent.is_of_metrics && !is_checkpoint(body));
    let inserted: Vec<Vec<u8>> = inserted.map(|(sent, _)| sent.bytes).collect();
    let databases = ["floor.db", "own.db"].map(|name| folder.join(name));
    let [for_floor, for_own] = &databases;
    let floor = timed(|| floor::insert_all(state, for_floor))? + compressing;
    let own = own::parse_and_insert(state, &inserted, for_own)? + compressing;
    databases.iter().try_for_each(fs::remove_file)?;
    Ok(Baselines { own, floor })
}

/// A record without what a payload says.
#[derive(Deserialize)]
struct Record<'a> {
    t: u64,
    pid: u64,
    sid: &'a str,
    #[serde(borrow)]
    raw: &'a RawValue,
}

/// Reads all records of a segment. How many bytes it has.
fn each_record(segment: &Path, mut each: impl FnMut(&Record<'_>) -> Result<()>) -> Result<u64> {
    let mut cursor = 0;
    loop {
        let chunk = read_from(segment, cursor)?;
        for record in &chunk.records {
            let line = [record.open_object.as_slice(), b"}"].concat();
            each(&serde_json::from_slice(&line)?)?;
        }
        cursor = chunk.cursor;
        if !chunk.more {
            return Ok(cursor);
        }
    }
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let began = processor_time();
    work()?;
    Ok(processor_time() - began)
}

fn compress(body: &[u8]) -> Result<()> {
    let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
    compressed.write_all(body)?;
    compressed.finish()?;
    Ok(())
}

/// A body as it was sent.
struct Sent {
    is_of_metrics: bool,
    bytes: Vec<u8>,
}

/// Keeps the body of a request to this path.
pub(super) fn keep(file: &mut File, path: &str, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    file.write_all(&[u8::from(path.ends_with("/metrics"))])?;
    file.write_all(&length.to_be_bytes())?;
    file.write_all(body)
}

/// The bodies that were kept.
fn kept(bodies: &Path) -> Result<Vec<Sent>> {
    let kept = fs::read(bodies).context("cannot read what was received")?;
    let mut rest = kept.as_slice();
    let mut bodies = Vec::new();
    while let Some(([is_of_metrics, length @ ..], behind)) = rest.split_first_chunk::<5>() {
        let (body, next) = behind
            .split_at_checked(u32::from_be_bytes(*length) as usize)
            .context("what was received is cut short")?;
        bodies.push(Sent { is_of_metrics: *is_of_metrics == 1, bytes: body.to_vec() });
        rest = next;
    }
    Ok(bodies)
}

/// A body as it was before compression.
fn expanded(body: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(body).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What this process has used of the processor.
pub(super) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
