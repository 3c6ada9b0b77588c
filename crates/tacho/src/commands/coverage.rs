//! `tacho coverage`: what each source saw, what was concluded, and what was missed.

use super::open_current_state;
use super::table::table;
use super::words;
use crate::cli::Output;
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, note, print};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::event::Source;
use tacho_model::session::Session;
use tacho_store::coverage::Coverage;
use tacho_store::{Reader, SessionKey};

/// What is known of one session.
struct Row {
    id: String,
    coverage: Coverage,
    /// What was derived of it, if it was recorded.
    session: Option<Session>,
}

/// Prints what is covered.
pub(super) fn run(output: Output, wanted: Option<&str>) -> Result<(), Failure> {
    let state = open_current_state()?;
    let Some(store) = place::open_store_to_read(&state)? else {
        return Err(Failure::new(FailureKind::User, "nothing is recorded yet")
            .hint("`tacho import` reads the agent's transcripts; `tacho demo` plays a session"));
    };
    let store = store.read();
    let rows = rows(store, wanted)?;
    let unread: u64 = store.imported_files()?.iter().map(|file| file.unreadable).sum();
    let losses = store.losses()?;
    if output.json {
        let sessions: Vec<Json> = rows.iter().map(Row::report).collect();
        let losses: BTreeMap<&str, u64> =
            losses.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "sessions": sessions,
            "unreadable_usage_rows": unread,
            "damaged_lines": store.damaged_lines()?,
            "losses": losses,
        });
        print(&format!("{report}\n"));
    } else if rows.is_empty() {
        note("nothing is known of any session; `tacho import` reads the agent's transcripts");
    } else {
        print(&text(&rows, unread, &losses));
    }
    Ok(())
}

fn rows(store: Reader<'_>, wanted: Option<&str>) -> Result<Vec<Row>, Failure> {
    let ids = store.session_ids()?;
    let meant: Option<BTreeSet<SessionKey>> = wanted.map(|wanted| {
        let named = ids.iter().filter(|(_, id)| id.as_str().starts_with(wanted));
        named.map(|(key, _)| *key).collect()
    });
    if let (Some(wanted), Some(true)) = (wanted, meant.as_ref().map(BTreeSet::is_empty)) {
        return Err(Failure::new(FailureKind::User, format!("no session begins with {wanted:?}"))
            .hint("`tacho coverage` without an argument lists all of them"));
    }
    let mut sessions: BTreeMap<String, Session> =
        store.sessions()?.into_iter().map(|session| (session.id.to_string(), session)).collect();
    let covered = store.coverage(meant.as_ref())?;
    let rows = covered.into_iter().filter_map(|(key, coverage)| {
        let id = ids.get(&key)?.to_string();
        Some(Row { session: sessions.remove(&id), id, coverage })
    });
    Ok(rows.collect())
}

impl Row {
    fn said_by(&self, source: Source) -> u64 {
        self.coverage.statements.get(source.name()).copied().unwrap_or(0)
    }

    /// Whether hooks spoke of it.
    fn is_recorded(&self) -> bool {
        self.said_by(Source::Hook) > 0
    }

    fn inferred(&self) -> u64 {
        self.coverage.inferred_ends.values().sum()
    }

    fn not_understood(&self) -> u64 {
        let session = self.session.as_ref();
        session.map_or(0, |session| session.not_understood + session.unknown.values().sum::<u64>())
    }

    fn report(&self) -> Json {
        json!({
            "id": self.id,
            "is_recorded": self.is_recorded(),
            "statements": self.coverage.statements,
            "llm_calls": self.coverage.calls,
            "calls_in_transcripts": self.coverage.used_calls,
            "open_calls": self.coverage.open_calls,
            "inferred_ends": self.coverage.inferred_ends,
            "not_understood": self.session.as_ref().map(|session| session.not_understood),
            "unknown": self.session.as_ref().map(|session| &session.unknown),
        })
    }

    fn cells(&self) -> Vec<String> {
        let missing = match (self.is_recorded(), self.coverage.used_calls.abs_diff(self.coverage.calls)) {
            (false, _) => "no hook spoke of it: only what it used is known".to_owned(),
            (true, 0) => String::new(),
            (true, calls) => {
                format!("{} in one of tree and transcripts alone", words::plural(calls, "call"))
            }
        };
        vec![
            display_safe(&self.id),
            self.said_by(Source::Hook).to_string(),
            self.said_by(Source::Transcript).to_string(),
            self.coverage.calls.to_string(),
            self.coverage.used_calls.to_string(),
            self.coverage.open_calls.to_string(),
            self.inferred().to_string(),
            self.not_understood().to_string(),
            missing,
        ]
    }
}

fn text(rows: &[Row], unread: u64, losses: &[(String, u64)]) -> String {
    let heads =
        ["session", "hooks", "rows", "calls", "in files", "open", "concluded", "unknown", "what is missing"];
    let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
    let mut text = table(&heads, &[1, 2, 3, 4, 5, 6, 7], &cells);
    let only_imported = rows.iter().filter(|row| !row.is_recorded()).count() as u64;
    if only_imported > 0 {
        let were = if only_imported == 1 { "was" } else { "were" };
        text += &format!(
            "\n{} of {} {were} not recorded by hooks\n",
            words::plural(only_imported, "session"),
            rows.len()
        );
    }
    let unknown = unknown_names(rows);
    if !unknown.is_empty() {
        text += &format!("not known to this version: {}\n", unknown.join(", "));
    }
    if unread > 0 {
        text += &format!("{} could not be read\n", words::plural(unread, "row about usage"));
    }
    for (reason, count) in losses {
        text += &format!("lost: {count} by {}\n", display_safe(reason));
    }
    text
}

/// Names of hook events and rows that this version does not know, with how often they came.
fn unknown_names(rows: &[Row]) -> Vec<String> {
    let mut names = BTreeMap::<&str, u64>::new();
    for (name, count) in
        rows.iter().filter_map(|row| row.session.as_ref()).flat_map(|session| &session.unknown)
    {
        *names.entry(name).or_default() += count;
    }
    names.into_iter().map(|(name, count)| format!("{} ({count})", display_safe(name))).collect()
}
