//! Identifiers: those the agent gives, and those of traces and spans, which are derived from them.
//!
//! Derivation needs no shared state: any process that sees the same event computes the same id, so a replay
//! or a second delivery is recognised as such. The scheme and its golden vectors are in `docs/formats/ids.md`.

use crate::attribute::Value;
use crate::span::SpanKind;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

// They are copied into all that is said of what they name.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as the agent spells it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<&$name> for Value {
            fn from(id: &$name) -> Self {
                Arc::clone(&id.0).into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// One conversation with an agent.
    SessionId
}
text_id! {
    /// One prompt of a conversation; names the turn it begins.
    PromptId
}
text_id! {
    /// One tool call (`tool_use_id`).
    ToolUseId
}
text_id! {
    /// One running instance of a subagent (`agent_id`).
    SubagentId
}
text_id! {
    /// One answer of the model, as the API numbers it.
    MessageId
}
text_id! {
    /// One request to the API, as the API numbers it.
    RequestId
}
text_id! {
    /// One request to the API, as the agent numbers it in its transcript.
    RequestRef
}

/// A trace id of OpenTelemetry: 16 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub [u8; 16]);

/// A span id of OpenTelemetry: 8 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub [u8; 8]);

macro_rules! shown_as_hex {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
                let text: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
                formatter.write_str(&text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }
    };
}
shown_as_hex!(TraceId);
shown_as_hex!(SpanId);

/// Derives the ids of one session.
#[derive(Clone, Copy, Debug)]
pub struct IdSpace<'a> {
    /// Name of the agent, such as its row in the agents table says.
    pub agent: &'a str,
    /// The session all keys belong to.
    pub session: &'a SessionId,
}

impl IdSpace<'_> {
    /// The id of the trace of the turn with this key.
    #[must_use]
    pub fn trace(&self, turn_key: &str) -> TraceId {
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, ..] =
            self.digest("trace", turn_key);
        TraceId([b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15])
    }

    /// The id of the span of this kind and key.
    #[must_use]
    pub fn span(&self, kind: SpanKind, key: &str) -> SpanId {
        let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = self.digest(kind.name(), key);
        SpanId([b0, b1, b2, b3, b4, b5, b6, b7])
    }

    /// The id of a log record that belongs to no span, by the key of what it tells.
    #[must_use]
    pub fn moment(&self, key: &str) -> SpanId {
        let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = self.digest("log", key);
        SpanId([b0, b1, b2, b3, b4, b5, b6, b7])
    }

    fn digest(&self, kind: &str, key: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in ["tachograph/1", kind, self.agent, self.session.as_str(), key] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    }
}
