//! `tacho show SESSION`: one session as a tree.

mod sources;

use super::limits::{self, Told};
use super::tree::{number_of, shortened, text_of, tree_with};
use super::{open_current_state, words};
use crate::cli::Output;
use crate::drain::now;
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::report;
use crate::terminal::{display_safe, print};
use serde_json::Value as Json;
use sources::Provenance;
use tacho_model::attribute::Key;
use tacho_model::id::SessionId;
use tacho_model::semconv as key;
use tacho_model::session::Session;
use tacho_model::span::{Span, SpanKind};
use tacho_store::Store;

/// Prints the session.
pub(super) fn run(output: Output, wanted: &str, with_sources: bool) -> Result<(), Failure> {
    let state = open_current_state()?;
    let store = place::open_store_to_read(&state)?.ok_or_else(|| none_recorded(wanted))?;
    let session = find(&store, wanted)?;
    let spans = store.read().spans(&session.id)?;
    let provenance =
        if with_sources { Some(Provenance::read(store.read(), &session.id, now())?) } else { None };
    let told = limits::told_in(store.read(), &session.id)?;
    if output.json {
        let mut report = report::session(&session, &spans);
        if let (Some(told), Some(report)) = (told, report.as_object_mut()) {
            report.insert("status".to_owned(), told.report());
        }
        if let (Some(provenance), Some(report)) = (provenance, report.as_object_mut()) {
            let figures =
                spans.iter().map(|span| (span.span_id.to_string(), provenance.report(span.span_id)));
            report.insert("sources".to_owned(), Json::Object(figures.collect()));
        }
        print(&format!("{report}\n"));
    } else {
        let lines = |span: &Span| provenance.as_ref().map(|said| said.lines(span)).unwrap_or_default();
        let told = told.as_ref().map(told_lines).unwrap_or_default();
        let above = format!("{}{}{told}", heading(&session), of_turns(&spans));
        print(&format!("{above}\n{}", tree_with(&spans, &lines)));
    }
    Ok(())
}

fn none_recorded(wanted: &str) -> Failure {
    Failure::new(FailureKind::User, format!("no session {wanted:?}: nothing is recorded yet"))
        .hint("`tacho demo` plays a recorded session; `tacho status` says whether hooks arrive")
}

fn find(store: &Store, wanted: &str) -> Result<Session, Failure> {
    if wanted == "last" {
        return store.read().sessions()?.into_iter().next().ok_or_else(|| none_recorded(wanted));
    }
    let mut found = store.read().sessions_named(wanted)?;
    if let Some(exact) = found.iter().position(|session| session.id.as_str() == wanted) {
        return Ok(found.swap_remove(exact));
    }
    let is_used = |id: &SessionId| id.as_str().starts_with(wanted);
    match found.len() {
        0 if store.read().session_ids()?.values().any(is_used) => Err(Failure::new(
            FailureKind::User,
            format!("of the session that begins with {wanted:?} only what it used is known"),
        )
        .hint("no hook told of it, or it was forgotten (retention.days): `tacho cost session` and `tacho coverage` have what its transcript says")),
        0 => Err(Failure::new(FailureKind::User, format!("no session begins with {wanted:?}"))
            .hint("`tacho sessions` lists them")),
        1 => Ok(found.swap_remove(0)),
        several => Err(Failure::new(FailureKind::User, format!("{several} sessions begin with {wanted:?}"))
            .hint("give more of the id")),
    }
}

/// What the turns say together: the title that the last one has, and the lines that all of them changed.
pub(super) fn of_turns(spans: &[Span]) -> String {
    let turns = || spans.iter().filter(|span| span.kind == SpanKind::Turn);
    let title = turns().filter_map(|turn| text_of(turn, key::GEN_AI_CONVERSATION_NAME)).next_back();
    let title = title.map(|title| format!("{}\n", shortened(title))).unwrap_or_default();
    let sum = |key: Key| turns().filter_map(|turn| number_of(turn, key)).reduce(u64::saturating_add);
    let lines = sum(key::TACHOGRAPH_LINES_ADDED).zip(sum(key::TACHOGRAPH_LINES_REMOVED));
    let lines = lines.map(|(added, removed)| format!("lines +{added} -{removed}\n")).unwrap_or_default();
    format!("{title}{lines}")
}

/// What the agent said of how it stands, at the last time.
fn told_lines(told: &Told) -> String {
    let figures = &told.figures;
    let window = figures.context_window_tokens.map(|window| format!(" of {}", words::count(Some(window))));
    let context = figures
        .context_tokens
        .map(|tokens| format!("context {}{} tokens", words::count(Some(tokens)), window.unwrap_or_default()));
    let lines = figures.lines_added.zip(figures.lines_removed);
    let lines = lines.map(|(added, removed)| format!("lines +{added} -{removed}"));
    let cost = figures.cost.map(|cost| format!("cost {}", words::dollars(cost)));
    let said: Vec<String> = context.into_iter().chain(lines).chain(cost).collect();
    let said = (!said.is_empty()).then(|| format!("by the agent: {}", said.join(", ")));
    said.into_iter().chain(told.lines_then()).map(|line| format!("{line}\n")).collect()
}

/// What the session came to, in two lines.
pub(super) fn heading(session: &Session) -> String {
    let end = session.ended.unwrap_or(session.last_seen);
    let version = session.agent_version.as_deref().unwrap_or("?");
    let state = match (session.ended, session.end_inferred) {
        (None, _) => "going on",
        (Some(_), false) => "ended",
        (Some(_), true) => "gone without an end",
    };
    let usage = session.usage;
    format!(
        "session {}  {} {}  {}  {}  {state}\n{}, {}, {} ({} failed, {} denied), {}; tokens: {} input of which {} \
         from cache, {} output; cost: {}\n",
        display_safe(session.id.as_str()),
        session.agent,
        display_safe(version),
        words::time(session.started),
        words::duration(end.nanos_since(session.started)),
        words::plural(session.turns, "turn"),
        words::plural(session.llm_calls, "model call"),
        words::plural(session.tool_calls, "tool call"),
        session.tool_errors.saturating_sub(session.tool_denials),
        session.tool_denials,
        words::plural(session.subagents, "subagent"),
        words::count(usage.total_input()),
        words::count(usage.cache_read),
        words::count(usage.output),
        words::cost(session.cost, session.unpriced_calls),
    )
}
