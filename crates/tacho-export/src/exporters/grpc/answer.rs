//! What a call is answered: a status behind the message, or in place of it.

use crate::delivery::{Answer, Status, Unreachable};
use crate::exporters::messages::{clipped, error_message, partial_success};
use crate::percent;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::RETRY_AFTER;
use hyper::{HeaderMap, Response};
use prost::Message as _;

/// An answer beyond this is not read (OTLP specification).
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Base64 as receivers write it, with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The details of a status (`google.rpc.Status`).
#[derive(Clone, PartialEq, prost::Message)]
struct Details {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// One of them (`google.protobuf.Any`).
#[derive(Clone, PartialEq, prost::Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// When to try again (`google.rpc.RetryInfo`).
#[derive(Clone, PartialEq, prost::Message)]
struct Retry {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

/// A time (`google.protobuf.Duration`).
#[derive(Clone, PartialEq, prost::Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// Reads an answer to its end.
pub(super) async fn read(response: Response<Incoming>) -> Result<Answer, Unreachable> {
    let (head, body) = response.into_parts();
    let read = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    if head.status.as_u16() != 200 {
        // What answers is no gRPC: a proxy, or a receiver at another path.
        let body = read.map(|read| read.to_bytes()).unwrap_or_default();
        let content_type = text(&head.headers, "content-type").unwrap_or_default();
        return Ok(Answer {
            retry_after: text(&head.headers, RETRY_AFTER.as_str()),
            message: error_message(&content_type, &body),
            ..Answer::of(Status::Http(head.status.as_u16()))
        });
    }
    let read = read.map_err(|error| Unreachable::other(error.to_string()))?;
    let trailers = read.trailers().cloned().unwrap_or_default();
    // Where there is no message the status stands in the head.
    let said = |name: &str| text(&trailers, name).or_else(|| text(&head.headers, name));
    let Some(code) = said("grpc-status").and_then(|code| code.parse().ok()) else {
        return Err(Unreachable::other("the answer has no status of gRPC".to_owned()));
    };
    let details = said("grpc-status-details-bin").and_then(|details| BASE64.decode(details.trim()).ok());
    let message = said("grpc-message").map(|message| percent::decoded(&message)).and_then(clipped);
    let answer = Answer {
        message,
        retry_after: details.and_then(|bytes| pause(&bytes)),
        ..Answer::of(Status::Grpc(code))
    };
    if code != 0 {
        return Ok(answer);
    }
    let body = read.to_bytes();
    let (rejected, message) = partial_success("application/x-protobuf", body.get(5..).unwrap_or_default());
    Ok(Answer { rejected, message, ..answer })
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The pause that details ask for, in whole seconds as a `Retry-After` has them.
fn pause(details: &[u8]) -> Option<String> {
    let details = Details::decode(details).ok()?.details;
    let info = details.iter().find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = Retry::decode(info.value.as_slice()).ok()?.retry_delay?;
    let seconds = delay.seconds.saturating_add(i64::from(delay.nanos > 0));
    Some(seconds.max(0).to_string())
}
