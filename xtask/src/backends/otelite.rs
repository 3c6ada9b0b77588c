//! otelite, a receiver with a store of its own, which tells what it has over an API of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::received::Attributes;
use super::recording::Recording;
use super::running::{Running, free_ports, get_json, until};
use super::{Bench, Finding, Signal, answer, install};

const VERSION: &str = "0.1.156";

pub(super) fn all(bench: &Bench) -> Result<Vec<Finding>> {
    let installed = install::cargo(&bench.workspace, "otelite", VERSION)?;
    let (folder, [port, http, grpc]) = (TempDir::new()?, free_ports()?);
    let mut command = Command::new(installed.join("bin/otelite"));
    command.args(["serve", "--addr", &format!("127.0.0.1:{port}")]).env("HOME", folder.path());
    command.env("OTELITE_DATA_DIR", folder.path()).env("OTELITE_OTLP_HTTP_PORT", http.to_string());
    command.env("OTELITE_OTLP_GRPC_PORT", grpc.to_string());
    let otelite = Running::start(&mut command, &folder.path().join("log"))?;
    otelite.await_answer(port, "/api/openapi.json")?;
    otelite.await_port(http)?;
    let recording = Recording::sent_to(bench, &format!("endpoint = \"http://127.0.0.1:{http}\""))?;
    let mut found = Ok(Vec::new());
    _ = until("all of it", || {
        found = compare(&recording, port);
        Ok(found.is_ok().then_some(()))
    });
    found
}

fn compare(recording: &Recording, port: u16) -> Result<Vec<Finding>> {
    let expected = recording.spans()?;
    let traces = expected.values().map(|span| span.trace_id.as_str()).collect();
    let spans = spans(port, &traces)?;
    ensure!(spans.len() == expected.len(), "{} spans, should be {}", spans.len(), expected.len());
    for (id, span) in &expected {
        let arrived = spans.get(id).with_context(|| format!("{} {id} is missing", span.name))?;
        let names = ["/trace_id", "/parent_span_id", "/name"].map(|name| answer::text(arrived, name));
        let should = [span.trace_id.as_str(), &span.parent_id, &span.name];
        ensure!(names == should, "{id} is {names:?}, should be {should:?}");
        for (name, value) in as_text(&span.attributes) {
            let said = arrived.pointer("/attributes").and_then(|all| all.get(&name)).and_then(Value::as_str);
            let shared = arrived
                .pointer("/resource/attributes")
                .and_then(|all| all.get(&name))
                .and_then(Value::as_str);
            ensure!(said.or(shared) == Some(&value), "{id}: {name} is {said:?}, should be {value:?}");
        }
    }
    let records = get_json(port, "/api/logs?limit=10000")?;
    let is_told = |record: &&Value| record.pointer("/attributes/tachograph.audit.checkpoint").is_none();
    let records = answer::list(&records, "/logs").iter().filter(is_told).count();
    let sent = recording.records();
    ensure!(records == sent, "{records} records, should be {sent}");
    let nanos = (cost(port)? * 1e9).round();
    let reported = recording.cost_nanos()?;
    ensure!((nanos - reported as f64).abs() < 0.5, "{nanos} billionths, should be {reported}");
    Ok(vec![
        Finding::same(Signal::Traces, spans.len(), "spans"),
        Finding::same(Signal::Logs, sent, "records"),
        Finding::cost(reported),
    ])
}

/// All spans of these traces, by their ids.
fn spans(port: u16, traces: &BTreeSet<&str>) -> Result<BTreeMap<String, Value>> {
    let mut spans = BTreeMap::new();
    for trace in traces {
        let whole = get_json(port, &format!("/api/traces/{trace}"))?;
        let of_trace = answer::list(&whole, "/spans").iter();
        spans.extend(of_trace.map(|span| (answer::text(span, "/span_id").to_owned(), span.clone())));
    }
    Ok(spans)
}

/// The last point of each series of the cost.
fn cost(port: u16) -> Result<f64> {
    let points = get_json(port, "/api/metrics?name=claude.cost.usd&limit=1000")?;
    let mut last: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for point in
        answer::list(&points, "").iter().filter(|point| answer::text(point, "/name") == "claude.cost.usd")
    {
        let at = answer::number(point, "/timestamp").unwrap_or(0.0);
        let of_series = last.entry(answer::text(point, "/attributes/model").to_owned()).or_default();
        if at >= of_series.0 {
            *of_series = (at, answer::number(point, "/value").unwrap_or(0.0));
        }
    }
    Ok(last.values().map(|(_, value)| value).sum())
}

/// Texts and whole numbers, as it has them: all is text.
fn as_text(attributes: &Attributes) -> BTreeMap<String, String> {
    let said =
        |value: &Value| value.as_str().map(str::to_owned).or_else(|| Some(value.as_i64()?.to_string()));
    attributes.iter().filter_map(|(name, value)| Some((name.clone(), said(value)?))).collect()
}
