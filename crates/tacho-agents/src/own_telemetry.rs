//! What of an agent's own telemetry is taken in: which log events, which of their attributes, and how a record of the
//! spool holds them.
//!
//! A list and no more: what an agent may say of itself holds prompts and commands, and nothing of that is to be kept.

use serde_json::{Map, Value as Json};

/// How an agent speaks of itself by OTLP, and what is kept of it.
#[derive(Debug)]
pub struct OwnTelemetry {
    /// The event under which records of the spool hold what is kept.
    pub event: &'static str,
    /// The scope of the agent's log events.
    pub scope: &'static str,
    /// The attribute that names the session.
    pub session: &'static str,
    /// The attribute that names the event.
    pub name: &'static str,
    /// The events that are kept.
    pub events: &'static [&'static str],
    /// The attributes that are kept.
    pub attributes: &'static [&'static str],
    /// A payload that holds this of a session, as a record of the spool holds it.
    pub payload: fn(&str, Vec<LogEvent>) -> Json,
    /// What is written down when a session is heard for the first time.
    pub greeting: fn() -> LogEvent,
}

/// A log event of which only listed attributes are left.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEvent {
    /// Its name.
    pub name: String,
    /// The attributes.
    pub attributes: Map<String, Json>,
}

impl OwnTelemetry {
    /// Whether an event is kept.
    #[must_use]
    pub fn keeps(&self, event: &str) -> bool {
        self.events.contains(&event)
    }

    /// Whether an attribute is kept.
    #[must_use]
    pub fn keeps_attribute(&self, key: &str) -> bool {
        self.attributes.contains(&key)
    }
}
