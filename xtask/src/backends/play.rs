//! Plays recorded sessions of the real agent as if they happened now: payloads into the real hook, rows into transcripts.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::home::Home;
use crate::workspace;

/// Where the sessions were recorded; their payloads name it.
const RECORDED_TRANSCRIPTS: &str = "/home/dev/.claude/projects/-home-dev-project";
const RECORDED_PROJECT: &str = "/home/dev/project";
/// The hook by which they were recorded, in whose place ours runs.
const RECORDED_HOOK: &str = "/bin/rec.py sh Stop";
const PLAYED_HOOK: &str = "/bin/tacho-hook";
/// How rows of transcripts say when they were written.
const TIMESTAMP: &str = r#""timestamp":""#;
/// No session is played for longer: the pauses of one that took longer are cut in proportion.
const LENGTH_MAX: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Hook {
    t_ns: i64,
    payload: Box<RawValue>,
}

/// Something that happened, and when.
struct Step {
    recorded_ns: i64,
    action: Action,
}

enum Action {
    Hook(String),
    Row { file: PathBuf, text: String },
}

/// Plays sessions of `fixtures/sessions` at the same time, until all are over.
pub(super) fn play(home: &Home, recorded: &Path, names: &[String]) -> Result<()> {
    thread::scope(|scope| {
        let played: Vec<_> =
            names.iter().map(|name| scope.spawn(move || play_one(home, &recorded.join(name)))).collect();
        played.into_iter().try_for_each(|session| session.join().unwrap_or_else(|_| Ok(())))
    })
}

fn play_one(home: &Home, recorded: &Path) -> Result<()> {
    let steps = steps(home, recorded)?;
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Ok(()) };
    let clock = Clock::from_now(first.recorded_ns, last.recorded_ns)?;
    for step in &steps {
        clock.wait_for(step.recorded_ns);
        match &step.action {
            Action::Hook(payload) => run_hook(home, payload)?,
            Action::Row { file, text } => append(file, &clock.moved(text)?)?,
        }
    }
    Ok(())
}

/// From the time of the recording to that of the play.
struct Clock {
    recorded_ns: i64,
    begun_ns: i64,
    /// So many times as fast.
    pace: f64,
}

impl Clock {
    fn from_now(first_ns: i64, last_ns: i64) -> Result<Self> {
        let length = Duration::from_nanos(last_ns.saturating_sub(first_ns).unsigned_abs());
        let pace = (length.as_secs_f64() / LENGTH_MAX.as_secs_f64()).max(1.0);
        Ok(Self { recorded_ns: first_ns, begun_ns: now_ns()?, pace })
    }

    fn at(&self, recorded_ns: i64) -> i64 {
        self.begun_ns + ((recorded_ns - self.recorded_ns) as f64 / self.pace) as i64
    }

    fn wait_for(&self, recorded_ns: i64) {
        let left = now_ns().map_or(0, |now| self.at(recorded_ns) - now);
        thread::sleep(Duration::from_nanos(u64::try_from(left).unwrap_or(0)));
    }

    /// A row with its times moved.
    fn moved(&self, row: &str) -> Result<String> {
        let mut pieces = row.split(TIMESTAMP);
        let mut moved = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (time, behind) = piece.split_once('"').context("a time without an end")?;
            let at = self.at(nanos(time)?);
            let time = Timestamp::UNIX_EPOCH + SignedDuration::from_nanos(at);
            moved.push_str(&format!(r#"{TIMESTAMP}{time:.3}"{behind}"#));
        }
        Ok(moved)
    }
}

/// Everything that happened, in order. A row without a time was written right after the one before it.
fn steps(home: &Home, recorded: &Path) -> Result<Vec<Step>> {
    let to_home = |text: &str| {
        let text = text.replace(RECORDED_TRANSCRIPTS, &home.transcripts().to_string_lossy());
        let text = text.replace(RECORDED_PROJECT, &home.project().to_string_lossy());
        text.replace(RECORDED_HOOK, PLAYED_HOOK)
    };
    let mut steps = Vec::new();
    for line in workspace::read(&recorded.join("hooks.jsonl"))?.lines() {
        let hook: Hook = serde_json::from_str(line)?;
        steps.push(Step { recorded_ns: hook.t_ns, action: Action::Hook(to_home(hook.payload.get())) });
    }
    let begun_ns = steps.first().context("a session without hooks")?.recorded_ns;
    let session = session_of(&steps)?;
    for (source, file) in transcripts(recorded, &home.transcripts(), &session)? {
        if file.extension().is_some_and(|extension| extension == "json") {
            workspace::write(&file, workspace::read(&source)?)?;
            continue;
        }
        let mut at = begun_ns;
        for row in workspace::read(&source)?.lines() {
            let said = row.split_once(TIMESTAMP).and_then(|(_, behind)| behind.split('"').next());
            at = said.map(nanos).transpose()?.unwrap_or(at);
            let action = Action::Row { file: file.clone(), text: to_home(row) };
            steps.push(Step { recorded_ns: at, action });
        }
    }
    steps.sort_by_key(|step| step.recorded_ns);
    Ok(steps)
}

fn session_of(steps: &[Step]) -> Result<String> {
    #[derive(Deserialize)]
    struct Payload {
        session_id: String,
    }
    let payload = steps.iter().find_map(|step| match &step.action {
        Action::Hook(payload) => Some(payload),
        Action::Row { .. } => None,
    });
    Ok(serde_json::from_str::<Payload>(payload.context("a session without hooks")?)?.session_id)
}

/// Each file of a session's transcripts, and where the agent would have it.
fn transcripts(recorded: &Path, to: &Path, session: &str) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mut files = vec![(recorded.join("main.jsonl"), to.join(format!("{session}.jsonl")))];
    for entry in fs::read_dir(recorded.join("subagents")).into_iter().flatten() {
        let entry = entry?;
        files.push((entry.path(), to.join(session).join("subagents").join(entry.file_name())));
    }
    Ok(files)
}

fn run_hook(home: &Home, payload: &str) -> Result<()> {
    let mut child = Command::new(home.hook())
        .env_clear()
        .env("TACHO_HOME", home.state())
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot start the hook")?;
    child.stdin.take().context("the hook has no input")?.write_all(payload.as_bytes())?;
    child.wait()?;
    Ok(())
}

fn append(file: &Path, row: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    Ok(file.write_all(format!("{row}\n").as_bytes())?)
}

fn nanos(time: &str) -> Result<i64> {
    Ok(i64::try_from(time.parse::<Timestamp>()?.as_nanosecond())?)
}

fn now_ns() -> Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?)
}
