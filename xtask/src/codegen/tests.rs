//! What the registry's checks catch, and what a row becomes.

use super::registry::{Registry, contradictions, parse};

const SPANS: &str = "
common: { required: [a.id], optional: [] }
spans:
  - { kind: turn, name: 'ask {a.name}', otlp_kind: internal, brief: 'One.', required: [a.name], optional: [] }
";
const EVENTS: &str = "
span_events: [{ name: tachograph.retry, brief: 'Again.', attributes: [a.id] }]
logs: []
";
const METRICS: &str = "
buckets: { seconds: [0.1, 1] }
metrics:
  - { name: a.count, instrument: counter, unit: '{a}', labels: [b], brief: 'How many.' }
  - { name: a.time, instrument: histogram, unit: s, base: nanos, buckets: seconds, labels: [], brief: 'How long.' }
";
const ATTRIBUTES: &str = "
- { name: a.id, type: string, class: metadata, source: otel, brief: 'An id.' }
- { name: a.name, type: 'string[]', class: content, source: gen_ai, brief: 'A name.' }
";

fn registry(attributes: &str, spans: &str, events: &str) -> anyhow::Result<Registry> {
    registry_with(attributes, spans, events, METRICS)
}

fn registry_with(attributes: &str, spans: &str, events: &str, metrics: &str) -> anyhow::Result<Registry> {
    parse(|path| {
        let text = match path {
            "registry/attributes.yaml" => attributes,
            "registry/spans.yaml" => spans,
            "registry/metrics.yaml" => metrics,
            _ => events,
        };
        Ok(text.to_owned())
    })
}

#[track_caller]
fn check(attributes: &str, spans: &str, events: &str, expected: &[&str]) {
    let registry = registry(attributes, spans, events).unwrap();
    let found: Vec<String> = contradictions(&registry).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_good_registry_has_no_contradictions() {
    check(ATTRIBUTES, SPANS, EVENTS, &[]);
}

#[test]
fn bad_attributes() {
    let rows = "
- { name: a.id, type: string, class: metadata, source: otel, brief: 'No period' }
- { name: a.id, type: int, class: url, source: own, brief: 'Twice.' }
- { name: A-name, type: string, class: identity, source: otel, brief: 'Bad letters.' }
- { name: a.name, type: string, class: content, source: otel, brief: 'A name.' }
- { name: mcp.server.name, type: string, class: metadata, source: own, brief: 'Excepted.' }
";
    let expected = [
        "registry/attributes.yaml:3: `a.id` is listed twice; keep one",
        "registry/attributes.yaml:2: `a.id` has a brief that does not end with a period",
        "registry/attributes.yaml:3: `a.id` is an own name, so it must begin with `claude_code.` or `tachograph.`",
        "registry/attributes.yaml:4: `A-name` must be lowercase ASCII letters, digits, `.` and `_`",
    ];
    check(rows, SPANS, EVENTS, &expected);
}

#[test]
fn names_that_nobody_defined() {
    let spans = SPANS.replace("optional: [] }\n", "optional: [b.id] }\n");
    let events = EVENTS.replace("a.id", "b.id");
    let expected = [
        "registry/spans.yaml:2: `b.id` is no attribute of registry/attributes.yaml",
        "registry/spans.yaml:4: `b.id` is listed twice; keep one",
        "registry/spans.yaml:4: `b.id` is no attribute of registry/attributes.yaml",
        "registry/events.yaml:2: `b.id` is no attribute of registry/attributes.yaml",
    ];
    check(ATTRIBUTES, &spans, &events, &expected);
}

#[test]
fn a_placeholder_must_be_required() {
    let spans = SPANS.replace("required: [a.name]", "required: []");
    let expected =
        ["registry/spans.yaml:4: `ask {a.name}` names `{a.name}`, which is not required on the span"];
    check(ATTRIBUTES, &spans, EVENTS, &expected);
}

#[test]
fn histograms_have_buckets() {
    let metrics = METRICS.replace("buckets: seconds,", "").replace("'{a}',", "'{a}', buckets: seconds,");
    let registry = registry_with(ATTRIBUTES, SPANS, EVENTS, &metrics).unwrap();
    let found: Vec<String> = contradictions(&registry).iter().map(ToString::to_string).collect();
    let expected = [
        "registry/metrics.yaml:4: `a.count` must name buckets exactly if it is a histogram",
        "registry/metrics.yaml:5: `a.time` must name buckets exactly if it is a histogram",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_bad_word_is_refused_with_its_file() {
    for (good, bad) in
        [("metadata", "secret"), ("source: otel", "source: nobody"), ("type: string", "type: text")]
    {
        let error = registry(&ATTRIBUTES.replacen(good, bad, 1), SPANS, EVENTS).unwrap_err();
        assert_eq!(error.to_string(), "registry/attributes.yaml");
        assert!(error.root_cause().to_string().contains("line 2"), "{error:#}");
    }
}
