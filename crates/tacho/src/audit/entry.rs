//! An entry of the audit log: a flat JSON object in the canonical form of RFC 8785, of names, numbers and commitments.
//! The fields are listed in `docs/formats/audit.md`.

use super::Opening;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::ops::Range;
use tacho_assemble::audit::Decision;
use tacho_model::clip::text_within;
use tacho_model::time::UnixNanos;

/// Fields that say where an entry stands and not what was decided.
const PLACED: [&str; 6] = ["config", "corrects", "log", "reasoning", "sealed", "seq"];
/// A name in an entry is no longer, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// What was decided, before it has a place in the log: values as they stand in JSON, and which field has which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    about: String,
    values: Vec<u8>,
    places: Vec<(&'static str, Range<usize>)>,
}

/// Whose decisions they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) session: &'a str,
    pub(crate) agent: &'a str,
    /// The pseudonym of the person.
    pub(crate) user: Option<&'a str>,
}

/// Where an entry gets its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placing<'a> {
    pub(crate) log: &'a str,
    /// When it gets it, as entries say times.
    pub(crate) sealed: &'a str,
    /// Hash of the recorder's configuration.
    pub(crate) config: Option<&'a str>,
}

impl Fields {
    /// Of something that the recorder itself has to say.
    pub(crate) fn of_recorder(kind: &str, about: &str, at: UnixNanos) -> Self {
        let mut fields = Self::default();
        fields.text("type", kind);
        fields.text("about", about);
        fields.text("time", &time_text(at));
        fields.number("v", 1);
        fields
    }

    /// Of a decision, whose words are committed to where there is an opening for them.
    pub(crate) fn of(decision: &Decision<'_>, known: Known<'_>, opening: &Opening) -> Self {
        let about = decision.about.to_string();
        let mut fields = Self::of_recorder(decision.kind.word(), &about, decision.at);
        fields.text("session", known.session);
        fields.text("agent", known.agent);
        if let Some(user) = known.user {
            fields.text("user", user);
        }
        if let Some((trace, span)) = decision.span {
            fields.text("trace_id", &trace.to_string());
            fields.text("span_id", &span.to_string());
        }
        if let Some(turn) = decision.turn {
            fields.number("turn", turn);
        }
        decision.names.iter().for_each(|(name, text)| fields.text(name, text));
        decision.numbers.iter().for_each(|(name, number)| fields.number(name, *number));
        for (name, content) in [("input", decision.input), ("output", decision.output)] {
            if let Some(commitment) = content.and_then(|content| opening.commit(&about, name, content)) {
                fields.text(name, &commitment);
            }
        }
        fields
    }

    pub(crate) fn text(&mut self, name: &'static str, text: &str) {
        let text = if text.len() > NAME_BYTES_MAX { text_within(text, NAME_BYTES_MAX) } else { text.into() };
        if name == "about" {
            self.about = text.clone().into_owned();
        }
        self.value(name, |values| serde_json::to_writer(values, &text));
    }

    pub(crate) fn number(&mut self, name: &'static str, number: u64) {
        self.value(name, |values| serde_json::to_writer(values, &number));
    }

    fn value(&mut self, name: &'static str, write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) {
        let begin = self.values.len();
        // Texts and numbers can be written, and writing to a vector cannot fail.
        let _ = write(&mut self.values);
        self.places.retain(|(known, _)| *known != name);
        self.places.push((name, begin..self.values.len()));
    }

    /// What it is about.
    pub(crate) fn about(&self) -> &str {
        &self.about
    }

    /// Tells it from another understanding of the same thing.
    pub(crate) fn fingerprint(&mut self) -> u64 {
        let bytes = self.object(|name| !PLACED.contains(&name));
        short_hash(&bytes)
    }

    /// The entry, at its place.
    pub(crate) fn sealed(mut self, seq: u64, placing: Placing<'_>) -> Vec<u8> {
        self.number("seq", seq);
        self.text("log", placing.log);
        self.text("sealed", placing.sealed);
        if let Some(config) = placing.config {
            self.text("config", config);
        }
        self.object(|_| true)
    }

    /// The canonical form of RFC 8785 of some fields: names in order (they are ASCII), no white space, strings escaped as
    /// little as can be, which is what `serde_json` does. All numbers are integers below 2^53.
    fn object(&mut self, is_wanted: impl Fn(&str) -> bool) -> Vec<u8> {
        self.places.sort_unstable_by_key(|(name, _)| *name);
        let mut bytes = Vec::with_capacity(self.values.len() + 16 * self.places.len());
        for (name, place) in self.places.iter().filter(|(name, _)| is_wanted(name)) {
            let before: &[u8] = if bytes.is_empty() { b"{\"" } else { b",\"" };
            let value = self.values.get(place.clone()).unwrap_or_default();
            [before, name.as_bytes(), b"\":", value].into_iter().for_each(|piece| bytes.extend(piece));
        }
        bytes.push(b'}');
        bytes
    }
}

fn short_hash(bytes: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = Sha256::digest(bytes).into();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// An entry that was read.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) fields: Map<String, Json>,
}

impl Entry {
    /// Reads one; `None` if it is none of ours.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        Some(Self { fields: serde_json::from_slice(bytes).ok()? })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.fields.get(name)?.as_u64()
    }

    pub(crate) fn seq(&self) -> Option<u64> {
        self.number("seq")
    }
}

/// The fingerprint of an entry that was read, as [`Fields::fingerprint`] makes it.
pub(crate) fn fingerprint_of(entry: &Entry) -> u64 {
    let mut fields: Vec<_> =
        entry.fields.iter().filter(|(name, _)| !PLACED.contains(&name.as_str())).collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    let mut bytes = vec![b'{'];
    for (place, (name, value)) in fields.into_iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        // Writing to a vector cannot fail.
        let _ = write!(bytes, "{comma}\"{name}\":{value}");
    }
    bytes.push(b'}');
    short_hash(&bytes)
}

/// A time in UTC to the millisecond, in the one form of RFC 3339 that entries have.
pub(crate) fn time_text(at: UnixNanos) -> String {
    let time = Timestamp::from_nanosecond(i128::from(at.0)).unwrap_or_default();
    format!("{time:.3}")
}
