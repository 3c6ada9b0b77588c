//! Tests of the gate.

use crate::identity::IdentityKey;
use crate::url::without_credentials;
use crate::{CaptureLevel, Disclosure, Policy, clear};
use tacho_model::attribute::{Attributes, Class, Key, Value, ValueType};
use tacho_model::batch::{Batch, Correction, Draft};
use tacho_model::id::{SpanId, TraceId};
use tacho_model::semconv;
use tacho_model::span::{Span, SpanEvent, SpanKind, Status};
use tacho_model::time::UnixNanos;

const SECRET: &str = "sk-secret-9f2c";

/// Every attribute of the registry, each text holding the secret.
fn everything() -> Attributes {
    let value = |value_type: ValueType| match value_type {
        ValueType::String => format!("https://{SECRET}:{SECRET}@host/path?{SECRET}#{SECRET}").into(),
        ValueType::Int => Value::Int(1),
        ValueType::Double => Value::Double(1.0),
        ValueType::Boolean => Value::Boolean(true),
        ValueType::StringList => Value::StringList(vec![SECRET.to_owned()]),
    };
    semconv::ALL.iter().map(|key| (*key, value(key.value_type()))).collect()
}

/// Everything that has attributes, once, in the same form.
fn cleared_with(attributes: Attributes, policy: Policy<'_>, lifted: &'static [Key]) -> Batch {
    let event =
        SpanEvent { at: UnixNanos(1), name: semconv::EVENT_API_RETRY, attributes: attributes.clone() };
    let span = Span {
        trace_id: TraceId([1; 16]),
        span_id: SpanId([1; 8]),
        parent_span_id: None,
        links: Vec::new(),
        kind: SpanKind::Tool,
        name: "execute_tool Bash".to_owned(),
        start: UnixNanos(1),
        end: Some(UnixNanos(2)),
        status: Status::Unset,
        attributes: attributes.clone(),
        events: vec![event],
        settled: true,
    };
    let corrections = vec![Correction { span: &span, observed_at: UnixNanos(3) }];
    let draft = Draft { resource: attributes, spans: vec![&span], corrections, lifted, ..Draft::default() };
    clear(&draft, policy).get().clone()
}

fn names_that_pass(level: CaptureLevel, class: Class) -> Vec<&'static str> {
    passing(level, Disclosure::Hash, class)
}

/// The names that pass, which are the same on everything that has attributes.
fn passing(level: CaptureLevel, user_info: Disclosure, class: Class) -> Vec<&'static str> {
    let key = IdentityKey([7; 32]);
    let batch = cleared_with(everything(), Policy { level, user_info, identity_key: &key }, &[]);
    let names = |attributes: &Attributes| -> Vec<&'static str> {
        let of_class = attributes.iter().filter(|(key, _)| key.class() == class);
        of_class.map(|(key, _)| key.name()).collect()
    };
    let (span, log) = (batch.spans.first().unwrap(), batch.logs.first().unwrap());
    let [of_resource, of_span] = [&batch.resource, &span.attributes].map(names);
    assert_eq!(of_resource, of_span);
    assert_eq!(names(&span.events.first().unwrap().attributes), of_span);
    assert_eq!(names(&log.attributes), of_span);
    of_resource
}

fn names_of(class: Class) -> Vec<&'static str> {
    semconv::ALL.iter().filter(|key| key.class() == class).map(|key| key.name()).collect()
}

#[test]
fn metadata_lets_no_content_and_no_identity_through() {
    for (class, passing) in [
        (Class::Metadata, names_of(Class::Metadata)),
        (Class::Url, names_of(Class::Url)),
        (Class::Content, Vec::new()),
        (Class::Identity, Vec::new()),
    ] {
        assert_eq!(names_that_pass(CaptureLevel::Metadata, class), passing, "{class:?}");
    }
}

#[test]
fn full_adds_content_and_still_no_identity() {
    assert_eq!(names_that_pass(CaptureLevel::Full, Class::Content), names_of(Class::Content));
    assert_eq!(names_that_pass(CaptureLevel::Full, Class::Identity), Vec::<&str>::new());
}

#[test]
fn what_the_resource_says_does_not_stand_on_spans() {
    const LIFTED: &[Key] = &[semconv::VCS_REF_HEAD_NAME];
    let key = IdentityKey([7; 32]);
    let policy = Policy { level: CaptureLevel::Full, user_info: Disclosure::Hash, identity_key: &key };
    let batch = cleared_with(everything(), policy, LIFTED);
    let span = batch.spans.first().unwrap();
    assert_eq!(span.attributes.get(semconv::VCS_REF_HEAD_NAME), None);
    let names = |attributes: &Attributes| attributes.iter().map(|(key, _)| key).collect::<Vec<_>>();
    let mut rest = names(&batch.resource);
    rest.retain(|key| *key != semconv::VCS_REF_HEAD_NAME);
    assert_eq!(names(&span.attributes), rest);
}

/// What a tool is called, on the span, in its name, and in a correction of it.
fn named(tool: &str, level: CaptureLevel) -> [String; 4] {
    let mut attributes = Attributes::default();
    attributes.set(semconv::GEN_AI_TOOL_NAME, tool);
    let key = IdentityKey([7; 32]);
    let policy = Policy { level, user_info: Disclosure::Hash, identity_key: &key };
    let batch = cleared_with(attributes, policy, &[]);
    let (span, log) = (batch.spans.first().unwrap(), batch.logs.first().unwrap());
    let text = |attributes: &Attributes, key: Key| match attributes.get(key) {
        Some(Value::String(text)) => text.to_string(),
        other => panic!("{other:?}"),
    };
    [
        text(&span.attributes, semconv::GEN_AI_TOOL_NAME),
        span.name.clone(),
        text(&log.attributes, semconv::GEN_AI_TOOL_NAME),
        text(&log.attributes, semconv::TACHOGRAPH_SPAN_NAME),
    ]
}

/// A model can call a tool what it likes.
#[test]
fn a_name_that_is_none_leaves_as_other() {
    let span_name = |name: &str| [name.to_owned(), format!("execute_tool {name}")];
    let everywhere = |name: &str| [span_name(name), span_name(name)].concat();
    let sentence = "cat /home/dev/plan.txt";
    let price = "own:claude-opus-5-5@2026-10-07*0.85";
    for name in ["Bash", "mcp__server__tool", "claude-opus-5-5[1m]", "eu.anthropic.model:0", price] {
        assert_eq!(named(name, CaptureLevel::Metadata).to_vec(), everywhere(name));
    }
    for text in [sentence, "", "naïve", "a\nb", &"a".repeat(129)] {
        assert_eq!(named(text, CaptureLevel::Metadata).to_vec(), everywhere("other"), "{text:?}");
    }
    assert_eq!(named(sentence, CaptureLevel::Full).to_vec(), everywhere(sentence));
}

#[test]
fn a_name_leaves_where_its_owner_says_so() {
    let named = passing(CaptureLevel::Metadata, Disclosure::Name, Class::Identity);
    assert_eq!(named, names_of(Class::Identity));
}

#[test]
fn a_name_leaves_as_a_keyed_hash() {
    let mut resource = Attributes::default();
    resource.set(semconv::USER_NAME, "Ada");
    let draft = Draft { resource, ..Draft::default() };
    let hash = |key: u8| {
        let key = IdentityKey([key; 32]);
        let cleared = clear(
            &draft,
            Policy { level: CaptureLevel::Full, user_info: Disclosure::Hash, identity_key: &key },
        );
        cleared.get().resource.clone()
    };
    // printf Ada | openssl dgst -sha256 -mac hmac -macopt hexkey:0707... | base32 of the first 16 bytes
    let expected: Attributes =
        [(semconv::USER_HASH, Value::from("fgtk4p7lihgzy7sg2wtqwfrbs4"))].into_iter().collect();
    assert_eq!(hash(7), expected);
    assert_ne!(hash(8), expected);
}

#[test]
fn urls_lose_credentials_query_and_fragment() {
    for (url, cleared) in [
        ("https://github.com/a/b.git", Some("https://github.com/a/b.git")),
        ("https://user:p@ss@host:8443/a?token=x#y", Some("https://host:8443/a")),
        ("https://ghp_token@github.com/a/b", Some("https://github.com/a/b")),
        ("ssh://git@host/a", Some("ssh://host/a")),
        ("git@github.com:group/sub/b.git", Some("github.com:group/sub/b.git")),
        ("file:///srv/git/a.git", Some("file:///srv/git/a.git")),
        ("no url", None),
        ("token-without-structure", None),
    ] {
        assert_eq!(without_credentials(url).as_deref(), cleared, "{url}");
    }
}
