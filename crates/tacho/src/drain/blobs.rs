//! Blobs: payloads that lie beside the spool, read in pieces and cut to what the store keeps.

use crate::record::BlobReference;
use std::io::{self, Read as _};
use std::path::Path;
use tacho_agents::clip::{Clipper, STRING_BYTES_MAX};
use tacho_spool::blob;
use tacho_spool::crc32c::Crc32c;

/// A payload whose strings are cut and which is still longer than this is not kept.
const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;

/// The payload a record refers to, cut; `None` when it is gone, damaged or too large even so.
pub(super) fn clipped(state: &Path, reference: &BlobReference) -> Option<Vec<u8>> {
    read_clipped(state, reference).ok().flatten()
}

fn read_clipped(state: &Path, reference: &BlobReference) -> io::Result<Option<Vec<u8>>> {
    let mut file = blob::open(state, &reference.name)?;
    let mut piece = vec![0; 64 * 1024];
    let (mut crc, mut len, mut kept) = (Crc32c::default(), 0, Vec::new());
    let mut clipper = Clipper::new(STRING_BYTES_MAX);
    loop {
        let count = file.read(&mut piece)?;
        let bytes = piece.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        crc.update(bytes);
        len += bytes.len() as u64;
        clipper.feed(bytes, &mut kept);
        if kept.len() > PAYLOAD_BYTES_MAX {
            return Ok(None);
        }
    }
    let is_intact = len == reference.len && format!("{:08x}", crc.value()) == reference.crc;
    Ok(is_intact.then_some(kept))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use tacho_spool::append::Durability;
    use tacho_spool::blob::BlobWriter;
    use tacho_spool::state::State;

    /// What a patch says of a long file: what stands behind its lines is what the call is known by.
    #[test]
    fn a_payload_with_more_lines_than_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let state = State::open(directory.path()).unwrap();
        let payload = json!({ "lines": vec!["+ a line"; 200_000], "tool_use_id": "toolu_1" }).to_string();
        let mut blob = BlobWriter::create(&state, "b".to_owned()).unwrap();
        blob.push(payload.as_bytes()).unwrap();
        let blob = blob.finish(Durability::Kernel).unwrap();
        let reference = BlobReference { name: blob.name, len: blob.len, crc: format!("{:08x}", blob.crc) };
        let kept = clipped(state.path(), &reference).unwrap();
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        assert_eq!(kept["tool_use_id"], "toolu_1");
    }
}
