//! What an answer means, and when to try again: written once for every kind of destination.
//!
//! Source of the rules: OTLP specification 1.11, "OTLP/HTTP Response" and "OTLP/HTTP Throttling".

mod status;
mod unreachable;

use jiff::fmt::rfc2822;
pub use status::Status;
use std::time::Duration;
pub use unreachable::{Cause, Unreachable};

/// The first pause after a failure.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const BACKOFF_MAX: Duration = Duration::from_secs(300);
/// A receiver may ask for a pause of up to this, and none is longer.
pub const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: Status,
    /// The `Retry-After` header, or the seconds of a `RetryInfo`.
    pub retry_after: Option<String>,
    /// Items the receiver says it refused.
    pub rejected: u64,
    /// What the receiver says about it.
    pub message: Option<String>,
}

/// What became of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken, except for `rejected` items, which must not be sent again.
    Taken {
        /// Items refused.
        rejected: u64,
        /// What the receiver says about it.
        message: Option<String>,
    },
    /// The receiver asks to try again.
    Busy {
        /// Status code.
        status: Status,
        /// The pause it asks for, as a `Retry-After` says it.
        retry_after: Option<String>,
    },
    /// The receiver does not know us, or neither this path nor such requests: nothing gets through until somebody
    /// mends it.
    Misconfigured {
        /// Status code.
        status: Status,
    },
    /// The receiver will never take this request; where it is to blame for that, parts of it may be taken.
    Refused {
        /// Status code.
        status: Status,
        /// What the receiver says about it.
        message: Option<String>,
    },
    /// No answer came.
    Unreachable(Unreachable),
}

impl Answer {
    /// An answer that says nothing but this.
    #[must_use]
    pub const fn of(status: Status) -> Self {
        Self { status, retry_after: None, rejected: 0, message: None }
    }
}

/// What an answer means for the request.
#[must_use]
pub fn judge(answer: &Answer) -> Outcome {
    let status = answer.status;
    match status.verdict() {
        Verdict::Taken => Outcome::Taken { rejected: answer.rejected, message: answer.message.clone() },
        Verdict::Busy => Outcome::Busy { status, retry_after: answer.retry_after.clone() },
        // Without a time it is no promise that more fits later: requests are too large for it.
        Verdict::Full if answer.retry_after.is_some() => {
            Outcome::Busy { status, retry_after: answer.retry_after.clone() }
        }
        Verdict::Misconfigured => Outcome::Misconfigured { status },
        Verdict::Full | Verdict::Refused => Outcome::Refused { status, message: answer.message.clone() },
    }
}

/// What a status alone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    Busy,
    /// There is too much of something; busy, if it says for how long.
    Full,
    Misconfigured,
    Refused,
}

/// What a refusal is worth: whether there may be one bad item, or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something in the request is wrong.
    BadItem,
    /// It is too large.
    TooLarge,
    /// The receiver is at fault, and would be with any request.
    Whole,
}

impl Refusal {
    /// What a status that is not retried says.
    #[must_use]
    pub const fn of(status: Status) -> Self {
        match status {
            Status::Http(400 | 422) | Status::Grpc(Status::INVALID_ARGUMENT) => Self::BadItem,
            Status::Http(413) | Status::Grpc(Status::RESOURCE_EXHAUSTED) => Self::TooLarge,
            Status::Http(_) | Status::Grpc(_) => Self::Whole,
        }
    }
}

/// How long to wait after `failures` failures in a row: doubling pauses, of which a share between a half and the
/// whole is taken. `share` is any number; it spreads clients apart.
#[must_use]
pub fn backoff(failures: u64, share: u64) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let whole = BACKOFF_FIRST.saturating_mul(2_u32.pow(doublings)).min(BACKOFF_MAX);
    let half = whole / 2;
    let parts = u32::try_from(share % 1000).unwrap_or(0);
    half + half * parts / 1000
}

/// The pause a `Retry-After` asks for: seconds, or a date of RFC 9110 (section 10.2.3).
#[must_use]
pub fn retry_after(value: &str, now_unix_seconds: i64) -> Option<Duration> {
    let value = value.trim();
    let seconds = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large for us is a long time.
        value.parse().unwrap_or(u64::MAX)
    } else {
        let date = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
        u64::try_from(date.as_second().saturating_sub(now_unix_seconds)).unwrap_or(0)
    };
    Some(Duration::from_secs(seconds).min(PAUSE_MAX))
}
