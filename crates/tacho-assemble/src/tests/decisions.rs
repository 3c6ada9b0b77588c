//! Who decided over tool calls.

use super::{SECOND_NS, asked, assembled, ended, hook, prompted, started};
use tacho_model::attribute::{Key, Value};
use tacho_model::event::{
    Decider, Event, Fact, FailureCause, PermissionDecision, Refusal, Source, ToolFailure, ToolRecord,
    ToolStart,
};
use tacho_model::id::ToolUseId;
use tacho_model::semconv as key;
use tacho_model::time::UnixNanos;

/// An attribute of each tool call, in their order.
fn said(events: &[Event], key: Key) -> Vec<Option<Value>> {
    let tools = assembled(events, 60).spans.into_iter().filter(|span| span.name.starts_with("execute_tool"));
    tools.map(|span| span.attributes.get(key).cloned()).collect()
}

fn text(word: &str) -> Option<Value> {
    Some(word.into())
}

/// The row of a call in the transcript.
fn recorded(seconds: u64, tool: &str, decider: Option<Decider>, cause: Option<FailureCause>) -> Event {
    let decision =
        PermissionDecision { decision: "accept".to_owned(), decider, ..PermissionDecision::default() };
    let record = ToolRecord {
        tool: ToolUseId::from(tool),
        failure: cause.map(|cause| ToolFailure { cause, message: None }),
        decision: decider.map(|_| decision),
        response: None,
        started_subagent: None,
    };
    let at = Some(UnixNanos(seconds * SECOND_NS));
    Event { source: Source::Transcript, at, ..hook(seconds, "p", Fact::ToolRecorded(record)) }
}

#[test]
fn whoever_the_agent_names_decided() {
    let events = [
        hook(1, "p", prompted()),
        hook(2, "p", started("t")),
        hook(3, "p", asked("t")),
        hook(9, "p", ended("t", None)),
        recorded(10, "t", Some(Decider::Person), None),
    ];
    assert_eq!(said(&events, key::TACHOGRAPH_PERMISSION_DECIDER), [text("person")]);
    // The run took half a second; before that the call waited.
    assert_eq!(said(&events, key::TACHOGRAPH_PERMISSION_WAIT_MS), [Some(Value::Int(5500))]);
    assert_eq!(said(&events, key::TACHOGRAPH_PERMISSION_AMBIGUOUS), [None]);
}

/// What the agent does not even ask about it decides itself; who let a call run that was stopped later is not said.
#[test]
fn what_was_kept_from_running_by_nobody_in_particular() {
    for (cause, decider) in [
        (FailureCause::Refused(Refusal::UnknownTool), text("agent")),
        (FailureCause::Refused(Refusal::Hook), text("hook")),
        (FailureCause::Denied, None),
        (FailureCause::Interrupted, None),
    ] {
        let events =
            [hook(1, "p", prompted()), hook(2, "p", started("t")), recorded(3, "t", None, Some(cause))];
        assert_eq!(said(&events, key::TACHOGRAPH_PERMISSION_DECIDER), [decider], "{cause:?}");
    }
}

/// Two calls of the same tool with the same arguments: which of them a person was asked about is not said.
#[test]
fn a_question_that_two_calls_fit_is_ambiguous() {
    let twin = |tool: &str| {
        let Fact::ToolStarted(start) = started("t") else { panic!("no start") };
        Fact::ToolStarted(ToolStart { tool: ToolUseId::from(tool), ..start })
    };
    let mut events = vec![
        hook(1, "p", prompted()),
        hook(2, "p", twin("one")),
        hook(2, "p", twin("two")),
        hook(2, "p", started("u")),
        hook(3, "p", asked("t")),
    ];
    let ambiguous = Some(Value::Boolean(true));
    let expected = [ambiguous.clone(), ambiguous, None];
    assert_eq!(said(&events, key::TACHOGRAPH_PERMISSION_AMBIGUOUS), expected);
    assert!(said(&events, key::TACHOGRAPH_PERMISSION_WAIT_MS).iter().all(Option::is_none));
    events.swap(1, 4);
    assert_eq!(said(&events, key::TACHOGRAPH_PERMISSION_AMBIGUOUS), expected);
}

/// A call that was left open when its agent was killed is not what a person is asked about later.
#[test]
fn a_call_of_an_agent_that_was_gone_is_not_asked_about() {
    let twin = |tool: &str| {
        let Fact::ToolStarted(start) = started("t") else { panic!("no start") };
        Fact::ToolStarted(ToolStart { tool: ToolUseId::from(tool), ..start })
    };
    let gone = Event { source: Source::Recorder, ..hook(3, "p", Fact::AgentGone) };
    let events = [
        hook(1, "p", prompted()),
        hook(2, "p", twin("one")),
        gone,
        hook(5, "q", prompted()),
        hook(6, "q", twin("two")),
        hook(7, "q", asked("t")),
    ];
    assert_eq!(said(&events, key::TACHOGRAPH_PERMISSION_AMBIGUOUS), [None, None]);
    let waits =
        assembled(&events, 60).spans.into_iter().filter(|span| span.name.ends_with("permission.wait"));
    assert_eq!(waits.count(), 1);
}
