//! A receiver that takes everything, keeps it, and counts it when it is asked to.

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tacho_testkit::http::{HttpServer, Reply, Request};

pub(super) struct Receiver {
    server: HttpServer,
    kept: Arc<Mutex<Vec<Request>>>,
}

/// How much arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Tally {
    pub(in super::super) requests: usize,
    /// As they came over the wire.
    pub(in super::super) wire_bytes: usize,
    pub(in super::super) spans: usize,
    attributes: usize,
    events: usize,
    links: usize,
}

impl Receiver {
    pub(super) fn start() -> Result<Self> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keeping = Arc::clone(&kept);
        let server = HttpServer::start(Box::new(move |request| {
            let Ok(mut kept) = keeping.lock() else { return Reply::HangUp };
            kept.push(request);
            let headers = vec![("content-type".to_owned(), "application/x-protobuf".to_owned())];
            Reply::Whole { status: 200, headers, body: Vec::new() }
        }))?;
        Ok(Self { server, kept })
    }

    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// What arrived since this was asked last.
    pub(super) fn take(&self) -> Result<Tally> {
        let kept = self.kept.lock().map(|mut kept| std::mem::take(&mut *kept));
        let mut tally = Tally::default();
        for request in kept.map_err(|_| anyhow::anyhow!("the receiver broke"))? {
            tally.add(Tally::of(&request)?);
        }
        Ok(tally)
    }
}

impl Tally {
    fn of(request: &Request) -> Result<Self> {
        let mut expanded = Vec::new();
        let body = match request.header("content-encoding") {
            Some(_) => {
                GzDecoder::new(request.body.as_slice()).read_to_end(&mut expanded)?;
                &expanded
            }
            None => &request.body,
        };
        let message = ExportTraceServiceRequest::decode(body.as_slice()).context("no request of spans")?;
        let scopes = message.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        let mut tally = Self { requests: 1, wire_bytes: request.body.len(), ..Self::default() };
        for Span { attributes, events, links, .. } in scopes.flat_map(|scope| &scope.spans) {
            tally.spans += 1;
            tally.attributes += attributes.len();
            tally.events += events.len();
            tally.links += links.len();
        }
        Ok(tally)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.wire_bytes += other.wire_bytes;
        self.spans += other.spans;
        self.attributes += other.attributes;
        self.events += other.events;
        self.links += other.links;
    }

    /// What must be the same whoever sent it.
    pub(super) const fn items(&self) -> [usize; 4] {
        [self.spans, self.attributes, self.events, self.links]
    }
}
