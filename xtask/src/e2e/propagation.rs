//! What commands said of the trace context that they had, held against the spans that arrived. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tacho_testkit::otlp::ReceivedSpan;

/// What a command prints before its context, in a script that is about that.
const PRINTED: &str = "TRACEPARENT=";
/// What is kept of the output of a tool call, whether it failed or not.
const OUTPUTS: [&str; 2] = ["gen_ai.tool.call.result", "claude_code.tool.error"];

#[derive(Deserialize)]
struct Shown {
    spans: Vec<ShownSpan>,
}

#[derive(Deserialize)]
struct ShownSpan {
    span_id: String,
    attributes: BTreeMap<String, Value>,
}

/// Where a command of a session printed another context than that of its turn, or as many did not as should.
pub(super) fn differences(shown: &str, spans: &[ReceivedSpan], joined: usize) -> Vec<String> {
    // That it cannot be read is told elsewhere.
    let Ok(shown) = serde_json::from_str::<Shown>(shown) else { return Vec::new() };
    let mut found = Vec::new();
    let mut count = 0;
    for command in &shown.spans {
        let outputs = OUTPUTS.into_iter().filter_map(|name| command.attributes.get(name)?.as_str());
        for printed in outputs.flat_map(|output| output.split(PRINTED).skip(1)).filter_map(context) {
            count += 1;
            let expected = turn_of(&command.span_id, spans).map(traceparent);
            if expected.as_deref() != Some(printed) {
                found.push(format!("a command was told of {printed}, its turn is {expected:?}"));
            }
        }
    }
    if count != joined {
        found.push(format!("{count} commands were told of a trace, should be {joined}"));
    }
    found
}

/// The context that a text begins with.
fn context(text: &str) -> Option<&str> {
    let is_part = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    text.get(..end).filter(|context| !context.is_empty())
}

/// The span of the turn that a span belongs to: the one whose parent did not arrive.
fn turn_of<'a>(id: &str, spans: &'a [ReceivedSpan]) -> Option<&'a ReceivedSpan> {
    let with = |id: &str| spans.iter().find(|span| span.span_id == id);
    let mut span = with(id)?;
    while let Some(above) = span.parent_span_id.as_deref().and_then(with) {
        span = above;
    }
    Some(span)
}

fn traceparent(turn: &ReceivedSpan) -> String {
    format!("00-{}-{}-01", turn.trace_id, turn.span_id)
}
