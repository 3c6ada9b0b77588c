//! Status codes of HTTP and of gRPC, and what each says.

use super::Verdict;
use std::fmt;

/// A status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Of HTTP (RFC 9110, section 15).
    Http(u16),
    /// Of gRPC (`statuscodes.md` of its specification).
    Grpc(u16),
}

/// The names of the codes of gRPC, in the order of their numbers.
const GRPC_NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl Status {
    /// Something in a request is wrong.
    pub(crate) const INVALID_ARGUMENT: u16 = 3;
    /// The credentials may not do this.
    pub(crate) const PERMISSION_DENIED: u16 = 7;
    /// There is too much of something.
    pub(crate) const RESOURCE_EXHAUSTED: u16 = 8;
    /// There is no such service, or it does not know this compression.
    pub(crate) const UNIMPLEMENTED: u16 = 12;
    /// There are no credentials, or wrong ones.
    pub(crate) const UNAUTHENTICATED: u16 = 16;

    /// The status with which a text begins.
    #[must_use]
    pub fn at_start_of(text: &str) -> Option<Self> {
        let word = |rest: &str| rest.split([' ', ':']).next().map(str::to_owned);
        if let Some(rest) = text.strip_prefix("HTTP ") {
            return Some(Self::Http(word(rest)?.parse().ok()?));
        }
        let name = word(text.strip_prefix("gRPC ")?)?;
        let number = GRPC_NAMES.iter().position(|known| *known == name)?;
        Some(Self::Grpc(u16::try_from(number).ok()?))
    }

    /// Whether whoever asks is not known.
    #[must_use]
    pub const fn is_unauthorised(self) -> bool {
        matches!(self, Self::Http(401 | 403) | Self::Grpc(Self::UNAUTHENTICATED | Self::PERMISSION_DENIED))
    }

    /// Whether there is no place for such requests, though there may be one for requests of another signal.
    #[must_use]
    pub const fn lacks_signal(self) -> bool {
        matches!(self, Self::Http(404 | 405 | 406 | 415 | 501 | 505) | Self::Grpc(Self::UNIMPLEMENTED))
    }

    /// What somebody can do about it who configures.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Http(401) | Self::Grpc(Self::UNAUTHENTICATED) => "the token is missing or wrong",
            Self::Http(403) | Self::Grpc(Self::PERMISSION_DENIED) => "the token may not write here",
            Self::Http(404 | 405) => "there is no receiver for this signal at this path",
            Self::Http(406 | 415) => "it takes no requests in this encoding; another protocol may do",
            Self::Http(501 | 505) => "what answers there is no receiver of telemetry",
            Self::Grpc(Self::UNIMPLEMENTED) => "there is no receiver for this signal",
            Self::Http(_) | Self::Grpc(_) => "the endpoint leads elsewhere",
        }
    }

    /// The rules of the OTLP specification, "OTLP/HTTP Response" and "Failures" of OTLP/gRPC.
    pub(super) const fn verdict(self) -> Verdict {
        match self {
            Self::Http(200..=299) | Self::Grpc(0) => Verdict::Taken,
            Self::Http(429 | 502 | 503 | 504) | Self::Grpc(1 | 4 | 10 | 11 | 14 | 15) => Verdict::Busy,
            Self::Grpc(Self::RESOURCE_EXHAUSTED) => Verdict::Full,
            // A redirect is not followed: it could lead credentials and data somewhere else.
            Self::Http(300..=399 | 401 | 403 | 404 | 405 | 406 | 407 | 415 | 501 | 505)
            | Self::Grpc(Self::UNAUTHENTICATED | Self::PERMISSION_DENIED | Self::UNIMPLEMENTED) => {
                Verdict::Misconfigured
            }
            Self::Http(_) | Self::Grpc(_) => Verdict::Refused,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(status) => write!(formatter, "HTTP {status}"),
            Self::Grpc(code) => match GRPC_NAMES.get(usize::from(*code)) {
                Some(name) => write!(formatter, "gRPC {name}"),
                None => write!(formatter, "gRPC {code}"),
            },
        }
    }
}
