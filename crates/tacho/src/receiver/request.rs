//! Requests of the three protocols, until nothing but a message is left of them.

use super::logs;
use super::{Desk, guard};
use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use hyper::{HeaderMap, Method, Request};
use std::io::Read as _;
use std::time::Duration;
use tokio::time::timeout;

/// The longest body, compressed or not.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// How a message of gRPC is compressed that says it is.
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// What stands before a message of gRPC: whether it is compressed, and four bytes of its length.
const GRPC_PREFIX_BYTES: usize = 5;

/// How a request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    HttpJson,
    HttpProtobuf,
    Grpc,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Logs,
    /// What is made here from what is recorded: taken, and not kept.
    TracesOrMetrics,
}

/// Why a request is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NotMeantForUs,
    Unauthenticated,
    UnknownPath,
    NotPosted,
    UnknownType,
    UnknownEncoding,
    TooLarge,
    Malformed(String),
    TooSlow,
    /// Sent again later it may be taken.
    NotRecorded(String),
}

/// The protocol, by the type of the body; `None` for one that is none of OTLP's.
pub(super) fn protocol(request: &Request<Incoming>) -> Option<Protocol> {
    let said = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => Some(Protocol::HttpJson),
        "application/x-protobuf" => Some(Protocol::HttpProtobuf),
        "application/grpc" | "application/grpc+proto" => Some(Protocol::Grpc),
        _ => None,
    }
}

fn signal(path: &str) -> Option<Signal> {
    match path {
        "/v1/logs" | "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Some(Signal::Logs),
        "/v1/traces"
        | "/v1/metrics"
        | "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        | "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Some(Signal::TracesOrMetrics),
        _ => None,
    }
}

/// Whether somebody on this machine asks what the metrics are.
pub(super) fn is_for_metrics(request: &Request<Incoming>) -> bool {
    guard::is_meant_for_us(request.uri(), request.headers())
        && request.method() == Method::GET
        && request.uri().path() == "/metrics"
}

/// Takes a request: what it holds that is to be kept is recorded when this returns.
pub(super) async fn take(
    desk: &Desk,
    protocol: Option<Protocol>,
    request: Request<Incoming>,
) -> Result<(), Refusal> {
    if !guard::is_meant_for_us(request.uri(), request.headers()) {
        return Err(Refusal::NotMeantForUs);
    }
    if !desk.guard.knows(request.headers()) {
        return Err(Refusal::Unauthenticated);
    }
    let signal = signal(request.uri().path()).ok_or(Refusal::UnknownPath)?;
    if request.method() != Method::POST {
        return Err(Refusal::NotPosted);
    }
    let protocol = protocol.ok_or(Refusal::UnknownType)?;
    let (head, body) = request.into_parts();
    let body = read(body).await?;
    let message = match protocol {
        Protocol::Grpc => grpc_message(&head.headers, body)?,
        Protocol::HttpJson | Protocol::HttpProtobuf => {
            expanded(body, head.headers.get(CONTENT_ENCODING).map(|value| value.as_bytes()))?
        }
    };
    if signal == Signal::TracesOrMetrics {
        return Ok(());
    }
    let heard = logs::heard(protocol, &message).map_err(Refusal::Malformed)?;
    desk.intake.record(heard).map_err(|error| Refusal::NotRecorded(error.to_string()))
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(Refusal::TooLarge);
    }
    match timeout(PATIENCE, Limited::new(body, BODY_BYTES_MAX).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Ok(Err(error)) => Err(Refusal::Malformed(error.to_string())),
        Err(_) => Err(Refusal::TooSlow),
    }
}

/// The message of a call that has one.
fn grpc_message(headers: &HeaderMap, mut body: Bytes) -> Result<Bytes, Refusal> {
    let cut = || Refusal::Malformed("the message is cut".to_owned());
    if body.len() < GRPC_PREFIX_BYTES {
        return Err(cut());
    }
    let prefix = body.split_to(GRPC_PREFIX_BYTES);
    let (is_compressed, length) = match *prefix {
        [flag, a, b, c, d] => (flag != 0, u32::from_be_bytes([a, b, c, d])),
        _ => return Err(cut()),
    };
    if body.len() as u64 != u64::from(length) {
        return Err(cut());
    }
    let encoding = headers.get(GRPC_ENCODING).map(|value| value.as_bytes());
    match (is_compressed, encoding) {
        (false, _) => Ok(body),
        (true, None) => Err(Refusal::UnknownEncoding),
        (true, encoding) => expanded(body, encoding),
    }
}

/// A body as it was before it was compressed.
fn expanded(body: Bytes, encoding: Option<&[u8]>) -> Result<Bytes, Refusal> {
    match encoding {
        None | Some(b"identity") => Ok(body),
        Some(b"gzip") => {
            let mut bytes = Vec::new();
            let expanded = GzDecoder::new(&*body).take(BODY_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
            let length = expanded.map_err(|error| Refusal::Malformed(error.to_string()))?;
            if length > BODY_BYTES_MAX { Err(Refusal::TooLarge) } else { Ok(bytes.into()) }
        }
        Some(_) => Err(Refusal::UnknownEncoding),
    }
}
