//! LLM Observability: spans as its intake takes them from Datadog's own libraries (`LLMObsSpanWriter` of ddtrace 4.16), through an
//! Agent or without one.
//!
//! Must not compress: the Agent's proxy of this version hands no `Content-Encoding` on.

mod event;
mod messages;

use super::super::http::{self, Http};
use super::super::{Export, Request};
use super::{decode, spans_of};
use crate::delivery::{Outcome, Status, Unreachable};
use crate::destination::Destination;
use event::Event;
use serde::Serialize;
use std::io;

/// Where an Agent takes what it hands on to the intake.
pub(in super::super) const PROXY_PATH: &str = "/evp_proxy/v2/api/v2/llmobs";
/// The part of that path which is the Agent's.
const PROXY: &str = "/evp_proxy/";
/// Tells an Agent to whom it hands a request on.
const SUBDOMAIN: (&str, &str) = ("x-datadog-evp-subdomain", "llmobs-intake");
/// No request may be larger (`DEFAULT_EVP_PAYLOAD_SIZE_LIMIT` of ddtrace; the intake takes a little more).
const BODY_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Sends to an Agent or to the intake.
#[derive(Default)]
pub(in super::super) struct LlmObs {
    http: Http,
}

impl Export for LlmObs {
    fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome {
        let body = match encode(request.body) {
            Ok(body) => body,
            Err(error) => return Outcome::Unreachable(Unreachable::other(error.to_string())),
        };
        if let Some(refused) = too_large(body.len()) {
            return refused;
        }
        let mut post = self.http.agent(to).post(to.base()).header("content-type", "application/json");
        if to.base().contains(PROXY) {
            post = post.header(SUBDOMAIN.0, SUBDOMAIN.1);
        }
        http::send(to, post, &body)
    }
}

/// What the intake would say of a body of this size, so that halves of it are sent instead: JSON may take several times the
/// bytes that a request has in protobuf, in which what is said of a resource stands once.
fn too_large(bytes: usize) -> Option<Outcome> {
    let message = || format!("{bytes} bytes as JSON; LLM Observability takes {BODY_BYTES_MAX}");
    (bytes > BODY_BYTES_MAX).then(|| Outcome::Refused { status: Status::Http(413), message: Some(message()) })
}

/// A span in its envelope. There is one for each, as the libraries have it.
#[derive(Serialize)]
struct Envelope {
    #[serde(rename = "_dd.stage")]
    stage: &'static str,
    #[serde(rename = "_dd.tracer_version")]
    tracer_version: &'static str,
    event_type: &'static str,
    spans: [Event; 1],
}

fn encode(body: &[u8]) -> io::Result<Vec<u8>> {
    let request = decode(body)?;
    let envelopes: Vec<Envelope> = spans_of(&request)
        .map(|(resource, span)| Envelope {
            stage: "raw",
            tracer_version: env!("CARGO_PKG_VERSION"),
            event_type: "span",
            spans: [Event::of(resource, span)],
        })
        .collect();
    Ok(serde_json::to_vec(&envelopes)?)
}

#[cfg(test)]
mod tests;
