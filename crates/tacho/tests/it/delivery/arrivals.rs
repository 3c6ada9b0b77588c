//! What should arrive: the spans of all sessions as they are reported, in the form in which a receiver gets them.

use crate::home::Home;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use tacho_model::attribute::{Class, Key};
use tacho_testkit::otlp::{ReceivedEvent, ReceivedLink, ReceivedSpan, Receiver, SpanKind, SpanStatus};

/// Everything that was recorded arrived once, and nothing of what was said.
#[track_caller]
pub(super) fn all_arrived(home: &Home, receiver: &Receiver) {
    assert_eq!(receiver.problems(), [""; 0]);
    assert_eq!(sorted(receiver.spans()), reported_spans(home, is_metadata));
}

/// Whether an attribute leaves the machine unless its owner says otherwise.
pub(super) fn is_metadata(key: Key) -> bool {
    matches!(key.class(), Class::Metadata | Class::Url)
}

/// All spans of all sessions as they are reported, in the form in which they should arrive.
pub(super) fn reported_spans(home: &Home, passes: fn(Key) -> bool) -> Vec<ReceivedSpan> {
    let sessions = home.json_of(&["sessions", "--json"]);
    let ids = sessions["sessions"].as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap());
    let mut spans = Vec::new();
    for id in ids {
        let report = home.json_of(&["show", id, "--json"]);
        spans.extend(report["spans"].as_array().unwrap().iter().map(|span| as_received(span, passes)));
    }
    sorted(spans)
}

pub(super) fn sorted(mut spans: Vec<ReceivedSpan>) -> Vec<ReceivedSpan> {
    for span in &mut spans {
        span.resource.clear();
    }
    spans.sort_by(|left, right| left.span_id.cmp(&right.span_id));
    spans
}

fn as_received(span: &Json, passes: fn(Key) -> bool) -> ReceivedSpan {
    let text = |name: &str| span[name].as_str().map(str::to_owned);
    let events = span["events"].as_array().unwrap().iter().map(|event| ReceivedEvent {
        time_ns: event["at_ns"].as_u64().unwrap(),
        name: event["name"].as_str().unwrap().to_owned(),
        attributes: passing(event["attributes"].as_object().unwrap(), passes),
    });
    let links = span["links"].as_array().unwrap().iter().map(|link| ReceivedLink {
        trace_id: link["trace_id"].as_str().unwrap().to_owned(),
        span_id: link["span_id"].as_str().unwrap().to_owned(),
        attributes: BTreeMap::new(),
    });
    ReceivedSpan {
        trace_id: text("trace_id").unwrap(),
        span_id: text("span_id").unwrap(),
        parent_span_id: text("parent_span_id"),
        name: text("name").unwrap(),
        kind: if span["kind"] == "llm" { SpanKind::Client } else { SpanKind::Internal },
        start_ns: span["start_ns"].as_u64().unwrap(),
        end_ns: span["end_ns"].as_u64().unwrap(),
        status: if span["status"] == "error" { SpanStatus::Error } else { SpanStatus::Unset },
        attributes: passing(span["attributes"].as_object().unwrap(), passes),
        events: events.collect(),
        links: links.collect(),
        resource: BTreeMap::new(),
    }
}

fn passing(attributes: &Map<String, Json>, passes: fn(Key) -> bool) -> BTreeMap<String, Json> {
    let pairs = attributes.iter().filter(|(name, _)| passes(Key::named(name).unwrap()));
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}
