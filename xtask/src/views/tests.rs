//! What tables promise beside themselves: a heading for every alert, a test that shows it firing and silent, and tests that hold what the page
//! of compatibility says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tacho_model::attribute::Key;

use super::alert::{Alert, GROUPS};
use super::board::Source;
use super::boards::BOARDS;
use crate::workspace;

const TESTS: &[&str] = &["documents", "budget", "cost", "work", "recorder", "audit"];

fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn text(path: &str) -> String {
    workspace::read(&place(path)).unwrap()
}

fn without(has: impl Fn(&Alert) -> bool) -> Vec<&'static str> {
    let alerts = GROUPS.iter().flat_map(|group| group.alerts);
    alerts.filter(|alert| !has(alert)).map(|alert| alert.name).collect()
}

#[test]
fn every_alert_is_explained() {
    let page = text("docs/alerts.md");
    let missing = without(|alert| page.lines().any(|line| line == format!("## {}", alert.name)));
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_alert_is_shown_firing_and_silent() {
    let tests: String = TESTS.iter().map(|name| text(&format!("alerts/{name}.test.yml"))).collect();
    let expectations: Vec<&str> = tests.split("alertname: ").skip(1).collect();
    let shown = |alert: &Alert, silent: bool| {
        let of_alert = expectations.iter().filter(|text| text.split([',', '\n']).next() == Some(alert.name));
        of_alert.into_iter().any(|text| text.contains("exp_alerts: []") == silent)
    };
    assert_eq!(without(|alert| shown(alert, true) && shown(alert, false)), [""; 0]);
}

/// The words in backticks of the last column of the page's tables.
fn named_tests(page: &str) -> Vec<&str> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| there"));
    let last = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | "));
    last.flat_map(|(_, cell)| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn what_is_compatible_is_held_by_tests_that_exist() {
    let page = text("docs/compatibility.md");
    let backends = text("xtask/src/backends.rs");
    let exists = |name: &str| match name.split_once(' ') {
        Some(("e2e", scenario)) => place(&format!("fixtures/e2e/{scenario}.json")).exists(),
        Some(("backends", backend)) => backends.contains(&format!("name: {backend:?}")),
        _ => match name.split_once("::") {
            Some((file, test)) => {
                text(&format!("crates/tacho/tests/it/{file}.rs")).contains(&format!("fn {test}()"))
            }
            None => place(&format!("{name}.test.yml")).exists(),
        },
    };
    let missing: Vec<&str> = named_tests(&page).into_iter().filter(|name| !exists(name)).collect();
    assert_eq!(missing, [""; 0]);
}

/// The words behind a mark in what Tempo and Loki are asked.
fn words_behind(mark: &str) -> BTreeSet<&'static str> {
    let panels = BOARDS.iter().flat_map(|board| board.sections).flat_map(|section| section.panels);
    let asked = panels.filter(|panel| matches!(panel.form.source(), Source::Tempo | Source::Loki));
    let queries = asked.flat_map(|panel| panel.queries).map(|(expr, _)| *expr);
    let is_end = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.');
    queries
        .flat_map(|expr| expr.split(mark).skip(1).filter_map(move |rest| rest.split(is_end).next()))
        .collect()
}

#[test]
fn attributes_and_events_are_those_of_the_registry() {
    let mut attributes: Vec<&str> =
        [" span.", "(span.", " resource."].into_iter().flat_map(words_behind).collect();
    attributes.retain(|name| Key::named(name).is_none());
    assert_eq!(attributes, [""; 0]);
    let page = text("docs/telemetry.md");
    let is_unknown = |event: &&str| !page.contains(&format!("### `{event}`\n"));
    assert_eq!(words_behind("event_name=`").into_iter().filter(is_unknown).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_form_has_every_alert() {
    let parsed = |path: &str| serde_saphyr::from_str::<Value>(&text(path)).unwrap();
    let names = |groups: &Value, key: &str| -> Vec<String> {
        let rules = groups.as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
        rules.filter_map(|rule| rule[key].as_str()).map(str::to_owned).collect()
    };
    let of_table: Vec<&str> = GROUPS.iter().flat_map(|group| group.alerts).map(|alert| alert.name).collect();
    let rules = &parsed("alerts/tachograph.rules.yml")["groups"];
    assert_eq!(names(rules, "alert"), of_table);
    assert_eq!(&parsed("alerts/prometheus-rule.yaml")["spec"]["groups"], rules);
    assert_eq!(names(&parsed("alerts/grafana.yaml")["groups"], "title"), of_table);
}

#[test]
fn panels_lie_side_by_side() {
    for board in BOARDS {
        let name = board.uid.trim_start_matches("tachograph-");
        let file: Value = serde_json::from_str(&text(&format!("dashboards/{name}.json"))).unwrap();
        let mut taken = BTreeSet::new();
        for panel in file["panels"].as_array().unwrap() {
            let side = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(side("x") + side("w") <= 24, "{panel}");
            for (x, y) in (0..side("w")).flat_map(|x| (0..side("h")).map(move |y| (x, y))) {
                assert!(taken.insert((side("x") + x, side("y") + y)), "{panel}");
            }
        }
    }
}

/// "Grafana Query Examples" of the second document, as they are printed.
const PRINTED: [&str; 4] = [
    "sum(increase(claude_cost_usd_total[24h])) by (model)",
    "histogram_quantile(0.99, sum(rate(claude_tool_latency_ms_bucket[5m])) by (le, tool))",
    "sum(rate(claude_tool_errors_total[1h])) by (tool)\n/ sum(rate(claude_tool_calls_total[1h])) by (tool)",
    "sum(rate(claude_tokens_input[1h])) * 3600",
];

#[test]
fn the_printed_queries_stand_unchanged() {
    let panels = BOARDS.iter().flat_map(|board| board.sections).flat_map(|section| section.panels);
    let asked: BTreeSet<&str> = panels.flat_map(|panel| panel.queries).map(|(expr, _)| *expr).collect();
    assert_eq!(PRINTED.into_iter().filter(|query| !asked.contains(query)).collect::<Vec<_>>(), [""; 0]);
}
