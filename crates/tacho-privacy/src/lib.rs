//! The gate: what of a batch may leave the machine for one destination.
//!
//! [`Cleared`] has one constructor, [`clear`], and exporters accept nothing else, so that nothing can be sent
//! around the gate. What passes is an allow-list: the registry's class of each attribute and the capture level
//! decide, and a value without a rule stays here.
//!
//! Must not do I/O or make exceptions for a destination.

pub mod identity;
pub mod url;

use identity::IdentityKey;
use tacho_model::attribute::{Attributes, Class, Key, Value};
use tacho_model::batch::Batch;
use tacho_model::log::LogRecord;
use tacho_model::semconv;
use tacho_model::span::Span;

#[cfg(test)]
mod tests;

/// How much of what was captured a destination gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaptureLevel {
    /// Names, numbers, times and outcomes.
    #[default]
    Metadata,
    /// Also what people, files and models said.
    Full,
}

impl CaptureLevel {
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
    /// The key that people's names are hashed with.
    pub identity_key: &'a IdentityKey,
}

/// Lets through what the policy allows, and nothing else.
#[must_use]
pub fn clear(batch: &Batch, policy: Policy<'_>) -> Cleared<Batch> {
    Cleared(Batch {
        resource: clear_attributes(&batch.resource, policy),
        spans: batch.spans.iter().map(|span| clear_span(span, policy)).collect(),
        logs: batch.logs.iter().map(|record| clear_record(record, policy)).collect(),
    })
}

fn clear_span(span: &Span, policy: Policy<'_>) -> Span {
    let mut cleared = span.clone();
    cleared.attributes = clear_attributes(&span.attributes, policy);
    for event in &mut cleared.events {
        event.attributes = clear_attributes(&event.attributes, policy);
    }
    cleared
}

fn clear_record(record: &LogRecord, policy: Policy<'_>) -> LogRecord {
    LogRecord { attributes: clear_attributes(&record.attributes, policy), ..record.clone() }
}

fn clear_attributes(attributes: &Attributes, policy: Policy<'_>) -> Attributes {
    attributes.iter().filter_map(|(key, value)| clear_attribute(key, value, policy)).collect()
}

fn clear_attribute(key: Key, value: &Value, policy: Policy<'_>) -> Option<(Key, Value)> {
    match (key.class(), value) {
        (Class::Metadata, _) => Some((key, value.clone())),
        (Class::Content, _) => (policy.level == CaptureLevel::Full).then(|| (key, value.clone())),
        (Class::Url, Value::String(url)) => Some((key, Value::String(url::without_credentials(url)?))),
        (Class::Identity, Value::String(name)) => {
            Some((semconv::USER_HASH, Value::String(policy.identity_key.pseudonym(name))))
        }
        (Class::Url | Class::Identity, _) => None,
    }
}
