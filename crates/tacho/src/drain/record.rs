//! Records of the spool, as the hook writes them (`docs/formats/spool.md`).

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use tacho_model::time::UnixNanos;

/// One record.
#[derive(Debug, Deserialize)]
pub(super) struct HookRecord<'a> {
    /// Nanoseconds since the Unix epoch.
    pub(super) t: u64,
    /// Nanoseconds since boot.
    #[serde(default)]
    b: u64,
    /// The kernel's id of the boot.
    #[serde(default)]
    pub(super) boot: String,
    #[serde(default)]
    pid: u32,
    /// The agent's process.
    pub(super) apid: Option<u32>,
    /// Start of the agent's process, in clock ticks since boot.
    pub(super) ast: Option<u64>,
    /// The agent, where the hook was told.
    pub(super) agent: Option<String>,
    /// The session.
    pub(super) sid: Option<String>,
    /// Variables of the hook.
    #[serde(borrow)]
    env: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) raw: Option<&'a RawValue>,
    pub(super) raw_b64: Option<String>,
    pub(super) raw_ref: Option<BlobReference>,
}

/// A payload that lies beside the spool.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct BlobReference {
    pub(super) name: String,
    pub(super) len: u64,
    /// CRC-32C in hex.
    pub(super) crc: String,
}

impl HookRecord<'_> {
    /// Reads a record from its line, closed by the caller.
    pub(super) fn parse(line: &[u8]) -> Result<HookRecord<'_>, serde_json::Error> {
        serde_json::from_slice(line)
    }

    /// Equal for two readings of the same record and for no two hooks: one process writes one record.
    pub(super) fn uid(&self) -> [u8; 16] {
        uid_of(&[
            "hook".as_bytes(),
            self.boot.as_bytes(),
            &self.b.to_be_bytes(),
            &self.pid.to_be_bytes(),
            &self.t.to_be_bytes(),
        ])
    }

    /// What a variable said to the hook.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let mut variables: BTreeMap<String, String> = serde_json::from_str(self.env?.get()).ok()?;
        variables.remove(name)
    }

    pub(super) fn at(&self) -> UnixNanos {
        UnixNanos(self.t)
    }
}

/// A name for a statement, from the parts that make it the same statement.
pub(super) fn uid_of(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, ..]: [u8; 32] =
        hash.finalize().into();
    [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15]
}
