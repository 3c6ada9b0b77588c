//! A destination: where to, in what form, with which headers, and how much it gets.

use std::fmt;
use std::net::IpAddr;
use tacho_privacy::CaptureLevel;
use ureq::http::Uri;

/// Encoding of OTLP over HTTP (OTLP specification, section "OTLP/HTTP").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Binary protobuf.
    #[default]
    HttpProtobuf,
    /// JSON.
    HttpJson,
}

impl Protocol {
    /// The protocol with the name that `OTEL_EXPORTER_OTLP_PROTOCOL` gives it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "http/protobuf" => Some(Self::HttpProtobuf),
            "http/json" => Some(Self::HttpJson),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
        }
    }

    /// The protocol whose bodies have this media type.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        [Self::HttpProtobuf, Self::HttpJson].into_iter().find(|known| known.content_type() == content_type)
    }

    /// Media type of a body.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "application/x-protobuf",
            Self::HttpJson => "application/json",
        }
    }
}

/// A header, whose value may be secret and is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for Header {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ..", self.name)
    }
}

/// Where telemetry goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Names the destination in the store and in reports: its base URL, and whom it is for unless it is for all.
    endpoint: String,
    /// Base URL, to which `/v1/traces` is added.
    base: String,
    /// Encoding.
    pub protocol: Protocol,
    /// Headers of every request.
    headers: Vec<Header>,
    /// How much it gets.
    pub level: CaptureLevel,
}

/// Why a destination cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// The endpoint is no absolute http or https URL.
    #[error("endpoint {0:?} is not an http:// or https:// URL")]
    Endpoint(String),
    /// The endpoint carries user info.
    #[error("the endpoint holds a user name or password; give them as a header")]
    Credentials,
    /// The endpoint has a query or a fragment, behind which no path can be added.
    #[error("the endpoint has a query or fragment; give its base, and secrets as a header")]
    Query,
    /// A header is malformed.
    #[error("header {0:?} is not a valid HTTP header")]
    Header(String),
    /// A secret would travel in clear text.
    #[error("header {header:?} would travel in clear text to {endpoint}; use https")]
    PlainSecret {
        /// The header.
        header: String,
        /// The endpoint.
        endpoint: String,
    },
}

/// Parts of the names of headers that carry secrets.
const SECRET_WORDS: [&str; 7] = ["auth", "token", "key", "secret", "password", "cookie", "credential"];

impl Destination {
    /// A destination, checked.
    ///
    /// # Errors
    /// [`DestinationError`] says which rule it breaks.
    pub fn new(
        endpoint: &str,
        protocol: Protocol,
        headers: Vec<Header>,
        level: CaptureLevel,
    ) -> Result<Self, DestinationError> {
        // Before anything else, because every other error shows the endpoint.
        if endpoint.contains('@') {
            return Err(DestinationError::Credentials);
        }
        let uri: Uri = endpoint.parse().map_err(|_| DestinationError::Endpoint(endpoint.to_owned()))?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        if !matches!(scheme, "http" | "https") || authority.is_empty() {
            return Err(DestinationError::Endpoint(endpoint.to_owned()));
        }
        if endpoint.contains(['?', '#']) {
            return Err(DestinationError::Query);
        }
        let is_sound = |header: &Header| {
            ureq::http::HeaderName::from_bytes(header.name.as_bytes()).is_ok()
                && ureq::http::HeaderValue::from_str(&header.value).is_ok()
        };
        if let Some(unsound) = headers.iter().find(|header| !is_sound(header)) {
            return Err(DestinationError::Header(unsound.name.clone()));
        }
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        if scheme == "http"
            && !is_loopback(uri.host())
            && let Some(secret) = headers.iter().find(|header| is_secret(&header.name))
        {
            return Err(DestinationError::PlainSecret { header: secret.name.clone(), endpoint });
        }
        Ok(Self { base: endpoint.clone(), endpoint, protocol, headers, level })
    }

    /// The same destination for a part of all sessions, under a name of its own.
    #[must_use]
    pub fn only_for(self, part: &str) -> Self {
        Self { endpoint: format!("{} for {part}", self.base), ..self }
    }

    /// The URL of a signal.
    #[must_use]
    pub fn url(&self, signal: &str) -> String {
        format!("{}/v1/{signal}", self.base)
    }

    /// What it is called in the store and in reports: its base URL, and whom it is for unless it is for all.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The base URL.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The headers of every request.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// Whether the endpoint is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.base.parse::<Uri>().is_ok_and(|uri| is_loopback(uri.host()))
    }
}

/// The origin of an endpoint: scheme, host and port. `None` for what is no http or https URL.
#[must_use]
pub fn origin_of(endpoint: &str) -> Option<String> {
    let uri: Uri = endpoint.parse().ok()?;
    let scheme = uri.scheme_str()?;
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let host = uri.host()?.to_ascii_lowercase();
    Some(format!("{scheme}://{host}:{}", uri.port_u16().unwrap_or(default_port)))
}

fn is_secret(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

fn is_loopback(host: Option<&str>) -> bool {
    let host = host.unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
