//! What is written is read again, to the last bit.

use super::sample::{contents, empty, fill, observation, observe, put, session, span};
use crate::spans::fingerprint;
use proptest::prelude::*;
use std::collections::BTreeMap;
use tacho_model::attribute::{Attributes, Value, ValueType};
use tacho_model::id::{SessionId, SpanId, TraceId};
use tacho_model::money::Nanodollars;
use tacho_model::semconv;
use tacho_model::session::Session;
use tacho_model::span::{Link, Span, SpanEvent, SpanKind, Status};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

#[test]
fn the_same_statement_again_changes_nothing() {
    let (_directory, mut store) = empty();
    let changes = store.change().unwrap();
    let first = observation("one", 1);
    let other_body = tacho_model::event::Observation { body: b"{}".to_vec(), ..first.clone() };
    let seen = [&first, &observation("one", 2), &first, &other_body].map(|one| observe(&changes, one));
    assert_eq!(seen, [true, true, false, false]);
    changes.commit().unwrap();
    let mut read = Vec::new();
    store.read().each_observation(&SessionId::from("one"), |observation| read.push(observation)).unwrap();
    assert_eq!(read, [first, observation("one", 2)]);
}

#[test]
fn nothing_happens_without_a_commit() {
    let (_directory, mut store) = empty();
    fill(&mut store);
    let before = contents(&store);
    let changes = store.change().unwrap();
    observe(&changes, &observation("three", 99));
    changes.forget_session(&SessionId::from("one")).unwrap();
    drop(changes);
    assert_eq!(contents(&store), before);
}

fn value(value_type: ValueType) -> BoxedStrategy<Value> {
    match value_type {
        ValueType::String => any::<String>().prop_map(Value::from).boxed(),
        ValueType::Int => any::<i64>().prop_map(Value::Int).boxed(),
        ValueType::Double => (prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO)
            .prop_map(Value::Double)
            .boxed(),
        ValueType::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        ValueType::StringList => {
            prop::collection::vec(any::<String>(), 0..3).prop_map(Value::StringList).boxed()
        }
    }
}

/// Some or all of the attributes there are.
fn attributes() -> impl Strategy<Value = Attributes> {
    let pairs: Vec<_> = semconv::ALL
        .iter()
        .map(|key| prop::option::weighted(0.8, value(key.value_type()).prop_map(|value| (*key, value))))
        .collect();
    pairs.prop_map(|pairs| pairs.into_iter().flatten().collect())
}

fn time() -> impl Strategy<Value = UnixNanos> {
    (0..u64::MAX >> 1).prop_map(UnixNanos)
}

prop_compose! {
    fn any_span()(
        ids in any::<([u8; 16], [u8; 8], Option<[u8; 8]>)>(),
        links in prop::collection::vec(any::<([u8; 16], [u8; 8])>(), 0..3),
        kind in prop::sample::select(SpanKind::ALL.to_vec()),
        name in any::<String>(),
        start in time(),
        end in prop::option::of(time()),
        flags in any::<(bool, bool)>(),
        attributes in attributes(),
        events in prop::collection::vec((time(), attributes()), 0..2),
    ) -> Span {
        let link = |(trace, span)| Link { trace_id: TraceId(trace), span_id: SpanId(span) };
        let event = |(at, attributes)| SpanEvent { at, name: semconv::EVENT_API_RETRY, attributes };
        Span {
            trace_id: TraceId(ids.0),
            span_id: SpanId(ids.1),
            parent_span_id: ids.2.map(SpanId),
            links: links.into_iter().map(link).collect(),
            kind,
            name,
            start,
            end,
            status: if flags.0 { Status::Error } else { Status::Unset },
            attributes,
            events: events.into_iter().map(event).collect(),
            settled: flags.1,
        }
    }
}

prop_compose! {
    fn any_session()(
        version in any::<Option<String>>(),
        times in (time(), prop::option::of(time()), time()),
        end_inferred in any::<bool>(),
        counts in prop::collection::vec(0..u64::MAX >> 1, 11),
        cost in prop::option::of(any::<i64>()),
        tokens in prop::collection::vec(prop::option::of(0..u64::MAX >> 1), 6),
    ) -> Session {
        Session {
            id: SessionId::from("one"),
            agent: "agent".to_owned(),
            agent_version: version,
            started: times.0,
            ended: times.1,
            end_inferred,
            last_seen: times.2,
            turns: counts[0],
            llm_calls: counts[1],
            tool_calls: counts[2],
            tool_errors: counts[3],
            tool_denials: counts[4],
            subagents: counts[5],
            usage: Usage {
                input: tokens[0],
                output: tokens[1],
                cache_read: tokens[2],
                cache_write_5m: tokens[3],
                cache_write_1h: tokens[4],
                thinking: tokens[5],
            },
            cost: cost.map(Nanodollars),
            unpriced_calls: counts[10],
            not_understood: counts[6],
            hook_events: BTreeMap::from([("Stop".to_owned(), counts[7])]),
            unknown: BTreeMap::from([("\u{1f600}".to_owned(), counts[8])]),
            open_spans: counts[9],
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn spans_and_sessions(session in any_session(), spans in prop::collection::vec(any_span(), 0..3)) {
        let (_directory, mut store) = empty();
        let changes = store.change().unwrap();
        put(&changes, &session, &spans, None);
        changes.commit().unwrap();
        prop_assert_eq!(store.read().spans(&session.id).unwrap(), spans);
        prop_assert_eq!(store.read().sessions().unwrap(), vec![session]);
    }
}

#[test]
fn what_is_derived_again_replaces_what_was() {
    let (_directory, mut store) = empty();
    fill(&mut store);
    let id = SessionId::from("one");
    let again = Session { turns: 77, ..session("one", super::sample::NOW) };
    let changes = store.change().unwrap();
    put(&changes, &again, &[span(50)], None);
    changes.commit().unwrap();
    assert_eq!(store.read().spans(&id).unwrap(), [span(50)]);
    assert_eq!(store.read().sessions_named("on").unwrap(), [again]);
    assert_eq!(store.read().sessions().unwrap().len(), 2);
}

#[test]
fn sessions_are_found_by_the_beginning_of_their_id() {
    let (_directory, mut store) = empty();
    let changes = store.change().unwrap();
    for id in ["ab", "ab%", "abc", "b"] {
        put(&changes, &session(id, super::sample::NOW), &[], None);
    }
    changes.commit().unwrap();
    let named = |prefix: &str| -> Vec<String> {
        store
            .read()
            .sessions_named(prefix)
            .unwrap()
            .into_iter()
            .map(|session| session.id.to_string())
            .collect()
    };
    assert_eq!(named("ab"), ["ab", "ab%", "abc"]);
    assert_eq!(named("ab%"), ["ab%"]);
    assert_eq!(named("_"), [""; 0]);
}

/// A later state of the prices that finds the same is no news; whatever else changes is.
#[test]
fn the_state_of_the_prices_is_not_compared() {
    let known = span(1);
    for key in semconv::ALL {
        let mut changed = known.clone();
        changed.attributes.set(*key, "changed");
        let is_same = fingerprint(&changed) == fingerprint(&known);
        assert_eq!(is_same, *key == semconv::TACHOGRAPH_PRICE_TABLE, "{key:?}");
    }
}
