//! The outbox: order, repetition, and what each end of an attempt leaves behind.

use super::sample::{NOW, empty, later, parcel, session, span};
use crate::Store;
use crate::outbox::{Delivery, DestinationRow};
use std::collections::BTreeSet;
use tacho_model::id::SessionId;
use tempfile::TempDir;

/// A store with parcels of one item each, in this order.
fn with_parcels(parcels: &[(&str, &[u8])]) -> (TempDir, Store) {
    let (directory, mut store) = empty();
    let changes = store.change().unwrap();
    for (destination, bytes) in parcels {
        changes.introduce(destination, NOW).unwrap();
        changes.enqueue(&parcel(destination, 4, bytes), NOW).unwrap();
    }
    changes.commit().unwrap();
    (directory, store)
}

fn settle(store: &mut Store, destination: &str, delivery: &Delivery<'_>) {
    let next = store.next_parcel(destination).unwrap().unwrap();
    let changes = store.change().unwrap();
    changes.settle_delivery(&next, delivery, later(1)).unwrap();
    changes.commit().unwrap();
}

fn next_bytes(store: &Store, destination: &str) -> Option<Vec<u8>> {
    store.next_parcel(destination).unwrap().map(|parcel| parcel.bytes)
}

/// A destination to which nothing happened yet but what waits.
fn row(name: &str, waiting: u64) -> DestinationRow {
    DestinationRow {
        name: name.to_owned(),
        since: NOW,
        retry_at: tacho_model::time::UnixNanos(0),
        failures: 0,
        last_error: None,
        last_success: None,
        delivered: 0,
        rejected: 0,
        waiting,
    }
}

#[test]
fn parcels_leave_in_the_order_in_which_they_came() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("b", b"2"), ("a", b"3"), ("a", b"4")]);
    let mut left = Vec::new();
    while let Some(bytes) = next_bytes(&store, "a") {
        left.push(bytes);
        settle(&mut store, "a", &Delivery::Taken { rejected: 0 });
    }
    assert_eq!(left, [b"1", b"3", b"4"]);
    assert_eq!(next_bytes(&store, "b"), Some(b"2".to_vec()));
    assert_eq!(next_bytes(&store, "c"), None);
}

#[test]
fn a_settled_span_is_unsent_until_it_is_claimed_for_a_destination() {
    let (_directory, mut store) = empty();
    let changes = store.change().unwrap();
    // Spans of odd numbers are settled.
    changes.put_session(&session("one", NOW), &[span(1), span(2), span(3)], None).unwrap();
    let one = SessionId::from("one");
    let unsent = |destination: &str| changes.unsent_spans(destination, &one).unwrap();
    assert_eq!(unsent("a"), BTreeSet::from([span(1).span_id, span(3).span_id]));
    for _ in 0..2 {
        changes.claim("a", span(3).span_id, NOW).unwrap();
        assert_eq!(unsent("a"), BTreeSet::from([span(1).span_id]));
    }
    assert_eq!(unsent("b"), BTreeSet::from([span(1).span_id, span(3).span_id]));
    assert_eq!(changes.unsent_spans("a", &SessionId::from("two")).unwrap(), BTreeSet::new());
}

#[test]
fn a_destination_is_introduced_once() {
    let (_directory, mut store) = empty();
    let changes = store.change().unwrap();
    changes.introduce("a", NOW).unwrap();
    changes.introduce("a", later(5)).unwrap();
    changes.commit().unwrap();
    assert_eq!(store.destinations().unwrap(), [row("a", 0)]);
}

#[test]
fn a_parcel_that_is_put_off_stays_first() {
    let (_directory, mut store) = with_parcels(&[("a", b"1"), ("a", b"2")]);
    let delivery = Delivery::Postponed { retry_at: later(9), error: "HTTP 503" };
    settle(&mut store, "a", &delivery);
    settle(&mut store, "a", &delivery);
    assert_eq!(next_bytes(&store, "a"), Some(b"1".to_vec()));
    let expected = DestinationRow {
        retry_at: later(9),
        failures: 2,
        last_error: Some("HTTP 503".to_owned()),
        ..row("a", 8)
    };
    assert_eq!(store.destinations().unwrap(), [expected]);
    settle(&mut store, "a", &Delivery::Taken { rejected: 0 });
    let [after] = store.destinations().unwrap().try_into().unwrap();
    assert_eq!((after.failures, after.retry_at.0, after.delivered, after.waiting), (0, 0, 4, 4));
}

#[test]
fn a_parcel_that_is_refused_is_lost_and_counted() {
    let (_directory, mut store) = with_parcels(&[("a", b"1")]);
    settle(&mut store, "a", &Delivery::Refused { error: "HTTP 400" });
    assert_eq!(next_bytes(&store, "a"), None);
    let expected = DestinationRow { rejected: 4, last_error: Some("HTTP 400".to_owned()), ..row("a", 0) };
    assert_eq!(store.destinations().unwrap(), [expected]);
    assert_eq!(store.losses().unwrap(), [("refused by a".to_owned(), 4)]);
}

#[test]
fn items_that_are_refused_are_lost_and_counted() {
    let (_directory, mut store) = with_parcels(&[("a", b"1")]);
    settle(&mut store, "a", &Delivery::Taken { rejected: 1 });
    assert_eq!(next_bytes(&store, "a"), None);
    let expected = DestinationRow { delivered: 3, rejected: 1, last_success: Some(later(1)), ..row("a", 0) };
    assert_eq!(store.destinations().unwrap(), [expected]);
    assert_eq!(store.losses().unwrap(), [("refused by a".to_owned(), 1)]);
}

#[test]
fn the_oldest_parcels_are_dropped_first() {
    let (_directory, mut store) = with_parcels(&[("a", &[1; 100]), ("b", &[2; 100]), ("a", &[3; 100])]);
    let changes = store.change().unwrap();
    assert_eq!(changes.drop_oldest_parcels(300, NOW).unwrap(), 0);
    assert_eq!(changes.drop_oldest_parcels(150, NOW).unwrap(), 8);
    changes.commit().unwrap();
    assert_eq!((next_bytes(&store, "a"), next_bytes(&store, "b")), (Some(vec![3; 100]), None));
    assert_eq!(store.losses().unwrap(), [("outbox quota".to_owned(), 8)]);
    let changes = store.change().unwrap();
    assert_eq!(changes.drop_oldest_parcels(0, NOW).unwrap(), 4);
    assert_eq!(changes.drop_oldest_parcels(0, NOW).unwrap(), 0);
    changes.commit().unwrap();
    assert_eq!(store.losses().unwrap(), [("outbox quota".to_owned(), 12)]);
}
