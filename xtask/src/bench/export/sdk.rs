//! The OpenTelemetry SDK: its batch processor and its OTLP exporter over HTTP, with the client that both have by default.

use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use flate2::Compression as Level;
use flate2::write::GzEncoder;
use opentelemetry::trace::{
    Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _,
};
use reqwest::header::HeaderValue;
use tacho_export::destination::Compression;
use tacho_export::otlp::REQUEST_ITEMS_MAX;
use tacho_model::attribute::{Attributes, Value as OurValue};
use tacho_model::batch::Batch;
use tacho_model::id::{SpanId as OurSpanId, TraceId as OurTraceId};
use tacho_model::shape::{OtlpKind, SpanShape};
use tacho_model::span::{Link as OurLink, Span, SpanEvent, Status as OurStatus};
use tacho_model::time::UnixNanos;
use tacho_privacy::Cleared;

use super::sender::{CHUNK, Exports};

/// As long as ours.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.41.0";

pub(super) struct Sdk {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    /// What the exporter was told of last.
    resource: Attributes,
}

impl Sdk {
    pub(super) fn new(url: &str, compression: Compression) -> Result<Self> {
        let http = reqwest::blocking::Client::builder().timeout(Duration::from_secs(10)).build()?;
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Client { http, compression })
            .with_endpoint(format!("{url}/v1/traces"))
            .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
            .build()?;
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(CHUNK)
            .with_max_export_batch_size(REQUEST_ITEMS_MAX)
            .build();
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
        let scope = InstrumentationScope::builder("tachograph")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(SCHEMA_URL);
        Ok(Self { processor, scope: scope.build(), resource: Attributes::default() })
    }
}

impl Exports for Sdk {
    type Spans = Vec<SpanData>;

    fn made_of(&mut self, batches: Vec<Cleared<Batch>>) -> Self::Spans {
        if let Some(first) = batches.first().filter(|first| first.get().resource != self.resource) {
            let attributes = key_values(&first.get().resource);
            let resource = Resource::builder_empty().with_schema_url(attributes, SCHEMA_URL).build();
            self.processor.set_resource(&resource);
            self.resource = first.get().resource.clone();
        }
        let spans = batches.iter().flat_map(|batch| &batch.get().spans);
        spans.map(|span| span_data(span, &self.scope)).collect()
    }

    fn export(&mut self, spans: Self::Spans) -> Result<()> {
        spans.into_iter().for_each(|span| self.processor.on_end(span));
        self.processor.force_flush().context("the SDK could not deliver all")
    }
}

/// The client that the exporter has by default, behind gzip at the level that ours has: the exporter itself has another
/// and no choice of it.
#[derive(Debug)]
struct Client {
    http: reqwest::blocking::Client,
    compression: Compression,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        if self.compression == Compression::None {
            return self.http.send_bytes(request).await;
        }
        let (mut head, body) = request.into_parts();
        head.headers.insert("content-encoding", HeaderValue::from_static("gzip"));
        let mut compressed = GzEncoder::new(Vec::with_capacity(body.len() / 4), Level::fast());
        compressed.write_all(&body)?;
        self.http.send_bytes(Request::from_parts(head, compressed.finish()?.into())).await
    }
}

fn span_data(span: &Span, scope: &InstrumentationScope) -> SpanData {
    let mut events = SpanEvents::default();
    let event = |event: &SpanEvent| Event::new(event.name, time(event.at), key_values(&event.attributes), 0);
    events.events = span.events.iter().map(event).collect();
    let mut links = SpanLinks::default();
    let link = |link: &OurLink| Link::new(context(link.trace_id, link.span_id), Vec::new(), 0);
    links.links = span.links.iter().map(link).collect();
    SpanData {
        span_context: context(span.trace_id, span.span_id),
        parent_span_id: span.parent_span_id.map_or(SpanId::INVALID, |parent| SpanId::from_bytes(parent.0)),
        parent_span_is_remote: false,
        span_kind: match SpanShape::of(span.kind).map(|shape| shape.otlp_kind) {
            Some(OtlpKind::Client) => SpanKind::Client,
            Some(OtlpKind::Internal) | None => SpanKind::Internal,
        },
        name: span.name.clone().into(),
        start_time: time(span.start),
        end_time: time(span.end.unwrap_or(span.start)),
        attributes: key_values(&span.attributes),
        dropped_attributes_count: 0,
        events,
        links,
        status: match span.status {
            OurStatus::Unset => Status::Unset,
            OurStatus::Error => Status::error(""),
        },
        instrumentation_scope: scope.clone(),
    }
}

fn context(trace: OurTraceId, span: OurSpanId) -> SpanContext {
    let (trace, span) = (TraceId::from_bytes(trace.0), SpanId::from_bytes(span.0));
    SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE)
}

fn time(at: UnixNanos) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(at.0)
}

fn key_values(attributes: &Attributes) -> Vec<KeyValue> {
    attributes.iter().map(|(key, value)| KeyValue::new(key.name(), value_of(value))).collect()
}

fn value_of(value: &OurValue) -> Value {
    match value {
        OurValue::String(text) => text.clone().into(),
        OurValue::Int(number) => (*number).into(),
        OurValue::Double(number) => (*number).into(),
        OurValue::Boolean(truth) => (*truth).into(),
        OurValue::StringList(texts) => {
            Value::Array(Array::String(texts.iter().cloned().map(StringValue::from).collect()))
        }
    }
}
