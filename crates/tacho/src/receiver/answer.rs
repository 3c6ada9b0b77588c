//! Answers, in the form of the protocol that a request was made in.

use super::request::{Protocol, Refusal};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use prost::Message;
use serde_json::json;
use std::convert::Infallible;
use std::future::ready;
use tacho_export::prometheus;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// An answer of gRPC without any field: not compressed, and no bytes long.
const GRPC_EMPTY: &[u8] = &[0; 5];

/// The body of an answer.
pub(super) type Answer = BoxBody<Bytes, Infallible>;

/// What an answer says that is none, `google.rpc.Status`.
#[derive(Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// The answer to a request.
pub(super) fn to(protocol: Option<Protocol>, taken: Result<(), Refusal>) -> Response<Answer> {
    match (protocol, taken) {
        (Some(Protocol::Grpc), Ok(())) => {
            let trailers = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]);
            let body = Full::new(Bytes::from_static(GRPC_EMPTY)).with_trailers(ready(Some(Ok(trailers))));
            of_type("application/grpc", body.boxed())
        }
        (Some(Protocol::Grpc), Err(refusal)) => grpc_error(&refusal),
        (Some(Protocol::HttpProtobuf), Ok(())) => of_type("application/x-protobuf", full(Vec::new())),
        (Some(Protocol::HttpProtobuf), Err(refusal)) => {
            let status = Status { code: refusal.code(), message: refusal.message() };
            http_error(&refusal, "application/x-protobuf", status.encode_to_vec())
        }
        (Some(Protocol::HttpJson) | None, Ok(())) => of_type("application/json", full(b"{}".to_vec())),
        (Some(Protocol::HttpJson) | None, Err(refusal)) => {
            let status = json!({ "code": refusal.code(), "message": refusal.message() });
            http_error(&refusal, "application/json", status.to_string().into_bytes())
        }
    }
}

/// Metrics as text; none where they could not be read.
pub(super) fn shown(text: Option<String>) -> Response<Answer> {
    let is_there = text.is_some();
    let mut response = of_type(prometheus::CONTENT_TYPE, full(text.unwrap_or_default().into_bytes()));
    if !is_there {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

fn full(bytes: Vec<u8>) -> Answer {
    Full::new(Bytes::from(bytes)).boxed()
}

fn of_type(kind: &'static str, body: Answer) -> Response<Answer> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn http_error(refusal: &Refusal, kind: &'static str, body: Vec<u8>) -> Response<Answer> {
    let mut response = of_type(kind, full(body));
    *response.status_mut() = refusal.http_status();
    if *refusal == Refusal::NotPosted {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// The outcome of a call of gRPC stands in headers where there is nothing else to say.
fn grpc_error(refusal: &Refusal) -> Response<Answer> {
    let mut response = of_type("application/grpc", Empty::new().boxed());
    let headers = response.headers_mut();
    headers.insert(GRPC_STATUS, HeaderValue::from(refusal.code()));
    if let Ok(message) = HeaderValue::from_str(&percent_encoded(&refusal.message())) {
        headers.insert(GRPC_MESSAGE, message);
    }
    response
}

/// Everything but printable ASCII and the percent sign itself stays.
fn percent_encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b' '..=b'~' if byte != b'%' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}

impl Refusal {
    fn message(&self) -> String {
        match self {
            Self::NotMeantForUs => "the host that was asked for is not this machine".to_owned(),
            Self::Unauthenticated => "the token is missing or another; tacho doctor says more".to_owned(),
            Self::UnknownPath => "nothing is received here".to_owned(),
            Self::NotPosted => "telemetry is sent by POST".to_owned(),
            Self::UnknownType => {
                "the body is none of application/json, application/x-protobuf, application/grpc".to_owned()
            }
            Self::UnknownEncoding => "the body is compressed, and not by gzip".to_owned(),
            Self::TooLarge => "the body is longer than 16 MiB".to_owned(),
            Self::Malformed(why) => format!("the body cannot be read: {why}"),
            Self::TooSlow => "the body did not arrive in time".to_owned(),
            Self::NotRecorded(why) => format!("it could not be recorded: {why}"),
        }
    }

    fn http_status(&self) -> StatusCode {
        match self {
            Self::NotMeantForUs => StatusCode::FORBIDDEN,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::NotPosted => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnknownType | Self::UnknownEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NotRecorded(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The number of gRPC's status, which bodies of other errors hold as well.
    fn code(&self) -> i32 {
        match self {
            Self::Malformed(_) | Self::UnknownType => 3,
            Self::TooSlow => 4,
            Self::NotMeantForUs => 7,
            Self::TooLarge => 8,
            Self::UnknownPath | Self::NotPosted | Self::UnknownEncoding => 12,
            Self::NotRecorded(_) => 14,
            Self::Unauthenticated => 16,
        }
    }
}
