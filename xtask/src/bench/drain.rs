//! The drainer, measured: from segments on disk to bytes that a receiver acknowledged.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tacho_testkit::http::{HttpServer, Reply};
use tempfile::TempDir;

use super::backlog::{self, Backlog};
use super::baseline::{self, Baselines};
use super::programs;
use crate::plugin;
use crate::workspace::Workspace;

pub(super) struct Measured {
    pub(super) backlog: Backlog,
    pub(super) wall: Duration,
    pub(super) processor: Duration,
    pub(super) peak_kib: u64,
    pub(super) requests: u64,
    pub(super) sent_bytes: u64,
    pub(super) baselines: Baselines,
}

/// What the receiver got.
#[derive(Default)]
struct Received {
    requests: u64,
    bytes: u64,
    failure: Option<String>,
}

/// How often the same backlog is drained.
const RUNS: usize = 3;

impl Measured {
    /// How many times as long draining took as this.
    pub(super) fn times(&self, baseline: Duration) -> f64 {
        self.processor.as_secs_f64() / baseline.as_secs_f64()
    }
}

/// Of several runs, each with its baselines, the one with the middle ratio.
pub(super) fn measure(workspace: &Workspace, events: usize, program: Option<&Path>) -> Result<Measured> {
    let tacho = match program {
        Some(program) => program.to_owned(),
        None => plugin::build_static(workspace, "tacho")?,
    };
    let usage = programs::compile(workspace, "usage")?;
    let folder = TempDir::new().context("cannot create a folder")?;
    let filled = folder.path().join("filled");
    fs::create_dir(&filled).context("cannot create a state directory")?;
    let backlog = backlog::fill(&workspace.root.join("fixtures/sessions"), &filled, events)?;
    let mut runs = Vec::new();
    for number in 0..RUNS {
        let place = folder.path().join(number.to_string());
        plugin::copy_folder(&filled, &place.join("state"))?;
        // A backlog lies on the disk. All are removed at the end, as ext4 is slow to make files where many just went.
        rustix::fs::sync();
        runs.push(run(&place, &usage, &tacho, backlog)?);
    }
    runs.sort_by(|left, right| left.times(left.baselines.own).total_cmp(&right.times(right.baselines.own)));
    Ok(runs.swap_remove(RUNS / 2))
}

/// Drains the state directory in this place, and takes the baselines of it.
fn run(place: &Path, usage: &Path, tacho: &Path, backlog: Backlog) -> Result<Measured> {
    let (state, bodies, report) = (place.join("state"), place.join("bodies"), place.join("usage"));
    let (receiver, received) = receiver(&bodies)?;
    let mut command = Command::new(usage);
    command.arg(&report).arg(tacho).arg("--account-home").arg(place);
    command.args(["drain", "--once", "--timeout", "3600"]);
    command.env_clear().env("TACHO_HOME", &state).env("HOME", place);
    command.env("TACHO_OTLP_ENDPOINT", receiver.url()).stdin(Stdio::null());
    let began = Instant::now();
    let status = command.status().context("cannot start the drainer")?;
    let wall = began.elapsed();
    ensure!(status.success(), "the drainer ended with {status}");
    let (peak_kib, processor) = read_usage(&report)?;
    let received = received.lock().map_err(|_| anyhow::anyhow!("the receiver broke"))?;
    if let Some(failure) = &received.failure {
        anyhow::bail!("the receiver could not keep a request: {failure}");
    }
    let baselines = baseline::measure(&state, place, &bodies)?;
    let (requests, sent_bytes) = (received.requests, received.bytes);
    Ok(Measured { backlog, wall, processor, peak_kib, requests, sent_bytes, baselines })
}

/// A receiver that takes everything and keeps it in a file.
fn receiver(bodies: &Path) -> Result<(HttpServer, Arc<Mutex<Received>>)> {
    let received = Arc::new(Mutex::new(Received::default()));
    let file = Mutex::new(File::create(bodies).context("cannot keep what is received")?);
    let noted = Arc::clone(&received);
    let server = HttpServer::start(Box::new(move |request| {
        let written = file.lock().map(|mut file| baseline::keep(&mut file, &request.path, &request.body));
        if let Ok(mut received) = noted.lock() {
            received.requests += 1;
            received.bytes += request.body.len() as u64;
            if let Ok(Err(error)) = written {
                received.failure = Some(error.to_string());
            }
        }
        Reply::Whole {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/x-protobuf".to_owned())],
            body: Vec::new(),
        }
    }))?;
    Ok((server, received))
}

/// What `usage` wrote: peak memory in KiB, time of the processor in microseconds.
pub(super) fn read_usage(report: &Path) -> Result<(u64, Duration)> {
    let text = crate::workspace::read(report)?;
    let (peak, processor) = text.split_once(' ').context("the usage is no pair")?;
    Ok((peak.parse()?, Duration::from_micros(processor.parse()?)))
}
