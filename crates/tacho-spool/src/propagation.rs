//! Trace context for what the agent starts: on which terms it is handed on, and where the hook leaves it for a session's
//! commands. The forms are in `docs/formats/propagation.md`.
//!
//! The drainer writes the terms, because the hook reads no configuration; without them the hook hands nothing on.

use crate::layout::session_stem;
use std::fmt;

/// Where all of it lies, below the state directory.
pub const PROPAGATION: &str = "propagation";
/// The file of the terms, below the state directory.
pub const TERMS: &str = "propagation/terms";

/// What the names of files with contexts end in.
const CONTEXT: &str = ".context";
/// What the names of drafts of any of these files begin with.
const DRAFT: &str = ".";

/// The form of the terms that this version knows.
const FORM: &str = "1";
const COMMANDS: &str = "commands";
const INBOUND: &str = "inbound";

/// What the owner wants to be handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The agent that is meant where a hook names none: its name is part of every id.
    pub agent: String,
    /// A trace is sampled from this value of its low 56 bits on.
    pub threshold: u64,
    /// Whether commands get the context of the turn that they run in.
    pub commands: bool,
    /// Whether a turn lies below the span that `TRACEPARENT` names.
    pub inbound: bool,
}

impl Terms {
    /// Reads terms; `None` for what is none in the form that is known.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        words.next().filter(|form| *form == FORM)?;
        let agent = words.next()?.to_owned();
        let threshold = u64::from_str_radix(words.next()?, 16).ok()?;
        let mut terms = Self { agent, threshold, commands: false, inbound: false };
        for word in words {
            terms.commands |= word == COMMANDS;
            terms.inbound |= word == INBOUND;
        }
        Some(terms)
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{FORM} {} {:014x}", self.agent, self.threshold)?;
        for (word, is_wanted) in [(COMMANDS, self.commands), (INBOUND, self.inbound)] {
            if is_wanted {
                write!(formatter, " {word}")?;
            }
        }
        writeln!(formatter)
    }
}

/// The file with the context of a session's turn, below the state directory.
#[must_use]
pub fn context_file(session: &str) -> String {
    format!("{PROPAGATION}/{}{CONTEXT}", session_stem(session))
}

/// The file that becomes one of them, below the state directory; `id` is its writer's alone.
#[must_use]
pub fn draft_file(id: &str) -> String {
    format!("{PROPAGATION}/{DRAFT}{id}")
}

/// Whether a file with this name holds a context, or was to become one.
#[must_use]
pub fn is_context(name: &str) -> bool {
    name.ends_with(CONTEXT) || name.starts_with(DRAFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_as_they_were_written() {
        let terms = |threshold, commands, inbound| Terms {
            agent: "an-agent".to_owned(),
            threshold,
            commands,
            inbound,
        };
        for (terms, text) in [
            (terms(0, true, false), "1 an-agent 00000000000000 commands\n"),
            (terms(0xC0_0000_0000_0000, true, true), "1 an-agent c0000000000000 commands inbound\n"),
            (terms(1 << 56, false, true), "1 an-agent 100000000000000 inbound\n"),
            (terms(7, false, false), "1 an-agent 00000000000007\n"),
        ] {
            assert_eq!((terms.to_string(), Terms::parse(text)), (text.to_owned(), Some(terms)));
        }
        assert_eq!(Terms::parse("1 an-agent 07 another commands"), Some(terms(7, true, false)));
        for text in ["", "\n", "2 an-agent 07 commands", "1", "1  07", "1 an-agent", "1 an-agent x"] {
            assert_eq!(Terms::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_session_has_a_file_of_its_own() {
        assert_eq!(context_file("740b323b-e450"), "propagation/740b323b-e450.context");
        assert_eq!(context_file("terms"), "propagation/terms.context");
        assert_eq!(context_file("../../../up"), "propagation/h117efd2d597a6a8d.context");
        assert_eq!(draft_file("1f-2a"), "propagation/.1f-2a");
        for (name, expected) in
            [("740b323b-e450.context", true), (".1f-2a", true), ("terms", false), ("context", false)]
        {
            assert_eq!(is_context(name), expected, "{name}");
        }
    }
}
