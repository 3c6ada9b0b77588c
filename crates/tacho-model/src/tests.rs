//! Tests of derived ids, of usage, of money, and of cutting.

mod clip;
mod money;
mod usage;

use crate::id::{IdSpace, SessionId};
use crate::span::SpanKind;
use crate::traceparent;
use crate::usage::Usage;

#[test]
fn ids_match_the_golden_vectors() {
    let vectors = include_str!("../../../fixtures/ids.tsv");
    for line in vectors.lines().filter(|line| !line.starts_with('#')) {
        let [kind, agent, session, key, hex] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}");
        };
        let session = SessionId::from(session);
        let ids = IdSpace { agent, session: &session };
        let found = match SpanKind::named(kind) {
            Some(kind) => ids.span(kind, key).to_string(),
            None => ids.trace(key).to_string(),
        };
        assert_eq!(found, hex, "{line}");
    }
}

#[test]
fn a_traceparent_names_a_span_or_nothing() {
    let values = include_str!("../../../fixtures/traceparents.tsv");
    for line in values.lines().filter(|line| !line.starts_with('#')) {
        let [value, trace, span] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}");
        };
        let found =
            traceparent::parse(value).map(|link| (link.trace_id.to_string(), link.span_id.to_string()));
        let expected = (trace != "-").then(|| (trace.to_owned(), span.to_owned()));
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn usage_merges_to_the_larger_count_and_keeps_unknown_unknown() {
    let early = Usage { input: Some(11), output: Some(1), cache_read: Some(0), ..Usage::default() };
    let last = Usage { input: Some(11), output: Some(42), cache_write_5m: Some(200), ..Usage::default() };
    let merged = Usage {
        input: Some(11),
        output: Some(42),
        cache_read: Some(0),
        cache_write_5m: Some(200),
        cache_write_1h: None,
        thinking: None,
    };
    assert_eq!(early.merged(last), merged);
    assert_eq!(last.merged(early), merged);
    assert_eq!(merged.total_input(), Some(211));
    assert_eq!(Usage::default().total_input(), None);
}
