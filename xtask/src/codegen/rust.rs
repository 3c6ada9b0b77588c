//! The registry as Rust: one constant an attribute, the shape of every span, the names of events.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

use super::registry::{Attribute, Event, Name, Presence, Registry, Span};

const HEADER: &str = "\
//! The names of all attributes, spans and events, as constants.
//! Generated from registry/ by `cargo xtask codegen`; do not edit.

use crate::attribute::{Class, Key, ValueType};
use crate::shape::{LogShape, OtlpKind, SpanShape};
use crate::span::SpanKind;
";

pub(super) fn render(registry: &Registry, root: &Path) -> anyhow::Result<String> {
    let mut source = HEADER.to_owned();
    let names = sorted_names(&registry.attributes);
    for attribute in &registry.attributes {
        source.push_str(&attribute_constant(attribute, &names));
    }
    for event in registry.events.span_events.iter().chain(&registry.events.logs) {
        source.push_str(&event_constant(event));
    }
    source.push_str(&all_attributes(&names));
    source.push_str(&all_events(&registry.events.span_events));
    source.push_str(&all_logs(&registry.events.logs));
    source.push_str(&all_spans(&registry.spans.spans, &registry.spans.common));
    rustfmt(&source, root)
}

fn sorted_names(attributes: &[Attribute]) -> Vec<&str> {
    let mut names: Vec<&str> = attributes.iter().map(|attribute| attribute.name.value.as_str()).collect();
    names.sort_unstable();
    names
}

fn attribute_constant(attribute: &Attribute, names: &[&str]) -> String {
    let name = attribute.name.value.as_str();
    let rank = names.partition_point(|known| *known < name);
    format!(
        "\n/// {}\npub const {}: Key = Key::new({rank}, {name:?}, ValueType::{:?}, Class::{:?});\n",
        attribute.brief,
        constant_name(name),
        attribute.value_type,
        attribute.class,
    )
}

fn event_constant(event: &Event) -> String {
    format!("\n/// {}\npub const {}: &str = {:?};\n", event.brief, event_name(event), event.name.value)
}

fn event_name(event: &Event) -> String {
    let name = event.name.value.as_str();
    let own = ["claude_code.", "tachograph."].iter().find_map(|prefix| name.strip_prefix(prefix));
    format!("EVENT_{}", constant_name(own.unwrap_or(name)))
}

fn all_events(events: &[Event]) -> String {
    let names: Vec<String> = events.iter().map(event_name).collect();
    format!("\n/// Every event of spans.\npub const SPAN_EVENTS: &[&str] = &[{}];\n", names.join(", "))
}

fn all_logs(events: &[Event]) -> String {
    let mut text = "\n/// What log records carry.\npub const LOGS: &[LogShape] = &[\n".to_owned();
    for event in events {
        let attributes = constant_list(event.attributes.iter());
        _ = writeln!(text, "LogShape {{ name: {}, attributes: {attributes} }},", event_name(event));
    }
    text.push_str("];\n");
    text
}

fn all_attributes(names: &[&str]) -> String {
    let constants: Vec<String> = names.iter().map(|name| constant_name(name)).collect();
    format!("\n/// Every attribute, sorted by name.\npub const ALL: &[Key] = &[{}];\n", constants.join(", "))
}

fn all_spans(spans: &[Span], common: &Presence) -> String {
    let mut text = "\n/// The shape of every kind of span.\npub const SPANS: &[SpanShape] = &[\n".to_owned();
    for span in spans {
        text.push_str(&span_shape(span, common));
    }
    text.push_str("];\n");
    text
}

fn span_shape(span: &Span, common: &Presence) -> String {
    let mut text = "SpanShape {\n".to_owned();
    let mut field = |name: &str, value: &str| _ = writeln!(text, "{name}: {value},");
    field("kind", &format!("SpanKind::{}", variant_name(&span.kind.value)));
    field("name", &format!("{:?}", span.name.value));
    field("otlp_kind", &format!("OtlpKind::{:?}", span.otlp_kind));
    field("operation", &format!("{:?}", span.operation));
    field("required", &constant_list(common.required.iter().chain(&span.required)));
    field("optional", &constant_list(common.optional.iter().chain(&span.optional)));
    text.push_str("},\n");
    text
}

fn constant_list<'a>(names: impl Iterator<Item = &'a Name>) -> String {
    let constants: Vec<String> = names.map(|name| constant_name(&name.value)).collect();
    format!("&[{}]", constants.join(", "))
}

/// `gen_ai.operation.name` becomes `GEN_AI_OPERATION_NAME`.
pub(super) fn constant_name(name: &str) -> String {
    name.replace('.', "_").to_ascii_uppercase()
}

/// `permission_wait` becomes `PermissionWait`.
fn variant_name(kind: &str) -> String {
    let capitalised = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    kind.split(['_', '.']).map(capitalised).collect()
}

pub(super) fn rustfmt(source: &str, root: &Path) -> anyhow::Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start rustfmt")?;
    // rustfmt reads all of its input before it writes, so one thread can do both.
    if let Some(mut stdin) = child.stdin.take() {
        std::io::Write::write_all(&mut stdin, source.as_bytes()).context("cannot write to rustfmt")?;
    }
    let output = child.wait_with_output().context("cannot read from rustfmt")?;
    anyhow::ensure!(output.status.success(), "rustfmt refused the generated source");
    Ok(String::from_utf8(output.stdout)?)
}
