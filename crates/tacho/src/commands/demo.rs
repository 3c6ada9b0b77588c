//! `tacho demo`: a bundled session, played through the real hook into a temporary place, and what comes of it.
//!
//! The session is a run of the real agent against a scripted model. It is played at the speed it had, because the hook notes the time
//! itself; the transcript's times are moved to the present.

use super::show::heading;
use super::tree::tree;
use crate::cli::Output;
use crate::config::Config;
use crate::drain::{Drainer, now};
use crate::failure::{Failure, FailureKind};
use crate::report;
use crate::terminal::{note, print};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tacho_agents::agent_named;
use tacho_spool::lock::DrainLock;
use tacho_spool::state::State;

const HOOKS: &str = include_str!("../../../../fixtures/demo/hooks.jsonl");
const TRANSCRIPT: &str = include_str!("../../../../fixtures/demo/main.jsonl");
const SUBAGENT: &str = "agent-aabf2635223f14f63";
const SUBAGENT_TRANSCRIPT: &str =
    include_str!("../../../../fixtures/demo/subagents/agent-aabf2635223f14f63.jsonl");
const SUBAGENT_DESCRIPTION: &str =
    include_str!("../../../../fixtures/demo/subagents/agent-aabf2635223f14f63.meta.json");

const LAST_WORDS: &str = "
That was a run of the real agent, with a script for a model, recorded by the real hook into a temporary place.

Record your own (nothing leaves this machine unless you name a destination):
";

/// Plays the session and prints its tree.
pub(super) fn run(output: Output) -> Result<(), Failure> {
    let place = tempfile::tempdir()?;
    let stage = Stage::set(place.path())?;
    for step in steps(&stage)? {
        stage.play(&step)?;
    }
    let state = State::open(&stage.home)?;
    let lock = DrainLock::try_acquire(&state)?
        .ok_or_else(|| Failure::new(FailureKind::External, "the demo's own store is locked"))?;
    let mut drainer = Drainer::open(state, lock, Config::local_only())?;
    drainer.refresh()?;
    let sessions = drainer.store().read().sessions()?;
    let session =
        sessions.first().ok_or_else(|| Failure::new(FailureKind::External, "the hook recorded nothing"))?;
    let spans = drainer.store().read().spans(&session.id)?;
    if output.json {
        print(&format!("{}\n", report::session(session, &spans)));
    } else {
        let first_steps =
            agent_named(Some(&session.agent)).map(|agent| agent.first_steps).unwrap_or_default();
        print(&format!("\n{}\n{}{LAST_WORDS}{first_steps}", heading(session), tree(&spans)));
    }
    Ok(())
}

/// Where the session is played.
struct Stage {
    hook: PathBuf,
    /// The recorder's state.
    home: PathBuf,
    /// The main transcript.
    transcript: PathBuf,
}

impl Stage {
    fn set(place: &Path) -> Result<Self, Failure> {
        let installed = env::current_exe()?.with_file_name("tacho-hook");
        if !installed.exists() {
            let missing = format!("there is no hook at {}", installed.display());
            return Err(Failure::new(FailureKind::External, missing)
                .hint("`cargo build --release --workspace` builds it beside tacho"));
        }
        // A hook without a tacho beside it starts no drainer.
        let hook = place.join("tacho-hook");
        fs::copy(installed, &hook)?;
        let stage = Self {
            hook,
            home: place.join("state"),
            transcript: place.join(format!("{}.jsonl", session_id()?)),
        };
        let subagents = stage.subagent_directory();
        fs::create_dir_all(&subagents)?;
        fs::write(subagents.join(format!("{SUBAGENT}.meta.json")), SUBAGENT_DESCRIPTION)?;
        Ok(stage)
    }

    fn subagent_directory(&self) -> PathBuf {
        self.transcript.with_extension("").join("subagents")
    }

    fn play(&self, step: &Step) -> Result<(), Failure> {
        std::thread::sleep(Duration::from_nanos(step.due_ns.saturating_sub(now().0)));
        match &step.action {
            Action::Hook { event, payload } => {
                note(&format!("  recording {event}"));
                self.run_hook(payload)
            }
            Action::Row { file, text } => {
                let mut file = OpenOptions::new().create(true).append(true).open(file)?;
                Ok(writeln!(file, "{text}")?)
            }
        }
    }

    fn run_hook(&self, payload: &str) -> Result<(), Failure> {
        let mut child = Command::new(&self.hook)
            .env_clear()
            .env("TACHO_HOME", &self.home)
            .stdin(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(payload.as_bytes())?;
        }
        child.wait()?;
        Ok(())
    }
}

/// Something that happens in the played session.
struct Step {
    due_ns: u64,
    action: Action,
}

enum Action {
    Hook { event: String, payload: String },
    Row { file: PathBuf, text: String },
}

/// Everything that happened, in order, moved to the present.
fn steps(stage: &Stage) -> Result<Vec<Step>, Failure> {
    let hooks = HOOKS.lines().map(parse).collect::<Result<Vec<_>, _>>()?;
    let recorded_at = hooks.iter().filter_map(|hook| hook.get("t_ns")?.as_u64()).min().unwrap_or(0);
    let shift_ns = now().0.saturating_sub(recorded_at);
    let mut steps = Vec::new();
    for hook in hooks {
        steps.extend(hook_step(hook, stage, shift_ns));
    }
    let subagent = stage.subagent_directory().join(format!("{SUBAGENT}.jsonl"));
    for (file, rows) in [(&stage.transcript, TRANSCRIPT), (&subagent, SUBAGENT_TRANSCRIPT)] {
        // A row without a time of its own was written right after the one before it.
        let mut due_ns = recorded_at + shift_ns;
        for row in rows.lines() {
            let (text, at) = moved_row(parse(row)?, shift_ns)?;
            due_ns = at.unwrap_or(due_ns);
            steps.push(Step { due_ns, action: Action::Row { file: file.clone(), text } });
        }
    }
    steps.sort_by_key(|step| step.due_ns);
    Ok(steps)
}

fn parse(line: &str) -> Result<Json, Failure> {
    serde_json::from_str(line).map_err(|error| Failure::external("read the bundled session", error))
}

fn session_id() -> Result<String, Failure> {
    let first = parse(HOOKS.lines().next().unwrap_or_default())?;
    let id = first.pointer("/payload/session_id").and_then(Json::as_str);
    Ok(id.unwrap_or_default().to_owned())
}

fn hook_step(mut hook: Json, stage: &Stage, shift_ns: u64) -> Option<Step> {
    let due_ns = hook.get("t_ns")?.as_u64()? + shift_ns;
    let payload = hook.get_mut("payload")?.as_object_mut()?;
    let path = stage.transcript.to_string_lossy().into_owned();
    payload.insert("transcript_path".to_owned(), Json::String(path));
    let event = payload.get("hook_event_name")?.as_str()?;
    let tool = payload.get("tool_name").and_then(Json::as_str).unwrap_or_default();
    let event = format!("{event} {tool}");
    let payload = serde_json::to_string(payload).ok()?;
    Some(Step { due_ns, action: Action::Hook { event, payload } })
}

/// A transcript row with its time moved, and that time.
fn moved_row(mut row: Json, shift_ns: u64) -> Result<(String, Option<u64>), Failure> {
    let said = row.get("timestamp").and_then(Json::as_str).and_then(|at| at.parse::<Timestamp>().ok());
    let moved = said.and_then(|at| u64::try_from(at.as_nanosecond()).ok()).map(|at| at + shift_ns);
    let timestamp = moved.and_then(|at| Timestamp::from_nanosecond(i128::from(at)).ok());
    if let (Some(timestamp), Some(row)) = (timestamp, row.as_object_mut()) {
        row.insert("timestamp".to_owned(), Json::String(timestamp.to_string()));
    }
    Ok((row.to_string(), moved))
}
