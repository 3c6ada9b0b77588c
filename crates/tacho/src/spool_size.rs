//! How much the spool holds, and how much of it nobody has read.

use crate::failure::Failure;
use std::collections::BTreeMap;
use std::fs;
use tacho_spool::layout::BLOBS;
use tacho_spool::read::segments;
use tacho_spool::state::State;

/// Bytes of segments.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpoolSize {
    /// All of them.
    pub(crate) bytes: u64,
    /// Those behind the cursors.
    pub(crate) unread: u64,
}

/// What the segments hold that were read up to these cursors.
pub(crate) fn spool_size(state: &State, cursors: &BTreeMap<String, u64>) -> Result<SpoolSize, Failure> {
    let mut size = SpoolSize::default();
    for segment in segments(state.path())? {
        let bytes = fs::metadata(&segment).map(|metadata| metadata.len()).unwrap_or(0);
        let name = segment.strip_prefix(state.path()).unwrap_or(&segment).to_string_lossy().into_owned();
        size.bytes += bytes;
        size.unread += bytes.saturating_sub(cursors.get(&name).copied().unwrap_or(0));
    }
    Ok(size)
}

/// What the payloads hold that lie beside the segments.
pub(crate) fn blob_bytes(state: &State) -> u64 {
    let blobs = fs::read_dir(state.path().join(BLOBS)).into_iter().flatten().flatten();
    blobs.filter_map(|blob| blob.metadata().ok()).map(|metadata| metadata.len()).sum()
}
