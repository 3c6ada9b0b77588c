//! OTLP over HTTP: a cleared batch as bytes, and sending those bytes.

use crate::delivery::{Answer, Outcome, Unreachable, judge};
use crate::destination::{Destination, Protocol};
use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Wire;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind as WireKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span as WireSpan, Status as WireStatus,
};
use prost::Message as _;
use std::io::{self, Write as _};
use std::time::Duration;
use tacho_model::attribute::{Attributes, Value};
use tacho_model::batch::Batch;
use tacho_model::shape::{OtlpKind, SpanShape};
use tacho_model::span::{Span, Status};
use tacho_privacy::Cleared;
use ureq::tls::{RootCerts, TlsConfig};

/// The signal of spans, as URLs spell it.
pub const TRACES: &str = "traces";

/// What was recorded by and how, as every request says.
const SCOPE: &str = "tachograph";
/// Version of the conventions the attributes of a batch follow.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.41.0";
/// How long one request may take (OTLP exporter specification).
const TIMEOUT: Duration = Duration::from_secs(10);
/// An answer beyond this is not read (OTLP specification).
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A batch could not be encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// As JSON.
    #[error("encode a batch as JSON")]
    Json(#[from] serde_json::Error),
    /// Compressing.
    #[error("compress a batch")]
    Compress(#[from] io::Error),
}

/// The body of a request: encoded and compressed with gzip.
///
/// # Errors
/// When the encoder fails, which no content of a batch makes it do.
pub fn encode(batch: &Cleared<Batch>, protocol: Protocol) -> Result<Vec<u8>, EncodeError> {
    let request = request(batch.get());
    let body = match protocol {
        Protocol::HttpProtobuf => request.encode_to_vec(),
        Protocol::HttpJson => serde_json::to_vec(&request)?,
    };
    let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
    compressed.write_all(&body)?;
    Ok(compressed.finish()?)
}

fn request(batch: &Batch) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope {
        name: SCOPE.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    let scope_spans = ScopeSpans {
        scope: Some(scope),
        spans: batch.spans.iter().map(span).collect(),
        schema_url: SCHEMA_URL.to_owned(),
    };
    let resource_spans = ResourceSpans {
        resource: Some(Resource { attributes: attributes(&batch.resource), ..Resource::default() }),
        scope_spans: vec![scope_spans],
        schema_url: SCHEMA_URL.to_owned(),
    };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
}

fn span(span: &Span) -> WireSpan {
    let otlp_kind = SpanShape::of(span.kind).map_or(OtlpKind::Internal, |shape| shape.otlp_kind);
    let kind = match otlp_kind {
        OtlpKind::Internal => WireKind::Internal,
        OtlpKind::Client => WireKind::Client,
    };
    let status = match span.status {
        Status::Unset => None,
        Status::Error => Some(WireStatus { code: StatusCode::Error.into(), ..WireStatus::default() }),
    };
    WireSpan {
        trace_id: span.trace_id.0.to_vec(),
        span_id: span.span_id.0.to_vec(),
        parent_span_id: span.parent_span_id.map(|parent| parent.0.to_vec()).unwrap_or_default(),
        name: span.name.clone(),
        kind: kind.into(),
        start_time_unix_nano: span.start.0,
        end_time_unix_nano: span.end.unwrap_or(span.start).0,
        attributes: attributes(&span.attributes),
        events: span.events.iter().map(event).collect(),
        links: span.links.iter().map(link).collect(),
        status,
        ..WireSpan::default()
    }
}

fn event(event: &tacho_model::span::SpanEvent) -> Event {
    Event {
        time_unix_nano: event.at.0,
        name: event.name.to_owned(),
        attributes: attributes(&event.attributes),
        ..Event::default()
    }
}

fn link(link: &tacho_model::span::Link) -> Link {
    Link { trace_id: link.trace_id.0.to_vec(), span_id: link.span_id.0.to_vec(), ..Link::default() }
}

fn attributes(attributes: &Attributes) -> Vec<KeyValue> {
    let pair = |(key, value): (tacho_model::attribute::Key, &Value)| KeyValue {
        key: key.name().to_owned(),
        value: Some(AnyValue { value: Some(wire_value(value)) }),
        ..KeyValue::default()
    };
    attributes.iter().map(pair).collect()
}

fn wire_value(value: &Value) -> Wire {
    match value {
        Value::String(text) => Wire::StringValue(text.clone()),
        Value::Int(number) => Wire::IntValue(*number),
        Value::Double(number) => Wire::DoubleValue(*number),
        Value::Boolean(truth) => Wire::BoolValue(*truth),
        Value::StringList(texts) => {
            let text = |text: &String| AnyValue { value: Some(Wire::StringValue(text.clone())) };
            Wire::ArrayValue(ArrayValue { values: texts.iter().map(text).collect() })
        }
    }
}

/// Sends requests of any destination, keeping connections alive between them.
#[derive(Debug)]
pub struct Sender {
    agent: ureq::Agent,
}

impl Default for Sender {
    fn default() -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .tls_config(tls)
            .user_agent(concat!(
                "tachograph/",
                env!("CARGO_PKG_VERSION"),
                " OTel-OTLP-Exporter-Rust/",
                env!("CARGO_PKG_VERSION")
            ))
            .build()
            .new_agent();
        Self { agent }
    }
}

impl Sender {
    /// Sends one encoded body and judges the answer.
    #[must_use]
    pub fn send(&self, to: &Destination, signal: &str, content_type: &str, body: &[u8]) -> Outcome {
        let mut request = self
            .agent
            .post(to.url(signal))
            .header("content-type", content_type)
            .header("content-encoding", "gzip");
        for header in to.headers() {
            request = request.header(&header.name, &header.value);
        }
        match request.send(body) {
            Ok(response) => judge(&answer(response)),
            Err(error) => Outcome::Unreachable(Unreachable(error.to_string())),
        }
    }
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let (retry_after, content_type) = (header("retry-after"), header("content-type"));
    let status = response.status().as_u16();
    // An answer that cannot be read to its end still has a status, and that decides.
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().unwrap_or_default();
    let (rejected, message) = partial_success(content_type.as_deref(), &body);
    Answer { status, retry_after, rejected, message }
}

/// What an answer says about single items. Some receivers answer in another encoding than they were asked in, or
/// with text; what cannot be decoded says nothing.
fn partial_success(content_type: Option<&str>, body: &[u8]) -> (u64, Option<String>) {
    let is_json = content_type.is_some_and(|media_type| media_type.contains("json"));
    let decoded = if is_json {
        serde_json::from_slice(body).ok()
    } else {
        ExportTraceServiceResponse::decode(body).ok()
    };
    let partial = decoded.and_then(|answer: ExportTraceServiceResponse| answer.partial_success);
    let Some(partial) = partial else { return (0, None) };
    let rejected = u64::try_from(partial.rejected_spans).unwrap_or(0);
    (rejected, Some(partial.error_message).filter(|message| !message.is_empty()))
}
