//! `tacho audit show`: entries as a table, or one of them whole.

use super::book::ReadBook;
use crate::audit::{Entry, Opening};
use crate::cli::Output;
use crate::cli::audit::Filter;
use crate::failure::Failure;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, note, print};
use serde_json::{Map, Value as Json, json};
use std::collections::VecDeque;

/// Fields that a line of the table has columns for, or that tell nothing to a reader.
const NOT_BEHIND: [&str; 24] = [
    "seq",
    "time",
    "type",
    "tool",
    "outcome",
    "session",
    "log",
    "sealed",
    "v",
    "about",
    "span_id",
    "trace_id",
    "agent",
    "user",
    "call",
    "request",
    "input",
    "output",
    "reasoning",
    "turn",
    "config",
    "subagent",
    "model",
    "mode",
];

/// The last entries that pass.
pub(super) fn list(output: Output, filter: &Filter, limit: usize) -> Result<(), Failure> {
    let book = ReadBook::open()?;
    let mut found = VecDeque::new();
    book.each(filter, |entry, _| {
        found.push_back(entry);
        if found.len() > limit {
            found.pop_front();
        }
    })?;
    if output.json {
        let entries: Vec<_> = found.into_iter().map(|entry| entry.fields).collect();
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "log": book.chain.origin(),
            "size": book.head.size,
            "minimum": book.minimum,
            "entries": entries,
        });
        print(&format!("{report}\n"));
    } else if found.is_empty() && limit > 0 {
        note("no entry passes");
    } else {
        found.iter().for_each(|entry| print(&line(entry)));
    }
    Ok(())
}

fn line(entry: &Entry) -> String {
    let text = |field: &str| entry.text(field).unwrap_or("-");
    let session: String = text("session").chars().take(8).collect();
    let seq = entry.seq().unwrap_or_default();
    let others = entry.fields.iter().filter(|(name, _)| !NOT_BEHIND.contains(&name.as_str()));
    let behind: Vec<String> = others.map(|(name, value)| format!("{name}={}", shown(value))).collect();
    let line = format!(
        "{seq:>7}  {}  {session:<8}  {:<20}  {:<12}  {:<10}  {}",
        text("time"),
        text("type"),
        text("tool"),
        text("outcome"),
        behind.join(" ")
    );
    format!("{}\n", display_safe(line.trim_end()))
}

fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One entry, and what was kept beside it.
pub(super) fn one(output: Output, number: u64) -> Result<(), Failure> {
    let book = ReadBook::open()?;
    let bytes = book.entry(number)?;
    let fields = Entry::parse(&bytes).map(|entry| entry.fields).unwrap_or_default();
    let beside = beside(&book, &fields);
    if output.json {
        let report = json!({ "schema_version": SCHEMA_VERSION, "entry": fields, "beside": beside });
        print(&format!("{report}\n"));
        return Ok(());
    }
    for (name, value) in fields.iter().chain(&beside) {
        print(&format!("{name:<12} {}\n", display_safe(&shown(value))));
    }
    Ok(())
}

/// What opens the commitments of an entry: nonces, and the summary of what the model thought.
fn beside(book: &ReadBook, fields: &Map<String, Json>) -> Map<String, Json> {
    let text = |name: &str| fields.get(name).and_then(Json::as_str);
    let mut beside = Map::new();
    let (Some(session), Some(about)) = (text("session"), text("about")) else { return beside };
    let Some(opening) = Opening::existing(&book.place, session) else { return beside };
    for (field, nonce) in
        [("input", "input_nonce"), ("output", "output_nonce"), ("reasoning", "reasoning_nonce")]
    {
        let found = text(field).and_then(|_| opening.nonce_text(about, field));
        beside.extend(found.map(|found| (nonce.to_owned(), Json::from(found))));
    }
    if text("reasoning").is_some() {
        let kept = opening.reasoning(about);
        beside.extend(kept.map(|kept| ("reasoning_text".to_owned(), Json::from(kept))));
    }
    beside
}
