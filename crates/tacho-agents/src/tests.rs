//! Tests of what is read from agents.

mod decode;
mod deeds;
mod fields;
mod json;
mod lenient;
mod payloads;
mod recorder;
mod rows;
mod setup;
mod status_line;
mod telemetry;

use crate::claude_code::AGENT;
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tacho_model::event::{Observation, Source};
use tacho_model::id::SessionId;

/// Every line of the recorded sessions: payloads of hooks, rows of transcripts, descriptions of subagents.
static RECORDED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut lines = Vec::new();
    for path in files(&fixtures("sessions")).into_iter().filter(|path| !path.ends_with("README.md")) {
        let text = fs::read_to_string(&path).unwrap();
        let is_hooks = path.ends_with("hooks.jsonl");
        lines.extend(text.lines().map(|line| if is_hooks { payload(line) } else { line.to_owned() }));
    }
    lines
});

/// A directory of recordings.
fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

/// All files below a directory, sorted.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn payload(line: &str) -> String {
    let line: Json = serde_json::from_str(line).unwrap();
    line["payload"].to_string()
}

fn observation(source: Source, offset: Option<u64>, body: &[u8]) -> Observation {
    Observation {
        uid: [7; 16],
        agent: AGENT.name.to_owned(),
        session: SessionId::from("session"),
        source,
        at: None,
        subagent: None,
        offset,
        body: body.to_vec(),
    }
}
