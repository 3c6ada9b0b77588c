//! A session that grows: names never change, and what has settled stays as it is.

use crate::fixture::{self, Fixture};
use crate::observations::{self, Heard};
use std::collections::BTreeMap;
use tacho_assemble::price::Prices;
use tacho_assemble::tree::assemble;
use tacho_model::id::{SpanId, TraceId};
use tacho_model::span::Span;

/// The observations as they come in when every row is written so much later than it says.
fn delayed(fixture: &Fixture, delay_ms: u64) -> Vec<Heard> {
    let mut heard = observations::of(fixture);
    for heard in heard.iter_mut().filter(|heard| !heard.is_hook) {
        heard.at = heard.at.plus_nanos(delay_ms * 1_000_000);
    }
    heard.sort_by_key(|heard| heard.at);
    heard
}

/// Assembles after every observation, and once more at the last moment before the next one. Returns what changed
/// that should not have.
fn changes(fixture: &Fixture, heard: &[Heard]) -> Vec<String> {
    let mut facts = observations::facts(fixture);
    let mut grown = Grown::default();
    for (number, one) in heard.iter().enumerate() {
        one.events.iter().for_each(|event| facts.add(event));
        let next = heard.get(number + 1).map_or(one.at, |next| next.at);
        let moments = [one.at, next];
        for now in moments.into_iter().take(if one.at == next { 1 } else { 2 }) {
            let assembly = assemble(&facts, &Prices::list(), now);
            assembly.spans.iter().for_each(|span| grown.look_at(span));
        }
    }
    grown.changes.iter().map(|change| format!("{}: {change}", fixture.name)).collect()
}

/// What was seen so far.
#[derive(Default)]
struct Grown {
    traces: BTreeMap<SpanId, TraceId>,
    settled: BTreeMap<SpanId, Span>,
    changes: Vec<String>,
}

impl Grown {
    fn look_at(&mut self, span: &Span) {
        let trace = *self.traces.entry(span.span_id).or_insert(span.trace_id);
        if trace != span.trace_id {
            self.changes
                .push(format!("{} {} moves from {trace} to {}", span.name, span.span_id, span.trace_id));
            self.traces.insert(span.span_id, span.trace_id);
        }
        match self.settled.get(&span.span_id) {
            Some(before) if before != span => {
                self.changes.push(format!(
                    "{} {} settled, then {}",
                    span.name,
                    span.span_id,
                    difference(before, span)
                ));
                self.settled.insert(span.span_id, span.clone());
            }
            Some(_) => {}
            None if span.settled => drop(self.settled.insert(span.span_id, span.clone())),
            None => {}
        }
    }
}

fn difference(before: &Span, after: &Span) -> String {
    let mut parts = Vec::new();
    let mut part = |name: &str, before: String, after: String| {
        if before != after {
            parts.push(format!("{name}: {before} -> {after}"));
        }
    };
    part("settled", before.settled.to_string(), after.settled.to_string());
    part("parent", format!("{:?}", before.parent_span_id), format!("{:?}", after.parent_span_id));
    part("start", before.start.0.to_string(), after.start.0.to_string());
    part("end", format!("{:?}", before.end), format!("{:?}", after.end));
    part("status", format!("{:?}", before.status), format!("{:?}", after.status));
    part("links", before.links.len().to_string(), after.links.len().to_string());
    part("events", before.events.len().to_string(), after.events.len().to_string());
    for key in tacho_model::semconv::ALL {
        let value = |span: &Span| format!("{:?}", span.attributes.get(*key));
        part(key.name(), value(before), value(after));
    }
    parts.join(", ")
}

/// Nothing changes that should not, however late the agent writes its transcript.
#[track_caller]
fn check(delay_ms: u64) {
    let fixtures = fixture::all();
    let changes: Vec<String> =
        fixtures.iter().flat_map(|fixture| changes(fixture, &delayed(fixture, delay_ms))).collect();
    assert_eq!(changes, [""; 0]);
}

#[test]
fn names_and_settled_spans_stay_with_rows_in_time() {
    check(0);
}

#[test]
fn names_and_settled_spans_stay_with_rows_50_ms_late() {
    check(50);
}

#[test]
fn names_and_settled_spans_stay_with_rows_100_ms_late() {
    check(100);
}

#[test]
fn names_and_settled_spans_stay_with_rows_200_ms_late() {
    check(200);
}

/// As when the agent keeps no transcript.
#[test]
fn names_and_settled_spans_stay_without_a_transcript() {
    for fixture in fixture::all() {
        let mut heard = observations::of(&fixture);
        heard.retain(|heard| heard.is_hook);
        assert_eq!(changes(&fixture, &heard), [""; 0]);
    }
}
