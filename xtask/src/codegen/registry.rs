//! The registry of names as written in `registry/*.yaml`: read, checked, and nothing derived from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::Spanned;

use crate::finding::{self, Finding};
use crate::workspace;

const ATTRIBUTES: &str = "registry/attributes.yaml";
const SPANS: &str = "registry/spans.yaml";
const EVENTS: &str = "registry/events.yaml";
const METRICS: &str = "registry/metrics.yaml";

/// Events that the conventions name.
const EVENTS_OF_CONVENTIONS: &[&str] = &["session.start", "session.end", "gen_ai.client.operation.exception"];

/// Own names without an own prefix: the conventions have no name for the thing, and backends already know this one.
const OWN_WITHOUT_PREFIX: &[&str] = &["mcp.server.name"];

#[derive(Debug)]
pub(super) struct Registry {
    pub(super) attributes: Vec<Attribute>,
    pub(super) spans: Spans,
    pub(super) events: Events,
    pub(super) metrics: Metrics,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attribute {
    pub(super) name: Name,
    #[serde(rename = "type")]
    pub(super) value_type: ValueType,
    pub(super) class: Class,
    pub(super) source: Source,
    pub(super) brief: String,
}

/// A name and the line it stands on.
pub(super) type Name = Spanned<String>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ValueType {
    String,
    Int,
    Double,
    Boolean,
    #[serde(rename = "string[]")]
    StringList,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    Metadata,
    Content,
    Url,
    Identity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    Otel,
    GenAi,
    Own,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spans {
    pub(super) common: Presence,
    pub(super) spans: Vec<Span>,
}

/// Which attributes every span carries, whatever its kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presence {
    pub(super) required: Vec<Name>,
    pub(super) optional: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    pub(super) kind: Name,
    pub(super) name: Name,
    pub(super) otlp_kind: OtlpKind,
    pub(super) operation: Option<String>,
    pub(super) brief: String,
    pub(super) required: Vec<Name>,
    pub(super) optional: Vec<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OtlpKind {
    Internal,
    Client,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    pub(super) span_events: Vec<Event>,
    pub(super) logs: Vec<Event>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) name: Name,
    pub(super) brief: String,
    pub(super) attributes: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metrics {
    /// Bounds of histograms by the name that metrics give them.
    pub(super) buckets: BTreeMap<String, Vec<f64>>,
    pub(super) metrics: Vec<Metric>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metric {
    pub(super) name: Name,
    pub(super) instrument: Instrument,
    pub(super) unit: String,
    #[serde(default)]
    pub(super) base: Base,
    pub(super) buckets: Option<String>,
    pub(super) labels: Vec<String>,
    pub(super) brief: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Instrument {
    Counter,
    Sum,
    Histogram,
    Gauge,
}

/// What sums are of.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Base {
    #[default]
    One,
    Micros,
    Nanos,
}

impl Base {
    pub(super) const fn per_unit(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Micros => 1_000_000,
            Self::Nanos => 1_000_000_000,
        }
    }
}

/// Reads the four files and refuses them when they contradict themselves or one another.
pub(super) fn load(root: &Path) -> anyhow::Result<Registry> {
    let registry = parse(|path| workspace::read(&root.join(path)))?;
    finding::refuse(contradictions(&registry))?;
    Ok(registry)
}

pub(super) fn parse(text_of: impl Fn(&str) -> anyhow::Result<String>) -> anyhow::Result<Registry> {
    Ok(Registry {
        attributes: parse_file(ATTRIBUTES, &text_of)?,
        spans: parse_file(SPANS, &text_of)?,
        events: parse_file(EVENTS, &text_of)?,
        metrics: parse_file(METRICS, &text_of)?,
    })
}

fn parse_file<T: DeserializeOwned>(
    path: &str,
    text_of: impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<T> {
    serde_saphyr::from_str(&text_of(path)?).with_context(|| path.to_owned())
}

/// All that is wrong with the registry, by file and line.
pub(super) fn contradictions(registry: &Registry) -> Vec<Finding> {
    let known: BTreeSet<&str> =
        registry.attributes.iter().map(|attribute| attribute.name.value.as_str()).collect();
    let events = || registry.events.span_events.iter().chain(&registry.events.logs);

    let mut findings = twice(ATTRIBUTES, registry.attributes.iter().map(|attribute| &attribute.name));
    findings.extend(registry.attributes.iter().flat_map(check_attribute));
    findings.extend(twice(SPANS, registry.spans.spans.iter().map(|span| &span.kind)));
    findings.extend(unknown(SPANS, &registry.spans.common.required, &known));
    findings.extend(unknown(SPANS, &registry.spans.common.optional, &known));
    for span in &registry.spans.spans {
        findings.extend(check_span(span, &registry.spans.common, &known));
    }
    findings.extend(twice(EVENTS, events().map(|event| &event.name)));
    findings.extend(events().flat_map(|event| check_event(event, &known)));
    findings.extend(twice(METRICS, registry.metrics.metrics.iter().map(|metric| &metric.name)));
    findings
        .extend(registry.metrics.metrics.iter().flat_map(|metric| check_metric(metric, &registry.metrics)));
    findings
}

fn check_attribute(attribute: &Attribute) -> Vec<Finding> {
    let name = &attribute.name;
    let mut findings = check_name_and_brief(ATTRIBUTES, name, &attribute.brief);
    let excepted = OWN_WITHOUT_PREFIX.contains(&name.value.as_str());
    if attribute.source == Source::Own && !has_own_prefix(&name.value) && !excepted {
        findings.push(at(
            ATTRIBUTES,
            name,
            "is an own name, so it must begin with `claude_code.` or `tachograph.`",
        ));
    }
    findings
}

fn check_span(span: &Span, common: &Presence, known: &BTreeSet<&str>) -> Vec<Finding> {
    let own = || span.required.iter().chain(&span.optional);
    let mut findings = twice(SPANS, common.required.iter().chain(&common.optional).chain(own()));
    findings.extend(unknown(SPANS, own(), known));
    if !is_lowercase_name(&span.kind.value) {
        findings.push(at(SPANS, &span.kind, "must be lowercase ASCII letters, digits, `.` and `_`"));
    }
    if !span.brief.ends_with('.') {
        findings.push(at(SPANS, &span.kind, "has a brief that does not end with a period"));
    }
    for placeholder in placeholders(&span.name.value) {
        if !span.required.iter().any(|name| name.value == placeholder) {
            let advice = format!("names `{{{placeholder}}}`, which is not required on the span");
            findings.push(at(SPANS, &span.name, &advice));
        }
    }
    findings
}

fn check_event(event: &Event, known: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = check_name_and_brief(EVENTS, &event.name, &event.brief);
    let is_known = EVENTS_OF_CONVENTIONS.contains(&event.name.value.as_str());
    if !is_known && !has_own_prefix(&event.name.value) {
        findings.push(at(EVENTS, &event.name, "must begin with `claude_code.` or `tachograph.`"));
    }
    findings.extend(twice(EVENTS, &event.attributes));
    findings.extend(unknown(EVENTS, &event.attributes, known));
    findings
}

fn check_metric(metric: &Metric, all: &Metrics) -> Vec<Finding> {
    let mut findings = check_name_and_brief(METRICS, &metric.name, &metric.brief);
    let is_known = metric.buckets.as_ref().is_some_and(|name| all.buckets.contains_key(name));
    if is_known != (metric.instrument == Instrument::Histogram) {
        findings.push(at(METRICS, &metric.name, "must name buckets exactly if it is a histogram"));
    }
    findings
}

fn check_name_and_brief(path: &str, name: &Name, brief: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !is_lowercase_name(&name.value) {
        findings.push(at(path, name, "must be lowercase ASCII letters, digits, `.` and `_`"));
    }
    if !brief.ends_with('.') {
        findings.push(at(path, name, "has a brief that does not end with a period"));
    }
    findings
}

fn twice<'a>(path: &str, names: impl IntoIterator<Item = &'a Name>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let repeated = names.into_iter().filter(|name| !seen.insert(name.value.as_str()));
    repeated.map(|name| at(path, name, "is listed twice; keep one")).collect()
}

fn unknown<'a>(
    path: &str,
    names: impl IntoIterator<Item = &'a Name>,
    known: &BTreeSet<&str>,
) -> Vec<Finding> {
    let strangers = names.into_iter().filter(|name| !known.contains(name.value.as_str()));
    strangers.map(|name| at(path, name, "is no attribute of registry/attributes.yaml")).collect()
}

fn at(path: &str, name: &Name, advice: &str) -> Finding {
    let line = usize::try_from(name.referenced.line()).unwrap_or(0);
    Finding::at(path, line, format!("`{}` {advice}", name.value))
}

fn has_own_prefix(name: &str) -> bool {
    name.starts_with("claude_code.") || name.starts_with("tachograph.")
}

fn is_lowercase_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_.".contains(letter))
}

/// The attribute names between braces in the name of a span.
fn placeholders(span_name: &str) -> impl Iterator<Item = &str> {
    span_name.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(placeholder, _)| placeholder)
}
