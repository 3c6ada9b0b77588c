//! The Datadog Agent: spans by its trace API, version 0.4 (MessagePack; an array of traces, each an array of spans).
//!
//! Metrics and logs reach it as OTLP, and LLM Observability without an Agent by the preset `datadog`.

mod span;

use super::http::{self, Http};
use super::msgpack::Writer;
use super::{Export, Request};
use crate::delivery::{Outcome, Unreachable, judge};
use crate::destination::{Compression, Destination};
use crate::gzip::in_form;
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
        let mut put = put.config().timeout_global(Some(to.timeout)).build();
        for header in to.headers() {
            put = put.header(&header.name, &header.value);
        }
        let sent = put
            .header("content-type", "application/msgpack")
            .header("datadog-meta-lang", "rust")
            .header("datadog-meta-tracer-version", env!("CARGO_PKG_VERSION"))
            .header("x-datadog-trace-count", traces.to_string())
            .send(body);
        match sent {
            Ok(response) => judge(&http::answer(response)),
            Err(error) => Outcome::Unreachable(Unreachable::of_ureq(&error)),
        }
    }
}

/// A request as traces, and how many they are.
fn encode(body: &[u8]) -> io::Result<(usize, Vec<u8>)> {
    let body = in_form(body, Compression::None)?;
    let request = ExportTraceServiceRequest::decode(&*body).map_err(io::Error::other)?;
    let mut traces: BTreeMap<Vec<u8>, Vec<(&[KeyValue], &Span)>> = BTreeMap::new();
    for of_resource in &request.resource_spans {
        let resource = of_resource.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
        for span in of_resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            traces.entry(span.trace_id.clone()).or_default().push((resource, span));
        }
    }
    let mut writer = Writer::default();
    writer.array(traces.len());
    for spans in traces.values() {
        writer.array(spans.len());
        spans.iter().for_each(|(resource, span)| span::write(&mut writer, resource, span));
    }
    Ok((traces.len(), writer.into_bytes()))
}
