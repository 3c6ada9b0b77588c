//! The gate: what of a batch may leave the machine for one destination.
//!
//! [`Cleared`] is made by [`clear`] and [`clear_metrics`] alone, and exporters accept nothing else, so that nothing can be sent
//! around the gate. What passes is an allow-list: the registry's class of each attribute and the capture level
//! decide, and a value without a rule stays here.
//!
//! Must not do I/O or make exceptions for a destination.

mod declared;
pub mod identity;
pub mod url;

use declared::clear_declared;
pub use declared::may_be_declared;
use identity::IdentityKey;
use std::collections::BTreeMap;
use tacho_model::attribute::{Attributes, Class, Key, Value};
use tacho_model::batch::{Batch, Correction, Draft};
use tacho_model::log::LogRecord;
use tacho_model::metric::{MetricPoint, Temporality};
use tacho_model::semconv;
use tacho_model::shape::SpanShape;
use tacho_model::span::{Span, SpanEvent};

#[cfg(test)]
mod tests;

/// Stands for a name that is none.
const OTHER: &str = "other";
/// No name is longer.
const NAME_BYTES_MAX: usize = 128;

/// How much of what was captured a destination gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaptureLevel {
    /// Names, numbers, times and outcomes.
    #[default]
    Metadata,
    /// Also what people, files and models said.
    Full,
}

impl CaptureLevel {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Full => "full",
        }
    }

    /// The level of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            // Until secrets can be found in content, `redacted` content is no content.
            "metadata" | "redacted" => Some(Self::Metadata),
            "full" => Some(Self::Full),
            _ => None,
        }
    }
}

/// What leaves the machine of the person at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disclosure {
    /// A keyed hash of the name.
    #[default]
    Hash,
    /// Also the name and the address themselves.
    Name,
}

impl Disclosure {
    /// The setting of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "hash" => Some(Self::Hash),
            "name" => Some(Self::Name),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Name => "name",
        }
    }
}

/// Something that may leave the machine for the destination it was cleared for.
#[derive(Clone, Debug, PartialEq)]
pub struct Cleared<T>(T);

impl<T> Cleared<T> {
    /// What was cleared.
    #[must_use]
    pub const fn get(&self) -> &T {
        &self.0
    }
}

/// What decides what passes.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// How much the destination gets.
    pub level: CaptureLevel,
    /// What leaves of the person.
    pub user_info: Disclosure,
    /// The key that people's names are hashed with.
    pub identity_key: &'a IdentityKey,
}

/// Lets through what the policy allows, and nothing else.
#[must_use]
pub fn clear(draft: &Draft<'_>, policy: Policy<'_>) -> Cleared<Batch> {
    let clear_span = |span: &Span| clear_span(span, policy, draft.lifted);
    let correction = |said: &Correction<'_>| LogRecord::correction(clear_span(said.span), said.observed_at);
    let spans: Vec<Span> = draft.spans.iter().map(|span| clear_span(span)).collect();
    let told = draft.told_at.map(|at| spans.iter().flat_map(move |span| LogRecord::of_span(span, at)));
    let of_spans = told.into_iter().flatten();
    let records = draft.records.iter().map(|record| clear_record(record, policy));
    let own = draft.own.iter().map(|record| clear_own(record, policy));
    Cleared(Batch {
        resource: clear_resource(&draft.resource, policy),
        declared: clear_declared(&draft.declared),
        logs: draft.corrections.iter().map(correction).chain(records).chain(of_spans).chain(own).collect(),
        spans,
        ..Batch::default()
    })
}

fn clear_record(record: &LogRecord, policy: Policy<'_>) -> LogRecord {
    let attributes = record.attributes.iter().filter_map(|(key, value)| clear_said(key, value, policy));
    LogRecord { attributes: attributes.collect(), ..*record }
}

/// Lets metrics through. Their labels hold names and pseudonyms alone, whatever a destination gets beside them.
#[must_use]
pub fn clear_metrics(
    resource: &Attributes,
    declared: &BTreeMap<String, String>,
    points: Vec<MetricPoint>,
    temporality: Temporality,
    policy: Policy<'_>,
) -> Cleared<Batch> {
    let mut metrics = points;
    for point in &mut metrics {
        point.labels.values_mut().for_each(|value| *value = as_name(std::mem::take(value)));
    }
    let (resource, declared) = (clear_resource(resource, policy), clear_declared(declared));
    Cleared(Batch { resource, declared, metrics, temporality, ..Batch::default() })
}

/// Who made it. What the owner and the repository are called leaves as it is; the version is what a file of the agent's says.
fn clear_resource(resource: &Attributes, policy: Policy<'_>) -> Attributes {
    let cleared = resource.iter().filter_map(|(key, value)| {
        let clear = if key == semconv::SERVICE_VERSION { clear_said } else { clear_attribute };
        clear(key, value, policy)
    });
    cleared.chain(pseudonym(resource, policy)).collect()
}

/// What the recorder says of itself, in words of its own: they need not be names.
fn clear_own(record: &LogRecord, policy: Policy<'_>) -> LogRecord {
    let attributes = record.attributes.iter().filter_map(|(key, value)| clear_attribute(key, value, policy));
    LogRecord { attributes: attributes.collect(), ..*record }
}

/// The span without what may not leave, and without what its resource says. Its name is made of what is left.
fn clear_span(span: &Span, policy: Policy<'_>, lifted: &[Key]) -> Span {
    let kept = span.attributes.iter().filter(|(key, _)| !lifted.contains(key));
    let attributes = kept.filter_map(|(key, value)| clear_said(key, value, policy)).collect();
    let shape = SpanShape::of(span.kind);
    Span {
        name: shape.map_or_else(|| OTHER.to_owned(), |shape| shape.name_with(&attributes)),
        attributes,
        events: span.events.iter().map(|event| clear_event(event, policy)).collect(),
        links: span.links.clone(),
        ..*span
    }
}

fn clear_event(event: &SpanEvent, policy: Policy<'_>) -> SpanEvent {
    let attributes = event.attributes.iter().filter_map(|(key, value)| clear_said(key, value, policy));
    SpanEvent { attributes: attributes.collect(), ..*event }
}

/// An attribute of something that happened. A name that a model, a server or a repository gave could hold anything: at
/// the level `metadata` it leaves if it is one.
fn clear_said(key: Key, value: &Value, policy: Policy<'_>) -> Option<(Key, Value)> {
    let (key, value) = clear_attribute(key, value, policy)?;
    let is_judged = policy.level == CaptureLevel::Metadata && key.class() == Class::Metadata;
    if !is_judged {
        return Some((key, value));
    }
    let judged = match value {
        Value::String(text) if is_name(&text) => Value::String(text),
        Value::String(_) => OTHER.into(),
        Value::StringList(texts) => Value::StringList(texts.into_iter().map(as_name).collect()),
        Value::Int(_) | Value::Double(_) | Value::Boolean(_) => value,
    };
    Some((key, judged))
}

/// The text if it is a name, else a word that stands for all that are none.
#[must_use]
pub fn as_name(text: String) -> String {
    if is_name(&text) { text } else { OTHER.to_owned() }
}

fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/@+*[]".contains(&byte))
}

fn clear_attribute(key: Key, value: &Value, policy: Policy<'_>) -> Option<(Key, Value)> {
    match (key.class(), value) {
        (Class::Metadata, _) => Some((key, value.clone())),
        (Class::Content, _) => (policy.level == CaptureLevel::Full).then(|| (key, value.clone())),
        (Class::Url, Value::String(url)) => Some((key, url::without_credentials(url)?.into())),
        (Class::Identity, _) if policy.user_info == Disclosure::Name => Some((key, value.clone())),
        (Class::Url | Class::Identity, _) => None,
    }
}

/// The name of the person at the machine, as a hash that means nothing elsewhere.
fn pseudonym(resource: &Attributes, policy: Policy<'_>) -> Option<(Key, Value)> {
    match resource.get(semconv::USER_NAME)? {
        Value::String(name) => Some((semconv::USER_HASH, policy.identity_key.pseudonym(name).into())),
        Value::Int(_) | Value::Double(_) | Value::Boolean(_) | Value::StringList(_) => None,
    }
}
