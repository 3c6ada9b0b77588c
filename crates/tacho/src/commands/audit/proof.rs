//! `tacho audit prove` and `verify-proof`: one decision, proven without the others.

use super::book::{ReadBook, unreadable};
use crate::audit::Entry;
use crate::cli::Output;
use crate::failure::{Failure, FailureKind};
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, print};
use serde_json::json;
use std::fs;
use std::path::Path;
use tacho_audit::note::VerifierKey;
use tacho_audit::tlog_proof::EntryProof;

/// Prints the proof of an entry.
pub(super) fn prove(output: Output, number: u64) -> Result<(), Failure> {
    let book = ReadBook::open()?;
    let entry = book.entry(number)?;
    let path = book.tiles().inclusion(number).map_err(unreadable)?;
    let proof = EntryProof { entry, index: number, path, checkpoint: book.checkpoint };
    // Nothing is handed out for a proof that is none.
    let keys: Vec<VerifierKey> = book.chain.links().map(|link| link.key.clone()).collect();
    proof.check(&keys).map_err(|why| {
        Failure::new(FailureKind::Finding, format!("entry {number} cannot be proven: {why}"))
            .hint("`tacho audit verify` says what is wrong with the log")
    })?;
    if output.json {
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "index": number,
            "size": book.head.size,
            "proof": proof.to_string(),
        });
        print(&format!("{report}\n"));
    } else {
        print(&proof.to_string());
    }
    Ok(())
}

/// Checks a proof, by the keys that are named or by this machine's.
pub(super) fn verify(output: Output, file: &Path, keys: &[String]) -> Result<(), Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::new(FailureKind::Config, format!("{} cannot be read: {error}", file.display()))
    })?;
    let own = if keys.is_empty() { Some(ReadBook::open()?.chain) } else { None };
    let keys = match &own {
        Some(chain) => chain.links().map(|link| link.key.clone()).collect(),
        None => keys.iter().map(|text| parse(text)).collect::<Result<Vec<_>, _>>()?,
    };
    let proof = EntryProof::parse(&text)
        .ok_or_else(|| Failure::new(FailureKind::Finding, format!("{} is no proof", file.display())))?;
    let head = proof
        .check(&keys)
        .map_err(|why| Failure::new(FailureKind::Finding, format!("the proof does not hold: {why}")))?;
    // Of our own keys each signs as long as it is the log's.
    if let Some(Err(why)) = own.map(|chain| chain.open(&proof.checkpoint)) {
        return Err(Failure::new(
            FailureKind::Finding,
            format!("the proof does not hold: its checkpoint {why}"),
        ));
    }
    let said = Entry::parse(&proof.entry).filter(|entry| entry.seq() == Some(proof.index));
    let entry =
        said.ok_or_else(|| Failure::new(FailureKind::Finding, "the proof holds for no entry of its number"))?;
    if output.json {
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "index": proof.index,
            "size": head.size,
            "root": head.root.to_string(),
            "entry": entry.fields,
        });
        print(&format!("{report}\n"));
    } else {
        let line = String::from_utf8_lossy(&proof.entry);
        print(&format!("entry {} of {} holds\n{}\n", proof.index, head.size, display_safe(&line)));
    }
    Ok(())
}

fn parse(text: &str) -> Result<VerifierKey, Failure> {
    text.trim().parse().map_err(|error| Failure::new(FailureKind::Config, format!("{text:?} {error}")))
}
