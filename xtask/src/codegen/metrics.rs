//! The metrics as Rust, one constant each, and as a table for users.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;

use super::registry::{Instrument, Metric, Metrics};
use super::rust::{constant_name, rustfmt};

const HEADER: &str = "\
//! Every metric, as constants.
//! Generated from registry/ by `cargo xtask codegen`; do not edit.

use crate::metric::{Instrument, Metric};
";

const PAGE_HEAD: &str = "
## Metrics

Every series also has the labels `agent`, `team`, `project` (the repository) and `user.hash`, where they are known. None has a
session: what is asked of one session is asked of spans and log records.

| Metric | Instrument | Unit | Labels | What it is |
|---|---|---|---|---|
";

pub(super) fn render(metrics: &Metrics, root: &Path) -> anyhow::Result<String> {
    let mut source = HEADER.to_owned();
    for (name, bounds) in &metrics.buckets {
        let bounds: Vec<String> = bounds.iter().map(|bound| format!("{bound:?}")).collect();
        write!(source, "\nconst {}: &[f64] = &[{}];\n", bounds_name(name), bounds.join(", "))?;
    }
    for label in labels(metrics) {
        write!(source, "\n/// The label `{label}`.\npub const {}: &str = {label:?};\n", label_name(label))?;
    }
    for metric in &metrics.metrics {
        source.push_str(&constant(metric)?);
    }
    let names: Vec<String> =
        metrics.metrics.iter().map(|metric| format!("&{}", metric_name(&metric.name.value))).collect();
    write!(
        source,
        "\n/// Every metric, in the order of the registry.\npub const ALL: &[&Metric] = &[{}];\n",
        names.join(", ")
    )?;
    rustfmt(&source, root)
}

fn constant(metric: &Metric) -> anyhow::Result<String> {
    let instrument = match metric.instrument {
        Instrument::Counter | Instrument::Sum | Instrument::Gauge => format!("{:?}", metric.instrument),
        Instrument::Histogram => {
            format!("Histogram({})", bounds_name(metric.buckets.as_deref().context("no buckets")?))
        }
    };
    let labels: Vec<String> = metric.labels.iter().map(|label| label_name(label)).collect();
    let labels = labels.join(", ");
    let Metric { name, unit, base, brief, .. } = metric;
    Ok(format!(
        "\n/// {brief}\npub const {}: Metric = Metric {{ name: {:?}, brief: {brief:?}, unit: {unit:?}, \
         instrument: Instrument::{instrument}, per_unit: {}, labels: &[{labels}] }};\n",
        metric_name(&name.value),
        name.value,
        base.per_unit(),
    ))
}

/// Every label that a metric has, or all have.
fn labels(metrics: &Metrics) -> BTreeSet<&str> {
    let own = metrics.metrics.iter().flat_map(|metric| &metric.labels).map(String::as_str);
    own.chain(["agent", "team", "project", "user.hash"]).collect()
}

fn label_name(label: &str) -> String {
    format!("LABEL_{}", constant_name(label))
}

/// The family of the documents is named without the agent whose name it has.
fn metric_name(name: &str) -> String {
    constant_name(name.strip_prefix("claude.").unwrap_or(name))
}

fn bounds_name(name: &str) -> String {
    format!("BOUNDS_{}", constant_name(name))
}

/// The section of the page about what is sent.
pub(super) fn section(metrics: &Metrics) -> String {
    metrics.metrics.iter().fold(PAGE_HEAD.to_owned(), |page, metric| page + &row(metric))
}

fn row(metric: &Metric) -> String {
    let instrument = match metric.instrument {
        Instrument::Counter => "counter",
        Instrument::Sum => "sum",
        Instrument::Histogram => "histogram",
        Instrument::Gauge => "gauge",
    };
    let code = |text: &String| format!("`{text}`");
    let labels: Vec<String> = metric.labels.iter().map(code).collect();
    let unit = if metric.unit.is_empty() { String::new() } else { code(&metric.unit) };
    format!(
        "| `{}` | {instrument} | {unit} | {} | {} |\n",
        metric.name.value,
        labels.join(", "),
        metric.brief
    )
}
