//! Phoenix and MLflow, which show traces of models and work out themselves what they cost: the same as we do.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::recording::Recording;
use super::running::{Running, free_ports, get_json, request, until};
use super::{Bench, Finding, Signal, answer, install};

const PHOENIX_VERSION: &str = "20.26.1";
const MLFLOW_VERSION: &str = "3.17.2";

pub(super) fn phoenix(bench: &Bench) -> Result<Vec<Finding>> {
    let installed = install::python(&bench.workspace, "arize-phoenix", PHOENIX_VERSION)?;
    let (folder, [port, grpc]) = (TempDir::new()?, free_ports()?);
    let mut command = Command::new(installed.join("bin/phoenix"));
    command.arg("serve").env("PHOENIX_HOST", "127.0.0.1").env("PHOENIX_TELEMETRY_ENABLED", "false");
    command.env("PHOENIX_PORT", port.to_string()).env("PHOENIX_GRPC_PORT", grpc.to_string());
    command.env("PHOENIX_WORKING_DIR", folder.path());
    let phoenix = Running::start(&mut command, &folder.path().join("log"))?;
    phoenix.await_answer(port, "/")?;
    let recording = sent_to(bench, &format!("preset = \"phoenix\"\nendpoint = \"http://127.0.0.1:{port}\""))?;
    let expected: BTreeMap<String, [String; 3]> = recording
        .spans()?
        .into_iter()
        .map(|(id, span)| (id, [span.trace_id, span.parent_id, span.name]))
        .collect();
    let spans = until("all spans", || {
        let spans = phoenix_spans(port)?;
        Ok((spans.len() >= expected.len()).then_some(spans))
    })?;
    ensure!(spans == expected, "spans are {spans:?}, should be {expected:?}");
    let cost = until("the cost", || phoenix_cost(port))?;
    Ok(vec![Finding::same(Signal::Traces, spans.len(), "spans"), same_cost(&recording, cost)?])
}

/// Trace, parent and name of each span.
fn phoenix_spans(port: u16) -> Result<BTreeMap<String, [String; 3]>> {
    let answer = get_json(port, "/v1/projects/default/spans?limit=1000")?;
    let named = |span: &Value| {
        let names =
            ["/context/trace_id", "/parent_id", "/name"].map(|name| answer::text(span, name).to_owned());
        (answer::text(span, "/context/span_id").to_owned(), names)
    };
    Ok(answer::list(&answer, "/data").iter().map(named).collect())
}

fn phoenix_cost(port: u16) -> Result<Option<f64>> {
    let query = r#"{"query":"{ projects { edges { node { costSummary { total { cost } } } } } }"}"#;
    let answer: Value = serde_json::from_str(&request(
        port,
        "POST",
        "/graphql",
        &[("Content-Type", "application/json")],
        query,
    )?)?;
    let projects = answer::list(&answer, "/data/projects/edges");
    let costs = projects.iter().filter_map(|edge| answer::number(edge, "/node/costSummary/total/cost"));
    let cost: f64 = costs.sum();
    Ok((cost > 0.0).then_some(cost))
}

pub(super) fn mlflow(bench: &Bench) -> Result<Vec<Finding>> {
    let installed = install::python(&bench.workspace, "mlflow", MLFLOW_VERSION)?;
    let (folder, [port]) = (TempDir::new()?, free_ports()?);
    let mut command = Command::new(installed.join("bin/mlflow"));
    command.args(["server", "--host", "127.0.0.1", "--workers", "1", "--port", &port.to_string()]);
    command.arg("--backend-store-uri").arg(format!("sqlite:///{}/store.db", folder.path().display()));
    // It starts its workers by name.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(installed.join("bin")).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders)?).current_dir(folder.path());
    let mlflow = Running::start_group(&mut command, &folder.path().join("log"))?;
    mlflow.await_answer(port, "/health")?;
    let destination = format!("preset = \"mlflow\"\nendpoint = \"http://127.0.0.1:{port}\"\ndataset = \"0\"");
    let recording = sent_to(bench, &destination)?;
    let expected: BTreeSet<String> = recording.spans()?.into_values().map(|span| span.trace_id).collect();
    let traces = mlflow_traces(port)?;
    let ids: BTreeSet<String> =
        traces.iter().map(|trace| answer::text(trace, "/trace_id").replacen("tr-", "", 1)).collect();
    ensure!(ids == expected, "traces are {ids:?}, should be {expected:?}");
    let cost = traces.iter().filter_map(|trace| {
        let said = answer::text(trace, "/trace_metadata/mlflow.trace.cost");
        answer::number(&serde_json::from_str(said).ok()?, "/total_cost")
    });
    Ok(vec![Finding::same(Signal::Traces, ids.len(), "traces"), same_cost(&recording, cost.sum())?])
}

fn mlflow_traces(port: u16) -> Result<Vec<Value>> {
    let query = r#"{"locations":[{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"0"}}],"max_results":100}"#;
    let headers = [("Content-Type", "application/json")];
    let answer = request(port, "POST", "/api/3.0/mlflow/traces/search", &headers, query)?;
    let answer: Value = serde_json::from_str(&answer)?;
    Ok(answer::list(&answer, "/traces").to_vec())
}

/// Sessions whose every token has one price at both: neither knows what a cache for an hour costs.
fn sent_to(bench: &Bench, destination: &str) -> Result<Recording> {
    Recording::of(bench, &["bash_fails", "denied", "mcp", "subagents"], destination)
}

fn same_cost(recording: &Recording, usd: f64) -> Result<Finding> {
    let expected = recording.cost_nanos()?;
    ensure!((usd * 1e9 - expected as f64).abs() < 1.0, "it says ${usd}, the report {expected} billionths");
    Ok(Finding::cost(expected))
}
