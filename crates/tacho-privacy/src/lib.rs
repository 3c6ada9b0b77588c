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
use tacho_model::batch::{Batch, Draft};
use tacho_model::log::LogRecord;
use tacho_model::semconv;
use tacho_model::span::{Span, SpanEvent};

#[cfg(test)]
mod tests;

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
    let is_lifted = |key: Key| draft.lifted.contains(&key);
    Cleared(Batch {
        resource: clear_attributes(&draft.resource, policy, |_| false),
        project: draft.project.clone(),
        spans: draft.spans.iter().map(|span| clear_span(span, policy, is_lifted)).collect(),
        logs: draft.logs.iter().map(|record| clear_record(record, policy)).collect(),
    })
}

fn clear_span(span: &Span, policy: Policy<'_>, is_lifted: impl Fn(Key) -> bool) -> Span {
    let event = |event: &SpanEvent| SpanEvent {
        attributes: clear_attributes(&event.attributes, policy, |_| false),
        ..*event
    };
    Span {
        attributes: clear_attributes(&span.attributes, policy, is_lifted),
        events: span.events.iter().map(event).collect(),
        links: span.links.clone(),
        name: span.name.clone(),
        ..*span
    }
}

fn clear_record(record: &LogRecord, policy: Policy<'_>) -> LogRecord {
    LogRecord { attributes: clear_attributes(&record.attributes, policy, |_| false), ..*record }
}

fn clear_attributes(
    attributes: &Attributes,
    policy: Policy<'_>,
    is_left_out: impl Fn(Key) -> bool,
) -> Attributes {
    let mut cleared = Attributes::default();
    for (key, value) in attributes.iter().filter(|(key, _)| !is_left_out(*key)) {
        match (key.class(), value) {
            (Class::Metadata, _) => cleared.set(key, value.clone()),
            (Class::Content, _) if policy.level == CaptureLevel::Full => cleared.set(key, value.clone()),
            (Class::Url, Value::String(url)) => cleared.set_known(key, url::without_credentials(url)),
            (Class::Identity, Value::String(name)) => {
                if key == semconv::USER_NAME {
                    cleared.set(semconv::USER_HASH, policy.identity_key.pseudonym(name));
                }
                if policy.user_info == Disclosure::Name {
                    cleared.set(key, value.clone());
                }
            }
            (Class::Content | Class::Url | Class::Identity, _) => {}
        }
    }
    cleared
}
