//! Forgetting: one session goes whole, and nothing else goes with it.

use super::sample::{
    contents, empty, fill, later, observation, observe, process, put, session, span, transcript,
};
use crate::sealed::Sealed;
use tacho_model::id::SessionId;

#[test]
fn a_forgotten_session_leaves_the_others_alone() {
    let (_directory, mut store) = empty();
    fill(&mut store);
    let with_two = contents(&store);
    let three = SessionId::from("three");
    let changes = store.change().unwrap();
    observe(&changes, &observation("three", 200));
    changes.set_process(changes.key_of(&three).unwrap(), &process(9)).unwrap();
    put(&changes, &session("three", later(50)), &[span(60)], Some(later(1)));
    changes.commit().unwrap();
    let changes = store.change().unwrap();
    changes.forget_session(&three).unwrap();
    changes.commit().unwrap();
    assert_eq!(contents(&store), with_two);
    assert_eq!(store.read().processes(&three).unwrap(), []);
    assert_eq!(store.read().spans(&three).unwrap(), []);
}

/// The agent's file is still there: were its cursor forgotten too, the session would come back.
#[test]
fn a_forgotten_session_is_not_read_again() {
    let (_directory, mut store) = empty();
    let changes = store.change().unwrap();
    let cursor = transcript("one", "one.jsonl");
    changes.set_transcript_cursor(&cursor).unwrap();
    changes.forget_session(&SessionId::from("one")).unwrap();
    changes.commit().unwrap();
    assert_eq!(store.read().transcript("one.jsonl").unwrap(), Some(cursor));
}

#[test]
fn sessions_are_forgotten_by_age_the_oldest_first() {
    let (_directory, mut store) = empty();
    let changes = store.change().unwrap();
    for (id, age) in [("new", 30), ("old", 10), ("older", 5)] {
        put(&changes, &session(id, later(age)), &[], None);
    }
    changes.commit().unwrap();
    let named = |before: u64, limit: u32| -> Vec<String> {
        let found = store.read().sessions_last_seen_before(later(before), limit).unwrap();
        found.into_iter().map(|id| id.to_string()).collect()
    };
    assert_eq!(named(30, 10), ["older", "old"]);
    assert_eq!(named(100, 1), ["older"]);
    assert_eq!(named(5, 10), [""; 0]);
}

#[test]
fn what_was_derived_goes_with_the_last_observation() {
    let (_directory, mut store) = empty();
    fill(&mut store);
    let before = contents(&store);
    let changes = store.change().unwrap();
    put(&changes, &session("unobserved", later(50)), &[span(60)], None);
    changes.forget_unobserved_sessions().unwrap();
    changes.commit().unwrap();
    assert_eq!(contents(&store), before);
    assert_eq!(store.read().spans(&SessionId::from("unobserved")).unwrap(), []);
}

/// Of a session that is gone it is known where its entries lie, and nothing is said twice should it come back.
#[test]
fn what_was_sealed_of_a_forgotten_session_is_folded_up() {
    let (_directory, mut store) = empty();
    let [gone, here] = ["gone", "here"].map(SessionId::from);
    let changes = store.change().unwrap();
    observe(&changes, &observation("here", 200));
    let said = |session: Option<&SessionId>, about: &str, entry| {
        changes.put_sealed(session, about, Sealed { entry, fingerprint: entry }).unwrap();
    };
    said(None, "gap", 1);
    for (about, entry) in [("start", 2), ("turn", 4), ("start", 7)] {
        said(Some(&gone), about, entry);
        said(Some(&here), about, entry + 1);
    }
    let of = |session| changes.read().sealed(session).unwrap().len();
    changes.fold_sealed_up().unwrap();
    assert_eq!((of(None), of(Some(&gone)), of(Some(&here))), (1, 0, 2));
    assert_eq!(changes.read().first_entry_of(&gone).unwrap(), Some(2));
    assert_eq!([&gone, &here].map(|id| changes.read().folded_up(id).unwrap()), [Some(2..8), None]);
    // What its owner says of it afterwards is no reason to forget what was said before.
    said(Some(&gone), "hold", 9);
    changes.fold_sealed_up().unwrap();
    assert_eq!(changes.read().folded_up(&gone).unwrap(), Some(2..10));
    changes.unfold_sealed(&gone).unwrap();
    said(Some(&gone), "start", 7);
    said(Some(&gone), "start", 2);
    let start = changes.read().sealed(Some(&gone)).unwrap()["start"];
    assert_eq!(
        (start, changes.read().first_entry_of(&gone).unwrap()),
        (Sealed { entry: 7, fingerprint: 7 }, Some(2))
    );
    changes.forget_sealed_before(8).unwrap();
    assert_eq!((of(None), of(Some(&gone)), of(Some(&here))), (1, 0, 2));
}

#[test]
fn forgotten_space_is_given_back() {
    let (_directory, mut store) = empty();
    store.shrink().unwrap();
    let before = store.read().used_bytes().unwrap();
    let changes = store.change().unwrap();
    for number in 0..200 {
        let body = vec![b'x'; 4096];
        observe(&changes, &tacho_model::event::Observation { body, ..observation("big", number) });
    }
    changes.commit().unwrap();
    assert!(store.read().used_bytes().unwrap() > before + 200 * 4096);
    let changes = store.change().unwrap();
    changes.forget_session(&SessionId::from("big")).unwrap();
    changes.commit().unwrap();
    store.shrink().unwrap();
    assert_eq!(store.read().used_bytes().unwrap(), before);
}
