//! An exporter of OTLP as the file describes one, and the destination that several of them are together.

use super::value::{entries, list, number, text, truth};
use crate::config::described::Described;
use crate::config::environment::headers_from;
use crate::config::files::Files;
use serde_json::Value as Json;
use std::path::PathBuf;
use tacho_export::destination::{Destination, Protocol};

/// One exporter of one signal.
pub(super) struct Exporter {
    described: Described,
    /// Whether the endpoint is all of the URL.
    is_whole: bool,
    temporality: Option<String>,
    /// What of it has no place here.
    pub(super) unfit: Vec<String>,
}

/// Where signals go that differ in nothing else.
pub(super) struct Way {
    pub(super) described: Described,
    is_whole: bool,
    signals: Vec<&'static str>,
    temporality: Option<String>,
    interval_s: Option<f64>,
    /// Where the first of them stands.
    pub(super) key: String,
}

impl Exporter {
    /// Reads one; `None` for what is no exporter of OTLP.
    pub(super) fn read(signal: &str, kind: &str, of: &Json) -> Option<Self> {
        let said = of.get("protocol").and_then(text);
        let mut protocol = match (kind, said.as_deref()) {
            ("otlp_grpc", _) | ("otlp", Some("grpc")) => Protocol::Grpc,
            ("otlp_http", _) | ("otlp", _) => Protocol::HttpProtobuf,
            _ => return None,
        };
        if of.get("encoding").and_then(text).as_deref() == Some("json")
            || said.as_deref() == Some("http/json")
        {
            protocol = Protocol::HttpJson;
        }
        let mut read =
            Self { described: Described::default(), is_whole: false, temporality: None, unfit: Vec::new() };
        let (mut endpoint, mut is_insecure) = (None, false);
        let mut headers = Vec::new();
        for (key, value) in entries(of) {
            match key.as_str() {
                "protocol" | "encoding" => {}
                "endpoint" => endpoint = text(value),
                "headers" => {
                    let pairs = list(value).filter_map(|pair| Some((pair.get("name")?, pair.get("value")?)));
                    headers.extend(pairs.filter_map(|(name, value)| Some((text(name)?, text(value)?))));
                    headers.extend(
                        entries(value).filter_map(|(name, value)| Some((name.clone(), text(value)?))),
                    );
                }
                "headers_list" => match headers_from(&text(value).unwrap_or_default()) {
                    // Where both name a header, `headers` counts.
                    Ok(pairs) => headers
                        .splice(..0, pairs.into_iter().map(|pair| (pair.name, pair.value)))
                        .for_each(drop),
                    Err(()) => read.unfit.push(key.clone()),
                },
                "compression" => read.described.compression = text(value),
                "timeout" => read.described.timeout_s = number(value).map(|timeout| timeout / 1000.0),
                "temporality_preference" => {
                    read.temporality = text(value).map(|name| name.replace("low_memory", "lowmemory"));
                }
                "tls" => entries(value).for_each(|(key, value)| is_insecure |= read.tls(key, value)),
                "insecure" => is_insecure |= truth(value) == Some(true),
                "certificate" | "client_certificate" | "client_key" => drop(read.tls(key, value)),
                _ if value.is_null() => {}
                _ => read.unfit.push(key.clone()),
            }
        }
        read.described.headers = headers.into_iter().collect();
        read.described.protocol = Some(protocol.name().to_owned());
        read.lead_to(signal, endpoint, protocol, is_insecure);
        Some(read)
    }

    /// Takes a key of encrypted connections; whether it says that there is no encryption.
    fn tls(&mut self, key: &str, value: &Json) -> bool {
        let file = text(value).map(PathBuf::from);
        match key {
            "ca_file" | "certificate_file" | "certificate" => self.described.certificate = file,
            "cert_file" | "client_certificate_file" | "client_certificate" => {
                self.described.client_certificate = file;
            }
            "key_file" | "client_key_file" | "client_key" => self.described.client_key = file,
            "insecure" => return truth(value) == Some(true),
            _ => self.unfit.push(format!("tls.{key}")),
        }
        false
    }

    /// Over HTTP an endpoint is all of the URL; one that ends as usual is what the signals have in common.
    fn lead_to(&mut self, signal: &str, endpoint: Option<String>, protocol: Protocol, is_insecure: bool) {
        if protocol == Protocol::Grpc {
            let endpoint = endpoint.unwrap_or_else(|| "http://localhost:4317".to_owned());
            let scheme = if is_insecure { "http" } else { "https" };
            let has_scheme = endpoint.contains("://");
            self.described.endpoint =
                Some(if has_scheme { endpoint } else { format!("{scheme}://{endpoint}") });
            return;
        }
        let path = format!("/v1/{signal}");
        let endpoint = endpoint.unwrap_or_else(|| format!("http://localhost:4318{path}"));
        let base = endpoint.strip_suffix(&path).map(str::to_owned);
        self.is_whole = base.is_none();
        self.described.endpoint = Some(base.unwrap_or(endpoint));
    }
}

impl Way {
    /// Where one exporter leads.
    pub(super) fn of(read: Exporter, signal: &'static str, key: &str, interval_s: Option<f64>) -> Self {
        let Exporter { described, is_whole, temporality, .. } = read;
        Self { described, is_whole, signals: vec![signal], temporality, interval_s, key: key.to_owned() }
    }

    /// Whether another exporter is the same for another signal.
    pub(super) fn is_same(&self, read: &Exporter, signal: &str) -> bool {
        self.described == read.described
            && !self.is_whole
            && !read.is_whole
            && !self.signals.contains(&signal)
    }

    /// Takes that one in.
    pub(super) fn take(&mut self, read: Exporter, signal: &'static str, interval_s: Option<f64>) {
        self.signals.push(signal);
        self.temporality = self.temporality.take().or(read.temporality);
        self.interval_s = self.interval_s.or(interval_s);
    }

    /// The destination that is meant.
    pub(super) fn destination(self, sampling: Option<f64>, files: &mut Files) -> Result<Destination, String> {
        let described = Described {
            signals: Some(self.signals.into_iter().map(str::to_owned).collect()),
            sampling,
            sample_errors: Some(false),
            temporality: self.temporality,
            metrics_interval_s: self.interval_s,
            ..self.described
        };
        let to = described.destination(files).map_err(|complaint| complaint.reason)?;
        Ok(if self.is_whole { to.whole() } else { to })
    }
}
