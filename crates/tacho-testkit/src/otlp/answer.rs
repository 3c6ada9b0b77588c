//! What the receiver answers when a test does not want the plain 200.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

use super::Encoding;
use crate::http::Reply;

/// One scripted answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// An HTTP answer.
    Status {
        /// HTTP status.
        status: u16,
        /// Headers besides length and type.
        headers: Vec<(String, String)>,
        /// The body.
        body: AnswerBody,
        /// How long the sender waits for it.
        delay: Duration,
    },
    /// The request is read, then the connection is closed without an answer.
    HangUp {
        /// How long the sender waits for that.
        delay: Duration,
    },
}

/// The body of an answer, which follows the encoding of its request where it has a meaning.
#[derive(Debug, Clone)]
pub enum AnswerBody {
    /// The empty response message: everything was taken.
    Empty,
    /// A response that names how many items were refused.
    PartialSuccess {
        /// Refused items.
        rejected: i64,
        /// Why.
        message: String,
    },
    /// These very bytes, as text.
    Text(String),
}

impl Answer {
    /// Everything was taken.
    pub fn ok() -> Self {
        Self::Status { status: 200, headers: Vec::new(), body: AnswerBody::Empty, delay: Duration::ZERO }
    }

    /// An error status without a body of its own.
    pub fn error(status: u16) -> Self {
        let body = AnswerBody::Text(format!("scripted {status}"));
        Self::Status { status, headers: Vec::new(), body, delay: Duration::ZERO }
    }

    /// An error status with a `Retry-After` header.
    pub fn retry_after(status: u16, seconds: u64) -> Self {
        let headers = vec![("retry-after".to_owned(), seconds.to_string())];
        let body = AnswerBody::Text(format!("scripted {status}"));
        Self::Status { status, headers, body, delay: Duration::ZERO }
    }

    /// A success that refused some items.
    pub fn partial_success(rejected: i64, message: &str) -> Self {
        let body = AnswerBody::PartialSuccess { rejected, message: message.to_owned() };
        Self::Status { status: 200, headers: Vec::new(), body, delay: Duration::ZERO }
    }

    /// Everything was taken, but the answer comes late.
    pub fn slow(delay: Duration) -> Self {
        Self::Status { status: 200, headers: Vec::new(), body: AnswerBody::Empty, delay }
    }

    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::HangUp { .. } => None,
        }
    }

    pub(super) fn delay(&self) -> Duration {
        match self {
            Self::Status { delay, .. } | Self::HangUp { delay } => *delay,
        }
    }

    pub(super) fn into_reply(self, encoding: Encoding) -> Reply {
        match self {
            Self::HangUp { .. } => Reply::HangUp,
            Self::Status { status, mut headers, body, .. } => {
                headers.push(("content-type".to_owned(), body.content_type(encoding).to_owned()));
                Reply::Whole { status, headers, body: body.encode(encoding) }
            }
        }
    }
}

impl AnswerBody {
    fn content_type(&self, encoding: Encoding) -> &'static str {
        match (self, encoding) {
            (Self::Text(_), _) => "text/plain",
            (_, Encoding::Json) => "application/json",
            (_, Encoding::Protobuf) => "application/x-protobuf",
        }
    }

    fn encode(&self, encoding: Encoding) -> Vec<u8> {
        match (self, encoding) {
            (Self::Text(text), _) => text.clone().into_bytes(),
            (Self::Empty, Encoding::Json) => b"{}".to_vec(),
            (Self::Empty, Encoding::Protobuf) => Vec::new(),
            (Self::PartialSuccess { rejected, message }, Encoding::Json) => {
                let partial = json!({ "rejectedSpans": rejected.to_string(), "errorMessage": message });
                json!({ "partialSuccess": partial }).to_string().into_bytes()
            }
            // Logs and metrics have messages of their own with the same field numbers.
            (Self::PartialSuccess { rejected, message }, Encoding::Protobuf) => {
                let partial =
                    ExportTracePartialSuccess { rejected_spans: *rejected, error_message: message.clone() };
                ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec()
            }
        }
    }
}
