//! The Datadog Agent: spans by its trace API, version 0.4 (MessagePack; an array of traces, each an array of spans).
//!
//! Metrics and logs reach it as OTLP, LLM Observability by a protocol of its own (`llmobs`).

mod llmobs;
mod span;
mod values;

use super::http::{self, Http};
use super::msgpack::Writer;
use super::{Export, Request};
use crate::delivery::{Outcome, Unreachable};
use crate::destination::{Compression, Destination};
use crate::gzip::in_form;
pub(super) use llmobs::{LlmObs, PROXY_PATH};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::collections::BTreeMap;
use std::io;

/// Where an Agent beside us listens unless somebody says otherwise.
pub(super) const ENDPOINT: &str = "http://localhost:8126";

/// Sends to an Agent.
#[derive(Default)]
pub(super) struct Datadog {
    http: Http,
}

impl Export for Datadog {
    fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome {
        let (traces, body) = match encode(request.body) {
            Ok(encoded) => encoded,
            Err(error) => return Outcome::Unreachable(Unreachable::other(error.to_string())),
        };
        let put = self.http.agent(to).put(format!("{}/v0.4/traces", to.base()));
        let put = put
            .header("content-type", "application/msgpack")
            .header("datadog-meta-lang", "rust")
            .header("datadog-meta-tracer-version", env!("CARGO_PKG_VERSION"))
            .header("x-datadog-trace-count", traces.to_string());
        http::send(to, put, &body)
    }
}

/// A request as traces, and how many they are.
fn encode(body: &[u8]) -> io::Result<(usize, Vec<u8>)> {
    let request = decode(body)?;
    let mut traces: BTreeMap<&[u8], Vec<(&[KeyValue], &Span)>> = BTreeMap::new();
    for (resource, span) in spans_of(&request) {
        traces.entry(&span.trace_id).or_default().push((resource, span));
    }
    let mut writer = Writer::default();
    writer.array(traces.len());
    for spans in traces.values() {
        writer.array(spans.len());
        spans.iter().for_each(|(resource, span)| span::write(&mut writer, resource, span));
    }
    Ok((traces.len(), writer.into_bytes()))
}

fn decode(body: &[u8]) -> io::Result<ExportTraceServiceRequest> {
    let body = in_form(body, Compression::None)?;
    ExportTraceServiceRequest::decode(&*body).map_err(io::Error::other)
}

/// Every span of a request, beside what is said of its resource.
fn spans_of(request: &ExportTraceServiceRequest) -> impl Iterator<Item = (&[KeyValue], &Span)> {
    request.resource_spans.iter().flat_map(|of_resource| {
        let resource = of_resource.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
        of_resource.scope_spans.iter().flat_map(|scope| &scope.spans).map(move |span| (resource, span))
    })
}
