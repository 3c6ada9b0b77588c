//! Spans as Datadog's own trace API has them, in its test agent: ids are numbers, texts and numbers stand apart.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::received::{Attributes, Span};
use super::recording::Recording;
use super::running::{get_json, until};
use super::test_agent::TestAgent;
use super::{Bench, Finding, Signal, answer};

pub(super) fn traces(bench: &Bench) -> Result<Vec<Finding>> {
    let agent = TestAgent::start(bench)?;
    let destination = format!("kind = \"datadog\"\nendpoint = \"http://127.0.0.1:{}\"", agent.port);
    let recording = Recording::sent_to(bench, &destination)?;
    let expected = recording.spans()?;
    let spans = until("all spans", || {
        let traces = get_json(agent.port, "/test/session/traces")?;
        let spans: Vec<Value> =
            answer::list(&traces, "").iter().flat_map(|trace| answer::list(trace, "").to_vec()).collect();
        Ok((spans.len() >= expected.len()).then_some(spans))
    })?;
    let spans: BTreeMap<String, Span> =
        spans.iter().map(|span| Ok((id(span, "span_id")?, span_of(span)?))).collect::<Result<_>>()?;
    ensure!(spans.len() == expected.len(), "{} spans, should be {}", spans.len(), expected.len());
    for (id, span) in &expected {
        let arrived = spans.get(id).with_context(|| format!("{} {id} is missing", span.name))?;
        // The agent adds words of its own, which are no business of ours.
        let kept = |(name, _): &(&String, &Value)| span.attributes.contains_key(*name);
        let attributes = arrived.attributes.iter().filter(kept);
        let ours = attributes.map(|(name, value)| (name.clone(), value.clone())).collect();
        let arrived = Span { attributes: ours, ..arrived.clone() };
        let should = Span { attributes: as_datadog(&span.attributes), ..span.clone() };
        ensure!(arrived == should, "{} {id} has\n{}", span.name, arrived.differences(&should).join("\n"));
    }
    Ok(vec![Finding::same(Signal::Traces, expected.len(), "spans")])
}

fn span_of(span: &Value) -> Result<Span> {
    let upper = answer::text(span, "/meta/_dd.p.tid");
    let parent = match span.get("parent_id").and_then(Value::as_u64) {
        None | Some(0) => String::new(),
        Some(_) => id(span, "parent_id")?,
    };
    let whole = |name: &str| span.get(name).and_then(Value::as_u64).unwrap_or(0);
    let mut attributes = Attributes::new();
    for kind in ["meta", "metrics"] {
        let of_kind = span.get(kind).and_then(Value::as_object).into_iter().flatten();
        attributes.extend(of_kind.map(|(name, value)| (name.clone(), number_or(value))));
    }
    Ok(Span {
        trace_id: format!("{upper}{}", id(span, "trace_id")?),
        parent_id: parent,
        name: answer::text(span, "/resource").to_owned(),
        start_ns: whole("start"),
        end_ns: whole("start") + whole("duration"),
        attributes,
    })
}

/// Attributes by the two types that Datadog has.
fn as_datadog(attributes: &Attributes) -> Attributes {
    let said = |value: &Value| match value {
        Value::Number(_) => number_or(value),
        Value::String(text) => text.clone().into(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string().into(),
    };
    attributes.iter().map(|(name, value)| (name.clone(), said(value))).collect()
}

/// Every number as a double, as it is there.
fn number_or(value: &Value) -> Value {
    value.as_f64().map_or_else(|| value.clone(), Into::into)
}

fn id(span: &Value, name: &str) -> Result<String> {
    let number = span.get(name).and_then(Value::as_u64).with_context(|| format!("{name} is no number"))?;
    Ok(format!("{number:016x}"))
}
