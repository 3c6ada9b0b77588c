//! The variables by which every OpenTelemetry exporter is told where to send (specification, "Environment Variable
//! Specification" and "OpenTelemetry Protocol Exporter"). What they say has no known author.
//!
//! An agent keeps them from its hooks, so they count for whoever drains from a terminal or serves.

use super::declared::{self, CONFIG_FILE};
use super::described::{self, Complaint, Described, choice};
use super::environment::{headers_from, variable};
use super::{Author, Config, Origin, Said};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tacho_export::destination::{Compression, Destination, Protocol, origin_of};
use tacho_model::metric::Temporality;

/// Attributes of everything that is sent.
pub(super) const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// The variables of one signal.
struct Variables {
    signal: &'static str,
    exporter: &'static str,
    endpoint: &'static str,
    protocol: &'static str,
    insecure: &'static str,
    headers: &'static str,
    certificate: &'static str,
    client_certificate: &'static str,
    client_key: &'static str,
    compression: &'static str,
    timeout: &'static str,
}

const OF_SIGNALS: [Variables; 3] = [
    Variables {
        signal: "traces",
        exporter: "OTEL_TRACES_EXPORTER",
        endpoint: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        protocol: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        insecure: "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
        headers: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        certificate: "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        client_certificate: "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
        client_key: "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
        compression: "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        timeout: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    },
    Variables {
        signal: "metrics",
        exporter: "OTEL_METRICS_EXPORTER",
        endpoint: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        protocol: "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        insecure: "OTEL_EXPORTER_OTLP_METRICS_INSECURE",
        headers: "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
        certificate: "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
        client_certificate: "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
        client_key: "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
        compression: "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
        timeout: "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
    },
    Variables {
        signal: "logs",
        exporter: "OTEL_LOGS_EXPORTER",
        endpoint: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        protocol: "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
        insecure: "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
        headers: "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
        certificate: "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
        client_certificate: "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",
        client_key: "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",
        compression: "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
        timeout: "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
    },
];

/// What holds for every signal that says nothing else.
const OF_ALL: Variables = Variables {
    signal: "",
    exporter: "",
    endpoint: "OTEL_EXPORTER_OTLP_ENDPOINT",
    protocol: "OTEL_EXPORTER_OTLP_PROTOCOL",
    insecure: "OTEL_EXPORTER_OTLP_INSECURE",
    headers: "OTEL_EXPORTER_OTLP_HEADERS",
    certificate: "OTEL_EXPORTER_OTLP_CERTIFICATE",
    client_certificate: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    client_key: "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    compression: "OTEL_EXPORTER_OTLP_COMPRESSION",
    timeout: "OTEL_EXPORTER_OTLP_TIMEOUT",
};

/// Where one signal goes, and how.
#[derive(Clone, PartialEq)]
struct Way {
    endpoint: String,
    /// Whether the endpoint is all of the URL.
    is_whole: bool,
    protocol: Protocol,
    headers: String,
    certificate: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
    compression: Compression,
    timeout_s: Option<f64>,
    /// The variable that says where.
    named_by: &'static str,
}

/// Takes in what the variables say.
pub(super) fn read(config: &mut Config) {
    if let Some(file) = variable(CONFIG_FILE) {
        return declared::read(&file, config);
    }
    if variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return;
    }
    let mut ways: Vec<(Way, Vec<String>)> = Vec::new();
    let mut printed = Vec::new();
    for own in &OF_SIGNALS {
        let exporters = variable(own.exporter);
        let mut is_sent = exporters.is_none();
        for exporter in exporters.iter().flat_map(|list| list.split(',')).map(str::trim) {
            match exporter {
                "otlp" => is_sent = true,
                "console" => printed.push(own.signal.to_owned()),
                "none" | "" => {}
                other => config.refuse(
                    Origin::Variable(own.exporter),
                    format!("{other:?} is none of otlp, console, none"),
                ),
            }
        }
        let is_asked_for = exporters.is_some();
        let Some(way) = way(own, is_asked_for, config).filter(|_| is_sent) else { continue };
        let is_same = |known: &Way| Way { named_by: way.named_by, ..known.clone() } == way;
        match ways.iter_mut().find(|(known, _)| is_same(known)) {
            Some((_, signals)) => signals.push(own.signal.to_owned()),
            None => ways.push((way, vec![own.signal.to_owned()])),
        }
    }
    for (way, signals) in ways {
        name(way, signals, config);
    }
    if !printed.is_empty() {
        let console = Some("console".to_owned());
        let described = Described { kind: console, signals: Some(printed), ..Described::default() };
        let to = described.destination(&mut config.files).map_err(|complaint| complaint.reason);
        config.name(Origin::Variable("OTEL_TRACES_EXPORTER"), Author::Unknown, to);
    }
}

/// What the variable for attributes of the resource says, or the file that stands in the place of all variables: nothing at all
/// if it cannot be read (specification, "Specifying resource information via an environment variable").
pub(super) fn resource_attributes(config: &mut Config) -> Said<BTreeMap<String, String>> {
    if let Some(declared) = &config.declared {
        return declared.clone();
    }
    let origin = Origin::Variable(RESOURCE_ATTRIBUTES);
    let pairs = headers_from(&variable(RESOURCE_ATTRIBUTES).unwrap_or_default());
    let pairs = pairs.unwrap_or_else(|()| {
        config.refuse(origin.clone(), "it is not name=value,...".to_owned());
        Vec::new()
    });
    Said { value: pairs.into_iter().map(|pair| (pair.name, pair.value)).collect(), origin }
}

/// Where a signal goes; `None` where nobody says so.
fn way(own: &Variables, is_asked_for: bool, config: &mut Config) -> Option<Way> {
    let protocol = said(own.protocol, OF_ALL.protocol, config, |name| {
        choice("protocol", name, &Protocol::ALL, Protocol::name)
    });
    let protocol = protocol.unwrap_or_default();
    let usual = match protocol {
        Protocol::Grpc => "http://localhost:4317",
        Protocol::HttpProtobuf | Protocol::HttpJson => "http://localhost:4318",
    };
    let said_apart = [
        own.endpoint,
        own.protocol,
        own.headers,
        own.certificate,
        own.client_certificate,
        own.client_key,
        own.compression,
        own.timeout,
    ];
    let differs = said_apart.into_iter().any(|name| variable(name).is_some());
    let asked_for = || is_asked_for.then(|| (usual.to_owned(), own.exporter));
    let general = variable(OF_ALL.endpoint).map(|endpoint| (endpoint, OF_ALL.endpoint)).or_else(asked_for);
    let (endpoint, named_by, is_whole) = match (variable(own.endpoint), general) {
        (Some(endpoint), _) => (endpoint, own.endpoint, true),
        (None, Some((general, named_by))) if differs && protocol != Protocol::Grpc => {
            (format!("{}/v1/{}", general.trim_end_matches('/'), own.signal), named_by, true)
        }
        (None, Some((general, named_by))) => (general, named_by, false),
        (None, None) => return None,
    };
    let with_scheme = |endpoint: String| match variable(own.insecure).or_else(|| variable(OF_ALL.insecure)) {
        _ if protocol != Protocol::Grpc || endpoint.contains("://") => endpoint,
        Some(insecure) if insecure.eq_ignore_ascii_case("true") => format!("http://{endpoint}"),
        _ => format!("https://{endpoint}"),
    };
    let compression = said(own.compression, OF_ALL.compression, config, |name| {
        choice("compression", name, &Compression::ALL, Compression::name)
    });
    let file = |own, general| variable(own).or_else(|| variable(general)).map(PathBuf::from);
    let timeout_s = said(own.timeout, OF_ALL.timeout, config, milliseconds);
    Some(Way {
        endpoint: with_scheme(endpoint),
        is_whole: is_whole && protocol != Protocol::Grpc,
        protocol,
        headers: variable(own.headers).or_else(|| variable(OF_ALL.headers)).unwrap_or_default(),
        certificate: file(own.certificate, OF_ALL.certificate),
        client_certificate: file(own.client_certificate, OF_ALL.client_certificate),
        client_key: file(own.client_key, OF_ALL.client_key),
        compression: compression.unwrap_or_default(),
        timeout_s,
        named_by,
    })
}

/// Whether this is our own receiver: what the agent sends to us is not sent to ourselves.
pub(super) fn is_own(endpoint: &str, config: &Config) -> bool {
    let origin = origin_of(endpoint);
    config.native.iter().any(|target| {
        let at = |host: &str| origin_of(&format!("http://{host}:{}", target.port));
        [at("127.0.0.1"), at("localhost"), at("[::1]")].contains(&origin)
    })
}

fn name(way: Way, signals: Vec<String>, config: &mut Config) {
    if is_own(&way.endpoint, config) {
        return;
    }
    let origin = Origin::Variable(way.named_by);
    let (sampling, temporality, interval) = (sampling(config), temporality(config), interval(config));
    let headers =
        headers_from(&way.headers).map_err(|()| format!("{} is not name=value,...", OF_ALL.headers));
    let to = headers.and_then(|headers| {
        let described = Described {
            endpoint: Some(way.endpoint),
            protocol: Some(way.protocol.name().to_owned()),
            certificate: way.certificate,
            client_certificate: way.client_certificate,
            client_key: way.client_key,
            compression: Some(way.compression.name().to_owned()),
            timeout_s: way.timeout_s,
            headers: headers
                .into_iter()
                .map(|header| (header.name, header.value))
                .collect::<BTreeMap<_, _>>(),
            signals: Some(signals),
            sampling,
            // As every exporter that is told so: by the trace id alone.
            sample_errors: Some(false),
            temporality: temporality.map(|known| known.name().to_owned()),
            metrics_interval_s: interval,
            ..Described::default()
        };
        described.destination(&mut config.files).map_err(|complaint| complaint.reason)
    });
    let to = if way.is_whole { to.map(Destination::whole) } else { to };
    config.name(origin, Author::Unknown, to);
}

/// What one of two variables says, the first that is set. What is wrong is said, and counts nothing.
fn said<T>(
    own: &'static str,
    general: &'static str,
    config: &mut Config,
    read: impl Fn(&str) -> Result<T, Complaint>,
) -> Option<T> {
    let found = [own, general].into_iter().find_map(|name| Some((name, variable(name)?)));
    let (name, value) = found?;
    match read(&value) {
        Ok(value) => Some(value),
        Err(complaint) => {
            config.refuse(Origin::Variable(name), complaint.reason);
            None
        }
    }
}

fn milliseconds(text: &str) -> Result<f64, Complaint> {
    let number = text.parse().ok().filter(|milliseconds: &u32| *milliseconds > 0);
    let wrong = || Complaint { key: "timeout_s", reason: format!("{text:?} is no number of milliseconds") };
    Ok(f64::from(number.ok_or_else(wrong)?) / 1000.0)
}

fn sampling(config: &mut Config) -> Option<f64> {
    const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
    const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
    match variable(SAMPLER)?.trim_start_matches("parentbased_") {
        "always_on" => None,
        "always_off" => Some(0.0),
        "traceidratio" => {
            let share = |text: &str| {
                let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
                share.ok_or_else(|| Complaint {
                    key: "sampling",
                    reason: format!("{text:?} is no share from 0.0 to 1.0"),
                })
            };
            said(ARGUMENT, ARGUMENT, config, share)
        }
        other => {
            let reason = format!("{other:?} is none of always_on, always_off, traceidratio");
            config.refuse(Origin::Variable(SAMPLER), reason);
            None
        }
    }
}

fn temporality(config: &mut Config) -> Option<Temporality> {
    const PREFERENCE: &str = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    said(PREFERENCE, PREFERENCE, config, described::temporality)
}

fn interval(config: &mut Config) -> Option<f64> {
    const INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";
    said(INTERVAL, INTERVAL, config, milliseconds)
}
