//! `tacho show SESSION`: one session as a tree.

use super::tree::tree;
use super::{open_current_state, words};
use crate::cli::Output;
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::report;
use crate::terminal::{display_safe, print};
use tacho_model::session::Session;
use tacho_store::Store;

/// Prints the session.
pub(super) fn run(output: Output, wanted: &str) -> Result<(), Failure> {
    let state = open_current_state()?;
    let store = place::open_store_to_read(&state)?.ok_or_else(|| none_recorded(wanted))?;
    let session = find(&store, wanted)?;
    let spans = store.read().spans(&session.id)?;
    if output.json {
        print(&format!("{}\n", report::session(&session, &spans)));
    } else {
        print(&format!("{}\n{}", heading(&session), tree(&spans)));
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
    match found.len() {
        0 => Err(Failure::new(FailureKind::User, format!("no session begins with {wanted:?}"))
            .hint("`tacho sessions` lists them")),
        1 => Ok(found.swap_remove(0)),
        several => Err(Failure::new(FailureKind::User, format!("{several} sessions begin with {wanted:?}"))
            .hint("give more of the id")),
    }
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
        display_safe(&session.id.0),
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
