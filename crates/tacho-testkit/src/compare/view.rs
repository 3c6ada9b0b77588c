//! A look at the received spans by what they stand for. It must not judge.

use std::collections::BTreeMap;

use serde_json::Value;

use super::keys;
use crate::otlp::ReceivedSpan;

/// What a span stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Turn,
    Subagent,
    Chat,
    Tool,
    /// A wait for a permission, a compaction, or something that should not be there.
    Other,
}

/// The received spans, indexed.
pub(super) struct SpanView<'a> {
    spans: &'a [ReceivedSpan],
    by_id: BTreeMap<&'a str, &'a ReceivedSpan>,
}

impl<'a> SpanView<'a> {
    pub(super) fn new(spans: &'a [ReceivedSpan]) -> Self {
        Self { spans, by_id: spans.iter().map(|span| (span.span_id.as_str(), span)).collect() }
    }

    pub(super) fn all(&self) -> &'a [ReceivedSpan] {
        self.spans
    }

    pub(super) fn with_role(&self, role: Role) -> impl Iterator<Item = &'a ReceivedSpan> {
        self.spans.iter().filter(move |span| role_of(span) == role)
    }

    /// The spans of a role whose attribute `key` is `value`.
    pub(super) fn find(&self, role: Role, key: &str, value: &str) -> Vec<&'a ReceivedSpan> {
        self.with_role(role).filter(|span| text(span, key) == Some(value)).collect()
    }

    /// The parent, if it was received in the same trace.
    pub(super) fn parent(&self, span: &ReceivedSpan) -> Option<&'a ReceivedSpan> {
        let parent = self.by_id.get(span.parent_span_id.as_deref()?).copied()?;
        (parent.trace_id == span.trace_id).then_some(parent)
    }
}

pub(super) fn role_of(span: &ReceivedSpan) -> Role {
    match text(span, keys::OPERATION) {
        Some("chat") => Role::Chat,
        Some("execute_tool") => Role::Tool,
        Some("invoke_agent") if span.attributes.get(keys::CONVERSATION_ROOT) == Some(&Value::Bool(true)) => {
            Role::Turn
        }
        Some("invoke_agent") => Role::Subagent,
        _ => Role::Other,
    }
}

/// A text attribute.
pub(super) fn text<'a>(span: &'a ReceivedSpan, key: &str) -> Option<&'a str> {
    span.attributes.get(key).and_then(Value::as_str)
}

/// How a span is named in a difference.
pub(super) fn label(span: &ReceivedSpan) -> String {
    format!("{} [{}]", span.name, span.span_id)
}

/// Notes the difference when attribute `key` is not `expected`.
pub(super) fn expect_attribute(span: &ReceivedSpan, key: &str, expected: &Value, found: &mut Vec<String>) {
    match span.attributes.get(key) {
        Some(actual) if actual == expected => {}
        Some(actual) => found.push(format!("{}: {key} is {actual}, should be {expected}", label(span))),
        None => found.push(format!("{}: {key} is absent, should be {expected}", label(span))),
    }
}

/// Notes the difference when attribute `key` is there.
pub(super) fn expect_no_attribute(span: &ReceivedSpan, key: &str, found: &mut Vec<String>) {
    if let Some(actual) = span.attributes.get(key) {
        found.push(format!("{}: {key} is {actual}, should be absent", label(span)));
    }
}
