//! What calls used, said in any order by transcripts and by the agent's telemetry.

use super::sample::{empty, later};
use crate::Store;
use crate::usage::{SumFilter, UsagePrice};
use tacho_model::event::{Source, Sources};
use tacho_model::id::SessionId;
use tacho_model::money::Nanodollars;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{CallKey, Owner, Terms, UsageRecord};

fn said(key: CallKey, source: Source, session: &str, seconds: u64, output: u64) -> UsageRecord {
    let usage = Usage { input: Some(output * 10), output: Some(output), ..Usage::default() };
    UsageRecord {
        owner: Owner {
            is_sidechain: false,
            is_empty: usage.is_empty(),
            at: later(seconds),
            session: SessionId::from(session),
            subagent: None,
            project: (source == Source::Transcript).then(|| "/home/dev/project".to_owned()),
            model: Some("model".to_owned()),
        },
        key,
        usage,
        terms: Terms::default(),
        tools: Vec::new(),
        is_final: source != Source::Transcript,
        sources: Sources::of(source),
    }
}

/// A row of a transcript.
fn row(message: &str, request: &str, session: &str, output: u64) -> UsageRecord {
    let key = CallKey { message: message.to_owned(), request: request.to_owned() };
    said(key, Source::Transcript, session, 7, output)
}

/// A call as the agent's telemetry tells of it, a moment earlier than its row.
fn report(request: &str, output: u64) -> UsageRecord {
    said(CallKey::of_request(request), Source::Mod, "session", 6, output)
}

/// Every order of the items.
fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let first = |number: usize| {
        let mut rest = items.to_vec();
        let first = rest.remove(number);
        orders(&rest).into_iter().map(move |order| [vec![first.clone()], order].concat())
    };
    (0..items.len()).flat_map(first).collect()
}

/// A price that grows with what was used.
fn price(record: &UsageRecord) -> UsagePrice {
    let cost = record.usage.output.and_then(|output| i64::try_from(output).ok()).map(Nanodollars);
    UsagePrice { cost, ..UsagePrice::default() }
}

fn put(store: &mut Store, records: &[UsageRecord]) {
    let changes = store.change().unwrap();
    let mut usage = changes.usage().unwrap();
    usage.put(records.to_vec(), price).unwrap();
    usage.finish().unwrap();
    changes.commit().unwrap();
}

/// What is summed up: the session, the project, calls, open calls, output and cost.
fn sums(store: &Store) -> Vec<String> {
    let store = store.read();
    let (names, sessions) = (store.usage_names().unwrap(), store.session_ids().unwrap());
    let mut sums = Vec::new();
    let each = |sum: crate::usage::Sum| {
        let project = names(sum.project).unwrap_or_default();
        let (calls, open, output) = (sum.calls, sum.open_calls, sum.usage.output.unwrap_or(0));
        sums.push(format!(
            "{} {project:?} calls {calls}, open {open}, output {output}, cost {}",
            sessions[&sum.session].as_str(),
            sum.cost.0
        ));
    };
    store.each_usage_sum(SumFilter::ALL, each).unwrap();
    sums.sort();
    sums
}

/// What these records come to, whatever their order, one by one and all at once, once and twice.
#[track_caller]
fn check(records: &[UsageRecord], expected: &[&str]) {
    for order in orders(records) {
        let (_directory, mut one_by_one) = empty();
        order.iter().chain(&order).for_each(|record| put(&mut one_by_one, std::slice::from_ref(record)));
        assert_eq!(sums(&one_by_one), expected, "{order:#?}");
        let (_directory, mut at_once) = empty();
        put(&mut at_once, &order);
        assert_eq!(sums(&at_once), expected, "{order:#?}");
    }
}

#[test]
fn a_call_that_only_telemetry_tells_of_counts() {
    check(&[report("req_1", 5)], &[r#"session "" calls 1, open 0, output 5, cost 5"#]);
}

/// The row says whose the call was, the telemetry that it came to its end and what it used by then.
#[test]
fn a_report_and_a_row_of_one_request_are_one_call() {
    let records = [report("req_1", 5), row("msg_1", "req_1", "session", 4), report("req_2", 1)];
    let expected = [
        r#"session "" calls 1, open 0, output 1, cost 1"#,
        r#"session "/home/dev/project" calls 1, open 0, output 5, cost 5"#,
    ];
    check(&records, &expected);
}

/// An answer may be told in rows of which some name no request.
#[test]
fn a_report_joins_rows_that_say_less() {
    let records = [report("req_1", 5), row("msg_1", "req_1", "session", 4), row("msg_1", "", "session", 3)];
    check(&records, &[r#"session "/home/dev/project" calls 1, open 0, output 5, cost 5"#]);
}

/// Copies of a session may have lost what was used; the call is that of the copy that has it.
#[test]
fn a_copy_that_says_nothing_takes_no_report() {
    let copies = [report("req_1", 5), row("msg_1", "req_1", "fork", 0)];
    check(&copies, &[r#"session "" calls 1, open 0, output 5, cost 5"#]);
    let records = [report("req_1", 5), row("msg_1", "req_1", "fork", 0), row("msg_1", "req_1", "session", 4)];
    check(&records, &[r#"session "/home/dev/project" calls 1, open 0, output 5, cost 5"#]);
}
