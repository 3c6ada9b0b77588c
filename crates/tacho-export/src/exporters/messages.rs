//! The messages with which receivers of OTLP answer.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

/// Of what a receiver says, so many characters are kept.
const MESSAGE_CHARS_MAX: usize = 300;

/// The body of a success. The messages of all signals have the same fields; in JSON the count has a name for each.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Success {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    #[serde(
        default,
        alias = "rejectedSpans",
        alias = "rejectedLogRecords",
        alias = "rejectedDataPoints",
        deserialize_with = "int64"
    )]
    rejected: i64,
    #[prost(string, optional, tag = "2")]
    error_message: Option<String>,
}

/// The body of an error answer (OTLP specification, "OTLP/HTTP Response": a `google.rpc.Status`).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
}

/// What an answer says about single items. Some receivers answer in another encoding than they were asked in, or
/// with text; what cannot be decoded says nothing.
pub(super) fn partial_success(content_type: &str, body: &[u8]) -> (u64, Option<String>) {
    let said = decoded::<Success>(content_type, body).and_then(|success| success.partial_success);
    let Some(PartialSuccess { rejected, error_message }) = said else { return (0, None) };
    (u64::try_from(rejected).unwrap_or(0), error_message.and_then(clipped))
}

pub(super) fn error_message(content_type: &str, body: &[u8]) -> Option<String> {
    if content_type.starts_with("text/plain") {
        return String::from_utf8(body.to_vec()).ok().and_then(clipped);
    }
    decoded::<Status>(content_type, body).and_then(|status| clipped(status.message))
}

/// As much of a message as is kept; `None` for an empty one.
pub(super) fn clipped(message: String) -> Option<String> {
    let kept: String = message.chars().take(MESSAGE_CHARS_MAX).collect();
    (!kept.is_empty()).then_some(kept)
}

fn decoded<M: prost::Message + Default + DeserializeOwned>(content_type: &str, body: &[u8]) -> Option<M> {
    if content_type.contains("json") { serde_json::from_slice(body).ok() } else { M::decode(body).ok() }
}

/// A number as JSON of protobuf has it: as text, or as a number all the same. What is neither counts nothing.
fn int64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let said = Json::deserialize(deserializer)?;
    Ok(said.as_i64().or_else(|| said.as_str()?.parse().ok()).unwrap_or(0))
}
