//! Sending: one encoded body to one destination, and what is answered.

use crate::delivery::{Answer, Outcome, Unreachable, judge};
use crate::destination::Destination;
use crate::otlp::Signal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};

/// How long one request may take (OTLP exporter specification).
const TIMEOUT: Duration = Duration::from_secs(10);
/// An answer beyond this is not read (OTLP specification).
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;
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
    pub fn send(&self, to: &Destination, signal: Signal, content_type: &str, body: &[u8]) -> Outcome {
        let mut request = self
            .agent
            .post(to.url(signal.name()))
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
    let (retry_after, content_type) = (header("retry-after"), header("content-type").unwrap_or_default());
    let status = response.status().as_u16();
    // An answer that cannot be read to its end still has a status, and that decides.
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().unwrap_or_default();
    let (rejected, message) = if (200..300).contains(&status) {
        partial_success(&content_type, &body)
    } else {
        (0, error_message(&content_type, &body))
    };
    let cut = |message: String| message.chars().take(MESSAGE_CHARS_MAX).collect::<String>();
    let message = message.map(cut).filter(|message| !message.is_empty());
    Answer { status, retry_after, rejected, message }
}

/// What an answer says about single items. Some receivers answer in another encoding than they were asked in, or
/// with text; what cannot be decoded says nothing.
fn partial_success(content_type: &str, body: &[u8]) -> (u64, Option<String>) {
    let said = decoded::<Success>(content_type, body).and_then(|success| success.partial_success);
    let Some(PartialSuccess { rejected, error_message }) = said else { return (0, None) };
    (u64::try_from(rejected).unwrap_or(0), error_message)
}

fn error_message(content_type: &str, body: &[u8]) -> Option<String> {
    if content_type.starts_with("text/plain") {
        return String::from_utf8(body.to_vec()).ok();
    }
    decoded::<Status>(content_type, body).map(|status| status.message)
}

fn decoded<M: prost::Message + Default + DeserializeOwned>(content_type: &str, body: &[u8]) -> Option<M> {
    if content_type.contains("json") { serde_json::from_slice(body).ok() } else { M::decode(body).ok() }
}

/// A number as JSON of protobuf has it: as text, or as a number all the same. What is neither counts nothing.
fn int64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let said = Json::deserialize(deserializer)?;
    Ok(said.as_i64().or_else(|| said.as_str()?.parse().ok()).unwrap_or(0))
}
