//! Where segments and blobs lie below the state directory, and how they are named.
//!
//! The directory names the host and the boot, because appends of two hosts to one file on a network file
//! system do not exclude each other, and boot-time clocks compare only within one boot.

use std::fmt::Write as _;

/// Directory of all segments, below the state directory.
pub const SPOOL: &str = "spool/v1";
/// Directory of segments that are complete, below [`SPOOL`].
pub const SEALED: &str = "spool/v1/sealed";
/// How many directories a segment lies in, from its own up to the state directory.
pub(crate) const SEGMENT_DEPTH: usize = 4;
/// Directory of payloads too large for a record, below the state directory.
pub const BLOBS: &str = "blobs";
/// What the next session is told, below the state directory; its first line is shown.
pub const NOTICE: &str = "notice";
/// How many directories a blob lies in.
pub(crate) const BLOB_DEPTH: usize = 2;
/// Suffix of every segment.
pub const SEGMENT_SUFFIX: &str = ".jsonl";
/// A segment that has reached this size is left for the next one.
pub const SEGMENT_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// How many segments a session may fill within an hour.
pub const SEGMENTS_PER_HOUR_MAX: u32 = 64;

/// Name of the directory for segments of this host and boot, below [`SPOOL`].
#[must_use]
pub fn host_directory(host: &[u8], boot_id: &[u8]) -> String {
    format!("{:08x}-{:08x}", fnv1a(host) as u32, fnv1a(boot_id) as u32)
}

/// Name of the `number`th segment of a session in the hour that holds `unix_seconds`.
#[must_use]
pub fn segment_name(session: &str, unix_seconds: u64, number: u32) -> String {
    let mut name = session_stem(session);
    // Writing to a string cannot fail.
    let _ = write!(name, ".{}", unix_seconds / 3600);
    if number > 0 {
        let _ = write!(name, ".{number}");
    }
    name.push_str(SEGMENT_SUFFIX);
    name
}

/// A session id that is safe as part of a file name stands for itself; any other is named by its hash.
pub(crate) fn session_stem(session: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=64).contains(&session.len()) && session.bytes().all(is_plain) {
        session.to_owned()
    } else {
        format!("h{:016x}", fnv1a(session.as_bytes()))
    }
}

/// FNV-1a, 64 bit: names things apart, proves nothing.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}
