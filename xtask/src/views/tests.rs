//! What tables promise beside themselves: a heading for every alert, and a test that shows it firing and silent.

use std::path::Path;

use super::alert::{Alert, GROUPS};
use crate::workspace;

const TESTS: &[&str] = &["documents", "budget", "cost", "work", "recorder"];

fn text(path: &str) -> String {
    workspace::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
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
