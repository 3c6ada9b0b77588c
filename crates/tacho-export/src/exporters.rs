//! Kinds of destinations: a row of [`KINDS`] and a file each.
//!
//! What is sent, when, and what becomes of it afterwards is the same for all and not decided here.

mod console;
mod datadog;
mod debug;
mod file;
mod grpc;
mod http;
mod lines;
mod messages;
mod msgpack;
mod otlp;
mod textfile;
mod tls;

use crate::delivery::Outcome;
use crate::destination::{Destination, Protocol};
use crate::otlp::Signal;
pub use debug::tell;
use std::fmt;

/// A kind of destination.
pub struct Kind {
    /// Its name in configuration.
    pub name: &'static str,
    /// What says where a destination of this kind is.
    pub place: Place,
    /// Where it is unless its owner says otherwise.
    pub endpoint: Option<&'static str>,
    /// Where its requests go at an address that has no path; `None` where that depends on what they are about.
    pub path: Option<&'static str>,
    /// How everything for it is encoded; `None` where its owner chooses.
    pub protocol: Option<Protocol>,
    /// Whether it takes this signal at all.
    pub takes: fn(Signal) -> bool,
    /// Whether it keeps what hooks said, too.
    pub keeps_events: bool,
    open: fn() -> Box<dyn Export>,
}

/// What says where a destination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An address, the key `endpoint`.
    Address,
    /// A directory, the key `path`.
    Directory,
    /// A file, the key `path`.
    File,
    /// The terminal of whoever drains in the foreground.
    Terminal,
}

/// A receiver of OTLP.
pub const OTLP: Kind = Kind {
    name: "otlp",
    place: Place::Address,
    endpoint: None,
    path: None,
    protocol: None,
    takes: |_| true,
    keeps_events: false,
    open: || Box::new(otlp::Otlp::default()),
};

/// Whoever looks for a fault.
pub const DEBUG: Kind = Kind {
    name: "debug",
    place: Place::File,
    endpoint: None,
    path: None,
    protocol: Some(Protocol::HttpJson),
    takes: |_| true,
    keeps_events: false,
    open: || Box::new(debug::Debug),
};

/// A file that Prometheus' node_exporter reads.
pub const PROMETHEUS: Kind = Kind {
    name: "prometheus",
    place: Place::File,
    endpoint: None,
    path: None,
    protocol: Some(Protocol::HttpProtobuf),
    takes: |signal| signal == Signal::Metrics,
    keeps_events: false,
    open: || Box::new(textfile::Textfile),
};

/// Every kind.
pub const KINDS: &[Kind] = &[
    OTLP,
    Kind {
        name: "console",
        place: Place::Terminal,
        endpoint: None,
        path: None,
        protocol: Some(Protocol::HttpJson),
        takes: |_| true,
        keeps_events: false,
        open: || Box::new(console::Console),
    },
    Kind {
        name: "file",
        place: Place::Directory,
        endpoint: None,
        path: None,
        protocol: Some(Protocol::HttpJson),
        takes: |_| true,
        keeps_events: true,
        open: || Box::new(file::Files),
    },
    DEBUG,
    PROMETHEUS,
    Kind {
        name: "datadog",
        place: Place::Address,
        endpoint: Some(datadog::ENDPOINT),
        path: None,
        protocol: Some(Protocol::HttpProtobuf),
        takes: |signal| signal == Signal::Traces,
        keeps_events: false,
        open: || Box::new(datadog::Datadog::default()),
    },
    Kind {
        name: "datadog-llmobs",
        place: Place::Address,
        endpoint: Some(datadog::ENDPOINT),
        path: Some(datadog::PROXY_PATH),
        protocol: Some(Protocol::HttpProtobuf),
        takes: |signal| signal == Signal::Traces,
        keeps_events: false,
        open: || Box::new(datadog::LlmObs::default()),
    },
];

impl Kind {
    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|known| known.name == name)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// The name of what hooks said, beside those of signals.
pub const EVENTS: &str = "events";

/// What is sent at once.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What it is about: the name of a signal, or [`EVENTS`].
    pub name: &'a str,
    /// Media type of the body before compression.
    pub content_type: &'a str,
    /// The body, encoded; compressed with gzip or not, whichever the receiver is to get.
    pub body: &'a [u8],
}

/// Sends requests to destinations of one kind.
trait Export: Send {
    /// Sends one, and judges the answer.
    fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome;
}

/// Sends requests to a destination, keeping what it is reached by between them.
#[derive(Default)]
pub struct Sender {
    exporter: Option<(&'static str, Box<dyn Export>)>,
}

impl Sender {
    /// Sends one encoded body and judges the answer.
    #[must_use]
    pub fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome {
        let kind = to.kind;
        let known = self.exporter.take().filter(|(name, _)| *name == kind.name);
        let (_, exporter) = self.exporter.insert(known.unwrap_or_else(|| (kind.name, (kind.open)())));
        exporter.send(to, request)
    }
}
