//! What is read from transcript rows.

use super::observation;
use crate::claude_code::AGENT;
use serde_json::{Value as Json, json};
use tacho_model::event::{Fact, Source};

fn facts(row: &Json) -> Vec<Fact> {
    let decoded = (AGENT.decode)(&observation(Source::Transcript, Some(0), row.to_string().as_bytes()));
    assert_eq!(decoded.warnings, [], "{row}");
    decoded.events.into_iter().map(|event| event.fact).collect()
}

#[test]
fn rows_of_types_that_are_not_read() {
    for row_type in ["cost-state", "attachment", "system", "custom-title"] {
        assert_eq!(facts(&json!({ "type": row_type, "subtype": "anything" })), [Fact::Nothing]);
    }
}

#[test]
fn a_row_of_an_unknown_type() {
    assert_eq!(facts(&json!({ "type": "future-type" })), [Fact::Unknown]);
}

/// The text of a prompt row, as its user would know it.
#[test]
fn prompts_as_they_were_typed() {
    for (written, typed) in [
        ("go on", "go on"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("<command-name>/compact</command-name>\n  <command-args></command-args>", "/compact"),
        (
            "<command-message>greet</command-message>\n<command-name>/greet</command-name>\n<command-args>a b</command-args>",
            "/greet a b",
        ),
        ("<bash-input>echo hi</bash-input>", "!echo hi"),
    ] {
        let row = json!({ "type": "user", "promptId": "p", "message": { "content": written } });
        let prompt =
            Fact::Prompted { text: Some(typed.to_owned()), permission_mode: None, agent_version: None };
        assert_eq!(facts(&row), [prompt]);
    }
}
