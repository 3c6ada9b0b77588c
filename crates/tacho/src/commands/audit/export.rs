//! `tacho audit export`: entries for other programs.

use super::book::ReadBook;
use crate::audit::{Entry, Opening};
use crate::cli::audit::{ExportFormat, Filter};
use crate::failure::Failure;
use crate::place;
use crate::terminal::print;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::mem;
use tacho_model::attribute::{Key, Value};
use tacho_model::id::SessionId;
use tacho_model::semconv as key;
use tacho_store::Store;

/// Columns of the table.
const COLUMNS: [&str; 24] = [
    "seq",
    "time",
    "type",
    "session",
    "user",
    "agent",
    "turn",
    "tool",
    "outcome",
    "decider",
    "rule",
    "rule_source",
    "waited_ms",
    "mode",
    "model",
    "error",
    "input",
    "output",
    "call",
    "trace_id",
    "span_id",
    "corrects",
    "config",
    "about",
];
/// Fields of an entry that the record has under names of its own, or that belong to the log.
const NOT_METADATA: [&str; 11] =
    ["time", "session", "user", "type", "tool", "reasoning", "input", "output", "v", "log", "sealed"];

/// The record of the second document's section 55.7.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditRecord<'a> {
    timestamp: &'a str,
    session_id: &'a str,
    user_id: &'a str,
    decision_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    input_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_hash: Option<String>,
    metadata: Map<String, Json>,
}

/// Prints what passes.
pub(super) fn run(format: ExportFormat, content_hashes: bool, filter: &Filter) -> Result<(), Failure> {
    let book = ReadBook::open()?;
    match format {
        ExportFormat::Jsonl => book.each(filter, |_, bytes| {
            print(&format!("{}\n", String::from_utf8_lossy(bytes)));
        }),
        ExportFormat::Csv => {
            // Printed with the first line, or at the end: what fails before prints nothing.
            let mut head = COLUMNS.join(",") + "\r\n";
            book.each(filter, |entry, _| print(&(mem::take(&mut head) + &csv_line(&entry))))?;
            print(&head);
            Ok(())
        }
        ExportFormat::Document => {
            let store = if content_hashes { place::open_store_to_read(&book.state)? } else { None };
            let mut hashes = Hashes { store, of_sessions: HashMap::new() };
            book.each(filter, |entry, _| {
                if let Some(record) = record(&book, &entry, &mut hashes) {
                    print(&format!("{record}\n"));
                }
            })
        }
    }
}

/// A line of RFC 4180. A text that a table would take for a formula begins with an apostrophe.
fn csv_line(entry: &Entry) -> String {
    let cell = |column: &&str| {
        let text = match entry.fields.get(*column) {
            Some(Json::String(text)) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                format!("'{text}")
            }
            Some(Json::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        let is_plain = !text.contains(['"', ',', '\n', '\r']);
        if is_plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
    };
    COLUMNS.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

/// The record of an entry, if it is of a type that such records know.
fn record(book: &ReadBook, entry: &Entry, hashes: &mut Hashes) -> Option<String> {
    let kind = entry.text("type")?;
    if !["tool_call", "tool_skip", "response_generated", "safety_block"].contains(&kind) {
        return None;
    }
    let (session, about) = (entry.text("session")?, entry.text("about")?);
    let opening = || Opening::existing(&book.place, session)?.reasoning(about);
    let mut hash = |field| hashes.of(entry, field).or_else(|| entry.text(field).and_then(short));
    let others = entry.fields.iter().filter(|(name, _)| !NOT_METADATA.contains(&name.as_str()));
    let record = AuditRecord {
        timestamp: entry.text("time")?,
        session_id: session,
        user_id: entry.text("user").unwrap_or("anonymous"),
        decision_type: kind,
        tool_name: entry.text("tool"),
        reasoning: entry.text("reasoning").and_then(|_| opening()),
        // The record must have one; nothing was asked with nothing in it.
        input_hash: hash("input").unwrap_or_default(),
        output_hash: hash("output"),
        metadata: others
            .map(|(name, value)| {
                (if name == "turn" { "turnIndex".to_owned() } else { name.clone() }, value.clone())
            })
            .collect(),
    };
    serde_json::to_string(&record).ok()
}

/// The first 16 hex digits of a commitment.
fn short(commitment: &str) -> Option<String> {
    Some(hex16(&STANDARD.decode(commitment).ok()?))
}

fn hex16(bytes: &[u8]) -> String {
    bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Hashes of the content itself, of those sessions that the store still has.
struct Hashes {
    store: Option<Store>,
    of_sessions: HashMap<String, HashMap<(String, &'static str), String>>,
}

impl Hashes {
    fn of(&mut self, entry: &Entry, field: &'static str) -> Option<String> {
        let store = self.store.as_ref()?;
        let (session, span) = (entry.text("session")?, entry.text("span_id")?);
        let hashes = self.of_sessions.entry(session.to_owned()).or_insert_with(|| hashes_of(store, session));
        hashes.get(&(span.to_owned(), field)).cloned()
    }
}

fn hashes_of(store: &Store, session: &str) -> HashMap<(String, &'static str), String> {
    let spans = store.read().spans(&SessionId::from(session)).unwrap_or_default();
    let mut hashes = HashMap::new();
    let fields: [(&str, &[Key]); 2] = [
        ("input", &[key::GEN_AI_TOOL_CALL_ARGUMENTS, key::GEN_AI_INPUT_MESSAGES]),
        ("output", &[key::GEN_AI_TOOL_CALL_RESULT, key::CLAUDE_CODE_TOOL_ERROR, key::GEN_AI_OUTPUT_MESSAGES]),
    ];
    for span in &spans {
        for (field, keys) in fields {
            let content = keys.iter().find_map(|key| match span.attributes.get(*key)? {
                Value::String(text) => Some(text),
                Value::Int(_) | Value::Double(_) | Value::Boolean(_) | Value::StringList(_) => None,
            });
            if let Some(content) = content {
                hashes.insert((span.span_id.to_string(), field), hex16(&Sha256::digest(content.as_bytes())));
            }
        }
    }
    hashes
}
