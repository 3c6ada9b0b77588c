//! A difference needs a reason, a reason needs its difference, and what is printed twice is the same twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::compare::{call, truth};
use crate::anthropic::ServedCall;
use crate::figures::{Comparison, Figure, Figures, Reports, ServedSession, recorded, served, visible};
use crate::scenario::{Expect, Unseen, Way};

/// A nanodollar a token of output.
fn price(request: &ServedCall) -> i64 {
    i64::try_from(request.usage.output).unwrap_or(0)
}

fn unseen(requests: &[&str], figures: &[(Figure, i64)]) -> Unseen {
    Unseen {
        reason: "because".to_owned(),
        ways: vec![Way::Baseline],
        requests: requests.iter().map(|name| (*name).to_owned()).collect(),
        figures: figures.iter().copied().collect(),
    }
}

/// The truth with an answer that broke off before the last call.
fn served_truth() -> Vec<ServedCall> {
    let mut broken = call(4, 1250, None, &[]);
    broken.whole = false;
    let mut truth = truth();
    truth.insert(4, broken);
    truth
}

fn session<'a>(truth: &'a [ServedCall], expect: &'a Expect) -> ServedSession<'a> {
    ServedSession { truth, turns: 1, expect }
}

#[track_caller]
fn check(recorded_of: &[ServedCall], unseen: &[Unseen], expected: &[&str]) {
    let (truth, expect) = (served_truth(), Expect::default());
    let recorded = served(&[session(recorded_of, &expect)], &price);
    let comparison = Comparison::new(Way::Baseline, &[session(&truth, &expect)], &price, recorded, unseen);
    assert_eq!(comparison.problems(), expected);
}

#[test]
fn all_that_was_served_was_recorded() {
    check(&served_truth(), &[], &[]);
}

#[test]
fn a_difference_without_a_reason() {
    check(
        &truth(),
        &[],
        &[
            "baseline: input: 14 served, 10 recorded, reasons for 0",
            "baseline: output: 35 served, 28 recorded, reasons for 0",
            "baseline: read: 50 served, 40 recorded, reasons for 0",
            "baseline: 5m write: 1000 served, 800 recorded, reasons for 0",
            "baseline: 1h write: 15000 served, 12000 recorded, reasons for 0",
            "baseline: nanodollars: 35 served, 28 recorded, reasons for 0",
        ],
    );
}

#[test]
fn a_reason_names_what_broke_off_or_what_was_whole() {
    check(&truth(), &[unseen(&["s#4@broken"], &[])], &[]);
    let mut without_last = served_truth();
    without_last.pop();
    check(&without_last, &[unseen(&["s#4"], &[])], &["baseline: calls: 4 served, 4 recorded, reasons for 1"]);
}

#[test]
fn a_reason_that_no_longer_applies() {
    check(&served_truth(), &[unseen(&["s#9"], &[])], &["baseline: a reason explains nothing: because"]);
    let turns = [(Figure::Turns, 1)];
    check(&served_truth(), &[unseen(&[], &turns)], &["baseline: turns: 1 served, 1 recorded, reasons for 1"]);
}

#[test]
fn what_broke_off_is_an_attempt_all_the_same() {
    let truth = served_truth();
    let ids = |unseen: &[Unseen]| -> Vec<String> {
        let seen = visible(&truth, unseen, Way::Baseline);
        seen.into_iter().map(|request| request.request_id).collect()
    };
    assert_eq!(ids(&[unseen(&["s#4@broken"], &[])]), ["req9", "req1", "req2", "req3", "req4", "req4"]);
    assert_eq!(ids(&[unseen(&["s#1"], &[])]), ["req9", "req2", "req3", "req4", "req4"]);
}

#[test]
fn what_only_transcripts_lack_is_known_by_its_measures() {
    let truth = served_truth();
    let seen = visible(&truth, &[unseen(&["s#1"], &[])], Way::Mod);
    assert_eq!(seen.len(), truth.len());
    let unwritten = seen.iter().filter(|request| request.unwritten).map(|request| &*request.request_id);
    assert_eq!(unwritten.collect::<Vec<_>>(), ["req1"]);
}

/// A session as `tacho show` prints it.
fn shown() -> String {
    let counts: BTreeMap<&str, u64> = [
        ("turns", 2),
        ("llm_calls", 3),
        ("subagents", 1),
        ("open_spans", 0),
        ("input_tokens", 5),
        ("output_tokens", 6),
        ("cache_read_tokens", 7),
        ("cache_write_5m_tokens", 8),
    ]
    .into();
    let mut session = json!(counts);
    session["id"] = json!("one");
    session["cache_write_1h_tokens"] = Value::Null;
    let tool = |outcome: &str, decision: Option<&str>| {
        let mut attributes = json!({ "claude_code.tool.outcome": outcome });
        if let Some(decision) = decision {
            attributes["claude_code.permission.decision"] = json!(decision);
        }
        json!({ "attributes": attributes })
    };
    let spans = [tool("ok", Some("accept")), tool("denied", Some("reject")), tool("refused", None)];
    json!({ "session": session, "spans": spans }).to_string()
}

fn cost(session: &str, nanos: i64, input: i64) -> String {
    let row = json!({
        "key": session, "cost_usd_nanos": nanos, "web_searches": 1,
        "input_tokens": input, "output_tokens": 6, "cache_read_tokens": 7, "cache_write_5m_tokens": 8,
    });
    json!({ "rows": [row], "unpriced_models": [] }).to_string()
}

#[track_caller]
fn check_reports(followed: &str, imported: &str, expected: &[&str]) -> Figures {
    let shown = shown();
    let reports = Reports {
        shown: vec![&shown],
        cost: followed,
        imported: Some(imported),
        may_differ: BTreeSet::new(),
    };
    let (figures, contradictions) = recorded(&reports).expect("the reports can be read");
    assert_eq!(contradictions, expected);
    figures
}

#[test]
fn reads_what_the_recorder_printed() {
    let figures = check_reports(&cost("one", 9, 5), &cost("one", 9, 5), &[]);
    let counted: Vec<(Figure, i64)> = figures.each().collect();
    let expected = [
        (Figure::Calls, 3),
        (Figure::Input, 5),
        (Figure::Output, 6),
        (Figure::CacheRead, 7),
        (Figure::CacheWrite5m, 8),
        (Figure::WebSearches, 1),
        (Figure::CostNanos, 9),
        (Figure::ToolsOk, 1),
        (Figure::ToolsDenied, 1),
        (Figure::ToolsRefused, 1),
        (Figure::Decisions, 2),
        (Figure::Subagents, 1),
        (Figure::Turns, 2),
    ];
    assert_eq!(counted, expected);
}

/// What of that is a contradiction which the CLI says of a session's cost.
#[test]
fn what_the_cli_says_itself_is_the_same() {
    let shown = shown();
    let contradictions = |why: &[&str], may_differ: &[&'static str]| {
        let mut cost: Value = serde_json::from_str(&cost("one", 9, 5)).expect("the list is JSON");
        cost["reconciliation"] = json!([{ "session": "one", "why": why }]);
        let cost = cost.to_string();
        let may_differ = may_differ.iter().copied().collect();
        let reports = Reports { shown: vec![&shown], cost: &cost, imported: None, may_differ };
        recorded(&reports).expect("the reports can be read").1
    };
    let missing = ["session one: beside what the CLI says: {\"calls_without_rows\"}"];
    assert_eq!(contradictions(&["equal"], &[]), [""; 0]);
    assert_eq!(contradictions(&["not_reported"], &[]), [""; 0]);
    assert_eq!(contradictions(&["calls_without_rows"], &[]), missing);
    assert_eq!(contradictions(&["calls_without_rows"], &["calls_without_rows"]), [""; 0]);
    assert_eq!(contradictions(&["open_calls", "other_prices"], &["open_calls"]).len(), 1);
}

#[test]
fn what_is_told_twice_is_told_the_same() {
    check_reports(
        &cost("one", 9, 4),
        &cost("one", 8, 4),
        &[
            "session one: input_tokens: 4 in `tacho cost`, 5 in `tacho show`",
            "session one: cost_usd_nanos is Some(9) from following, Some(8) from an import",
        ],
    );
    let elsewhere = check_reports(
        &cost("two", 9, 5),
        &cost("two", 9, 5),
        &[
            "session one: input_tokens: 0 in `tacho cost`, 5 in `tacho show`",
            "session one: output_tokens: 0 in `tacho cost`, 6 in `tacho show`",
            "session one: cache_read_tokens: 0 in `tacho cost`, 7 in `tacho show`",
            "session one: cache_write_5m_tokens: 0 in `tacho cost`, 8 in `tacho show`",
            "tacho cost: two is no session of the run",
        ],
    );
    assert_eq!(elsewhere.get(Figure::CostNanos), 9);
}
