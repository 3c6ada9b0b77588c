//! The tree of a session for a terminal: a tool stands below the model call that decided it.

use super::words;
use crate::terminal::{display_safe, has_colour};
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::attribute::{Key, Value};
use tacho_model::id::SpanId;
use tacho_model::money::Nanodollars;
use tacho_model::semconv as key;
use tacho_model::span::{Span, SpanKind, Status};

/// How much of an argument is shown.
const ARGUMENT_LETTERS_MAX: usize = 60;

/// One line a span.
pub(super) fn tree(spans: &[Span]) -> String {
    tree_with(spans, &|_| Vec::new())
}

/// One line a span, and below it the lines that there are for it.
pub(super) fn tree_with(spans: &[Span], below: &dyn Fn(&Span) -> Vec<String>) -> String {
    let mut children: BTreeMap<Option<SpanId>, Vec<&Span>> = BTreeMap::new();
    let shown: BTreeSet<SpanId> = spans.iter().map(|span| span.span_id).collect();
    for span in spans {
        children.entry(shown_below(span, &shown)).or_default().push(span);
    }
    let mut text = String::new();
    for (number, turn) in children.get(&None).into_iter().flatten().enumerate() {
        text.push_str(&format!("turn {}  {}\n", number + 1, line(turn)));
        branch(&children, turn, below, "", &mut text);
    }
    text
}

fn branch(
    children: &BTreeMap<Option<SpanId>, Vec<&Span>>,
    above: &Span,
    below: &dyn Fn(&Span) -> Vec<String>,
    indent: &str,
    text: &mut String,
) {
    let parts = children.get(&Some(above.span_id)).map(Vec::as_slice).unwrap_or_default();
    let rail = if parts.is_empty() { "   " } else { "│  " };
    below(above).iter().for_each(|line| text.push_str(&format!("{indent}{rail}{line}\n")));
    for (number, span) in parts.iter().enumerate() {
        let is_last = number + 1 == parts.len();
        let (knee, rail) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        text.push_str(&format!("{indent}{knee}{}\n", line(span)));
        branch(children, span, below, &format!("{indent}{rail}"), text);
    }
}

/// The span a reader expects it below: a tool call below the call of the model that decided it.
fn shown_below(span: &Span, shown: &BTreeSet<SpanId>) -> Option<SpanId> {
    let decided_by = span.links.first().map(|link| link.span_id).filter(|_| span.kind == SpanKind::Tool);
    // A turn may lie below a span of another's.
    let above = span.parent_span_id.filter(|_| span.kind != SpanKind::Turn);
    decided_by.filter(|id| shown.contains(id)).or(above)
}

fn line(span: &Span) -> String {
    let title = title(span);
    let mark = match (span.status, text_of(span, key::ERROR_TYPE)) {
        (Status::Error, error) => red(&format!("  {}", display_safe(error.unwrap_or("error")))),
        (Status::Unset, _) => String::new(),
    };
    let inferred = match text_of(span, key::TACHOGRAPH_END_INFERRED) {
        Some(from) => format!("  (end inferred: {from})"),
        None => String::new(),
    };
    format!("{title}  {}{}{mark}{}{inferred}", length(span), figures(span), decision(span))
}

/// Who decided over a call, where that was not what had been settled before: whoever kept it from running, or let it
/// when it was asked.
fn decision(span: &Span) -> String {
    let Some(decider) = text_of(span, key::TACHOGRAPH_PERMISSION_DECIDER) else { return String::new() };
    let said = text_of(span, key::CLAUDE_CODE_PERMISSION_DECISION);
    let is_rejected = said == Some("reject");
    match decider {
        _ if is_rejected => {
            let code = text_of(span, key::CLAUDE_CODE_PERMISSION_REASON_CODE);
            let code = code.map_or_else(String::new, |code| format!(" ({})", display_safe(code)));
            format!("  rejected by {}{code}", display_safe(decider))
        }
        "person" | "hook" | "classifier" if said == Some("accept") && span.kind == SpanKind::Tool => {
            format!("  allowed by {}", display_safe(decider))
        }
        _ => String::new(),
    }
}

/// How long it took. An inferred end is the last that was seen, and what was never seen again may have gone on.
fn length(span: &Span) -> String {
    let Some(end) = span.end else { return "running".to_owned() };
    let length = words::duration(end.nanos_since(span.start));
    match span.attributes.get(key::TACHOGRAPH_END_INFERRED) {
        None => length,
        Some(_) if end == span.start => "never came back".to_owned(),
        Some(_) => format!("at least {length}"),
    }
}

fn title(span: &Span) -> String {
    match span.kind {
        SpanKind::Turn => {
            let prompt = text_of(span, key::GEN_AI_INPUT_MESSAGES).and_then(first_content);
            prompt.map(|prompt| shortened(&prompt)).unwrap_or_default()
        }
        SpanKind::Llm => {
            format!("chat {}", display_safe(text_of(span, key::GEN_AI_REQUEST_MODEL).unwrap_or("?")))
        }
        SpanKind::Tool => {
            let name = display_safe(text_of(span, key::GEN_AI_TOOL_NAME).unwrap_or("?"));
            let arguments = text_of(span, key::GEN_AI_TOOL_CALL_ARGUMENTS).and_then(first_string);
            arguments.map_or_else(|| name.clone(), |argument| format!("{name} {}", shortened(&argument)))
        }
        SpanKind::Subagent => {
            format!("subagent {}", display_safe(text_of(span, key::GEN_AI_AGENT_NAME).unwrap_or("?")))
        }
        SpanKind::Permission => "waited for permission".to_owned(),
        SpanKind::Elicitation => "waited for an answer".to_owned(),
        SpanKind::Compaction => "compaction".to_owned(),
    }
}

fn figures(span: &Span) -> String {
    let number = |key: Key| number_of(span, key);
    if span.kind != SpanKind::Llm {
        let lines = number(key::TACHOGRAPH_LINES_ADDED).zip(number(key::TACHOGRAPH_LINES_REMOVED));
        let lines = lines.map(|(added, removed)| format!("  +{added} -{removed}")).unwrap_or_default();
        return format!("{lines}{}", made(span));
    }
    let input = words::count(number(key::GEN_AI_USAGE_INPUT_TOKENS));
    let cached = words::count(number(key::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS));
    let output = words::count(number(key::GEN_AI_USAGE_OUTPUT_TOKENS));
    let before = text_of(span, key::TACHOGRAPH_MODEL_PREVIOUS);
    let before = before.map(|model| format!("  (before: {})", display_safe(model))).unwrap_or_default();
    format!("  {input} in ({cached} cached), {output} out{}{before}", cost(span))
}

/// What a call made that can be pointed to.
fn made(span: &Span) -> String {
    let commit = text_of(span, key::TACHOGRAPH_COMMIT_REVISION).map(|revision| format!("commit {revision}"));
    let links = [key::TACHOGRAPH_CHANGE_URL, key::TACHOGRAPH_ISSUE_URL].into_iter();
    let links = links.filter_map(|key| text_of(span, key).map(ToOwned::to_owned));
    let made = commit.into_iter().chain(links);
    made.map(|made| format!("  -> {}", display_safe(&made))).collect()
}

/// What a call costs, or why that is not known. One that failed cost nothing that anybody could say.
fn cost(span: &Span) -> String {
    if let Some(Value::Int(nanos)) = span.attributes.get(key::TACHOGRAPH_COST_NANOS) {
        return format!(", {}", words::cost(Some(Nanodollars(*nanos)), 0));
    }
    let missing = text_of(span, key::TACHOGRAPH_PRICE_MISSING);
    missing.map_or_else(String::new, |reason| format!(", no price ({})", display_safe(reason)))
}

/// The number of an attribute.
pub(super) fn number_of(span: &Span, key: Key) -> Option<u64> {
    match span.attributes.get(key) {
        Some(Value::Int(number)) => u64::try_from(*number).ok(),
        _ => None,
    }
}

/// The text of an attribute.
pub(super) fn text_of(span: &Span, key: Key) -> Option<&str> {
    match span.attributes.get(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The text of the first part of the first message.
fn first_content(messages: &str) -> Option<String> {
    let messages: serde_json::Value = serde_json::from_str(messages).ok()?;
    Some(messages.pointer("/0/parts/0/content")?.as_str()?.to_owned())
}

/// The first text of a JSON object: what a tool call is mostly about.
pub(super) fn first_string(object: &str) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(object).ok()?;
    object.values().find_map(|value| Some(value.as_str()?.to_owned()))
}

/// The beginning of a text, on one line.
pub(super) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut letters = line.chars();
    let start: String = letters.by_ref().take(ARGUMENT_LETTERS_MAX).collect();
    let more = if letters.next().is_some() { "…" } else { "" };
    format!("{}{more}", display_safe(&start))
}

fn red(text: &str) -> String {
    if has_colour() { format!("\u{1b}[31m{text}\u{1b}[0m") } else { text.to_owned() }
}
