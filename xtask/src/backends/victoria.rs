//! VictoriaMetrics, which takes metrics as they are pushed, and names them as Prometheus would.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::recording::Recording;
use super::running::{Running, encoded, free_ports, get, get_json, until};
use super::{Bench, Finding, Signal, answer, install};

pub(super) fn metrics(bench: &Bench) -> Result<Vec<Finding>> {
    let program = install::debian_unstable(&bench.workspace, "victoria-metrics", "victoria-metrics")?;
    let (folder, [port]) = (TempDir::new()?, free_ports()?);
    let mut command = Command::new(program);
    command.arg(format!("-httpListenAddr=127.0.0.1:{port}"));
    command.arg(format!("-storageDataPath={}", folder.path().join("data").display()));
    command.args(["-opentelemetry.usePrometheusNaming", "-search.latencyOffset=0s"]);
    let victoria = Running::start(&mut command, &folder.path().join("log"))?;
    victoria.await_answer(port, "/health")?;
    let destination =
        format!("preset = \"victoriametrics\"\nendpoint = \"http://127.0.0.1:{port}/opentelemetry\"");
    let recording = Recording::sent_to(bench, &destination)?;
    let expected = recording.cost_nanos()?;
    let cost = until("the cost", || {
        get(port, "/internal/force_flush")?;
        number(port, "sum(claude_cost_usd_total)")
    })?;
    ensure!((cost * 1e9 - expected as f64).abs() < 1.0, "it has ${cost}, the report {expected} billionths");
    let sessions = recording.home.sessions()?;
    let counted = number(port, "sum(claude_session_count_total)")?.context("no sessions")?;
    ensure!((counted - sessions as f64).abs() < 0.5, "{counted} sessions, should be {sessions}");
    // The names that boards ask for are those of the receiver, too.
    for name in [
        "claude_tokens_input",
        "claude_tool_latency_ms_bucket",
        "claude_session_active",
        "tachograph_store_size_bytes",
    ] {
        number(port, &format!("count({name})"))?.with_context(|| format!("{name} is missing"))?;
    }
    let names = answer::list(&get_json(port, "/api/v1/label/__name__/values")?, "/data").len();
    Ok(vec![Finding::same(Signal::Metrics, names, "names"), Finding::cost(expected)])
}

fn number(port: u16, expr: &str) -> Result<Option<f64>> {
    let answer = get_json(port, &format!("/api/v1/query?query={}", encoded(expr)))?;
    let value = answer.pointer("/data/result/0/value/1").and_then(Value::as_str);
    Ok(value.map(str::parse).transpose()?)
}
