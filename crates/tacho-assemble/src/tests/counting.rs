//! Which statements count, and how often.

use super::{SECOND_NS, assembled, hook, prompted, started};
use std::collections::BTreeMap;
use tacho_model::event::{Event, Fact, Note, NoteKind, Source};
use tacho_model::time::UnixNanos;

/// A statement of a hook process of its own, so many milliseconds in.
fn told(process: u8, ms: u64, name: &str, digest: u64, fact: Fact) -> Event {
    let at = Some(UnixNanos(SECOND_NS + ms * 1_000_000));
    Event { observation: [process; 16], at, digest, name: name.to_owned(), ..hook(0, "p", fact) }
}

fn file_changed() -> Fact {
    let kind = NoteKind::FileChanged;
    Fact::Noted(Note { kind, sort: None, cause: None, subject: None, before: None, path: None, text: None })
}

/// The hook events and the unknown names, whatever the order and however often each statement comes.
#[track_caller]
fn check(events: &[Event], hook_events: &[(&str, u64)], unknown: &[(&str, u64)]) {
    let named = |counts: &[(&str, u64)]| -> BTreeMap<String, u64> {
        counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    let mut again: Vec<Event> = events.iter().rev().cloned().collect();
    again.extend_from_slice(events);
    for events in [events, &again] {
        let session = assembled(events, 60).session;
        assert_eq!(session.hook_events, named(hook_events));
        assert_eq!(session.unknown, named(unknown));
    }
}

#[test]
fn each_statement_counts_once() {
    let events = [
        told(1, 0, "Submit", 1, prompted()),
        told(2, 5, "Changed", 2, file_changed()),
        told(3, 6, "Changed", 2, file_changed()),
        told(4, 7, "Future", 3, Fact::Unknown),
    ];
    check(&events, &[("Changed", 2), ("Future", 1), ("Submit", 1)], &[("hook Future", 1)]);
}

/// What the recorder tells twice is seen by what cannot happen twice.
#[test]
fn a_recorder_that_is_registered_twice_tells_everything_twice() {
    let events = [
        told(1, 0, "Tool", 1, started("t")),
        told(2, 34, "Tool", 1, started("t")),
        told(3, 100, "Tool", 2, started("u")),
        told(4, 101, "Tool", 2, started("u")),
        told(5, 200, "Changed", 3, file_changed()),
        told(6, 201, "Changed", 3, file_changed()),
        told(7, 300, "Changed", 3, file_changed()),
        told(8, 301, "Changed", 3, file_changed()),
        told(9, 400, "Future", 4, Fact::Unknown),
        told(10, 401, "Future", 4, Fact::Unknown),
    ];
    check(&events, &[("Changed", 2), ("Future", 1), ("Tool", 2)], &[("hook Future", 1)]);
}

/// One of the two hooks was killed before it recorded anything.
#[test]
fn what_only_one_of_two_hooks_told_counts() {
    let events = [
        told(1, 0, "Tool", 1, started("t")),
        told(2, 1, "Tool", 1, started("t")),
        told(3, 100, "Tool", 2, started("u")),
        told(4, 200, "Changed", 3, file_changed()),
    ];
    check(&events, &[("Changed", 1), ("Tool", 2)], &[]);
}

/// A session that is taken up again begins a second time, with the same words.
#[test]
fn what_happens_again_later_is_no_second_telling() {
    let began = || Fact::SessionStarted { trigger: None, is_fork: false, model: None };
    let events = [
        told(1, 0, "Start", 1, began()),
        told(2, 60_000, "Start", 1, began()),
        told(3, 60_100, "Changed", 2, file_changed()),
        told(4, 60_200, "Changed", 2, file_changed()),
    ];
    check(&events, &[("Changed", 2), ("Start", 2)], &[]);
}

#[test]
fn unknown_rows_and_statements_of_the_recorder() {
    let other = |source, number: u8, name: &str| Event {
        source,
        ..told(number, 0, name, u64::from(number), Fact::Unknown)
    };
    let events = [
        other(Source::Transcript, 1, "future-type"),
        other(Source::Transcript, 2, "future-type"),
        other(Source::Recorder, 3, "slept"),
        Event { fact: Fact::Nothing, ..other(Source::Transcript, 4, "cost-state") },
    ];
    check(&events, &[], &[("recorder slept", 1), ("row future-type", 2)]);
}

/// However long something goes on, it is told again once it was not told for so long as two hooks may be apart.
#[test]
fn what_happens_again_and_again_is_told_again() {
    let events: Vec<Event> =
        (0..10).map(|number| told(number, 1500 * u64::from(number), "Changed", 2, file_changed())).collect();
    assert_eq!(assembled(&events, 60).moments.len(), 5);
}
