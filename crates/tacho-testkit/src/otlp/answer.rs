//! What the receiver answers when a test does not want the plain 200.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

use super::{Encoding, Signal};
use crate::http::{BodyStream, Ending, Reply};

/// Zeros are written in pieces of this size.
const PIECE_BYTES: usize = 64 * 1024;

/// One scripted answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// An HTTP answer.
    Status {
        /// HTTP status.
        status: u16,
        /// Headers besides length, type and encoding.
        headers: Vec<(String, String)>,
        /// The body.
        body: AnswerBody,
        /// The encoding that the body speaks; else that of the request.
        encoding: Option<Encoding>,
        /// How long the sender waits for it.
        delay: Duration,
    },
    /// The request is read, then the connection is closed without an answer.
    HangUp {
        /// How long the sender waits for that.
        delay: Duration,
    },
    /// The connection is closed when the head of the request has been read. Where a rule gives it, the body has been
    /// read already, and it is [`Answer::HangUp`].
    HangUpUnread,
    /// The request is read, and nothing more happens until the sender or the receiver goes away.
    Silence,
}

/// The body of an answer.
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
    /// As many zero bytes, with their length ahead.
    Zeros(usize),
    /// As many zero bytes in a gzip stream of about a thousandth of that.
    GzipBomb(usize),
    /// Zero bytes one by one, so that no single read takes long.
    Drops {
        /// How many.
        drops: usize,
        /// How long the sender waits for each.
        pause: Duration,
    },
}

impl Answer {
    /// Everything was taken.
    pub fn ok() -> Self {
        Self::status(200, AnswerBody::Empty)
    }

    /// An error status that says so.
    pub fn error(status: u16) -> Self {
        Self::status(status, AnswerBody::Text(format!("scripted {status}")))
    }

    /// An error status with a `Retry-After` header in seconds.
    pub fn retry_after(status: u16, seconds: u64) -> Self {
        Self::error(status).with_header("retry-after", &seconds.to_string())
    }

    /// An error status with a `Retry-After` header that is a date. It has whole seconds: a fraction is cut off.
    pub fn retry_at(status: u16, time: SystemTime) -> Self {
        Self::error(status).with_header("retry-after", &http_date(time))
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::error(status).with_header("location", location)
    }

    /// A success that refused some items.
    pub fn partial_success(rejected: i64, message: &str) -> Self {
        Self::status(200, AnswerBody::PartialSuccess { rejected, message: message.to_owned() })
    }

    /// Everything was taken, but the answer comes late.
    pub fn slow(delay: Duration) -> Self {
        Self::ok().delayed(delay)
    }

    /// The same answer with a header more. Without a status there are no headers.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The same status with another body.
    #[must_use]
    pub fn with_body(mut self, other: AnswerBody) -> Self {
        if let Self::Status { body, .. } = &mut self {
            *body = other;
        }
        self
    }

    /// The same answer in this encoding, whatever the request spoke.
    #[must_use]
    pub fn in_encoding(mut self, wanted: Encoding) -> Self {
        if let Self::Status { encoding, .. } = &mut self {
            *encoding = Some(wanted);
        }
        self
    }

    /// The same answer, or the same hanging up, later.
    #[must_use]
    pub fn delayed(mut self, by: Duration) -> Self {
        match &mut self {
            Self::Status { delay, .. } | Self::HangUp { delay } => *delay = by,
            Self::HangUpUnread | Self::Silence => {}
        }
        self
    }

    fn status(status: u16, body: AnswerBody) -> Self {
        Self::Status { status, headers: Vec::new(), body, encoding: None, delay: Duration::ZERO }
    }

    pub(super) fn answered(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::HangUp { .. } | Self::HangUpUnread | Self::Silence => None,
        }
    }

    pub(super) fn delay(&self) -> Duration {
        match self {
            Self::Status { delay, .. } | Self::HangUp { delay } => *delay,
            Self::HangUpUnread | Self::Silence => Duration::ZERO,
        }
    }

    pub(super) fn into_reply(self, signal: Signal, of_request: Encoding) -> Reply {
        match self {
            Self::HangUp { .. } | Self::HangUpUnread => Reply::HangUp,
            Self::Silence => Reply::Silence,
            Self::Status { status, mut headers, body, encoding, .. } => {
                let encoding = encoding.unwrap_or(of_request);
                headers.push(("content-type".to_owned(), body.content_type(encoding).to_owned()));
                body.into_reply(status, headers, signal, encoding)
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

    fn into_reply(
        self,
        status: u16,
        mut headers: Vec<(String, String)>,
        signal: Signal,
        encoding: Encoding,
    ) -> Reply {
        let body = match (self, encoding) {
            (Self::Drops { drops, pause }, _) => {
                let produce = move |stream: &mut BodyStream<'_>| drip(stream, drops, pause);
                return Reply::Streamed { status, headers, produce: Box::new(produce) };
            }
            (Self::GzipBomb(bytes), _) => {
                headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
                gzipped_zeros(bytes)
            }
            (Self::Zeros(bytes), _) => vec![0; bytes],
            (Self::Text(text), _) => text.into_bytes(),
            (Self::Empty, Encoding::Json) => b"{}".to_vec(),
            (Self::Empty, Encoding::Protobuf) => Vec::new(),
            (Self::PartialSuccess { rejected, message }, Encoding::Json) => {
                let partial = json!({ rejected_key(signal): rejected.to_string(), "errorMessage": message });
                json!({ "partialSuccess": partial }).to_string().into_bytes()
            }
            // Logs and metrics have messages of their own with the same field numbers.
            (Self::PartialSuccess { rejected, message }, Encoding::Protobuf) => {
                let partial = ExportTracePartialSuccess { rejected_spans: rejected, error_message: message };
                ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec()
            }
        };
        Reply::Whole { status, headers, body }
    }
}

const fn rejected_key(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Logs => "rejectedLogRecords",
        Signal::Metrics => "rejectedDataPoints",
    }
}

/// The preferred form of RFC 9110, 5.6.7, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(time: SystemTime) -> String {
    let printed =
        Timestamp::try_from(time).and_then(|time| DateTimePrinter::new().timestamp_to_rfc9110_string(&time));
    // A time that has no such form is behind the year 9999.
    printed.unwrap_or_else(|_| "Fri, 31 Dec 9999 23:59:59 GMT".to_owned())
}

fn drip(stream: &mut BodyStream<'_>, drops: usize, pause: Duration) -> io::Result<Ending> {
    for _ in 0..drops {
        thread::sleep(pause);
        stream.send(&[0])?;
    }
    Ok(Ending::Complete)
}

fn gzipped_zeros(bytes: usize) -> Vec<u8> {
    let zeros = [0; PIECE_BYTES];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut left = bytes;
    while left > 0 {
        let piece = zeros.get(..left).unwrap_or(&zeros);
        // Writing into memory does not fail.
        drop(encoder.write_all(piece));
        left -= piece.len();
    }
    encoder.finish().unwrap_or_default()
}
