//! OTLP over HTTP: cleared batches as bytes, and bytes in smaller parts where a receiver does not take them whole.

mod items;
mod logs;
mod metrics;
mod protobuf;
mod records;
mod request;
mod spans;
mod traces;
mod values;

#[cfg(test)]
mod tests;

use crate::destination::{Compression, Protocol};
use crate::gzip::in_form;
use items::{Item, Items};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use request::{Portion, Request};
use std::borrow::Cow;
use std::io;
use tacho_model::attribute::Class;
use tacho_model::batch::Batch;
use tacho_model::log::LogRecord;
use tacho_model::span::Span;
use tacho_privacy::Cleared;

/// What was recorded by and how, as every request says.
const SCOPE: &str = "tachograph";
const SCOPE_VERSION: &str = env!("CARGO_PKG_VERSION");
/// Version of the conventions the attributes of a batch follow.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.41.0";
/// A request is not larger than this before compression: half of what gRPC servers take, which often stand behind.
const REQUEST_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Nor does it hold more items (default of `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`).
pub const REQUEST_ITEMS_MAX: usize = 512;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Metrics.
    Metrics,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    /// Its name, as URLs spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }

    /// The signal of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.name() == name)
    }
}

/// A request could not be encoded or read again.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// As JSON.
    #[error("encode or decode a request as JSON")]
    Json(#[from] serde_json::Error),
    /// As protobuf.
    #[error("decode a request as protobuf")]
    Protobuf(#[from] prost::DecodeError),
    /// Compressing.
    #[error("compress or expand a request")]
    Compress(#[from] io::Error),
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Encoded, and compressed with gzip unless its receiver is to get it as it is.
    pub bytes: Vec<u8>,
    /// Spans, log records or points of metrics in it.
    pub items: usize,
}

impl Encoded {
    /// A body with so many items in it.
    pub(crate) fn of(items: usize, body: Vec<u8>, compression: Compression) -> Result<Self, EncodeError> {
        let bytes = match in_form(&body, compression)? {
            Cow::Borrowed(_) => body,
            Cow::Owned(bytes) => bytes,
        };
        Ok(Self { bytes, items })
    }
}

/// The items of a signal in these batches, as one request or, if that were too large, as several. None for no items.
///
/// # Errors
/// When the encoder fails, which no content of a batch makes it do.
pub fn encode(
    batches: &[Cleared<Batch>],
    signal: Signal,
    protocol: Protocol,
    compression: Compression,
) -> Result<Vec<Encoded>, EncodeError> {
    let batches = batches.iter().map(Cleared::get);
    match signal {
        Signal::Traces => {
            let batches: Vec<&Batch> = batches.filter(|batch| !batch.spans.is_empty()).collect();
            encode_items::<Span>(&batches, protocol, compression)
        }
        Signal::Logs => {
            let batches: Vec<&Batch> = batches.filter(|batch| !batch.logs.is_empty()).collect();
            encode_items::<LogRecord>(&batches, protocol, compression)
        }
        Signal::Metrics => {
            let batches: Vec<&Batch> = batches.filter(|batch| !batch.metrics.is_empty()).collect();
            encode_all(ExportMetricsServiceRequest::of(&batches), protocol, compression)
        }
    }
}

/// In protobuf from where they lie, else by way of messages.
fn encode_items<T: Item>(
    batches: &[&Batch],
    protocol: Protocol,
    compression: Compression,
) -> Result<Vec<Encoded>, EncodeError> {
    match protocol {
        Protocol::HttpProtobuf | Protocol::Grpc => encode_all(Items::<T>::of(batches), protocol, compression),
        Protocol::HttpJson => encode_all(T::Request::of(batches), protocol, compression),
    }
}

fn encode_all(
    all: impl Portion,
    protocol: Protocol,
    compression: Compression,
) -> Result<Vec<Encoded>, EncodeError> {
    let (mut fitting, mut open) = (Vec::new(), vec![all]);
    while let Some(portion) = open.pop() {
        let items = portion.items();
        let body = match items {
            0 => continue,
            1..=REQUEST_ITEMS_MAX => Some(portion.body(protocol)?),
            _ => None,
        };
        match body.filter(|body| body.len() <= REQUEST_BYTES_MAX || items == 1) {
            Some(body) => fitting.push(Encoded::of(items, body, compression)?),
            None => {
                let [front, back] = portion.halves();
                open.extend([back, front]);
            }
        }
    }
    Ok(fitting)
}

/// A request that was parted, mended or read. That is seldom and may take its time: it is compressed, whoever gets it.
fn encode_again(request: &impl Request, protocol: Protocol) -> Result<Encoded, EncodeError> {
    Encoded::of(request.count(), request.body(protocol)?, Compression::Gzip)
}

/// What can be tried when a receiver does not take a request as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retrial {
    /// Both halves.
    Halves([Encoded; 2]),
    /// The one item without the words in it.
    WithoutContent(Encoded),
    /// Nothing: this one item is what it refuses.
    Nothing,
}

/// What can be tried in place of a request that was refused. `is_too_large` says that its size was the reason.
///
/// # Errors
/// When the body is none that was encoded here.
pub fn part(
    bytes: &[u8],
    signal: Signal,
    protocol: Protocol,
    is_too_large: bool,
) -> Result<Retrial, EncodeError> {
    match signal {
        Signal::Traces => {
            part_request(ExportTraceServiceRequest::decode_body(bytes, protocol)?, protocol, is_too_large)
        }
        Signal::Logs => {
            part_request(ExportLogsServiceRequest::decode_body(bytes, protocol)?, protocol, is_too_large)
        }
        Signal::Metrics => {
            part_request(ExportMetricsServiceRequest::decode_body(bytes, protocol)?, protocol, is_too_large)
        }
    }
}

fn part_request<R: Request>(
    request: R,
    protocol: Protocol,
    is_too_large: bool,
) -> Result<Retrial, EncodeError> {
    if request.count() > 1 {
        let [front, back] = request.halves();
        return Ok(Retrial::Halves([encode_again(&front, protocol)?, encode_again(&back, protocol)?]));
    }
    if is_too_large {
        let mut without = request.clone();
        without.drop_classes(&[Class::Content]);
        if without != request {
            return Ok(Retrial::WithoutContent(encode_again(&without, protocol)?));
        }
    }
    Ok(Retrial::Nothing)
}

/// A request without the attributes of these classes: as it were, had it been cleared for less. `from` is how it is
/// encoded, `to` how it will be.
///
/// # Errors
/// When the body is none that was encoded here.
pub fn without(
    classes: &[Class],
    bytes: &[u8],
    signal: Signal,
    from: Protocol,
    to: Protocol,
) -> Result<Encoded, EncodeError> {
    match signal {
        Signal::Traces => {
            let mut request = ExportTraceServiceRequest::decode_body(bytes, from)?;
            request.drop_classes(classes);
            encode_again(&request, to)
        }
        Signal::Logs => {
            let mut request = ExportLogsServiceRequest::decode_body(bytes, from)?;
            request.drop_classes(classes);
            encode_again(&request, to)
        }
        Signal::Metrics => {
            let mut request = ExportMetricsServiceRequest::decode_body(bytes, from)?;
            request.drop_classes(classes);
            encode_again(&request, to)
        }
    }
}

/// A request as OTLP JSON, for people.
///
/// # Errors
/// When the body is none that was encoded here.
pub fn as_json(bytes: &[u8], signal: Signal, protocol: Protocol) -> Result<String, EncodeError> {
    Ok(match signal {
        Signal::Traces => serde_json::to_string(&ExportTraceServiceRequest::decode_body(bytes, protocol)?)?,
        Signal::Logs => serde_json::to_string(&ExportLogsServiceRequest::decode_body(bytes, protocol)?)?,
        Signal::Metrics => {
            serde_json::to_string(&ExportMetricsServiceRequest::decode_body(bytes, protocol)?)?
        }
    })
}

/// A request that is written as OTLP JSON.
///
/// # Errors
/// When it is no request of this signal.
pub fn from_json(text: &str, signal: Signal, protocol: Protocol) -> Result<Encoded, EncodeError> {
    match signal {
        Signal::Traces => encode_again(&serde_json::from_str::<ExportTraceServiceRequest>(text)?, protocol),
        Signal::Logs => encode_again(&serde_json::from_str::<ExportLogsServiceRequest>(text)?, protocol),
        Signal::Metrics => {
            encode_again(&serde_json::from_str::<ExportMetricsServiceRequest>(text)?, protocol)
        }
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: SCOPE.to_owned(),
        version: SCOPE_VERSION.to_owned(),
        ..InstrumentationScope::default()
    }
}

fn resource(batch: &Batch) -> Resource {
    let mut attributes = values::attributes(&batch.resource);
    attributes.extend(batch.declared.iter().map(|(name, value)| values::declared(name, value)));
    Resource { attributes, ..Resource::default() }
}
