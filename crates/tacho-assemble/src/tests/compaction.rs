//! Compactions of the context.

use super::{assembled, check, hook, prompted, started, stopped, within};
use std::collections::BTreeSet;
use tacho_model::event::{Compaction, CompactionStep, Event, Fact, Source};

fn compacted(step: CompactionStep) -> Fact {
    let trigger = Some("auto".to_owned());
    Fact::Compacted(Compaction { step, trigger, tokens_before: None, tokens_after: None, duration_ms: None })
}

fn began(seconds: u64) -> Event {
    hook(seconds, "p", compacted(CompactionStep::Began))
}

fn done(seconds: u64) -> Event {
    hook(seconds, "p", compacted(CompactionStep::Ended))
}

/// The row of the transcript.
fn written(seconds: u64, duration_ms: u64) -> Event {
    let said = Compaction {
        step: CompactionStep::Ended,
        trigger: None,
        tokens_before: Some(900),
        tokens_after: Some(30),
        duration_ms: Some(duration_ms),
    };
    let event = hook(seconds, "p", Fact::Compacted(said));
    Event { source: Source::Transcript, prompt: None, offset: Some(seconds), ..event }
}

#[test]
fn one_within_a_turn() {
    let events = [hook(1, "p", prompted()), began(3), done(9), written(9, 4000)];
    check(
        &events[..3],
        10,
        &["invoke_agent agent 1..open unsettled", "  claude_code.compaction 3..9 unsettled"],
    );
    check(&events, 10, &["invoke_agent agent 1..open unsettled", "  claude_code.compaction 3..9"]);
}

#[test]
fn one_that_no_hook_told() {
    let events = [hook(1, "p", prompted()), written(9, 4000)];
    check(&events, 20, &["invoke_agent agent 1..open unsettled", "  claude_code.compaction 5..9"]);
}

/// A person asked for it, outside of every turn: it is all there is of its turn.
#[test]
fn one_without_a_turn() {
    let events = [hook(1, "o", prompted()), hook(2, "o", stopped()), began(3), done(9)];
    check(
        &events,
        20,
        &["invoke_agent agent 1..2", "invoke_agent agent 3..9", "  claude_code.compaction 3..9"],
    );
}

/// As when the model could not be reached: the agent says nothing and goes on.
#[test]
fn one_that_nobody_ended() {
    let events = [hook(1, "p", prompted()), began(3), hook(8, "p", stopped())];
    check(&events, 20, &["invoke_agent agent 1..8", "  claude_code.compaction 3..8 by turn_end"]);
}

#[test]
fn several_of_one_turn_have_names_of_their_own() {
    let events = [
        hook(1, "p", prompted()),
        began(3),
        began(6),
        done(9),
        began(20),
        done(25),
        hook(30, "p", stopped()),
    ];
    check(
        &events,
        40,
        &[
            "invoke_agent agent 1..30",
            "  claude_code.compaction 3..6 by next_step",
            "  claude_code.compaction 6..9",
            "  claude_code.compaction 20..25",
        ],
    );
    let spans = assembled(&events, 40).spans;
    assert_eq!(spans.iter().map(|span| span.span_id).collect::<BTreeSet<_>>().len(), spans.len());
}

#[test]
fn what_two_hooks_tell_is_one() {
    let events = [hook(1, "p", prompted()), began(3), began(4), done(9), done(10)];
    check(&events, 20, &["invoke_agent agent 1..open unsettled", "  claude_code.compaction 3..10"]);
}

#[test]
fn one_of_a_subagent_belongs_to_it() {
    let start = Fact::SubagentStarted { kind: "helper".to_owned() };
    let events = [
        hook(1, "p", prompted()),
        within("s", hook(2, "p", start)),
        began(3),
        within("s", began(4)),
        done(7),
        within("s", done(8)),
        within("s", hook(9, "p", started("t"))),
    ];
    check(
        &events,
        20,
        &[
            "invoke_agent agent 1..open unsettled",
            "  invoke_agent helper 2..open unsettled",
            "    claude_code.compaction 4..8",
            "    execute_tool t 9..open unsettled",
            "  claude_code.compaction 3..7",
        ],
    );
}
