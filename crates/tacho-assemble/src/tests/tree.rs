//! What stands below what, and when it is over.

use super::{asked, check, described, end, ended, hook, prompted, started, stopped, within};
use tacho_model::event::{
    Decider, Event, Fact, FailureCause, Note, NoteKind, PermissionDecision, Refusal, Source, ToolFailure,
    ToolRecord,
};
use tacho_model::id::ToolUseId;

#[test]
fn nothing_said_is_nothing_shown() {
    check(&[], 100, &[]);
}

#[test]
fn what_runs_is_open() {
    let events = [hook(1, "p", prompted()), hook(2, "p", started("t"))];
    check(&events, 3600, &["invoke_agent agent 1..open unsettled", "  execute_tool t 2..open unsettled"]);
}

#[test]
fn the_end_of_a_turn_ends_its_tools_after_a_grace() {
    let events = [hook(1, "p", prompted()), hook(2, "p", started("t")), hook(3, "p", stopped())];
    check(&events, 7, &["invoke_agent agent 1..3 unsettled", "  execute_tool t 2..open unsettled"]);
    check(&events, 8, &["invoke_agent agent 1..3", "  execute_tool t 2..3 by turn_end"]);
}

#[test]
fn the_next_prompt_ends_a_turn_that_nobody_ended() {
    let events = [hook(1, "p", prompted()), hook(2, "p", started("t")), hook(10, "q", prompted())];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..2 by next_prompt",
            "  execute_tool t 2..2 by next_prompt",
            "invoke_agent agent 10..open unsettled",
        ],
    );
}

#[test]
fn the_end_of_a_session_ends_everything() {
    let end = hook(5, "p", Fact::SessionEnded { reason: None });
    let events = [hook(1, "p", prompted()), hook(2, "p", started("t")), end];
    check(&events, 10, &["invoke_agent agent 1..5 by session_end", "  execute_tool t 2..5 by session_end"]);
}

/// As when a person pressed Esc and went away.
#[test]
fn an_agent_that_waits_for_a_prompt_has_ended_its_turn() {
    let events = [hook(1, "p", prompted()), hook(2, "p", started("t")), hook(62, "p", Fact::Idle)];
    check(&events, 62, &["invoke_agent agent 1..2 by idle", "  execute_tool t 2..2 by idle"]);
    let later = [hook(70, "q", prompted()), hook(71, "q", stopped())];
    check(
        &[&events[..], &later].concat(),
        100,
        &["invoke_agent agent 1..2 by idle", "  execute_tool t 2..2 by idle", "invoke_agent agent 70..71"],
    );
}

/// What was concluded before the session was taken up again stays so.
#[test]
fn a_turn_that_ended_with_its_session_did_so_also_when_the_session_goes_on() {
    let end = hook(5, "p", Fact::SessionEnded { reason: None });
    let later = hook(60, "q", prompted());
    let events = [hook(1, "p", prompted()), hook(2, "p", started("t")), end, later];
    check(
        &events,
        100,
        &[
            "invoke_agent agent 1..5 by session_end",
            "  execute_tool t 2..5 by session_end",
            "invoke_agent agent 60..open unsettled",
        ],
    );
}

#[test]
fn failures_are_named() {
    for (cause, error) in [
        (FailureCause::Exit(3), "exit_3"),
        (FailureCause::Timeout, "timeout"),
        (FailureCause::Interrupted, "interrupted"),
        (FailureCause::Denied, "permission_denied"),
        (FailureCause::Other, "tool_error"),
        (FailureCause::Refused(Refusal::UnknownTool), "unknown_tool"),
        (FailureCause::Refused(Refusal::InvalidInput), "invalid_input"),
        (FailureCause::Refused(Refusal::Hook), "hook_blocked"),
        (FailureCause::Refused(Refusal::Blocked), "blocked"),
    ] {
        let events =
            [hook(1, "p", prompted()), hook(2, "p", started("t")), hook(3, "p", ended("t", Some(cause)))];
        let tool = format!("  execute_tool t 2..3 {error}");
        check(&events, 8, &["invoke_agent agent 1..open unsettled", &tool]);
    }
}

#[test]
fn a_question_belongs_to_the_call_it_fits() {
    let events = [
        hook(1, "p", prompted()),
        hook(2, "p", started("t")),
        hook(2, "p", started("u")),
        hook(3, "p", asked("t")),
        hook(9, "p", ended("t", None)),
    ];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..open unsettled",
            "  execute_tool t 2..9",
            "    claude_code.permission.wait 3..8.5",
            "  execute_tool u 2..open unsettled",
        ],
    );
}

#[test]
fn a_clock_that_was_turned_back_is_not_waited_for() {
    let events = [
        hook(1000, "p", prompted()),
        hook(1001, "p", started("t")),
        hook(1002, "p", ended("t", None)),
        hook(1003, "p", stopped()),
    ];
    check(&events, 20, &["invoke_agent agent 1000..1003", "  execute_tool t 1001..1002"]);
}

#[test]
fn a_subagent_stands_below_the_call_that_started_it_and_may_outlive_its_turn() {
    let kind = || "helper".to_owned();
    let events = [
        hook(1, "p", prompted()),
        hook(2, "p", started("launch")),
        described("s", "launch"),
        within("s", hook(3, "p", Fact::SubagentStarted { kind: kind() })),
        hook(4, "p", ended("launch", None)),
        hook(5, "p", stopped()),
        within("s", hook(6, "p", started("t"))),
        within("s", hook(30, "p", Fact::SubagentStopped { kind: kind(), last_message: None })),
    ];
    check(
        &events,
        31,
        &[
            "invoke_agent agent 1..5 unsettled",
            "  execute_tool launch 2..4 unsettled",
            "    invoke_agent helper 3..30 unsettled",
            "      execute_tool t 6..open unsettled",
        ],
    );
    check(
        &events,
        36,
        &[
            "invoke_agent agent 1..5",
            "  execute_tool launch 2..4",
            "    invoke_agent helper 3..30",
            "      execute_tool t 6..30 by turn_end",
        ],
    );
}

/// Facts that contradict each other must not tie a knot, nor lose a span.
#[test]
fn a_subagent_below_its_own_call() {
    let events = [
        hook(1, "p", prompted()),
        described("s", "t"),
        within("s", hook(2, "p", Fact::SubagentStarted { kind: "helper".to_owned() })),
        within("s", hook(3, "p", started("t"))),
    ];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..open unsettled",
            "  invoke_agent helper 2..open unsettled",
            "    execute_tool t 3..open unsettled",
        ],
    );
}

/// Two subagents that each claim to have been started by a call of the other.
#[test]
fn subagents_that_started_each_other() {
    let start = || Fact::SubagentStarted { kind: "helper".to_owned() };
    let events = [
        hook(1, "p", prompted()),
        described("a", "in_b"),
        described("b", "in_a"),
        within("a", hook(2, "p", start())),
        within("b", hook(3, "p", start())),
        within("a", hook(4, "p", started("in_a"))),
        within("b", hook(5, "p", started("in_b"))),
    ];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..open unsettled",
            "  invoke_agent helper 3..open unsettled",
            "    execute_tool in_b 5..open unsettled",
            "      invoke_agent helper 2..open unsettled",
            "        execute_tool in_a 4..open unsettled",
        ],
    );
}

#[test]
fn a_tool_without_a_turn_is_not_shown_before_a_prompt_is_known() {
    let lost = Event { prompt: None, ..hook(2, "p", started("t")) };
    check(std::slice::from_ref(&lost), 20, &[]);
    let events = [lost, hook(1, "p", prompted())];
    check(&events, 20, &["invoke_agent agent 1..open unsettled", "  execute_tool t 2..open unsettled"]);
}

/// A prompt is repeated when its hook blocked it; the turn began with the first.
#[test]
fn statements_about_one_turn_are_merged() {
    let events = [
        hook(3, "p", prompted()),
        hook(1, "p", prompted()),
        hook(4, "p", stopped()),
        hook(6, "p", stopped()),
        hook(5, "p", stopped()),
    ];
    check(&events, 20, &["invoke_agent agent 1..6"]);
}

/// A prompt id alone is no turn: what happens beside the turns names the last prompt, or one that nobody sent.
#[test]
fn what_is_no_work_makes_no_turn() {
    let note = Note {
        kind: NoteKind::Notified,
        sort: None,
        cause: None,
        subject: None,
        before: None,
        path: None,
        text: None,
    };
    let facts = [
        Fact::SessionStarted { trigger: None, is_fork: false, model: None },
        Fact::SessionEnded { reason: None },
        Fact::Noted(note),
        Fact::ElicitationAsked { server: None, mode: None, message: None },
        Fact::ElicitationAnswered { server: None, action: None },
        asked("t"),
        stopped(),
        Fact::Interrupted,
        Fact::Nothing,
        Fact::Unknown,
    ];
    let mut events: Vec<Event> = facts.into_iter().map(|fact| hook(2, "q", fact)).collect();
    // What the agent calls a subagent when it compacts.
    let helper = || Fact::SubagentStopped { kind: String::new(), last_message: None };
    events.push(within("s", hook(2, "q", helper())));
    events.push(Event { source: Source::Transcript, ..hook(2, "q", prompted()) });
    events.push(Event { source: Source::Recorder, ..hook(2, "q", Fact::AgentGone) });
    for event in &events {
        check(std::slice::from_ref(event), 3600, &[]);
    }
    check(&events, 3600, &[]);
    events.extend([hook(1, "p", prompted()), hook(3, "p", stopped())]);
    check(&events, 3600, &["invoke_agent agent 1..3"]);
}

/// A call that nothing else closes: how it came out is not said, unless the agent refused it.
#[test]
fn what_the_model_was_given_closes_a_call() {
    let refused = Some(FailureCause::Refused(Refusal::UnknownTool));
    let events = [
        hook(1, "p", prompted()),
        hook(2, "p", started("t")),
        hook(4, "p", Fact::ToolReturned(end("t", None))),
        hook(4, "p", Fact::ToolReturned(end("u", refused))),
        hook(6, "p", stopped()),
    ];
    check(
        &events,
        20,
        &["invoke_agent agent 1..6", "  execute_tool t 2..4", "  execute_tool u 4..4 unknown_tool"],
    );
}

/// A person who was never asked cannot have refused: the call ran and was stopped.
#[test]
fn a_refusal_by_a_person_who_was_not_asked_is_an_interruption() {
    let record = Fact::ToolRecorded(ToolRecord {
        tool: ToolUseId::from("t"),
        failure: Some(ToolFailure { cause: FailureCause::Denied, message: None }),
        decision: Some(PermissionDecision {
            decision: "reject".to_owned(),
            decider: Some(Decider::Person),
            ..PermissionDecision::default()
        }),
        response: None,
        started_subagent: None,
    });
    let written = Event { source: Source::Transcript, ..hook(8, "p", record) };
    let events = [hook(1, "p", prompted()), hook(2, "p", started("t")), written];
    check(&events, 20, &["invoke_agent agent 1..open unsettled", "  execute_tool t 2..8 interrupted"]);
    let with_question = [&events[..], &[hook(3, "p", asked("t"))]].concat();
    check(
        &with_question,
        20,
        &[
            "invoke_agent agent 1..open unsettled",
            "  execute_tool t 2..8 permission_denied",
            "    claude_code.permission.wait 3..8",
        ],
    );
}

/// A copy of a session has the rows of the other one under the name of its own first prompt, ends and interruptions of
/// turns included. They end nothing here.
#[test]
fn what_a_fork_took_over_ends_none_of_its_turns() {
    let forked = hook(10, "q", Fact::SessionStarted { trigger: None, is_fork: true, model: None });
    let row = |offset, at, fact| {
        let event = hook(at, "q", fact);
        Event { source: Source::Transcript, offset: Some(offset), ..event }
    };
    for inherited in [Fact::TurnRecorded { hook_ms: None }, Fact::Interrupted] {
        let taken_over = [row(0, 1, prompted()), row(1, 2, inherited)];
        let runs = [&taken_over[..], &[forked.clone(), hook(11, "q", prompted())]].concat();
        check(&runs, 12, &["invoke_agent agent 11..open unsettled"]);
        let stops = [&runs[..], &[hook(13, "q", stopped())]].concat();
        check(&stops, 14, &["invoke_agent agent 11..13 unsettled"]);
        let is_recorded = [&stops[..], &[row(2, 13, Fact::TurnRecorded { hook_ms: None })]].concat();
        check(&is_recorded, 14, &["invoke_agent agent 11..13"]);
    }
}
