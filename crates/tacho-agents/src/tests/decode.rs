//! Tests of decoding: whatever an agent writes, nothing fails, and nothing is passed over in silence.

use super::{RECORDED, observation};
use crate::claude_code::AGENT;
use crate::{Agent, agent_named};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};
use tacho_model::event::Source;

/// Whatever stands in the body: there are events or a warning, and the other readers do not fail either.
fn says_something(agent: &Agent, body: &[u8]) -> Result<(), TestCaseError> {
    let sources = [
        (Source::Hook, None),
        (Source::Transcript, Some(0)),
        (Source::Transcript, None),
        (Source::Mod, None),
        (Source::Otlp, None),
        (Source::Recorder, None),
        (Source::StatusLine, None),
    ];
    for (source, offset) in sources {
        let decoded = (agent.decode)(&observation(source, offset, body));
        let is_silent = decoded.events.is_empty() && decoded.warnings.is_empty();
        prop_assert!(!is_silent, "{source:?} {offset:?} {}", String::from_utf8_lossy(body));
    }
    (agent.keeps_row)(body);
    Ok(())
}

/// Changes the value at a place that `path` chooses.
fn mutate(value: &mut Json, path: &[Index], replacement: Json) {
    let Some((index, rest)) = path.split_first() else {
        *value = replacement;
        return;
    };
    match value {
        Json::Array(items) if !items.is_empty() => {
            let chosen = index.index(items.len());
            mutate(&mut items[chosen], rest, replacement);
        }
        Json::Object(fields) if !fields.is_empty() => {
            let chosen = fields.keys().nth(index.index(fields.len())).unwrap().clone();
            if replacement == json!("remove") {
                fields.remove(&chosen);
            } else {
                mutate(&mut fields[&chosen], rest, replacement);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            *value = replacement;
        }
    }
}

fn replacement() -> impl Strategy<Value = Json> {
    prop::sample::select(vec![
        json!("remove"),
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{1f600}"),
        json!([]),
        json!([[]]),
        json!({}),
        json!([{ "type": "tool_use" }, { "type": "tool_result" }, { "type": "text" }]),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_lines(line in any::<Index>(), path in prop::collection::vec(any::<Index>(), 1..5), replacement in replacement()) {
        let mut body = serde_json::from_str::<Json>(line.get::<String>(&RECORDED)).unwrap();
        mutate(&mut body, &path, replacement);
        says_something(&AGENT, body.to_string().as_bytes())?;
    }

    #[test]
    fn cut_and_flipped_lines(line in any::<Index>(), end in any::<Index>(), at in any::<Index>(), byte in any::<u8>()) {
        let mut body = line.get::<String>(&RECORDED).clone().into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        says_something(&AGENT, &body)?;
        body.truncate(end.index(body.len()));
        says_something(&AGENT, &body)?;
    }

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..64)) {
        says_something(&AGENT, &body)?;
    }
}

#[test]
fn recorded_lines_are_understood() {
    for line in RECORDED.iter() {
        says_something(&AGENT, line.as_bytes()).unwrap();
    }
}

#[test]
fn agents_are_found_by_name() {
    let name_of = |name| agent_named(name).map(|agent| agent.name);
    assert_eq!(name_of(None), Some("claude-code"));
    assert_eq!(name_of(Some("claude-code")), Some("claude-code"));
    assert_eq!(name_of(Some("another")), None);
}
