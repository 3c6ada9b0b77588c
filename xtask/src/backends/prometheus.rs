//! Prometheus: scrapes `tacho serve` while sessions go on, and is asked everything that boards and rules ask.
//!
//! An expression without an answer is a panel without a line: it fails, unless it stands in `MAY_BE_EMPTY`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tacho_testkit::otlp::Receiver;

use super::answer;
use super::home::Home;
use super::play::play;
use super::running::{Running, encoded, free_ports, get_json, until};
use super::{Bench, Finding, Signal, install};
use crate::views::alert::GROUPS;
use crate::views::board::Source;
use crate::views::boards::BOARDS;
use crate::views::recorded::RECORDED;
use crate::workspace::{self, run};

/// What needs more than a minute of ordinary work, by a part of the expression.
const MAY_BE_EMPTY: &[(&str, &str)] = &[
    ("claude_llm_unpriced_calls_total", "the price list has every model of the recorded sessions"),
    ("tachograph_lost_total", "nothing is lost"),
    ("claude_context_used_max", "no recorded status line belongs to a session that goes on"),
];

/// What a person chose above a board: everything, and the time that a test takes.
const CHOICES: &[(&str, &str)] =
    &[("{$of}", ""), ("$of,", ""), ("$__rate_interval", "1m"), ("$__range", "5m"), ("$__interval", "15s")];

/// Runs the rules' unit tests.
pub(super) fn rules(bench: &Bench) -> Result<Vec<Finding>> {
    let promtool = install::debian(&bench.workspace, "prometheus", "promtool")?;
    let folder = bench.workspace.root.join("alerts");
    run(Command::new(&promtool).args(["check", "rules", "tachograph.rules.yml"]).current_dir(&folder))?;
    check_stack(bench, &promtool)?;
    let mut tests = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        tests.extend(name.ends_with(".test.yml").then_some(name));
    }
    run(Command::new(&promtool).args(["test", "rules"]).args(&tests).current_dir(&folder))?;
    Ok(vec![Finding::same(Signal::Rules, tests.len(), "files of unit tests")])
}

/// Has the textfile of recorded sessions read as node_exporter would.
pub(super) fn textfile(bench: &Bench) -> Result<Vec<Finding>> {
    let promtool = install::debian(&bench.workspace, "prometheus", "promtool")?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("tacho.prom");
    let destination = format!("[[destination]]\nkind = \"prometheus\"\npath = {file:?}\n");
    let home = Home::new(&bench.programs, &destination)?;
    play(&home, &bench.recorded(), &bench.sessions()?)?;
    home.drain()?;
    let mut check = Command::new(&promtool);
    let checked = check.args(["check", "metrics"]).stdin(std::fs::File::open(&file)?).output()?;
    // With 3 it has read all of it, and would have chosen other names.
    let is_read = matches!(checked.status.code(), Some(0 | 3));
    ensure!(is_read, "promtool: {}", String::from_utf8_lossy(&checked.stderr));
    let text = workspace::read(&file)?;
    let families = text.lines().filter(|line| line.starts_with("# TYPE ")).count();
    Ok(vec![Finding::same(Signal::Metrics, families, "metrics in the textfile")])
}

/// The stack's Prometheus would start with its configuration, which names the rules where they are mounted.
fn check_stack(bench: &Bench, promtool: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let configuration = workspace::read(&bench.workspace.root.join("deploy/compose/prometheus.yaml"))?;
    let alerts = bench.workspace.root.join("alerts");
    let here = configuration.replace("/etc/prometheus", &alerts.display().to_string());
    workspace::write(&folder.path().join("prometheus.yaml"), here)?;
    run(Command::new(promtool).args(["check", "config", "prometheus.yaml"]).current_dir(folder.path()))
}

/// Runs every expression on what real sessions left.
pub(super) fn expressions(bench: &Bench) -> Result<Vec<Finding>> {
    let receiver = Receiver::start()?;
    let home = Home::new(&bench.programs, &format!("[[destination]]\nendpoint = {:?}\n", receiver.url()))?;
    let [recorder_port, port] = free_ports()?;
    let _serving = home.serve(recorder_port)?;
    let rules = workspace::read(&bench.workspace.root.join("alerts/tachograph.rules.yml"))?;
    let _running = start(bench, home.path(), port, &configuration(recorder_port), &rules)?;
    let prometheus = Prometheus { port };
    let sessions = bench.sessions()?;
    let (first, second) = sessions.split_at(sessions.len() / 2);
    home.tell_status(&bench.workspace.root.join("fixtures/status_line/subscription.json"))?;
    play(&home, &bench.recorded(), first)?;
    prometheus.await_sessions(first.len())?;
    play(&home, &bench.recorded(), second)?;
    let shown = home.sessions()?;
    prometheus.await_sessions(shown.max(sessions.len()))?;
    let expressions = expressions_of_tables();
    prometheus.await_answers(&expressions)?;
    Ok(vec![Finding::same(Signal::Queries, expressions.len(), "expressions"), cost(&home, &prometheus)?])
}

/// What the counter rose by since it began with nothing is what the report says, to the billionth.
fn cost(home: &Home, prometheus: &Prometheus) -> Result<Finding> {
    let rise = "sum(max_over_time(claude_cost_usd_total[1h]) - min_over_time(claude_cost_usd_total[1h]))";
    let reported = home.total("cost_usd_nanos")?;
    until(&format!("{reported} billionths of a dollar, as the report says"), || {
        let is_same = (prometheus.number(rise)? * 1e9 - reported).abs() < 1.0;
        Ok(is_same.then_some(()))
    })?;
    Ok(Finding::cost(reported as i64))
}

/// Asks the recorder every second.
fn configuration(recorder_port: u16) -> String {
    format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\nscrape_configs:\n\
         - job_name: tachograph\n  static_configs: [{{targets: ['127.0.0.1:{recorder_port}']}}]\n"
    )
}

fn start(bench: &Bench, folder: &Path, port: u16, configuration: &str, rules: &str) -> Result<Running> {
    let program = install::debian(&bench.workspace, "prometheus", "prometheus")?;
    workspace::write(&folder.join("rules.yml"), rules.replace("interval: 1m", "interval: 1s"))?;
    let file = folder.join("prometheus.yml");
    workspace::write(&file, configuration)?;
    let mut command = Command::new(program);
    command.arg(format!("--config.file={}", file.display()));
    command.arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let prometheus = Running::start(&mut command, &folder.join("prometheus.log"))?;
    prometheus.await_answer(port, "/-/ready")?;
    Ok(prometheus)
}

/// The budget is so small that the sessions exceed it: the alert must reach an Alertmanager, with all that a person needs.
pub(super) fn alertmanager(bench: &Bench) -> Result<Vec<Finding>> {
    const ALERT: &str = "ClaudeCostBudgetBurnFast";
    let program = install::debian_installed("prometheus-alertmanager", "prometheus-alertmanager")?;
    let home = Home::new(&bench.programs, "local_only = true")?;
    let [recorder_port, port, manager_port] = free_ports()?;
    let mut command = Command::new(program);
    let route = bench.workspace.root.join("deploy/compose/alertmanager.yaml");
    command.arg(format!("--config.file={}", route.display()));
    command.arg(format!("--storage.path={}", home.path().join("alertmanager").display()));
    command.args([&format!("--web.listen-address=127.0.0.1:{manager_port}"), "--cluster.listen-address="]);
    let manager = Running::start(&mut command, &home.path().join("alertmanager.log"))?;
    manager.await_answer(manager_port, "/-/ready")?;
    let _serving = home.serve(recorder_port)?;
    let configuration = format!(
        "{}alerting:\n  alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{manager_port}']}}]}}]\n",
        configuration(recorder_port)
    );
    let rules = workspace::read(&bench.workspace.root.join("alerts/tachograph.rules.yml"))?;
    let rules = rules.replace("vector(1000)", "vector(10)");
    let _running = start(bench, home.path(), port, &configuration, &rules)?;
    play(&home, &bench.recorded(), &["compacted".to_owned(), "subagents".to_owned()])?;
    let alert = until(ALERT, || {
        let alerts = get_json(manager_port, "/api/v2/alerts")?;
        let mut alerts = answer::list(&alerts, "").iter();
        Ok(alerts.find(|alert| answer::text(alert, "/labels/alertname") == ALERT).cloned())
    })?;
    let said = [answer::text(&alert, "/labels/severity"), answer::text(&alert, "/receivers/0/name")];
    ensure!(said == ["critical", "at-once"], "it is {said:?}");
    let runbook = answer::text(&alert, "/annotations/runbook_url");
    ensure!(runbook.ends_with("docs/alerts.md#claudecostbudgetburnfast"), "its runbook is {runbook}");
    Ok(vec![Finding::same(Signal::Rules, 1, "alert delivered")])
}

/// All PromQL of boards and rules, and every metric that alerts name.
fn expressions_of_tables() -> BTreeSet<String> {
    let panels = BOARDS.iter().flat_map(|board| board.sections).flat_map(|section| section.panels);
    let of_boards = panels
        .filter(|panel| panel.form.source() == Source::Prometheus)
        .flat_map(|panel| panel.queries)
        .map(|(expr, _)| {
            CHOICES.iter().fold((*expr).to_owned(), |expr, (name, value)| expr.replace(name, value))
        });
    let of_rules = RECORDED.iter().map(|recorded| recorded.expr.to_owned());
    let alerts = GROUPS.iter().flat_map(|group| group.alerts);
    let of_alerts = alerts.flat_map(|alert| metrics_in(alert.expr)).map(|metric| format!("count({metric})"));
    of_boards.chain(of_rules).chain(of_alerts).collect()
}

/// The names of metrics in an expression.
fn metrics_in(expr: &str) -> Vec<&str> {
    let words = expr.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != ':');
    words
        .filter(|word| ["claude_", "claude:", "tachograph_"].iter().any(|start| word.starts_with(start)))
        .collect()
}

fn may_be_empty(expr: &str) -> bool {
    MAY_BE_EMPTY.iter().any(|(part, _)| expr.contains(part))
}

/// A running Prometheus.
struct Prometheus {
    port: u16,
}

impl Prometheus {
    fn ask(&self, expr: &str) -> Result<Vec<Value>> {
        let answer = get_json(self.port, &format!("/api/v1/query?query={}", encoded(expr)))?;
        Ok(answer::list(&answer, "/data/result").to_vec())
    }

    /// The one value of the answer; 0 for none.
    fn number(&self, expr: &str) -> Result<f64> {
        let answer = self.ask(expr)?;
        let value = answer.first().map(|sample| answer::text(sample, "/value/1")).unwrap_or("0");
        Ok(value.parse()?)
    }

    fn await_sessions(&self, count: usize) -> Result<()> {
        let seen = "sum(claude_session_count_total)";
        until(&format!("{count} sessions"), || Ok((self.number(seen)? >= count as f64).then_some(())))
    }

    /// What a session comes to is counted bit by bit, as its spans settle.
    fn await_answers(&self, expressions: &BTreeSet<String>) -> Result<()> {
        let mut unanswered = Vec::new();
        let all = until("an answer to everything", || {
            unanswered = self.unanswered(expressions);
            Ok(unanswered.is_empty().then_some(()))
        });
        all.with_context(|| {
            format!("{} of {}:\n{}", unanswered.len(), expressions.len(), unanswered.join("\n"))
        })
    }

    /// The expressions that have no answer and should have one.
    fn unanswered(&self, expressions: &BTreeSet<String>) -> Vec<String> {
        let complaint = |expr: &String| match self.ask(expr) {
            Ok(answer) if !answer.is_empty() || may_be_empty(expr) => None,
            Ok(_) => Some(format!("no data: {expr}")),
            Err(error) => Some(format!("{error:#}: {expr}")),
        };
        expressions.iter().filter_map(complaint).collect()
    }
}
