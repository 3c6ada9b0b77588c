//! What is kept and read of what a status line command gets.

use super::{files, fixtures, observation};
use crate::claude_code::AGENT;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::fs;
use tacho_model::event::{Fact, Source};

#[test]
fn real_ones() {
    let mut text = String::new();
    let payloads = files(&fixtures("status_line")).into_iter();
    for path in payloads.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let status = (AGENT.status_line)(&fs::read(&path).unwrap()).unwrap();
        let decoded = (AGENT.decode)(&observation(Source::StatusLine, None, status.kept.as_bytes()));
        let facts: Vec<&Fact> = decoded.events.iter().map(|event| &event.fact).collect();
        assert_eq!(facts, [&Fact::StatusShown(Box::new(status.figures.clone()))]);
        let name = path.file_stem().unwrap().to_str().unwrap();
        writeln!(text, "{name}\n{}\n{status:#?}\n", status.kept).unwrap();
    }
    insta::assert_snapshot!(text);
}

/// Wherever the agent should write words one day, they stay with it.
#[test]
fn words_are_not_kept() {
    let kept = |value: Json| {
        let payload = json!({
            "session_id": "s", "version": value, "cwd": "/home/dev", "model": { "id": value, "display_name": "M" },
            "rate_limits": { "five_hour": { "resets_at": value, "label": 7 } }, "cost": value,
        });
        (AGENT.status_line)(payload.to_string().as_bytes()).unwrap().kept
    };
    let nothing = r#"{"hook_event_name":"StatusLine","session_id":"s"}"#;
    for value in [json!("two words"), json!("a\"b"), json!(["x"]), json!({ "x": 1 }), json!(null)] {
        assert_eq!(kept(value.clone()), nothing, "{value}");
    }
    assert_eq!(
        kept(json!(1.50)),
        r#"{"hook_event_name":"StatusLine","session_id":"s","model":{"id":1.5},"version":1.5,"rate_limits":{"five_hour":{"resets_at":1.5}}}"#
    );
}

#[test]
fn what_is_no_status() {
    for payload in ["", "{}", "[]", r#"{"session_id":""}"#, r#"{"session_id":7}"#, "\u{0}"] {
        assert_eq!((AGENT.status_line)(payload.as_bytes()), None, "{payload}");
    }
}
