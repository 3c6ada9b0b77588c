//! What a session adds to metrics: each settled span once, so that what is counted does not change any more.

use foldhash::fast::FixedState;
use std::collections::HashMap;
use tacho_model::attribute::{Attributes, Value};
use tacho_model::id::SpanId;
use tacho_model::metric::{Measured, Metric, Total};
use tacho_model::metrics as metric;
use tacho_model::semconv as key;
use tacho_model::span::{Span, SpanKind, Status};
use tacho_model::time::UnixNanos;

/// So many labels a series has at most, those aside that are the same for a whole session.
const LABELS_MAX: usize = 5;
const MICROS_PER_MS: i64 = 1_000;
const NANOS_PER_MS: i64 = 1_000_000;

type Label<'a> = (&'static str, &'a str);

/// What was counted so far.
#[derive(Default)]
struct Meter<'a> {
    totals: HashMap<(&'static str, [Label<'a>; LABELS_MAX]), (&'static Metric, Total), FixedState>,
    /// The project of the span that is looked at.
    project: Option<&'a str>,
}

/// What happened directly below a turn or a subagent.
#[derive(Clone, Copy, Default)]
struct Below {
    calls: i64,
    tools: i64,
}

/// What a session with these spans adds to metrics, in the order of names and labels. What ended before `since` adds nothing.
#[must_use]
pub fn measure(spans: &[Span], since: UnixNanos) -> Vec<Measured> {
    let mut below: HashMap<SpanId, Below, FixedState> = HashMap::default();
    for span in spans {
        let Some(parent) = span.parent_span_id else { continue };
        match span.kind {
            SpanKind::Llm => below.entry(parent).or_default().calls += 1,
            SpanKind::Tool => below.entry(parent).or_default().tools += 1,
            SpanKind::Turn
            | SpanKind::Subagent
            | SpanKind::Permission
            | SpanKind::Elicitation
            | SpanKind::Compaction => {}
        }
    }
    let mut meter = Meter::default();
    meter.add(&metric::SESSION_COUNT, &[], 1);
    for span in spans.iter().filter(|span| span.settled && span.end >= Some(since)) {
        meter.project = span.attributes.text(key::VCS_REPOSITORY_NAME);
        match span.kind {
            SpanKind::Turn | SpanKind::Subagent => {
                meter.agent(span, below.get(&span.span_id).copied().unwrap_or_default());
            }
            SpanKind::Llm => meter.call(span),
            SpanKind::Tool => meter.tool(span),
            SpanKind::Permission | SpanKind::Elicitation => meter.wait(span),
            SpanKind::Compaction => {
                let trigger = span.attributes.text(key::CLAUDE_CODE_COMPACTION_TRIGGER);
                meter.add(
                    &metric::COMPACTION_COUNT,
                    &[(metric::LABEL_TRIGGER, trigger.unwrap_or_default())],
                    1,
                );
            }
        }
    }
    meter.read()
}

impl<'a> Meter<'a> {
    /// Adds a value to a series. A label without a value is none.
    fn add(&mut self, metric: &'static Metric, labels: &[Label<'a>], value: i64) {
        let mut own = [("", ""); LABELS_MAX];
        let project = self.project.map(|project| (metric::LABEL_PROJECT, project));
        let known = labels.iter().copied().chain(project).filter(|(_, value)| !value.is_empty());
        own.iter_mut().zip(known).for_each(|(place, label)| *place = label);
        let (_, total) = self.totals.entry((metric.name, own)).or_insert_with(|| (metric, Total::default()));
        total.record(metric, value);
    }

    fn agent(&mut self, span: &'a Span, below: Below) {
        let of = &span.attributes;
        let name = (metric::LABEL_GEN_AI_AGENT_NAME, of.text(key::GEN_AI_AGENT_NAME).unwrap_or_default());
        self.add(&metric::GEN_AI_INVOKE_AGENT_DURATION, &[name, error(span)], duration(span));
        self.add(&metric::GEN_AI_INVOKE_AGENT_INFERENCE_CALLS, &[name], below.calls);
        self.add(&metric::GEN_AI_INVOKE_AGENT_TOOL_CALLS, &[name], below.tools);
        if let Some(hook_ms) = of.int(key::TACHOGRAPH_HOOK_DURATION_MS) {
            let micros = hook_ms.saturating_mul(MICROS_PER_MS);
            self.add(&metric::TACHOGRAPH_HOOK_DURATION_MS, &[], micros);
        }
    }

    fn call(&mut self, span: &'a Span) {
        let of = &span.attributes;
        let model = (metric::LABEL_MODEL, of.text(key::GEN_AI_REQUEST_MODEL).unwrap_or_default());
        let success = (metric::LABEL_SUCCESS, if span.status == Status::Error { "false" } else { "true" });
        self.add(&metric::LLM_CALLS_TOTAL, &[model, success], 1);
        let retries = span.events.iter().filter(|event| event.name == key::EVENT_API_RETRY).count();
        if retries > 0 {
            self.add(&metric::LLM_RETRIES_TOTAL, &[model], i64::try_from(retries).unwrap_or(i64::MAX));
        }
        if of.get(key::TACHOGRAPH_PRICE_MISSING).is_some() {
            self.add(&metric::LLM_UNPRICED_CALLS_TOTAL, &[model], 1);
        }
        if let Some(nanos) = of.int(key::TACHOGRAPH_COST_NANOS) {
            self.add(&metric::COST_USD, &[model], nanos);
        }
        self.tokens(of, model);
        self.conventional(span, model);
    }

    /// Tokens by the API's classes, no token in two of them.
    fn tokens(&mut self, of: &'a Attributes, model: Label<'a>) {
        let thinking = of.int(key::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS);
        let output = of.int(key::GEN_AI_USAGE_OUTPUT_TOKENS);
        for (metric, class, tokens) in [
            (&metric::TOKENS_INPUT, "input", of.int(key::CLAUDE_CODE_USAGE_UNCACHED_INPUT_TOKENS)),
            (&metric::TOKENS_INPUT, "cache_read", of.int(key::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS)),
            (
                &metric::TOKENS_INPUT,
                "cache_write_5m",
                of.int(key::CLAUDE_CODE_USAGE_CACHE_CREATION_5M_INPUT_TOKENS),
            ),
            (
                &metric::TOKENS_INPUT,
                "cache_write_1h",
                of.int(key::CLAUDE_CODE_USAGE_CACHE_CREATION_1H_INPUT_TOKENS),
            ),
            (&metric::TOKENS_OUTPUT, "output", output.map(|all| all - thinking.unwrap_or(0))),
            (&metric::TOKENS_OUTPUT, "thinking", thinking),
        ] {
            if let Some(tokens) = tokens {
                self.add(metric, &[model, (metric::LABEL_TYPE, class)], tokens);
            }
        }
    }

    /// What the GenAI conventions want of a call.
    fn conventional(&mut self, span: &'a Span, model: Label<'a>) {
        let of = &span.attributes;
        let conventional = [
            (metric::LABEL_GEN_AI_OPERATION_NAME, "chat"),
            (metric::LABEL_GEN_AI_PROVIDER_NAME, of.text(key::GEN_AI_PROVIDER_NAME).unwrap_or_default()),
            (metric::LABEL_GEN_AI_REQUEST_MODEL, model.1),
        ];
        let [operation, provider, asked] = conventional;
        self.add(
            &metric::GEN_AI_CLIENT_OPERATION_DURATION,
            &[operation, provider, asked, error(span)],
            duration(span),
        );
        if let Some(Value::Double(seconds)) = of.get(key::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK) {
            let nanos = (seconds * 1e9) as i64;
            self.add(&metric::RESPONSE_LATENCY, &[model], nanos);
            self.add(&metric::GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK, &conventional, nanos);
        }
        let thinking = of.int(key::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS);
        let output = of.int(key::GEN_AI_USAGE_OUTPUT_TOKENS);
        let input = of.int(key::GEN_AI_USAGE_INPUT_TOKENS);
        for (class, tokens) in [("input", input), ("output", output)] {
            if let Some(tokens) = tokens {
                let labels = [operation, provider, asked, (metric::LABEL_GEN_AI_TOKEN_TYPE, class)];
                self.add(&metric::GEN_AI_CLIENT_TOKEN_USAGE, &labels, tokens);
            }
        }
        for (metric, tokens) in [
            (&metric::GEN_AI_CLIENT_INFERENCE_USAGE_INPUT_TOKENS, input),
            (&metric::GEN_AI_CLIENT_INFERENCE_USAGE_OUTPUT_TOKENS, output),
            (
                &metric::GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_READ_INPUT_TOKENS,
                of.int(key::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS),
            ),
            (
                &metric::GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_WRITE_INPUT_TOKENS,
                of.int(key::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS),
            ),
            (&metric::GEN_AI_CLIENT_INFERENCE_USAGE_REASONING_OUTPUT_TOKENS, thinking),
        ] {
            if let Some(tokens) = tokens {
                self.add(metric, &conventional, tokens);
            }
        }
    }

    fn tool(&mut self, span: &'a Span) {
        let of = &span.attributes;
        let name = of.text(key::GEN_AI_TOOL_NAME).unwrap_or_default();
        let tool = (metric::LABEL_TOOL, name);
        if let Some(decision) = of.text(key::CLAUDE_CODE_PERMISSION_DECISION) {
            let decider = of.text(key::TACHOGRAPH_PERMISSION_DECIDER).unwrap_or_default();
            let labels = [tool, (metric::LABEL_DECISION, decision), (metric::LABEL_DECIDER, decider)];
            self.add(&metric::PERMISSION_DECISIONS_TOTAL, &labels, 1);
        }
        let outcome = of.text(key::CLAUDE_CODE_TOOL_OUTCOME).unwrap_or_default();
        if matches!(outcome, "denied" | "refused") {
            self.add(&metric::TOOL_REFUSALS_TOTAL, &[tool, (metric::LABEL_OUTCOME, outcome)], 1);
            return;
        }
        let failed = span.status == Status::Error;
        let success = (metric::LABEL_SUCCESS, if failed { "false" } else { "true" });
        self.add(&metric::TOOL_CALLS_TOTAL, &[tool, success], 1);
        if failed {
            self.add(&metric::TOOL_ERRORS_TOTAL, &[tool], 1);
        }
        let waited = of.int(key::TACHOGRAPH_PERMISSION_WAIT_MS).unwrap_or(0).saturating_mul(NANOS_PER_MS);
        let measured = of.int(key::CLAUDE_CODE_TOOL_DURATION_MS).map(|ms| ms.saturating_mul(NANOS_PER_MS));
        let ran = measured.unwrap_or_else(|| duration(span).saturating_sub(waited).max(0));
        self.add(&metric::TOOL_LATENCY_MS, &[tool], ran);
        let conventional = (metric::LABEL_GEN_AI_TOOL_NAME, name);
        let kind = (metric::LABEL_GEN_AI_TOOL_TYPE, of.text(key::GEN_AI_TOOL_TYPE).unwrap_or_default());
        self.add(&metric::GEN_AI_EXECUTE_TOOL_DURATION, &[conventional, kind, error(span)], ran);
        if let Some(method) = of.text(key::MCP_METHOD_NAME) {
            let labels = [(metric::LABEL_MCP_METHOD_NAME, method), conventional, error(span)];
            self.add(&metric::MCP_CLIENT_OPERATION_DURATION, &labels, ran);
        }
        for (class, lines) in
            [("added", key::TACHOGRAPH_LINES_ADDED), ("removed", key::TACHOGRAPH_LINES_REMOVED)]
        {
            if let Some(lines) = of.int(lines) {
                self.add(&metric::LINES_OF_CODE, &[(metric::LABEL_TYPE, class)], lines);
            }
        }
        if of.get(key::TACHOGRAPH_COMMIT_REVISION).is_some() {
            self.add(&metric::COMMIT_COUNT, &[], 1);
        }
        if of.get(key::VCS_CHANGE_ID).is_some() {
            self.add(&metric::PULL_REQUEST_COUNT, &[], 1);
        }
    }

    fn wait(&mut self, span: &'a Span) {
        let tool = span.attributes.text(key::GEN_AI_TOOL_NAME).unwrap_or_default();
        self.add(&metric::PERMISSION_WAIT_MS, &[(metric::LABEL_TOOL, tool)], duration(span));
    }

    fn read(self) -> Vec<Measured> {
        let of_series = |((_, labels), (metric, total)): ((_, [Label<'_>; LABELS_MAX]), _)| {
            let known = labels.into_iter().filter(|(name, _)| !name.is_empty());
            let labels = known.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            Measured { metric, labels, total }
        };
        let mut measured: Vec<Measured> = self.totals.into_iter().map(of_series).collect();
        measured
            .sort_by(|one, other| (one.metric.name, &one.labels).cmp(&(other.metric.name, &other.labels)));
        measured
    }
}

fn error(span: &Span) -> Label<'_> {
    (metric::LABEL_ERROR_TYPE, span.attributes.text(key::ERROR_TYPE).unwrap_or_default())
}

/// How long it took, in nanoseconds.
fn duration(span: &Span) -> i64 {
    let nanos = span.end.map_or(0, |end| end.nanos_since(span.start));
    i64::try_from(nanos).unwrap_or(i64::MAX)
}
