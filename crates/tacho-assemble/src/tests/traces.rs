//! Turns below and beside spans of others' traces.

use super::{assembled, ended, facts_of, hook, prompted, started, stopped};
use crate::audit::decisions;
use tacho_model::event::{Event, Fact, Source, TraceContext};
use tacho_model::id::{IdSpace, SessionId, SpanId, TraceId};
use tacho_model::span::{Link, Span, SpanKind};

const OUTSIDE: Link = Link { trace_id: TraceId([7; 16]), span_id: SpanId([8; 8]) };
const AGENTS: Link = Link { trace_id: TraceId([9; 16]), span_id: SpanId([9; 8]) };

fn seen(seconds: u64, parent: Option<Link>, beside: Option<Link>) -> Event {
    let event = hook(seconds, "p", Fact::TraceSeen(TraceContext { parent, beside }));
    Event { source: Source::Recorder, prompt: None, ..event }
}

/// Two turns with a tool call each.
fn work() -> Vec<Event> {
    vec![
        hook(1, "p", prompted()),
        hook(2, "p", started("t")),
        hook(3, "p", ended("t", None)),
        hook(4, "p", stopped()),
        hook(5, "q", prompted()),
        hook(6, "q", started("u")),
        hook(7, "q", ended("u", None)),
        hook(8, "q", stopped()),
    ]
}

/// The ids that nobody else has a say in.
fn own(key: &str) -> (TraceId, SpanId) {
    let session = SessionId::from("session");
    let ids = IdSpace { agent: "agent", session: &session };
    (ids.trace(key), ids.span(SpanKind::Turn, key))
}

/// Trace, parent and links of each turn, and that everything below a turn is in its trace.
#[track_caller]
fn check(traces: &[Event], expected: [(TraceId, Option<SpanId>, Vec<Link>); 2]) {
    let forwards = [&work()[..], traces].concat();
    let backwards: Vec<Event> = forwards.iter().rev().cloned().chain(traces.iter().cloned()).collect();
    for events in [forwards, backwards] {
        let spans = assembled(&events, 100).spans;
        let [turn, tool, next, other] = <[Span; 4]>::try_from(spans).unwrap();
        let of = |turn: &Span| (turn.trace_id, turn.parent_span_id, turn.links.clone());
        assert_eq!([of(&turn), of(&next)], expected);
        for (turn, tool, key) in [(turn, tool, "p"), (next, other, "q")] {
            assert_eq!((turn.span_id, tool.trace_id), (own(key).1, turn.trace_id));
            assert_eq!(tool.parent_span_id, Some(turn.span_id));
        }
    }
}

#[test]
fn a_turn_is_a_trace_of_its_own() {
    let (first, before) = own("p");
    let link = Link { trace_id: first, span_id: before };
    check(&[], [(first, None, vec![]), (own("q").0, None, vec![link])]);
    // What was seen at another time is about no turn.
    check(&[seen(2, Some(OUTSIDE), Some(AGENTS))], [(first, None, vec![]), (own("q").0, None, vec![link])]);
}

#[test]
fn a_turn_lies_below_a_span_of_another() {
    let (first, before) = own("p");
    let (trace, parent) = (OUTSIDE.trace_id, Some(OUTSIDE.span_id));
    let link = |trace_id| vec![Link { trace_id, span_id: before }];
    check(&[seen(1, Some(OUTSIDE), None)], [(trace, parent, vec![]), (own("q").0, None, link(trace))]);
    check(&[seen(5, Some(OUTSIDE), None)], [(first, None, vec![]), (trace, parent, link(first))]);
    let both = [seen(1, Some(OUTSIDE), None), seen(5, Some(OUTSIDE), None)];
    check(&both, [(trace, parent, vec![]), (trace, parent, link(trace))]);
}

#[test]
fn a_turn_is_linked_to_the_agents_own_span_for_it() {
    let (first, before) = own("p");
    let link = Link { trace_id: first, span_id: before };
    let beside = [seen(1, None, Some(AGENTS)), seen(5, None, Some(OUTSIDE))];
    check(&beside, [(first, None, vec![AGENTS]), (own("q").0, None, vec![link, OUTSIDE])]);
    let trace = OUTSIDE.trace_id;
    let link = Link { trace_id: trace, span_id: before };
    let parent = Some(OUTSIDE.span_id);
    let both = [seen(1, Some(OUTSIDE), Some(AGENTS))];
    check(&both, [(trace, parent, vec![AGENTS]), (own("q").0, None, vec![link])]);
}

/// No hook announces what the agent does of its own accord, or at a word that is no prompt.
#[test]
fn a_turn_that_was_not_announced_lies_where_the_one_before_it_does() {
    let unannounced = [
        Event { source: Source::Transcript, ..hook(9, "r", prompted()) },
        hook(10, "r", started("v")),
        hook(11, "r", ended("v", None)),
    ];
    let parent = |traces: &[Event]| {
        let forwards = [&work()[..], &unannounced, traces].concat();
        let backwards: Vec<Event> = forwards.iter().rev().cloned().collect();
        let parents = [forwards, backwards].map(|events| {
            let spans = assembled(&events, 100).spans;
            let turn = spans.iter().find(|span| span.span_id == own("r").1).unwrap();
            assert!(turn.links.iter().all(|link| link.span_id == own("q").1));
            turn.parent_span_id.map(|parent| (turn.trace_id, parent))
        });
        assert_eq!(parents[0], parents[1]);
        parents[0]
    };
    let outside = Some((OUTSIDE.trace_id, OUTSIDE.span_id));
    assert_eq!(parent(&[seen(5, Some(OUTSIDE), Some(AGENTS))]), outside);
    assert_eq!(parent(&[seen(1, Some(AGENTS), None), seen(5, Some(OUTSIDE), None)]), outside);
    // The agent was started anew since, for nobody.
    assert_eq!(parent(&[seen(1, Some(OUTSIDE), None)]), None);
    assert_eq!(parent(&[seen(12, Some(OUTSIDE), None)]), None);
}

/// Turns are told apart where they lie in one trace.
#[test]
fn decisions_know_their_turn() {
    for traces in [vec![], vec![seen(1, Some(OUTSIDE), None), seen(5, Some(OUTSIDE), None)]] {
        let events = [&work()[..], &traces].concat();
        let (facts, assembly) = (facts_of(&events), assembled(&events, 100));
        let turns: Vec<_> = decisions(&facts, &assembly, &[], |_| true)
            .into_iter()
            .filter_map(|decision| Some((decision.span?.1, decision.turn?)))
            .collect();
        let tool = |number: usize| assembly.spans[number].span_id;
        assert!(!turns.is_empty());
        assert!(turns.iter().all(|(span, turn)| (*turn == 0) == (*span == tool(1))), "{turns:?}");
    }
}
