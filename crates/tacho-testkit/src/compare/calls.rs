//! Model calls: one chat span for each call that the API served, with the same ids and tokens.

use serde_json::{Value, json};

use super::keys;
use super::view::{Role, SpanView, expect_attribute, label, text};
use crate::anthropic::ServedCall;

pub(super) fn check(served: &[&ServedCall], view: &SpanView<'_>, found: &mut Vec<String>) {
    for call in served {
        let (id, step) = (&call.request_id, &call.label);
        match view.find(Role::Chat, keys::REQUEST_ID, id).as_slice() {
            [] => found.push(format!("call {id} ({step}) has no chat span")),
            [chat] => {
                for (key, expected) in expected_attributes(call) {
                    expect_attribute(chat, key, &expected, found);
                }
            }
            chats => found.push(format!("call {id} ({step}) has {} chat spans", chats.len())),
        }
    }
    for chat in view.with_role(Role::Chat) {
        match text(chat, keys::REQUEST_ID) {
            None => found.push(format!("{}: {} is absent", label(chat), keys::REQUEST_ID)),
            Some(id) if !served.iter().any(|call| call.request_id == id) => {
                found.push(format!("{}: the API served no call {id}", label(chat)));
            }
            Some(_) => {}
        }
    }
}

fn expected_attributes(call: &ServedCall) -> [(&'static str, Value); 9] {
    let usage = &call.usage;
    [
        (keys::REQUEST_MODEL, json!(call.model)),
        (keys::RESPONSE_ID, json!(call.message_id)),
        (keys::FINISH_REASONS, json!([call.stop_reason])),
        (keys::UNCACHED_INPUT_TOKENS, json!(usage.input)),
        (keys::CACHE_READ_TOKENS, json!(usage.cache_read)),
        (keys::CACHE_WRITE_5M_TOKENS, json!(usage.cache_write_5m)),
        (keys::CACHE_WRITE_1H_TOKENS, json!(usage.cache_write_1h)),
        (keys::INPUT_TOKENS, json!(usage.all_input())),
        (keys::OUTPUT_TOKENS, json!(usage.output)),
    ]
}
