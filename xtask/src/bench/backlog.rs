//! A backlog: segments as hooks leave them when nobody drains, made of the recorded sessions.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
use tacho_spool::{frame, layout};

use crate::workspace;

/// Keys whose values name something that exists once: in every copy of a session they name something else.
const NAMING_KEYS: [&str; 5] = ["session_id", "prompt_id", "tool_use_id", "agent_id", "agentId"];
/// Keys whose values are the same in all of a session.
const SESSION_KEYS: [&str; 3] = ["session_id", "transcript_path", "cwd"];
/// The last letters of a name, which say whose copy it is.
const COPY_DIGITS: usize = 8;

/// What was made.
#[derive(Clone, Copy)]
pub(super) struct Backlog {
    pub(super) events: usize,
    pub(super) sessions: usize,
    pub(super) bytes: u64,
}

/// One session, all recorded ones in a row, from which the others are copied.
struct Pattern {
    hooks: Vec<Hook>,
    /// Every name in the payloads.
    names: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Hook {
    payload: Map<String, Value>,
}

impl Hook {
    fn text(&self, key: &str) -> &str {
        self.payload.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Fills the spool below `state` with at least so many events. The last of them happened an hour ago.
pub(super) fn fill(recorded: &Path, state: &Path, events: usize) -> Result<Backlog> {
    let pattern = Pattern::load(recorded)?;
    let boot = workspace::read(Path::new("/proc/sys/kernel/random/boot_id"))?;
    let folder = state.join(layout::SPOOL).join(layout::host_directory(b"bench", boot.trim().as_bytes()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let sessions = events.div_ceil(pattern.hooks.len());
    let hour_ago = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() - 3600;
    let mut bytes = 0;
    for copy in 0..sessions {
        bytes += pattern.write(&folder, copy, hour_ago, boot.trim())?;
    }
    Ok(Backlog { events: sessions * pattern.hooks.len(), sessions, bytes })
}

impl Pattern {
    fn load(recorded: &Path) -> Result<Self> {
        let entries =
            fs::read_dir(recorded).with_context(|| format!("cannot list {}", recorded.display()))?;
        let mut files: Vec<_> = entries
            .flatten()
            .map(|entry| entry.path().join("hooks.jsonl"))
            .filter(|file| file.exists())
            .collect();
        files.sort();
        let (mut hooks, mut names) = (Vec::new(), BTreeSet::new());
        for file in files {
            for line in workspace::read(&file)?.lines() {
                let hook: Hook = serde_json::from_str(line).with_context(|| file.display().to_string())?;
                hook.payload.iter().for_each(|(key, value)| collect_names(key, value, &mut names));
                hooks.push(hook);
            }
        }
        // One session starts once and ends once.
        let is = |event: &'static str| move |hook: &Hook| hook.text("hook_event_name") == event;
        let first = hooks.iter().position(is("SessionStart")).context("no session starts")?;
        let last = hooks.iter().rposition(is("SessionEnd")).context("no session ends")?;
        let of_all: Vec<(&str, Value)> = SESSION_KEYS
            .into_iter()
            .filter_map(|key| Some((key, hooks.first()?.payload.get(key)?.clone())))
            .collect();
        let mut numbers = 0..;
        hooks.retain_mut(|hook| {
            let number = numbers.next().unwrap_or_default();
            hook.payload.extend(of_all.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
            number == first
                || number == last
                || !matches!(hook.text("hook_event_name"), "SessionStart" | "SessionEnd")
        });
        Ok(Self { hooks, names })
    }

    /// Writes one copy and returns its size.
    fn write(&self, folder: &Path, copy: usize, until_s: u64, boot: &str) -> Result<u64> {
        let texts = self.hooks.iter().map(|hook| serde_json::to_string(&hook.payload));
        let mut payloads: Vec<String> = texts.collect::<Result<_, _>>()?;
        let digits = format!("{copy:0COPY_DIGITS$x}");
        for name in &self.names {
            let copied = copied(name, &digits);
            payloads.iter_mut().for_each(|payload| *payload = payload.replace(name.as_str(), &copied));
        }
        let session = self.hooks.first().map(|hook| hook.text("session_id")).context("no hooks")?;
        let session = copied(session, &digits);
        let path = folder.join(layout::segment_name(&session, until_s, 0));
        let mut file =
            BufWriter::new(File::create(&path).with_context(|| format!("cannot create {}", path.display()))?);
        let mut bytes = 0;
        let last = self.hooks.len() as u64;
        for (number, (hook, payload)) in (1..).zip(self.hooks.iter().zip(&payloads)) {
            let time = until_s * 1_000_000_000 - (last - number) * 100_000_000 + copy as u64;
            let event = hook.text("hook_event_name");
            let open_object = format!(
                r#"{{"v":1,"t":{time},"b":{time},"boot":"{boot}","pid":{number},"ppid":{copy},"pv":"0.1.0","ev":"{event}","sid":"{session}","raw":{payload}"#
            );
            let record = frame::seal(open_object.as_bytes());
            file.write_all(&record)?;
            bytes += record.len() as u64;
        }
        file.flush()?;
        Ok(bytes)
    }
}

/// A name in a copy: its last letters say which.
fn copied(name: &str, digits: &str) -> String {
    let kept = name.len().saturating_sub(COPY_DIGITS);
    format!("{}{digits}", name.get(..kept).unwrap_or_default())
}

fn collect_names(key: &str, value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(name) if NAMING_KEYS.contains(&key) => {
            names.insert(name.clone());
        }
        Value::Object(fields) => fields.iter().for_each(|(key, value)| collect_names(key, value, names)),
        Value::Array(items) => items.iter().for_each(|item| collect_names("", item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
