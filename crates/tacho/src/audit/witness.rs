//! Checkpoints that others hold: in what a backend exports of our log records, or in files of their own.

use crate::failure::{Failure, FailureKind};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tacho_audit::checkpoint::Checkpoint;
use tacho_audit::key_chain::log_id;
use tacho_audit::note::Note;
use tacho_audit::verify::Witnessed;
use tacho_model::semconv as key;

/// The checkpoint that a text is, if it is one of a log of ours.
pub(crate) fn checkpoint_of(text: &str) -> Option<Checkpoint> {
    let checkpoint = Checkpoint::of(&Note::parse(text)?)?;
    (log_id(&checkpoint.origin) != checkpoint.origin).then_some(checkpoint)
}

/// The checkpoints in a file: OTLP JSON, line by line or as a whole, any other JSON that holds them, or checkpoints
/// themselves one after the other. Of records that say which installation they are of, only those of `instance`.
pub(crate) fn witnessed(path: &Path, instance: Option<&str>) -> Result<Vec<Witnessed>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::new(FailureKind::Config, format!("{} cannot be read: {error}", path.display()))
    })?;
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let read = values.by_ref().map_while(Result::ok);
        read.for_each(|value| collect(&value, instance, &mut found));
        // Behind what is none, a line may begin a value again. What stands further in is a part of one that is not whole, and
        // does not say whose it is.
        let behind = rest.get(values.byte_offset()..).unwrap_or_default();
        let next = ["\n{", "\n["].iter().filter_map(|begin| behind.find(begin)).min();
        rest = next.and_then(|next| behind.get(next + 1..)).unwrap_or_default();
    }
    if found.is_empty() {
        found.extend(plain(&text));
    }
    if found.is_empty() {
        let what = format!("{} holds no checkpoint of an audit log", path.display());
        return Err(Failure::new(FailureKind::Config, what).hint(
            "export the log records called `tachograph.audit.checkpoint`, or give a checkpoint itself",
        ));
    }
    found.dedup();
    let from = |number: usize| format!("{} ({number})", path.display());
    Ok((1..).zip(found).map(|(number, checkpoint)| Witnessed { from: from(number), checkpoint }).collect())
}

fn collect(value: &Value, instance: Option<&str>, found: &mut Vec<String>) {
    match value {
        Value::String(text) if checkpoint_of(text).is_some() => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, instance, found)),
        Value::Object(fields) => {
            let said = fields.get("resource").and_then(instance_of);
            if instance.is_some() && said.is_some() && said != instance {
                return;
            }
            fields.values().for_each(|value| collect(value, instance, found));
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Which installation a resource of OTLP is.
fn instance_of(resource: &Value) -> Option<&str> {
    let attributes = resource.get("attributes")?.as_array()?;
    let named = |attribute: &&Value| {
        attribute.get("key").and_then(Value::as_str) == Some(key::SERVICE_INSTANCE_ID.name())
    };
    attributes.iter().find(named)?.get("value")?.get("stringValue")?.as_str()
}

/// The checkpoints that stand in a text one after the other.
fn plain(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(gap) = rest.find("\n\n") {
        let Some(end) = rest.get(gap + 2..).and_then(|tail| tail.find('\n')) else { break };
        let (note, behind) = rest.split_at(gap + 2 + end + 1);
        let note = note.trim_start_matches('\n');
        found.extend(checkpoint_of(note).map(|_| note.to_owned()));
        rest = behind;
    }
    found
}
