//! Why no answer came, told apart by what somebody can do about it.

use std::error::Error;
use std::io::{self, ErrorKind};

/// How TLS words what the other side does not like, such as that we showed no certificate.
const TLS_ALERT: &str = "received fatal alert";

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// What failed.
    pub cause: Cause,
    /// The same in words.
    pub text: String,
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The name of the host leads nowhere.
    Name,
    /// Nobody listens there.
    Refused,
    /// No encrypted connection came about.
    Tls,
    /// It took too long.
    Timeout,
    /// Anything else.
    Other,
}

impl Unreachable {
    pub(crate) const fn other(text: String) -> Self {
        Self { cause: Cause::Other, text }
    }

    pub(crate) fn of_timeout() -> Self {
        Self { cause: Cause::Timeout, text: "timeout: no answer in time".to_owned() }
    }

    pub(crate) fn of_tls(error: &rustls::Error) -> Self {
        Self { cause: Cause::Tls, text: format!("tls: {error}") }
    }

    pub(crate) fn of_name(host: &str, error: &io::Error) -> Self {
        Self { cause: Cause::Name, text: format!("host not found: {host}: {error}") }
    }

    pub(crate) fn of_io(error: &io::Error) -> Self {
        Self { cause: cause_of(error), text: format!("io: {error}") }
    }

    pub(crate) fn of_hyper(error: &hyper::Error) -> Self {
        let mut text = error.to_string();
        let mut inner = error.source();
        let mut cause = Cause::Other;
        while let Some(error) = inner {
            text.push_str(&format!(": {error}"));
            cause = error.downcast_ref::<io::Error>().map_or(cause, cause_of);
            inner = error.source();
        }
        // HTTP/2 hands on what broke a connection in words alone.
        let cause = if text.contains(TLS_ALERT) { Cause::Tls } else { cause };
        Self { cause, text }
    }

    pub(crate) fn of_ureq(error: &ureq::Error) -> Self {
        let text = error.to_string();
        let cause = if matches!(error, ureq::Error::HostNotFound) {
            Cause::Name
        } else if matches!(error, ureq::Error::Timeout(_)) {
            Cause::Timeout
        } else if matches!(error, ureq::Error::Tls(_) | ureq::Error::Rustls(_)) {
            Cause::Tls
        } else if let ureq::Error::Io(error) = error {
            cause_of(error)
        } else {
            Cause::Other
        };
        Self { cause, text }
    }
}

fn cause_of(error: &io::Error) -> Cause {
    if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
        return Cause::Tls;
    }
    if error.kind() == ErrorKind::ConnectionRefused {
        Cause::Refused
    } else if error.kind() == ErrorKind::TimedOut {
        Cause::Timeout
    } else if error.to_string().starts_with("failed to lookup address") {
        Cause::Name
    } else {
        Cause::Other
    }
}
