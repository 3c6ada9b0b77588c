//! A field whose type changed is lost alone: what is read is the same as if the field were missing.

use super::{RECORDED, files, fixtures, observation};
use crate::Decoded;
use crate::claude_code::AGENT;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs;
use tacho_model::event::{Event, Source};

/// Fields whose value is kept whatever it is.
const OF_ANY_TYPE: [&str; 3] = ["/tool_input", "/tool_response", "/input"];

/// Whether a change there is a change of what was said: in a value that is kept as it is, or in the content of a
/// message or of a tool's result, which may be a text or a list.
fn is_data(path: &str) -> bool {
    let contents = path.matches("/content").count();
    OF_ANY_TYPE.iter().any(|name| path.contains(name)) || path.ends_with("/content") || contents > 1
}

/// Payloads of every event and one row of every shape, with the source that says such things.
fn samples() -> Vec<(Source, Option<u64>, Json)> {
    let payloads = files(&fixtures("payloads")).into_iter().filter(|path| !path.ends_with("README.md"));
    let payloads = payloads.map(|path| fs::read_to_string(path).unwrap());
    let payloads = payloads.map(|text| (Source::Hook, None, serde_json::from_str(&text).unwrap()));
    let mut shapes: BTreeMap<Vec<String>, Json> = BTreeMap::new();
    for line in RECORDED.iter().filter(|line| (AGENT.keeps_row)(line.as_bytes())) {
        let row: Json = serde_json::from_str(line).unwrap();
        if row.get("type").is_some() || row.get("agentType").is_some() {
            let mut shape = paths(&row, "");
            shape.push(format!("{} {}", row["type"], row["subtype"]));
            shapes.entry(shape).or_insert(row);
        }
    }
    let offset = |row: &Json| row.get("type").map(|_| 0);
    payloads.chain(shapes.into_values().map(|row| (Source::Transcript, offset(&row), row))).collect()
}

/// Where each field of an object stands, deeper ones too.
fn paths(value: &Json, above: &str) -> Vec<String> {
    let fields: Vec<(String, &Json)> = match value {
        Json::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Json::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Vec::new(),
    };
    let mut paths = Vec::new();
    for (name, value) in fields {
        let path = format!("{above}/{name}");
        paths.extend(self::paths(value, &path));
        if above.is_empty() || !name.bytes().all(|byte| byte.is_ascii_digit()) {
            paths.push(path);
        }
    }
    paths
}

fn decoded(source: Source, offset: Option<u64>, body: &Json) -> Decoded {
    let decoded = (AGENT.decode)(&observation(source, offset, body.to_string().as_bytes()));
    let events = decoded.events.into_iter().map(|event| Event { digest: 0, ..event });
    Decoded { events: events.collect(), ..decoded }
}

fn without(body: &Json, path: &str) -> Json {
    let mut body = body.clone();
    let (above, name) = path.rsplit_once('/').unwrap();
    body.pointer_mut(above).unwrap().as_object_mut().unwrap().remove(name);
    body
}

#[test]
fn a_field_of_another_type_is_lost_alone() {
    let replacements =
        [json!(null), json!(true), json!(-7.5), json!("text"), json!([[7]]), json!({ "a": 7 })];
    let mut changed = Vec::new();
    for (source, offset, body) in samples() {
        for path in paths(&body, "").into_iter().filter(|path| !is_data(path)) {
            let removed = decoded(source, offset, &without(&body, &path));
            for replacement in &replacements {
                let mut replaced = body.clone();
                let was = std::mem::replace(replaced.pointer_mut(&path).unwrap(), replacement.clone());
                if std::mem::discriminant(&was) == std::mem::discriminant(replacement) {
                    continue;
                }
                if decoded(source, offset, &replaced) != removed {
                    changed.push(format!("{path} = {replacement}"));
                }
            }
        }
    }
    assert_eq!(changed, [""; 0]);
}
