//! Records that this program appends to the spool itself, in the form of the hook's (`docs/formats/spool.md`).

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use std::fs;
use std::io;
use std::os::unix::process::parent_id;
use std::process;
use tacho_spool::append::{Destination, Durability, append};
use tacho_spool::state::State;
use tacho_spool::{frame, layout};

/// What is the same in every record of a process.
pub(crate) struct Recorder {
    boot: String,
    host_directory: String,
}

/// What a record says.
pub(crate) struct OwnRecord<'a> {
    /// Name of the agent.
    pub(crate) agent: &'a str,
    /// The event.
    pub(crate) event: &'a str,
    /// The session.
    pub(crate) session: &'a str,
    /// The payload, as JSON.
    pub(crate) raw: &'a str,
    /// Nanoseconds since the Unix epoch.
    pub(crate) unix_ns: u64,
    /// Nanoseconds since boot; no two records of a process have the same.
    pub(crate) boot_ns: u64,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot = boot.trim().to_owned();
        let host = rustix::system::uname();
        let host_directory = layout::host_directory(host.nodename().to_bytes(), boot.as_bytes());
        Self { boot, host_directory }
    }

    /// Appends a record.
    pub(crate) fn append(
        &self,
        state: &State,
        record: &OwnRecord<'_>,
        durability: Durability,
    ) -> io::Result<()> {
        // The name of the segment is made of the id as a payload spells it, as with the hook.
        let session = json!(record.session).to_string();
        let to = Destination {
            host_directory: &self.host_directory,
            session: session.trim_matches('"'),
            unix_seconds: record.unix_ns / 1_000_000_000,
        };
        // The frame adds the checksum and closes the object.
        let open_object = format!(
            r#"{{"v":1,"t":{},"b":{},"boot":{},"pid":{},"ppid":{},"agent":{},"pv":{},"ev":{},"sid":{session},"raw":{}"#,
            record.unix_ns,
            record.boot_ns,
            json!(self.boot),
            process::id(),
            parent_id(),
            json!(record.agent),
            json!(env!("CARGO_PKG_VERSION")),
            json!(record.event),
            record.raw,
        );
        append(state, to, &frame::seal(open_object.as_bytes()), durability)
    }
}

/// Nanoseconds since boot.
pub(crate) fn boot_ns() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}
