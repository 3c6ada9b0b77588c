//! Records of the spool, as the hook writes them (`docs/formats/spool.md`).

mod own;

use memchr::memmem::Finder;
pub(crate) use own::{OwnRecord, Recorder, boot_ns};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use tacho_model::time::UnixNanos;

/// What stands before a payload, which is the last member of a record. No string before it can hold these bytes: its
/// quotation marks would be escaped.
const BEFORE_RAW: &[u8] = br#","raw":"#;
/// Finds it; to make that takes as long as to use it.
static RAW: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(BEFORE_RAW));

/// One record.
#[derive(Debug, Deserialize)]
pub(crate) struct HookRecord<'a> {
    /// Nanoseconds since the Unix epoch.
    pub(crate) t: u64,
    /// Nanoseconds since boot.
    #[serde(default)]
    b: u64,
    /// The kernel's id of the boot.
    #[serde(borrow, default)]
    pub(crate) boot: Cow<'a, str>,
    #[serde(default)]
    pid: u32,
    /// The agent's process.
    pub(crate) apid: Option<u32>,
    /// Start of the agent's process, in clock ticks since boot.
    pub(crate) ast: Option<u64>,
    /// The agent, where the hook was told.
    #[serde(borrow)]
    agent: Option<Text<'a>>,
    /// The event; like all that the drainer does not need, not looked into, so that it spoils nothing.
    #[serde(borrow)]
    ev: Option<&'a RawValue>,
    /// The session.
    #[serde(borrow)]
    sid: Option<Text<'a>>,
    /// The subagent.
    #[serde(borrow)]
    aid: Option<&'a RawValue>,
    /// The span that the turn which begins lies below.
    #[serde(borrow)]
    tp: Option<&'a RawValue>,
    /// What is wrong with the payload.
    #[serde(borrow)]
    bad: Option<&'a RawValue>,
    /// Variables of the hook.
    #[serde(borrow)]
    env: Option<&'a RawValue>,
    /// The payload as it was recorded.
    #[serde(skip)]
    pub(crate) raw: Option<&'a [u8]>,
    pub(crate) raw_b64: Option<String>,
    pub(crate) raw_ref: Option<BlobReference>,
}

/// A text; borrowed where it is written as it is, which serde does not do below an `Option`.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A payload that lies beside the spool.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BlobReference {
    pub(crate) name: String,
    pub(crate) len: u64,
    /// CRC-32C in hex.
    pub(crate) crc: String,
}

impl<'a> HookRecord<'a> {
    /// Reads a record, without looking into its payload. `members` is made to hold what stands before that.
    pub(crate) fn parse(open_object: &'a [u8], members: &'a mut Vec<u8>) -> Result<Self, serde_json::Error> {
        let raw_at = RAW.find(open_object);
        let (before, raw) = open_object.split_at(raw_at.unwrap_or(open_object.len()));
        members.clear();
        members.extend_from_slice(before);
        members.push(b'}');
        let record: Self = match str::from_utf8(members) {
            // Known to be text as a whole, it need not be judged piece by piece.
            Ok(members) => serde_json::from_str(members)?,
            Err(_) => serde_json::from_slice(members)?,
        };
        Ok(Self { raw: raw.get(BEFORE_RAW.len()..), ..record })
    }

    /// The agent, where the hook was told.
    pub(crate) fn agent(&self) -> Option<&str> {
        self.agent.as_ref().map(|Text(name)| name.as_ref())
    }

    /// The session.
    pub(crate) fn session(&self) -> Option<&str> {
        self.sid.as_ref().map(|Text(id)| id.as_ref())
    }

    /// Equal for two readings of the same record and for no two hooks: one process writes one record.
    pub(crate) fn uid(&self) -> [u8; 16] {
        uid_of(&[
            "hook".as_bytes(),
            self.boot.as_bytes(),
            &self.b.to_be_bytes(),
            &self.pid.to_be_bytes(),
            &self.t.to_be_bytes(),
        ])
    }

    /// The event.
    pub(crate) fn event(&self) -> Option<Cow<'a, str>> {
        text(self.ev)
    }

    /// The subagent in which it happened.
    pub(crate) fn subagent(&self) -> Option<Cow<'a, str>> {
        text(self.aid)
    }

    /// What is wrong with the payload.
    pub(crate) fn flaw(&self) -> Option<Cow<'a, str>> {
        text(self.bad)
    }

    /// The span that the turn which begins lies below, as it was said.
    pub(crate) fn parent(&self) -> Option<Cow<'a, str>> {
        text(self.tp)
    }

    /// What a variable said to the hook.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let mut variables: BTreeMap<String, String> = serde_json::from_str(self.env?.get()).ok()?;
        variables.remove(name)
    }

    pub(crate) fn at(&self) -> UnixNanos {
        UnixNanos(self.t)
    }
}

fn text<'a>(value: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
    let Text(text) = serde_json::from_str(value?.get()).ok()?;
    Some(text)
}

/// A name for a statement, from the parts that make it the same statement.
pub(crate) fn uid_of(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, ..]: [u8; 32] =
        hash.finalize().into();
    [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_drainer_does_not_need_spoils_nothing() {
        let open_object = br#"{"v":1,"t":7,"ev":"\ud800","aid":17,"bad":null,"env":[],"raw":{}"#;
        let mut members = Vec::new();
        let record = HookRecord::parse(open_object, &mut members).unwrap();
        let said =
            [record.event(), record.subagent(), record.flaw(), record.variable("HOME").map(Cow::Owned)];
        assert_eq!((record.t, said, record.raw), (7, [const { None }; 4], Some(&b"{}"[..])));
    }
}
