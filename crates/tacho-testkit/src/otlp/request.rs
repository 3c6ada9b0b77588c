//! One request as it came in, and how its body is read.

use std::io::Read;

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::de::DeserializeOwned;

use super::{Encoding, ReceivedLog, ReceivedSpan, Signal, json_form, log, rules, span};
use crate::clock::unix_ns;
use crate::http::Request;

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// What it carried.
    pub signal: Signal,
    /// When it had been read.
    pub received_unix_ns: u64,
    /// The `content-type` header, or an empty text.
    pub content_type: String,
    /// All headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The length of the body as it came over the wire.
    pub wire_bytes: usize,
    /// The body without its compression.
    pub body: Vec<u8>,
    /// The status it was answered; `None` where it was not answered.
    pub answered: Option<u16>,
    /// Its spans.
    pub spans: Vec<ReceivedSpan>,
    /// Its log records.
    pub logs: Vec<ReceivedLog>,
}

impl ReceivedRequest {
    /// Whether the sender may take its data for delivered.
    pub fn accepted(&self) -> bool {
        self.answered.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether it holds nothing but checkpoints of the audit log.
    pub(super) fn is_enclosure(&self) -> bool {
        let is_checkpoint = |log: &ReceivedLog| log.event_name.ends_with(".audit.checkpoint");
        !self.logs.is_empty() && self.logs.iter().all(is_checkpoint)
    }

    /// Whether one of its spans has this id, which is given as 16 hex digits in lower case.
    pub fn has_span(&self, span_id: &str) -> bool {
        self.spans.iter().any(|span| span.span_id == span_id)
    }

    /// The first value of header `name`, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A request of which only the head was read.
    pub(super) fn unread(signal: Signal, head: &Request) -> Self {
        Self {
            signal,
            received_unix_ns: unix_ns(),
            content_type: head.header("content-type").unwrap_or_default().to_owned(),
            headers: head.headers.clone(),
            wire_bytes: 0,
            body: Vec::new(),
            answered: None,
            spans: Vec::new(),
            logs: Vec::new(),
        }
    }

    /// Reads a request: what it carried, in which encoding, and where it breaks the specification.
    pub(super) fn read(request: Request) -> Result<(Self, Encoding, Vec<String>)> {
        let signal = Signal::of_path(&request.path)?;
        anyhow::ensure!(request.method == "POST", "{} {} instead of POST", request.method, request.path);
        let mut received = Self::unread(signal, &request);
        let encoding = Encoding::of_content_type(&received.content_type)?;
        received.wire_bytes = request.body.len();
        received.body = uncompressed(&request).with_context(|| format!("uncompress {}", request.path))?;
        let breaches = received
            .decode(encoding)
            .with_context(|| format!("decode {} {}", received.content_type, signal.name()))?;
        let place = |breach| format!("{}: {breach}", request.path);
        Ok((received, encoding, breaches.into_iter().map(place).collect()))
    }

    fn decode(&mut self, encoding: Encoding) -> Result<Vec<String>> {
        let mut breaches = match encoding {
            Encoding::Json => json_form::breaches(self.signal, &serde_json::from_slice(&self.body)?),
            Encoding::Protobuf => Vec::new(),
        };
        match self.signal {
            Signal::Traces => {
                let message: ExportTraceServiceRequest = decoded(&self.body, encoding)?;
                breaches.extend(rules::in_traces(&message));
                self.spans = span::flat(message);
            }
            Signal::Logs => {
                let message: ExportLogsServiceRequest = decoded(&self.body, encoding)?;
                breaches.extend(rules::in_logs(&message));
                self.logs = log::flat(message);
            }
            Signal::Metrics => {}
        }
        Ok(breaches)
    }
}

fn decoded<M: Message + Default + DeserializeOwned>(body: &[u8], encoding: Encoding) -> Result<M> {
    Ok(match encoding {
        Encoding::Protobuf => M::decode(body)?,
        Encoding::Json => serde_json::from_slice(body)?,
    })
}

fn uncompressed(request: &Request) -> Result<Vec<u8>> {
    match request.header("content-encoding") {
        None | Some("identity") => Ok(request.body.clone()),
        Some("gzip") => {
            let mut body = Vec::new();
            GzDecoder::new(request.body.as_slice()).read_to_end(&mut body)?;
            Ok(body)
        }
        Some(other) => anyhow::bail!("content encoding {other:?} is not supported"),
    }
}
