//! The outbox: order, repetition, and what each end of an attempt leaves behind.

use super::sample::{NOW, destination, empty, later, parcel, span};
use crate::Store;
use crate::destinations::{Claim, DestinationKey, DestinationRow};
use crate::outbox::{Delivery, Parcel};
use std::collections::BTreeMap;
use tacho_model::id::SessionId;
use tempfile::TempDir;

/// A store with parcels of four items each, in this order.
fn with_parcels(parcels: &[(&str, &[u8])]) -> (TempDir, Store) {
    let (directory, mut store) = empty();
    let changes = store.change().unwrap();
    for (name, bytes) in parcels {
        changes.enqueue(&parcel(destination(&changes, name), 4, bytes), NOW).unwrap();
    }
    changes.commit().unwrap();
    (directory, store)
}

fn key(store: &Store, name: &str) -> Option<DestinationKey> {
    store.read().destinations().unwrap().into_iter().find(|row| row.name == name).map(|row| row.key)
}

fn next(store: &Store, name: &str) -> Option<Parcel> {
    store.read().next_parcel(key(store, name)?).unwrap()
}

fn next_bytes(store: &Store, name: &str) -> Option<Vec<u8>> {
    next(store, name).map(|parcel| parcel.bytes)
}

fn settle(store: &mut Store, name: &str, delivery: &Delivery<'_>) {
    let next = next(store, name).unwrap();
    let changes = store.change().unwrap();
    changes.settle_delivery(&next, delivery, later(1)).unwrap();
    changes.commit().unwrap();
}

/// What is taken from now on, in order.
fn left(store: &mut Store, name: &str) -> Vec<Vec<u8>> {
    let mut left = Vec::new();
    while let Some(bytes) = next_bytes(store, name) {
        left.push(bytes);
        settle(store, name, &TAKEN);
    }
    left
}

const TAKEN: Delivery<'_> = Delivery::Taken { rejected: 0, message: None };

/// The first destination, to which nothing happened yet but what waits.
fn row(name: &str, waiting: u64) -> DestinationRow {
    DestinationRow {
        key: DestinationKey(1),
        name: name.to_owned(),
        since: NOW,
        retry_at: tacho_model::time::UnixNanos(0),
        is_asked: false,
        failures: 0,
        refusals: 0,
        last_error: None,
        last_success: None,
        delivered: 0,
        rejected: 0,
        waiting,
        metrics_at: tacho_model::time::UnixNanos(0),
        signals: Vec::new(),
    }
}

#[test]
fn parcels_leave_in_the_order_in_which_they_came() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("b", b"2"), ("a", b"3"), ("a", b"4")]);
    assert_eq!(left(&mut store, "a"), [b"1", b"3", b"4"]);
    assert_eq!(next_bytes(&store, "b"), Some(b"2".to_vec()));
}

#[test]
fn what_was_claimed_is_known_by_destination_session_and_span() {
    let (_directory, mut store) = empty();
    let changes = store.change().unwrap();
    let [one, two] = ["one", "two"].map(|id| changes.key_of(&SessionId::from(id)).unwrap());
    let [a, b] = ["a", "b"].map(|name| destination(&changes, name));
    let claim = |sent| Claim { sent: Some(sent), compared: Some(sent + 1) };
    changes.claim(a, one, &[30, 31].map(|sent| (span(3).span_id, claim(sent)))).unwrap();
    let claimed = |to, session| changes.read().claimed(to, session).unwrap();
    assert_eq!(claimed(a, one), BTreeMap::from([(span(3).span_id, claim(31))]));
    assert_eq!([claimed(a, two), claimed(b, one)], [BTreeMap::new(), BTreeMap::new()]);
}

#[test]
fn a_parcel_that_is_parted_is_tried_in_parts() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("a", b"2")]);
    let a = key(&store, "a").unwrap();
    let parts = [parcel(a, 2, b"1a"), parcel(a, 2, b"1b")];
    settle(&mut store, "a", &Delivery::Parted { error: "HTTP 400", parts: &parts });
    assert_eq!(left(&mut store, "a"), [&b"1a"[..], b"1b", b"2"]);
    let [after] = store.read().destinations().unwrap().try_into().unwrap();
    assert_eq!((after.delivered, after.rejected, after.last_error.as_deref()), (8, 0, Some("HTTP 400")));
}

#[test]
fn a_parcel_that_is_put_behind_waits_as_long_as_it_would_have() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("b", b"2"), ("a", b"3")]);
    settle(&mut store, "a", &Delivery::PutBehind { retry_at: later(9), error: "HTTP 400" });
    let expected = DestinationRow {
        retry_at: later(9),
        failures: 1,
        refusals: 1,
        last_error: Some("HTTP 400".to_owned()),
        ..row("a", 8)
    };
    assert_eq!(store.read().destinations().unwrap().first(), Some(&expected));
    let changes = store.change().unwrap();
    assert_eq!(changes.forget_parcels_before(later(1)).unwrap(), 12);
    drop(changes);
    assert_eq!(left(&mut store, "a"), [b"3", b"1"]);
    let refusals: Vec<u64> = store.read().destinations().unwrap().iter().map(|row| row.refusals).collect();
    assert_eq!(refusals, [0, 0]);
}

#[test]
fn refusals_in_a_row_are_counted_and_what_is_given_up_is_none() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("a", b"2"), ("a", b"3")]);
    settle(&mut store, "a", &Delivery::Refused { error: "HTTP 500" });
    settle(&mut store, "a", &Delivery::Refused { error: "HTTP 500" });
    settle(&mut store, "a", &Delivery::GivenUp { error: "HTTP 404" });
    let expected =
        DestinationRow { refusals: 2, rejected: 8, last_error: Some("HTTP 404".to_owned()), ..row("a", 0) };
    assert_eq!(store.read().destinations().unwrap(), [expected]);
    assert_eq!(store.read().losses().unwrap(), [("refused by a".to_owned(), 12)]);
    let changes = store.change().unwrap();
    let again = parcel(destination(&changes, "a"), 4, b"1");
    changes.put_back(&again, "a", NOW).unwrap();
    assert_eq!(changes.read().losses().unwrap(), [("refused by a".to_owned(), 8)]);
    changes.put_back(&again, "a", NOW).unwrap();
    changes.put_back(&again, "a", NOW).unwrap();
    assert_eq!(changes.read().losses().unwrap(), []);
}

#[test]
fn only_a_pause_that_was_asked_for_outlasts_an_impatient_person() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("b", b"2")]);
    for (name, is_asked) in [("a", true), ("b", false)] {
        settle(&mut store, name, &Delivery::Postponed { retry_at: later(9), is_asked, error: "HTTP 503" });
    }
    let changes = store.change().unwrap();
    changes.end_own_pauses().unwrap();
    changes.commit().unwrap();
    let waits: Vec<u64> = store.read().destinations().unwrap().iter().map(|row| row.retry_at.0).collect();
    assert_eq!(waits, [later(9).0, 0]);
}

#[test]
fn other_terms_end_a_pause_that_was_not_asked_for() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("b", b"2")]);
    let agree = |store: &mut Store, terms: &str| {
        let changes = store.change().unwrap();
        ["a", "b"].into_iter().for_each(|name| changes.agree(name, terms).unwrap());
        changes.commit().unwrap();
        let rows = store.read().destinations().unwrap();
        rows.iter().map(|row| (row.failures, row.retry_at.0)).collect::<Vec<_>>()
    };
    agree(&mut store, "first");
    for (name, is_asked) in [("a", true), ("b", false)] {
        settle(&mut store, name, &Delivery::Postponed { retry_at: later(9), is_asked, error: "HTTP 503" });
    }
    assert_eq!(agree(&mut store, "first"), [(1, later(9).0), (1, later(9).0)]);
    assert_eq!(agree(&mut store, "second"), [(1, later(9).0), (0, 0)]);
}

#[test]
fn a_parcel_that_is_replaced_keeps_its_place() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("a", b"2")]);
    let lowered = Parcel {
        bytes: b"less".to_vec(),
        is_full: false,
        has_names: true,
        items: 3,
        ..next(&store, "a").unwrap()
    };
    let changes = store.change().unwrap();
    changes.replace_parcel(&lowered).unwrap();
    changes.commit().unwrap();
    assert_eq!(next(&store, "a"), Some(lowered));
}

#[test]
fn a_destination_is_introduced_once() {
    let (_directory, mut store) = empty();
    let changes = store.change().unwrap();
    changes.introduce("a", NOW).unwrap();
    changes.introduce("a", later(5)).unwrap();
    changes.commit().unwrap();
    assert_eq!(store.read().destinations().unwrap(), [row("a", 0)]);
}

#[test]
fn a_parcel_that_is_put_off_stays_first() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("a", b"2")]);
    let delivery = Delivery::Postponed { retry_at: later(9), is_asked: false, error: "HTTP 503" };
    settle(&mut store, "a", &delivery);
    settle(&mut store, "a", &delivery);
    assert_eq!(next_bytes(&store, "a"), Some(b"1".to_vec()));
    let expected = DestinationRow {
        retry_at: later(9),
        failures: 2,
        last_error: Some("HTTP 503".to_owned()),
        ..row("a", 8)
    };
    assert_eq!(store.read().destinations().unwrap(), [expected]);
    settle(&mut store, "a", &TAKEN);
    let [after] = store.read().destinations().unwrap().try_into().unwrap();
    assert_eq!((after.failures, after.retry_at.0, after.delivered, after.waiting), (0, 0, 4, 4));
}

#[test]
fn a_parcel_that_is_refused_is_lost_and_counted() {
    let (_directory, mut store) = with_parcels(&[("a", b"1")]);
    settle(&mut store, "a", &Delivery::Refused { error: "HTTP 400" });
    assert_eq!(next_bytes(&store, "a"), None);
    let expected =
        DestinationRow { refusals: 1, rejected: 4, last_error: Some("HTTP 400".to_owned()), ..row("a", 0) };
    assert_eq!(store.read().destinations().unwrap(), [expected]);
    assert_eq!(store.read().losses().unwrap(), [("refused by a".to_owned(), 4)]);
}

#[test]
fn items_that_are_refused_are_lost_and_counted() {
    let (_directory, mut store) = with_parcels(&[("a", b"1")]);
    settle(&mut store, "a", &Delivery::Taken { rejected: 1, message: Some("too old") });
    assert_eq!(next_bytes(&store, "a"), None);
    let expected = DestinationRow {
        delivered: 3,
        rejected: 1,
        last_success: Some(later(1)),
        last_error: Some("too old".to_owned()),
        ..row("a", 0)
    };
    assert_eq!(store.read().destinations().unwrap(), [expected]);
    assert_eq!(store.read().losses().unwrap(), [("refused by a".to_owned(), 1)]);
}

#[test]
fn the_oldest_parcels_are_dropped_first() {
    let (_directory, mut store) = with_parcels(&[("a", &[1; 100]), ("b", &[2; 100]), ("a", &[3; 100])]);
    let changes = store.change().unwrap();
    assert_eq!(changes.drop_oldest_parcels(300, NOW).unwrap(), 0);
    assert_eq!(changes.drop_oldest_parcels(150, NOW).unwrap(), 8);
    changes.commit().unwrap();
    assert_eq!((next_bytes(&store, "a"), next_bytes(&store, "b")), (Some(vec![3; 100]), None));
    assert_eq!(store.read().losses().unwrap(), [("outbox quota".to_owned(), 8)]);
    let changes = store.change().unwrap();
    assert_eq!(changes.drop_oldest_parcels(0, NOW).unwrap(), 4);
    assert_eq!(changes.drop_oldest_parcels(0, NOW).unwrap(), 0);
    changes.commit().unwrap();
    assert_eq!(store.read().losses().unwrap(), [("outbox quota".to_owned(), 12)]);
}
