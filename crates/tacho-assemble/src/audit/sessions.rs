//! Decisions of a session itself: that it began and ended, and that the agent's settings were changed during it.

use super::{Decision, DecisionKind, Subject, SubjectOf};
use crate::facts::SessionFacts;
use tacho_model::session::Session;
use tacho_model::time::UnixNanos;

/// Changes of the same settings within this time are one, told by several hooks.
const SAME_CHANGE_NS: u64 = 2_000_000_000;

/// What is known of the session so far. An end is told only when nothing is open any more, since a session may go on.
pub(super) fn decisions<'a>(facts: &'a SessionFacts, session: &'a Session) -> Vec<Decision<'a>> {
    let mut start = at(DecisionKind::SessionStarted, "started", session.started);
    start.about.of = SubjectOf::Session;
    start.names.extend(session.agent_version.as_deref().map(|version| ("agent_version", version)));
    let mut decisions = vec![start];
    if let Some(ended) = session.ended.filter(|_| session.open_spans == 0) {
        let mut end = at(DecisionKind::SessionEnded, "ended", ended);
        end.names.push(("outcome", if session.end_inferred { "inferred" } else { "said" }));
        end.numbers.extend([
            ("turns", session.turns),
            ("calls", session.llm_calls),
            ("tools", session.tool_calls),
            ("denied", session.tool_denials),
        ]);
        decisions.push(end);
    }
    let mut before: Option<(UnixNanos, &str)> = None;
    for (changed, sort) in &facts.settings_changes {
        let sort = sort.as_deref().unwrap_or("settings");
        let is_same =
            before.is_some_and(|(at, same)| same == sort && changed.nanos_since(at) <= SAME_CHANGE_NS);
        if !is_same {
            let mut change = at(DecisionKind::ConfigChanged, "settings", *changed);
            change.names.push(("source", sort));
            decisions.push(change);
        }
        before = Some((*changed, sort));
    }
    decisions
}

const fn at<'a>(kind: DecisionKind, part: &'static str, at: UnixNanos) -> Decision<'a> {
    Decision {
        kind,
        about: Subject { part, of: SubjectOf::Moment(at) },
        at,
        span: None,
        turn: None,
        names: Vec::new(),
        numbers: Vec::new(),
        input: None,
        output: None,
        reasoning: None,
    }
}
