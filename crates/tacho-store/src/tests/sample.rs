//! A store with something in every table.

use crate::cursor::{AgentProcess, TranscriptCursor};
use crate::destinations::{Claim, DestinationKey};
use crate::metrics::Tally;
use crate::outbox::{Delivery, Parcel};
use crate::sealed::Sealed;
use crate::usage::{ImportedFile, SumFilter, UsagePrice};
use crate::{Changes, Store};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tacho_model::attribute::{Attributes, Value, ValueType};
use tacho_model::event::{Observation, Source, Sources};
use tacho_model::id::{SessionId, SpanId, SubagentId, TraceId};
use tacho_model::metric::{Labels, Measured, Total};
use tacho_model::metrics;
use tacho_model::money::Nanodollars;
use tacho_model::semconv;
use tacho_model::session::Session;
use tacho_model::span::{Link, Span, SpanEvent, SpanKind, Status};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{
    CallKey, Inheritance, Owner, ReportedCost, ReportedModel, Terms, UsageRecord,
};
use tempfile::TempDir;

pub(super) const NOW: UnixNanos = UnixNanos(1_795_000_000_000_000_000);

/// An empty store in a directory that goes away with it.
pub(super) fn empty() -> (TempDir, Store) {
    let directory = TempDir::new().unwrap();
    let store = Store::open(&path_in(&directory)).unwrap();
    (directory, store)
}

pub(super) fn path_in(directory: &TempDir) -> PathBuf {
    directory.path().join("store.db")
}

pub(super) fn later(seconds: u64) -> UnixNanos {
    NOW.plus_nanos(seconds * 1_000_000_000)
}

pub(super) fn observation(session: &str, number: u8) -> Observation {
    Observation {
        uid: [number; 16],
        agent: "agent".to_owned(),
        session: SessionId::from(session),
        source: Source::ALL[usize::from(number) % Source::ALL.len()],
        at: (number.is_multiple_of(2)).then_some(later(u64::from(number))),
        subagent: (number.is_multiple_of(3)).then(|| SubagentId::from("subagent")),
        offset: (number % 3 == 1).then_some(u64::from(number) << 40),
        body: vec![b'{', number, 0xFF, 0, b'}'],
    }
}

pub(super) fn session(id: &str, last_seen: UnixNanos) -> Session {
    Session {
        id: SessionId::from(id),
        agent: "agent".to_owned(),
        agent_version: Some("1.2.3".to_owned()),
        started: NOW,
        ended: Some(last_seen),
        end_inferred: true,
        last_seen,
        turns: 1,
        llm_calls: 2,
        tool_calls: 3,
        tool_errors: 4,
        tool_denials: 5,
        subagents: 6,
        usage: Usage {
            input: Some(7),
            output: Some(8),
            cache_read: None,
            cache_write_5m: Some(0),
            cache_write_1h: Some(u64::MAX >> 1),
            thinking: None,
        },
        cost: Some(Nanodollars(14)),
        unpriced_calls: 15,
        not_understood: 9,
        hook_events: BTreeMap::from([("Stop".to_owned(), 11), ("PreToolUse".to_owned(), 12)]),
        unknown: BTreeMap::from([("hook Later".to_owned(), 13)]),
        open_spans: 10,
    }
}

/// A span with every attribute there is.
pub(super) fn span(number: u8) -> Span {
    let value = |value_type: ValueType| match value_type {
        ValueType::String => format!("text {number} \u{e9}\u{1f600}\n\"\\").into(),
        ValueType::Int => Value::Int(i64::MIN + i64::from(number)),
        ValueType::Double => Value::Double(0.1 + f64::from(number)),
        ValueType::Boolean => Value::Boolean(number.is_multiple_of(2)),
        ValueType::StringList => Value::StringList(vec!["a".to_owned(), String::new()]),
    };
    let attributes: Attributes = semconv::ALL.iter().map(|key| (*key, value(key.value_type()))).collect();
    Span {
        trace_id: TraceId([number; 16]),
        span_id: SpanId([number; 8]),
        parent_span_id: (number > 1).then_some(SpanId([1; 8])),
        links: vec![Link { trace_id: TraceId([0xAB; 16]), span_id: SpanId([0xCD; 8]) }],
        kind: SpanKind::ALL[usize::from(number) % SpanKind::ALL.len()],
        name: format!("span {number}"),
        start: later(u64::from(number)),
        end: (number.is_multiple_of(2)).then_some(later(100)),
        status: if number.is_multiple_of(2) { Status::Error } else { Status::Unset },
        attributes: attributes.clone(),
        events: vec![SpanEvent { at: later(1), name: semconv::EVENT_API_RETRY, attributes }],
        settled: number % 2 == 1,
    }
}

pub(super) fn parcel(destination: DestinationKey, items: u64, bytes: &[u8]) -> Parcel {
    Parcel {
        id: 0,
        destination,
        signal: "traces".to_owned(),
        content_type: "application/x-protobuf".to_owned(),
        is_full: items.is_multiple_of(2),
        has_names: items.is_multiple_of(3),
        items,
        bytes: bytes.to_vec(),
    }
}

/// The destination of this name, introduced if it was not.
pub(super) fn destination(changes: &Changes<'_>, name: &str) -> DestinationKey {
    changes.introduce(name, NOW).unwrap();
    let rows = changes.read().destinations().unwrap();
    rows.into_iter().find(|row| row.name == name).unwrap().key
}

/// Takes an observation down.
pub(super) fn observe(changes: &Changes<'_>, observation: &Observation) -> bool {
    let key = changes.key_of(&observation.session).unwrap();
    let last = changes.read().last_observation(key).unwrap();
    changes.observe(key, last.map_or(1, |(last, _)| last + 1), observation).unwrap()
}

/// Writes what was derived about a session.
pub(super) fn put(changes: &Changes<'_>, session: &Session, spans: &[Span], settles_at: Option<UnixNanos>) {
    let key = changes.key_of(&session.id).unwrap();
    changes.put_session(key, session, settles_at).unwrap();
    changes.put_spans(key, spans).unwrap();
}

pub(super) fn transcript(session: &str, path: &str) -> TranscriptCursor {
    TranscriptCursor {
        path: path.to_owned(),
        agent: "agent".to_owned(),
        session: SessionId::from(session),
        subagent: Some(SubagentId::from("subagent")),
        inode: u64::MAX,
        cursor: 12,
        mark: Some(u32::MAX),
        read_before: 13,
    }
}

pub(super) fn process(pid: u32) -> AgentProcess {
    AgentProcess { boot: "boot".to_owned(), pid, start_ticks: 1 << 40 }
}

/// Writes something into every table.
pub(super) fn fill(store: &mut Store) {
    let changes = store.change().unwrap();
    for id in ["one", "two"] {
        let number = id.len() as u8 + id.as_bytes()[0] % 2 * 10;
        observe(&changes, &observation(id, number));
        observe(&changes, &observation(id, number + 1));
        changes.set_transcript_cursor(&transcript(id, &format!("{id}.jsonl"))).unwrap();
        let key = changes.key_of(&SessionId::from(id)).unwrap();
        changes.set_process(key, &process(u32::from(number))).unwrap();
        put(&changes, &session(id, later(u64::from(number))), &[span(number)], Some(later(1000)));
        changes.mark_stale(key).unwrap();
    }
    changes.set_segment_cursor("segment.jsonl", 4096, 2).unwrap();
    let (here, there) = (destination(&changes, "here"), destination(&changes, "there"));
    let one = changes.key_of(&SessionId::from("one")).unwrap();
    let claim = Claim { sent: Some(-7), compared: Some(7) };
    changes.claim(here, one, &[(span(1).span_id, claim)]).unwrap();
    for (destination, bytes) in [(here, b"first"), (here, b"other"), (there, b"third")] {
        changes.enqueue(&parcel(destination, 3, bytes), NOW).unwrap();
    }
    changes.commit().unwrap();
    let first = store.read().next_parcel(here).unwrap().unwrap();
    let changes = store.change().unwrap();
    changes.settle_delivery(&first, &Delivery::Refused { error: "HTTP 400" }, later(2)).unwrap();
    changes.count_loss("quota", 5, later(3)).unwrap();
    changes.note_taken(here, "traces", later(3)).unwrap();
    changes.mark_events(there, one).unwrap();
    changes.note_declined(here, "logs", "HTTP 405", later(3)).unwrap();
    changes.commit().unwrap();
    fill_usage(store);
    fill_metrics(store);
    fill_sealed(store);
}

/// What a session adds to two metrics.
pub(super) fn measured(cost: i64, seconds: &[i64]) -> Vec<Measured> {
    let metric = &metrics::GEN_AI_CLIENT_OPERATION_DURATION;
    let mut durations = Total::default();
    seconds.iter().for_each(|seconds| durations.record(metric, seconds * 1_000_000_000));
    let labels = Labels::from([("model".to_owned(), "a \"model\"".to_owned())]);
    let total = Total::of(&metrics::COST_USD, cost);
    vec![
        Measured { metric: &metrics::COST_USD, labels, total },
        Measured { metric, labels: Labels::new(), total: durations },
    ]
}

fn fill_metrics(store: &mut Store) {
    let changes = store.change().unwrap();
    let one = changes.key_of(&SessionId::from("one")).unwrap();
    let mut tally = Tally::default();
    changes.count(&mut tally, one, &measured(7, &[1, 200]), &Labels::new(), true, later(5)).unwrap();
    changes.write_tally(tally, later(5)).unwrap();
    let here = destination(&changes, "here");
    let series = changes.read().series().unwrap();
    changes.tell_series(here, series.first().unwrap()).unwrap();
    changes.tell(here, later(6)).unwrap();
    changes.commit().unwrap();
}

fn fill_sealed(store: &mut Store) {
    let changes = store.change().unwrap();
    let one = SessionId::from("one");
    changes.put_sealed(Some(&one), "turn", Sealed { entry: 4, fingerprint: u64::MAX }).unwrap();
    changes.put_sealed(None, "gap:quota", Sealed { entry: 5, fingerprint: 1 }).unwrap();
    changes.put_sealed(Some(&one), "turn", Sealed { entry: 5, fingerprint: 2 }).unwrap();
    changes.set_sealed_log("log", 6).unwrap();
    changes.commit().unwrap();
}

fn fill_usage(store: &mut Store) {
    let usage = Usage { input: Some(1), output: Some(2), cache_read: None, ..Usage::default() };
    let record = |session: &str, message: &str, tools: &[&str]| UsageRecord {
        key: CallKey { message: message.to_owned(), request: format!("req_{message}") },
        owner: Owner {
            is_sidechain: false,
            is_empty: false,
            at: later(4),
            session: SessionId::from(session),
            subagent: None,
            project: Some("/project".to_owned()),
            model: Some("model".to_owned()),
        },
        usage,
        terms: Terms { speed: Some("fast".to_owned()), web_searches: Some(3), ..Terms::default() },
        tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
        is_final: true,
        sources: Sources::of(Source::Transcript),
    };
    let price = |_: &UsageRecord| UsagePrice {
        cost: Some(Nanodollars(5)),
        basis: Some("model@always".into()),
        table: Some("table".into()),
    };
    let changes = store.change().unwrap();
    let mut writer = changes.usage().unwrap();
    writer.put(vec![record("one", "a", &["Bash", "Edit"]), record("two", "b", &[])], price).unwrap();
    let model =
        ReportedModel { model: "model".to_owned(), usage, web_searches: Some(3), cost: Nanodollars(6) };
    let session = SessionId::from("two");
    let reported = ReportedCost { session, cost: Nanodollars(6), models: vec![model], has_guessed: true };
    writer.put_reported(&reported).unwrap();
    let (session, origin) = (SessionId::from("two"), SessionId::from("one"));
    writer.put_inheritance(&Inheritance { session, origin, at: later(4) }).unwrap();
    let path = "one.jsonl".to_owned();
    writer
        .set_file(&ImportedFile { path, inode: u64::MAX, cursor: 12, mark: u32::MAX, unreadable: 1 })
        .unwrap();
    writer.finish().unwrap();
    changes.commit().unwrap();
}

/// Everything that can be read from a store, whole.
pub(super) fn contents(store: &Store) -> String {
    let mut text = String::new();
    for session in store.read().observed_sessions().unwrap() {
        store
            .read()
            .each_observation(&session, |observation| text.push_str(&format!("{observation:?}\n")))
            .unwrap();
        text.push_str(&format!("{:?}\n", store.read().spans(&session).unwrap()));
        text.push_str(&format!("{:?}\n", store.read().transcripts(&session).unwrap()));
        text.push_str(&format!("{:?}\n", store.read().processes(&session).unwrap()));
    }
    text.push_str(&format!("{:?}\n", store.read().sessions().unwrap()));
    text.push_str(&format!("{:?}\n", store.read().unsettled_sessions().unwrap()));
    text.push_str(&format!("{:?}\n", store.read().stale_sessions().unwrap()));
    text.push_str(&format!("{:?}\n", store.read().segment_cursors().unwrap()));
    text.push_str(&format!("{:?}\n", store.read().damaged_lines().unwrap()));
    text.push_str(&format!("{:?}\n", store.read().losses().unwrap()));
    for destination in store.read().destinations().unwrap() {
        text.push_str(&format!("{destination:?} {:?}\n", store.read().next_parcel(destination.key).unwrap()));
        let key = store.read().key_of(&SessionId::from("one")).unwrap().unwrap();
        text.push_str(&format!("{:?}\n", store.read().claimed(destination.key, key).unwrap()));
    }
    let read = store.read();
    read.each_usage_record(|record, cost| text.push_str(&format!("{record:?} {cost:?}\n"))).unwrap();
    read.each_usage_sum(SumFilter::ALL, |sum| text.push_str(&format!("{sum:?}\n"))).unwrap();
    text.push_str(&format!("{:?}\n", read.usage_by_tools(SumFilter::ALL).unwrap()));
    text.push_str(&format!("{:?}\n", read.reported_costs().unwrap()));
    text.push_str(&format!("{:?}\n", read.inherited_usage().unwrap()));
    text.push_str(&format!("{:?}\n", read.imported_files().unwrap()));
    for series in read.series().unwrap() {
        let told = read.destinations().unwrap().into_iter().map(|to| read.told(to.key, &series).unwrap());
        text.push_str(&format!("{series:?} {:?}\n", told.collect::<Vec<_>>()));
    }
    let one = SessionId::from("one");
    for session in [Some(&one), None] {
        text.push_str(&format!("{:?}\n", read.sealed(session).unwrap()));
    }
    text.push_str(&format!("{:?} {:?}\n", read.first_entry_of(&one).unwrap(), read.sealed_log().unwrap()));
    text
}

/// The golden file of a schema.
pub(super) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/store").join(name)
}
