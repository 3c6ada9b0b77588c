//! A destination: where to, in what form, with which headers, and what of everything it gets.

mod protocol;
mod signals;
mod tls;

use crate::exporters::{Kind, OTLP, Place};
use crate::sampling::Sampling;
pub use protocol::{Compression, Protocol};
pub use signals::Signals;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tacho_model::metric::Temporality;
use tacho_privacy::CaptureLevel;
pub use tls::{Tls, TlsError};
use ureq::http::Uri;

/// How long one request may take unless somebody says otherwise (OTLP exporter specification).
const TIMEOUT: Duration = Duration::from_secs(10);

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
    /// Names the destination in the store and in reports: its base URL or its kind and place, and whom it is for unless it is
    /// for all.
    endpoint: String,
    /// Base URL, to which `/v1/traces` is added; a path, where it is one on this machine.
    base: String,
    /// Whether the base is all of the URL.
    is_whole: bool,
    /// Headers of every request.
    headers: Vec<Header>,
    /// What its owner calls it.
    pub label: Option<String>,
    /// How it is sent to.
    pub kind: &'static Kind,
    /// Transport and encoding.
    pub protocol: Protocol,
    /// By whose word it is believed to be itself, and what we show it.
    pub tls: Tls,
    /// Whether bodies are compressed on their way.
    pub compression: Compression,
    /// How long one request may take.
    pub timeout: Duration,
    /// How much it gets.
    pub level: CaptureLevel,
    /// Which signals it gets.
    pub signals: Signals,
    /// Whether it gets what hooks said, too.
    pub keeps_events: bool,
    /// Which traces it gets.
    pub sampling: Sampling,
    /// From when the sums it gets count.
    pub temporality: Temporality,
    /// How often it gets metrics, where somebody says so.
    pub metrics_interval: Option<Duration>,
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
    /// The place on this machine is no absolute path.
    #[error("path {0:?} is not absolute")]
    Path(PathBuf),
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
const SECRET_WORDS: [&str; 8] =
    ["auth", "token", "key", "secret", "password", "cookie", "credential", "honeycomb"];

impl Destination {
    /// An OTLP receiver, checked, that gets everything at this level.
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
        Ok(Self { headers, protocol, ..Self::at(endpoint.clone(), endpoint, &OTLP, level) })
    }

    /// A place on this machine that gets everything at this level; without a path, whoever looks at the terminal.
    ///
    /// # Errors
    /// When the path is not absolute.
    pub fn on_this_machine(
        kind: &'static Kind,
        path: Option<&Path>,
        level: CaptureLevel,
    ) -> Result<Self, DestinationError> {
        let Some(path) = path else {
            return Ok(Self::at(kind.name.to_owned(), String::new(), kind, level));
        };
        if !path.is_absolute() {
            return Err(DestinationError::Path(path.to_owned()));
        }
        let base = path.display().to_string();
        Ok(Self::at(format!("{}:{base}", kind.name), base, kind, level))
    }

    fn at(endpoint: String, base: String, kind: &'static Kind, level: CaptureLevel) -> Self {
        Self {
            endpoint,
            base,
            kind,
            level,
            is_whole: false,
            headers: Vec::new(),
            label: None,
            protocol: kind.protocol.unwrap_or_default(),
            tls: Tls::default(),
            compression: Compression::default(),
            timeout: TIMEOUT,
            signals: Signals::default(),
            keeps_events: kind.keeps_events,
            sampling: Sampling::default(),
            temporality: Temporality::default(),
            metrics_interval: None,
        }
    }

    /// The same destination of another kind.
    #[must_use]
    pub fn of_kind(self, kind: &'static Kind) -> Self {
        let to = Self { kind, protocol: kind.protocol.unwrap_or(self.protocol), ..self };
        match kind.path.filter(|_| !has_path(&to.base)) {
            Some(path) => {
                Self { endpoint: format!("{}{path}", to.endpoint), base: format!("{}{path}", to.base), ..to }
            }
            None => to,
        }
    }

    /// The same destination with other headers.
    ///
    /// # Errors
    /// [`DestinationError`] says which rule they break.
    pub fn with_headers(self, headers: Vec<Header>) -> Result<Self, DestinationError> {
        let checked = Self::new(&self.base, self.protocol, headers, self.level)?;
        Ok(Self { headers: checked.headers, ..self })
    }

    /// The same destination whose base is all of the URL of its one signal.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// The same destination for a part of all sessions, under a name of its own.
    #[must_use]
    pub fn only_for(self, part: &str) -> Self {
        Self { endpoint: format!("{} for {part}", self.base), ..self }
    }

    /// The URL of a signal.
    #[must_use]
    pub fn url(&self, signal: &str) -> String {
        if self.is_whole { self.base.clone() } else { format!("{}/v1/{signal}", self.base) }
    }

    /// What it is called in the store and in reports: its base URL or its kind and place, and whom it is for unless it is
    /// for all.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The base URL; a path, where it is one on this machine.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The headers of every request.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// Whether what it gets is encrypted on its way.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.kind.place == Place::Address && self.base.starts_with("https:")
    }

    /// Whether what it gets stays on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.kind.place {
            Place::Address => self.base.parse::<Uri>().is_ok_and(|uri| is_loopback(uri.host())),
            Place::Directory | Place::File | Place::Terminal => true,
        }
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

fn has_path(base: &str) -> bool {
    base.split_once("://").is_some_and(|(_, behind)| behind.contains('/'))
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
