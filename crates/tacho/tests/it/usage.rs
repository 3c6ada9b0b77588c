//! `tacho import` and `tacho cost`: what transcripts say was used, counted once and priced exactly.

mod recorded;
mod rules;

use crate::home::Home;
use serde_json::Value as Json;
use std::path::Path;

/// Takes in what lies below a configuration directory.
fn import(home: &Home, from: &Path) -> Json {
    json(&home.stdout_of(&["import", "--from", from.to_str().unwrap(), "--json"]))
}

/// What was used.
fn cost(home: &Home, by: &str) -> Json {
    json(&home.stdout_of(&["cost", by, "--tz", "UTC", "--json"]))
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}
