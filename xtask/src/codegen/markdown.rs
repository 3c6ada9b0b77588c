//! The registry as a page for users: what each span carries and what of it may leave the machine.

use std::collections::BTreeSet;

use super::metrics;
use super::registry::{Attribute, Class, Event, Name, OtlpKind, Registry, Span, ValueType};

const HEADER: &str = "\
<!-- Generated from registry/ by `cargo xtask codegen`; do not edit. -->
# What the recorder sends

Every name the recorder writes, grouped by the span it is on. This page is generated from `registry/`.

**Leaves the machine** says at which capture level a destination gets the value:

- *every level*: the value is sent as it is. A text on a span that a model, a server or a repository chose could hold
  anything; at level `metadata` it is sent if it is a name, which is 1 to 128 of `A-Z a-z 0-9 _ - . : / @ + [ ]`, and as
  `other` if it is none.
- *`full` only*: words of a person, a file or a model; sent only to a destination whose level is `full`.
- *every level, cut*: an address without user info, query and fragment.
- *by the owner's word*: a person's name or address; replaced on the machine by a keyed hash (`user.hash`), and itself
  sent only where the owner set `user_info = \"name\"`.

**Present** is *always* for an attribute that the span is never without, else *when known*: what is unknown is
absent, never zero.
";

const OF_PROJECTS: &str = "
What a project says of itself in its own file (`configuration.md`) stands here too, as `project.NAME`, at every level.
";

const TABLE_HEAD: &str = "\
| Attribute | Type | Present | Leaves the machine | What it is |
|---|---|---|---|---|
";

pub(super) fn render(registry: &Registry) -> String {
    let mut page = HEADER.to_owned();
    page.push_str("\n## Resource\n\nWho sends. These stand once per batch, not on the spans.\n\n");
    page.push_str(&table(on_no_span(registry).map(|attribute| (attribute, "when known"))));
    page.push_str(OF_PROJECTS);
    page.push_str("\n## Every span\n\nThese may be on a span of any kind below.\n\n");
    let common = &registry.spans.common;
    page.push_str(&table(rows(registry, &common.required, &common.optional)));
    for span in &registry.spans.spans {
        page.push_str(&span_section(registry, span));
    }
    page.push_str(&event_section(registry, "Events on spans", &registry.events.span_events));
    page.push_str(&event_section(registry, "Log records", &registry.events.logs));
    page.push_str(&metrics::section(&registry.metrics));
    page
}

fn span_section(registry: &Registry, span: &Span) -> String {
    let kind = match span.otlp_kind {
        OtlpKind::Internal => "INTERNAL",
        OtlpKind::Client => "CLIENT",
    };
    format!(
        "\n## Span: {}\n\n{} Its name is `{}`, its kind {kind}.\n\n{}",
        span.kind.value,
        span.brief,
        span.name.value,
        table(rows(registry, &span.required, &span.optional)),
    )
}

fn event_section(registry: &Registry, title: &str, events: &[Event]) -> String {
    if events.is_empty() {
        return String::new();
    }
    let mut section = format!("\n## {title}\n");
    for event in events {
        section.push_str(&format!("\n### `{}`\n\n{}\n\n", event.name.value, event.brief));
        section.push_str(&table(rows(registry, &[], &event.attributes)));
    }
    section
}

fn table<'a>(rows: impl Iterator<Item = (&'a Attribute, &'static str)>) -> String {
    rows.fold(TABLE_HEAD.to_owned(), |table, (attribute, present)| table + &table_row(attribute, present))
}

fn table_row(attribute: &Attribute, present: &str) -> String {
    let value_type = match attribute.value_type {
        ValueType::String => "string",
        ValueType::Int => "int",
        ValueType::Double => "double",
        ValueType::Boolean => "boolean",
        ValueType::StringList => "string[]",
    };
    let leaves = match attribute.class {
        Class::Metadata => "every level",
        Class::Content => "`full` only",
        Class::Url => "every level, cut",
        Class::Identity => "by the owner's word",
    };
    format!("| `{}` | {value_type} | {present} | {leaves} | {} |\n", attribute.name.value, attribute.brief)
}

fn rows<'a>(
    registry: &'a Registry,
    required: &'a [Name],
    optional: &'a [Name],
) -> impl Iterator<Item = (&'a Attribute, &'static str)> {
    let always = required.iter().map(|name| (name, "always"));
    let when_known = optional.iter().map(|name| (name, "when known"));
    always.chain(when_known).filter_map(|(name, present)| Some((find(registry, &name.value)?, present)))
}

fn find<'a>(registry: &'a Registry, name: &str) -> Option<&'a Attribute> {
    registry.attributes.iter().find(|attribute| attribute.name.value == name)
}

/// The attributes that no span and no event lists: they describe the sender.
fn on_no_span(registry: &Registry) -> impl Iterator<Item = &Attribute> {
    let common = &registry.spans.common;
    let spans = &registry.spans.spans;
    let events = registry.events.span_events.iter().chain(&registry.events.logs);
    let listed: BTreeSet<&str> = (common.required.iter().chain(&common.optional))
        .chain(spans.iter().flat_map(|span| span.required.iter().chain(&span.optional)))
        .chain(events.flat_map(|event| &event.attributes))
        .map(|name| name.value.as_str())
        .collect();
    registry.attributes.iter().filter(move |attribute| !listed.contains(attribute.name.value.as_str()))
}
