//! How spans end: well and by the word of a source, unless the scenario says otherwise.

use serde_json::json;

use super::keys;
use super::served::Served;
use super::view::{Role, SpanView, expect_attribute, expect_no_attribute, label, role_of, text};
use crate::anthropic::ServedCall;
use crate::otlp::{ReceivedSpan, SpanStatus};
use crate::scenario::Expect;

pub(super) fn check(served: &Served<'_>, view: &SpanView<'_>, expect: &Expect, found: &mut Vec<String>) {
    let mut met = Vec::new();
    for span in view.all() {
        let names = subject(span, served, view);
        let end = expect.end_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let perhaps = text(span, keys::END_INFERRED).and(end.perhaps_inferred);
        let inferred = end.inferred.or(perhaps);
        for (key, expected) in [(keys::ERROR_TYPE, &end.error), (keys::END_INFERRED, &inferred)] {
            match expected {
                Some(expected) => expect_attribute(span, key, &json!(expected), found),
                None => expect_no_attribute(span, key, found),
            }
        }
        let status = if end.error.is_some() { SpanStatus::Error } else { SpanStatus::Unset };
        if span.status != status {
            found.push(format!("{}: the status is {:?}, should be {status:?}", label(span), span.status));
        }
        met.extend(names);
    }
    for name in expect.ends.keys().filter(|name| !met.contains(name)) {
        found.push(format!("no span is about `{name}`, whose end the scenario expects"));
    }
}

/// The names under which a scenario may say how the span ends, the most special first.
pub(super) fn subject(span: &ReceivedSpan, served: &Served<'_>, view: &SpanView<'_>) -> Vec<String> {
    let named = |keys: &[&str]| keys.iter().filter_map(|key| text(span, key)).map(str::to_owned).collect();
    match role_of(span) {
        Role::Turn => {
            let before = view.with_role(Role::Turn).filter(|turn| turn.start_ns < span.start_ns).count();
            vec![format!("turn {}", before + 1), "turn".to_owned()]
        }
        Role::Subagent => named(&[keys::AGENT_NAME]),
        Role::Tool => named(&[keys::TOOL_CALL_ID, keys::TOOL_NAME]),
        Role::Chat => {
            let is_short = |answer: &ServedCall| answer.cut;
            let mut failed = served.calls.iter().filter(|call| call.answer().is_none_or(is_short));
            let id = text(span, keys::REQUEST_ID).unwrap_or_default();
            let is_failed = failed.any(|call| call.last.request_id == id);
            is_failed.then(|| "chat".to_owned()).into_iter().collect()
        }
        Role::Other => vec![span.name.clone()],
    }
}
