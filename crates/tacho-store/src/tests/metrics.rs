//! Metrics count once, whatever is said again, and stay when sessions go.

use super::sample::{destination, empty, later, measured};
use crate::metrics::Tally;
use crate::{Changes, Store};
use tacho_model::id::SessionId;
use tacho_model::metric::Labels;

/// Counts for a session.
fn count(store: &mut Store, session: &str, cost: i64, seconds: &[i64], counts: bool) {
    let changes = store.change().unwrap();
    let key = changes.key_of(&SessionId::from(session)).unwrap();
    let mut tally = Tally::default();
    changes.count(&mut tally, key, &measured(cost, seconds), &Labels::new(), counts, later(1)).unwrap();
    changes.write_tally(tally, later(1)).unwrap();
    changes.commit().unwrap();
}

/// The sum of what was spent, and how many durations fell into the bucket of one second and into the last.
fn totals(store: &Store) -> (i64, u64, u64) {
    let series = store.read().series().unwrap();
    let [cost, durations] = series.as_slice() else { panic!("{series:?}") };
    let bucket = |place: usize| durations.total.buckets.get(place).copied().unwrap_or(0);
    (cost.total.sum, bucket(7), bucket(14))
}

#[test]
fn what_is_said_again_counts_once() {
    let (_directory, mut store) = empty();
    count(&mut store, "one", 7, &[1, 200], true);
    count(&mut store, "one", 7, &[1, 200], true);
    assert_eq!(totals(&store), (7, 1, 1));
    count(&mut store, "one", 9, &[1, 1, 200], true);
    assert_eq!(totals(&store), (9, 2, 1));
    count(&mut store, "two", 1, &[200], true);
    assert_eq!(totals(&store), (10, 2, 2));
}

#[test]
fn what_was_counted_stays_counted() {
    let (_directory, mut store) = empty();
    count(&mut store, "one", 7, &[1], true);
    count(&mut store, "one", 3, &[], true);
    assert_eq!(totals(&store), (7, 1, 0));
    count(&mut store, "one", 8, &[1], true);
    assert_eq!(totals(&store), (8, 1, 0), "only what is beyond the most that was said");
    let changes = store.change().unwrap();
    changes.forget_session(&SessionId::from("one")).unwrap();
    changes.commit().unwrap();
    assert_eq!(totals(&store), (8, 1, 0));
}

#[test]
fn what_is_found_again_is_not_counted() {
    let (_directory, mut store) = empty();
    count(&mut store, "old", 7, &[1], false);
    assert_eq!(store.read().series().unwrap(), []);
    count(&mut store, "old", 9, &[1, 1], true);
    assert_eq!(totals(&store), (2, 1, 0), "what it adds from now on");
}

#[test]
fn a_destination_is_told_each_series_up_to_somewhere() {
    let (_directory, mut store) = empty();
    count(&mut store, "one", 7, &[1], true);
    let changes = store.change().unwrap();
    let here = destination(&changes, "here");
    let told = |changes: &Changes<'_>| {
        let series = changes.read().series().unwrap();
        let told = series.iter().map(|series| changes.read().told(here, series).unwrap());
        told.map(|told| told.map(|told| told.sum)).collect::<Vec<_>>()
    };
    assert_eq!(told(&changes), [None, None]);
    changes.tell_series(here, changes.read().series().unwrap().first().unwrap()).unwrap();
    assert_eq!(told(&changes), [Some(7), None]);
}

/// A session is counted once under whatever it was called when it was counted first.
#[test]
fn what_all_of_a_session_is_called_may_change() {
    let (_directory, mut store) = empty();
    let changes = store.change().unwrap();
    let key = changes.key_of(&SessionId::from("one")).unwrap();
    let mut tally = Tally::default();
    for (team, cost) in [("a", 7), ("b", 9), ("a", 9)] {
        let common = Labels::from([("team".to_owned(), team.to_owned())]);
        changes.count(&mut tally, key, &measured(cost, &[1]), &common, true, later(1)).unwrap();
    }
    changes.write_tally(tally, later(1)).unwrap();
    changes.commit().unwrap();
    assert_eq!(totals(&store), (9, 1, 0));
    let series = store.read().series().unwrap();
    assert!(series.iter().all(|series| series.labels["team"] == "a"), "{series:?}");
}
