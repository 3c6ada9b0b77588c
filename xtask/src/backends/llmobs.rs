//! Spans as Datadog's LLM Observability has them, by the answers to its own questions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::received::{Attributes, Span};
use super::recording::Recording;
use super::running::{get_json, request, until};
use super::test_agent::TestAgent;
use super::{Bench, Finding, Signal, answer};

/// What of a call of the model is a metric.
const METRICS: [(&str, &str); 11] = [
    ("gen_ai.usage.input_tokens", "input_tokens"),
    ("gen_ai.usage.output_tokens", "output_tokens"),
    ("gen_ai.usage.cache_read.input_tokens", "cache_read_input_tokens"),
    ("gen_ai.usage.cache_creation.input_tokens", "cache_write_input_tokens"),
    ("gen_ai.usage.cache_write.input_tokens", "cache_write_input_tokens"),
    ("gen_ai.usage.reasoning.output_tokens", "reasoning_output_tokens"),
    ("claude_code.usage.uncached_input_tokens", "non_cached_input_tokens"),
    ("claude_code.usage.cache_creation_5m_input_tokens", "ephemeral_5m_input_tokens"),
    ("claude_code.usage.cache_creation_1h_input_tokens", "ephemeral_1h_input_tokens"),
    ("gen_ai.response.time_to_first_chunk", "time_to_first_token"),
    ("gen_ai.usage.cost.amount", "total_cost"),
];
/// What is a tag.
const TAGS: [(&str, &str); 11] = [
    ("session.id", "session_id"),
    ("error.type", "error_type"),
    ("gen_ai.agent.name", "gen_ai.agent.name"),
    ("gen_ai.tool.name", "tool_name"),
    ("vcs.repository.url.full", "git.repository_url"),
    ("vcs.ref.head.revision", "git.commit.sha"),
    ("vcs.ref.head.name", "git.branch"),
    ("vcs.ref.head.type", "vcs.ref.head.type"),
    ("vcs.repository.name", "project_name"),
    ("vcs.owner.name", "vcs.owner.name"),
    ("vcs.provider.name", "vcs.provider.name"),
];
/// What says nothing beside something else.
const LEFT_OUT: [&str; 3] = ["gen_ai.conversation.id", "gen_ai.system", "gen_ai.operation.name"];
/// More than there are.
const SPANS_MAX: usize = 1000;

pub(super) fn spans(bench: &Bench) -> Result<Vec<Finding>> {
    let agent = TestAgent::start_with_questions(bench)?;
    let destination = format!("kind = \"datadog-llmobs\"\nendpoint = \"http://127.0.0.1:{}\"", agent.port);
    let recording = Recording::sent_to(bench, &destination)?;
    let expected = recording.spans()?;
    let traces = until("all spans", || {
        let listed = listed(agent.port)?;
        Ok((listed.len() >= expected.len()).then_some(listed))
    })?;
    let mut spans = BTreeMap::new();
    for trace in traces.iter().map(|span| answer::text(span, "/trace_id")).collect::<BTreeSet<_>>() {
        let trace = get_json(agent.port, &format!("/api/ui/llm-obs/v1/trace/{trace}"))?;
        let of_trace = trace.pointer("/data/attributes/spans").and_then(Value::as_object);
        spans.extend(of_trace.cloned().into_iter().flatten());
    }
    ensure!(spans.len() == traces.len(), "{} spans came as {}", spans.len(), traces.len());
    ensure!(spans.len() == expected.len(), "{} spans, should be {}", spans.len(), expected.len());
    for (id, span) in &expected {
        let arrived = spans.get(&decimal(id)?).with_context(|| format!("{} {id} is missing", span.name))?;
        let found = differences(arrived, span)?;
        ensure!(found.is_empty(), "{} {id} has\n{}", span.name, found.join("\n"));
    }
    sums(&recording, &spans)?;
    let cost = recording.cost_nanos()?;
    Ok(vec![Finding::same(Signal::Traces, expected.len(), "spans"), Finding::cost(cost)])
}

/// Every span, by the question that lists them.
fn listed(port: u16) -> Result<Vec<Value>> {
    let path = "/api/unstable/llm-obs-query-rewriter/list?type=llmobs";
    let question = json!({ "list": { "search": { "query": "@event_type:span" }, "limit": SPANS_MAX } });
    let headers = [("Content-Type", "application/json")];
    let said: Value = serde_json::from_str(&request(port, "POST", path, &headers, &question.to_string())?)?;
    let events = answer::list(&said, "/result/events").iter();
    Ok(events.filter_map(|event| event.pointer("/event/custom").cloned()).collect())
}

/// What a span has and should not have.
fn differences(arrived: &Value, span: &Span) -> Result<Vec<String>> {
    let attributes = &span.attributes;
    let said = |name: &str| attributes.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = match said("gen_ai.operation.name") {
        "invoke_agent" => "agent",
        "chat" => "llm",
        "execute_tool" => "tool",
        _ => "task",
    };
    let parent = if span.parent_id.is_empty() { "undefined".to_owned() } else { decimal(&span.parent_id)? };
    let is_call = kind == "llm";
    let model = if is_call { said("gen_ai.response.model") } else { "" };
    let model = if is_call && model.is_empty() { said("gen_ai.request.model") } else { model };
    let mut compared = vec![
        ("/trace_id".to_owned(), json!(span.trace_id)),
        ("/parent_id".to_owned(), json!(parent)),
        ("/name".to_owned(), json!(span.name)),
        ("/start".to_owned(), json!(span.start_ns / 1_000_000)),
        ("/duration".to_owned(), json!(span.end_ns - span.start_ns)),
        ("/kind".to_owned(), json!(kind)),
        ("/status".to_owned(), json!(if attributes.contains_key("error.type") { "error" } else { "ok" })),
        ("/session_id".to_owned(), json!(said("session.id"))),
        ("/ml_app".to_owned(), json!("claude-code")),
        ("/meta/model_name".to_owned(), json!(model)),
        ("/meta/model_provider".to_owned(), json!(if is_call { said("gen_ai.provider.name") } else { "" })),
        ("/metrics".to_owned(), if is_call { metrics(attributes) } else { json!({}) }),
    ];
    compared.extend(content(kind, attributes));
    let mut found = Vec::new();
    let metadata = |name: &str| format!("/meta/metadata/{}", name.replace('/', "~1"));
    let tags: Vec<&str> = answer::list(arrived, "/tags").iter().filter_map(Value::as_str).collect();
    for (name, value) in attributes {
        let is_metric = is_call && METRICS.iter().any(|(metric, _)| metric == name);
        let tag = TAGS.iter().find(|(known, _)| known == name);
        if let Some((_, tag)) = tag {
            let tag = format!("{tag}:{}", value.as_str().unwrap_or_default());
            if !tags.contains(&tag.as_str()) {
                found.push(format!("no tag {tag}"));
            }
        } else if !is_metric && !is_elsewhere(kind, name, attributes) {
            compared.push((metadata(name), value.clone()));
        }
    }
    for (pointer, should) in compared {
        let is = arrived.pointer(&pointer).unwrap_or(&Value::Null);
        if *is != should {
            found.push(format!("{pointer}: {is}, should be {should}"));
        }
    }
    Ok(found)
}

/// Whether an attribute is compared by something else than itself.
fn is_elsewhere(kind: &str, name: &str, attributes: &Attributes) -> bool {
    let messages = ["gen_ai.input.messages", "gen_ai.output.messages"].contains(&name);
    let has_answered = attributes.contains_key("gen_ai.response.model");
    let model = if has_answered { "gen_ai.response.model" } else { "gen_ai.request.model" };
    LEFT_OUT.contains(&name)
        || match kind {
            "agent" => messages,
            "llm" => messages || name == "gen_ai.provider.name" || name == model,
            "tool" => ["gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "claude_code.tool.error"]
                .contains(&name),
            _ => false,
        }
}

fn metrics(attributes: &Attributes) -> Value {
    let known = METRICS.iter().filter_map(|(name, metric)| Some((*metric, attributes.get(*name)?.clone())));
    let mut metrics: serde_json::Map<String, Value> =
        known.map(|(name, value)| (name.to_owned(), value)).collect();
    let count = |name: &str| attributes.get(name).and_then(Value::as_u64);
    if let (Some(input), Some(output)) = (count(METRICS[0].0), count(METRICS[1].0)) {
        metrics.insert("total_tokens".to_owned(), json!(input + output));
    }
    Value::Object(metrics)
}

/// What was said: words of agents and tools as they are, of calls who asked for which tool.
fn content(kind: &str, attributes: &Attributes) -> Vec<(String, Value)> {
    let said = |name: &str| attributes.get(name).cloned();
    let messages = |name: &str| -> Option<Value> { serde_json::from_str(said(name)?.as_str()?).ok() };
    let words = |name: &str| Some(json!(answer::text(&messages(name)?, "/0/parts/0/content")));
    let mut found = match kind {
        "agent" => vec![
            ("/meta/input/value".to_owned(), words("gen_ai.input.messages")),
            ("/meta/output/value".to_owned(), words("gen_ai.output.messages")),
        ],
        "tool" => vec![
            ("/meta/input/value".to_owned(), said("gen_ai.tool.call.arguments")),
            ("/meta/output/value".to_owned(), said("gen_ai.tool.call.result")),
            ("/meta/error/message".to_owned(), said("claude_code.tool.error")),
        ],
        _ => Vec::new(),
    };
    if kind == "llm"
        && let Some(messages) = messages("gen_ai.output.messages")
    {
        let parts = answer::list(&messages, "/0/parts");
        let of_kind = |kind| parts.iter().filter(move |part| answer::text(part, "/type") == kind);
        let thoughts = of_kind("reasoning").count();
        for (index, call) in of_kind("tool_call").enumerate() {
            let pointer = format!("/meta/output/messages/{thoughts}/tool_calls/{index}");
            found.push((format!("{pointer}/tool_id"), call.get("id").cloned()));
            found.push((format!("{pointer}/arguments"), call.get("arguments").cloned()));
        }
        for (index, thought) in of_kind("reasoning").enumerate() {
            found.push((format!("/meta/output/messages/{index}/content"), thought.get("content").cloned()));
        }
        if let Some(text) = of_kind("text").next() {
            found.push((format!("/meta/output/messages/{thoughts}/content"), text.get("content").cloned()));
        }
    }
    found.into_iter().filter_map(|(pointer, value)| Some((pointer, value?))).collect()
}

/// All calls together, against the report.
fn sums(recording: &Recording, spans: &BTreeMap<String, Value>) -> Result<()> {
    let sum = |metric: &str| -> f64 {
        spans.values().filter_map(|span| answer::number(span, &format!("/metrics/{metric}"))).sum()
    };
    for (metric, total) in [
        ("non_cached_input_tokens", "input_tokens"),
        ("cache_read_input_tokens", "cache_read_tokens"),
        ("output_tokens", "output_tokens"),
    ] {
        let expected = recording.home.total(total)?;
        ensure!((sum(metric) - expected).abs() < 0.5, "{metric} is {}, should be {expected}", sum(metric));
    }
    let nanos = |span: &Value| answer::number(span, "/metrics/total_cost").map(|usd| (usd * 1e9).round());
    let nanos: f64 = spans.values().filter_map(nanos).sum();
    let expected = recording.cost_nanos()?;
    ensure!((nanos - expected as f64).abs() < 0.5, "{nanos} billionths, should be {expected}");
    Ok(())
}

/// An id as Datadog writes it.
fn decimal(id: &str) -> Result<String> {
    Ok(u64::from_str_radix(id, 16).with_context(|| format!("{id} is no id"))?.to_string())
}
