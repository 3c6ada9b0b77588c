//! The summary of a session, counted from its finished tree.

use crate::calls::Call;
use crate::outcome::{Outcome, outcome};
use crate::tree::Tree;
use tacho_model::money::Nanodollars;
use tacho_model::session::Session;
use tacho_model::span::{Span, SpanKind, Status};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

/// What the session came to so far.
pub(crate) fn summary(tree: &Tree<'_>, spans: &[Span]) -> Session {
    let facts = tree.facts;
    let of_kind = |kind: SpanKind| spans.iter().filter(move |span| span.kind == kind);
    let count = |kind: SpanKind| of_kind(kind).count() as u64;
    // Of some nothing is known but the line that shows them.
    let shown = facts.status.range();
    let last_seen = facts.seen.last.or(shown.map(|(_, last)| last)).unwrap_or(UnixNanos(0));
    let denied = facts.own_tools().filter(|(_, tool)| outcome(facts, tool) == Outcome::Denied);
    let amounts = || tree.calls().filter_map(|call| Some(call.price.as_ref()?.as_ref().ok()?.amount));
    // A process that is gone ended its session when it was last seen.
    let ended = facts.ended.at().max(facts.gone.at().and(facts.active.last));
    Session {
        id: facts.session.clone(),
        agent: facts.agent.name.to_owned(),
        agent_version: facts.version.value().cloned(),
        started: facts.began().or(shown.map(|(first, _)| first)).unwrap_or(last_seen),
        ended: ended.filter(|_| tree.session_end.is_some()),
        end_inferred: tree.session_end.is_some_and(|end| end.is_inferred()),
        last_seen,
        turns: count(SpanKind::Turn),
        llm_calls: count(SpanKind::Llm),
        tool_calls: count(SpanKind::Tool),
        tool_errors: of_kind(SpanKind::Tool).filter(|span| span.status == Status::Error).count() as u64,
        tool_denials: denied.count() as u64,
        subagents: count(SpanKind::Subagent),
        usage: tree.calls().map(Call::usage).fold(Usage::default(), Usage::plus),
        cost: amounts().next().is_some().then(|| Nanodollars::sum(amounts())),
        unpriced_calls: tree.calls().filter(|call| matches!(call.price, Some(Err(_)))).count() as u64,
        not_understood: facts.not_understood.len() as u64,
        hook_events: facts.heard.hook_events(),
        unknown: facts.heard.unknown(),
        open_spans: spans.iter().filter(|span| !span.settled).count() as u64,
    }
}
