//! Encoding and delivering spans, measured beside the OpenTelemetry SDK's batch exporter: the same spans to the same
//! receiver in the same run, each exporter in a process of its own.

mod corpus;
mod ours;
mod receiver;
mod sdk;
mod sender;

use std::fmt;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use tacho_export::destination::Compression;
use tacho_store::store::STORE_FILE;

use super::quartiles::Quartiles;
use crate::backends;
use receiver::{Receiver, Tally};
use sender::{CHUNK, Turn};

pub(super) use sender::run as send;

/// Who exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exporter {
    Ours,
    Sdk,
}

impl Exporter {
    const ALL: [Self; 2] = [Self::Ours, Self::Sdk];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.to_string() == name)
    }
}

impl fmt::Display for Exporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ours => "ours",
            Self::Sdk => "sdk",
        })
    }
}

pub(super) struct Measured {
    pub(super) spans: usize,
    pub(super) plain: Pair,
    pub(super) gzip: Pair,
}

/// Both exporters, which took turns.
pub(super) struct Pair {
    pub(super) ours: Taken,
    pub(super) sdk: Taken,
}

/// What exporting took.
pub(super) struct Taken {
    pub(super) turns: usize,
    /// Nanoseconds of a span, the middle one of all turns.
    pub(super) wall_ns: Quartiles,
    /// The same of the processor, by all threads of the exporter's process.
    pub(super) processor_ns: Quartiles,
    pub(super) peak_kib: u64,
    /// The peak when a tenth of the spans was sent.
    pub(super) early_peak_kib: u64,
    pub(super) received: Tally,
}

impl Taken {
    fn of(turns: &[Turn], received: Tally) -> Self {
        let of_span =
            |ns: fn(&Turn) -> u64| turns.iter().map(move |turn| ns(turn) as f64 / turn.spans as f64);
        let peak_kib = |turns: &[Turn]| turns.last().map_or(0, |turn| turn.peak_kib);
        Self {
            turns: turns.len(),
            wall_ns: Quartiles::of(of_span(|turn| turn.wall_ns)),
            processor_ns: Quartiles::of(of_span(|turn| turn.processor_ns)),
            peak_kib: peak_kib(turns),
            early_peak_kib: peak_kib(turns.get(..turns.len().div_ceil(10)).unwrap_or_default()),
            received,
        }
    }
}

pub(super) fn measure(spans: usize) -> Result<Measured> {
    let home = backends::recorded_home()?;
    let store = home.state().join(STORE_FILE);
    let [plain, gzip] =
        [Compression::None, Compression::Gzip].map(|compression| pair(&store, compression, spans));
    Ok(Measured { spans, plain: plain?, gzip: gzip? })
}

/// Has both exporters send the same spans, chunk by chunk in turn, so that whatever else the machine does is as much in
/// the way of one as of the other.
fn pair(store: &Path, compression: Compression, spans: usize) -> Result<Pair> {
    let start = |exporter| Running::start(exporter, store, compression, spans);
    let (mut ours, mut sdk) = (start(Exporter::Ours)?, start(Exporter::Sdk)?);
    for _ in 0..spans.div_ceil(CHUNK) {
        ours.take_turn()?;
        sdk.take_turn()?;
    }
    let sent = [&ours, &sdk].map(|exporter| exporter.received.items());
    ensure!(sent[0] == sent[1], "ours sent {:?}, the SDK {:?}", sent[0], sent[1]);
    Ok(Pair { ours: ours.end()?, sdk: sdk.end()? })
}

/// An exporter, and what arrived from it.
struct Running {
    process: Child,
    go: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    receiver: Receiver,
    received: Tally,
    turns: Vec<Turn>,
}

impl Running {
    fn start(exporter: Exporter, store: &Path, compression: Compression, spans: usize) -> Result<Self> {
        let receiver = Receiver::start()?;
        let program = std::env::current_exe().context("cannot tell what program this is")?;
        let mut process = Command::new(program)
            .args(["bench", "send", &exporter.to_string(), compression.name(), &spans.to_string()])
            .arg(store)
            .arg(receiver.url())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start an exporter")?;
        let go = process.stdin.take().context("no standard input")?;
        let said = BufReader::new(process.stdout.take().context("no standard output")?).lines();
        Ok(Self { process, go, said, receiver, received: Tally::default(), turns: Vec::new() })
    }

    /// Has it send a chunk, and counts what arrived.
    fn take_turn(&mut self) -> Result<()> {
        self.go.write_all(b"\n").context("an exporter is gone")?;
        let turn = Turn::parse(&self.said.next().context("an exporter ended early")??)?;
        let received = self.receiver.take()?;
        ensure!(received.spans as u64 == turn.spans, "{} of {} spans arrived", received.spans, turn.spans);
        self.received.add(received);
        self.turns.push(turn);
        Ok(())
    }

    fn end(mut self) -> Result<Taken> {
        let status = self.process.wait().context("cannot wait for an exporter")?;
        ensure!(status.success(), "an exporter ended with {status}");
        Ok(Taken::of(&self.turns, self.received))
    }
}
