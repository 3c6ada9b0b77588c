//! Recorded sessions, read from `fixtures/sessions`.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tacho_model::id::SessionId;

/// The directory in which the sessions were recorded; their payloads name it.
const RECORDED_DIRECTORY: &str = "/home/dev/.claude/projects/-home-dev-project";

/// One recorded session.
pub struct Fixture {
    pub name: String,
    pub session: SessionId,
    pub hooks: Vec<HookCall>,
    /// The transcript, and those of subagents with their descriptions, by path below the directory of transcripts.
    pub transcripts: Vec<(PathBuf, String)>,
    /// What the API served; `None` where it was not written down.
    pub truth: Option<Vec<Served>>,
}

/// One call of a hook.
pub struct HookCall {
    pub t_ns: u64,
    /// The payload, as JSON on one line.
    pub payload: String,
}

/// One request that the API answered.
#[derive(Debug, Deserialize)]
pub struct Served {
    /// When, in seconds since the epoch.
    pub t: f64,
    pub request_id: String,
    /// The model that was asked for, and answered.
    pub model: String,
    /// The error status it was answered, if it was.
    pub answered: Option<u16>,
    pub usage: Option<ServedUsage>,
}

/// Tokens of an answer, in the API's classes.
#[derive(Debug, Deserialize)]
pub struct ServedUsage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_input_tokens: u64,
    pub cache_creation: ServedCacheCreation,
}

/// Tokens written to the cache, by lifetime.
#[derive(Debug, Deserialize)]
pub struct ServedCacheCreation {
    pub ephemeral_5m_input_tokens: u64,
    pub ephemeral_1h_input_tokens: u64,
}

#[derive(Deserialize)]
struct HookLine {
    t_ns: u64,
    payload: Box<RawValue>,
}

#[derive(Deserialize)]
struct Payload {
    session_id: String,
}

/// Where the recorded sessions lie.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sessions")
}

/// The names of all recorded sessions, sorted.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap());
    let directories = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<String> =
        directories.map(|directory| directory.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// All recorded sessions.
pub fn all() -> Vec<Fixture> {
    names().iter().map(|name| load(name)).collect()
}

/// The recorded session of this name.
pub fn load(name: &str) -> Fixture {
    let directory = directory().join(name);
    let hooks: Vec<HookCall> = lines(&directory.join("hooks.jsonl"), |line: HookLine| HookCall {
        t_ns: line.t_ns,
        payload: line.payload.get().to_owned(),
    });
    let first: Payload = serde_json::from_str(&hooks.first().unwrap().payload).unwrap();
    let session = SessionId::from(first.session_id);
    let truth = directory.join("truth.jsonl");
    Fixture {
        name: name.to_owned(),
        hooks,
        transcripts: transcripts(&directory, &session),
        truth: truth.exists().then(|| lines(&truth, |served: Served| served)),
        session,
    }
}

fn transcripts(directory: &Path, session: &SessionId) -> Vec<(PathBuf, String)> {
    let main = fs::read_to_string(directory.join("main.jsonl")).unwrap();
    let mut transcripts = vec![(PathBuf::from(format!("{}.jsonl", session.as_str())), main)];
    let of_subagents = fs::read_dir(directory.join("subagents")).into_iter().flatten();
    let mut paths: Vec<PathBuf> = of_subagents.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let below = Path::new(session.as_str()).join("subagents").join(path.file_name().unwrap());
        transcripts.push((below, fs::read_to_string(&path).unwrap()));
    }
    transcripts
}

fn lines<Line: for<'a> Deserialize<'a>, Item>(path: &Path, item: fn(Line) -> Item) -> Vec<Item> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| item(serde_json::from_str(line).unwrap())).collect()
}

impl Fixture {
    /// The same session with all its transcripts below `directory`, as its payloads say.
    pub fn moved_to(mut self, directory: &Path) -> Self {
        for hook in &mut self.hooks {
            hook.payload = hook.payload.replace(RECORDED_DIRECTORY, directory.to_str().unwrap());
        }
        self
    }

    /// The same session as if its last hook had run an hour ago.
    pub fn an_hour_ago(self) -> Self {
        self.ago(3600)
    }

    /// The same session as if its last hook had run so many seconds ago.
    pub fn ago(mut self, seconds: u64) -> Self {
        let last = self.hooks.iter().map(|hook| hook.t_ns).max().unwrap();
        let then = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - seconds;
        let shift = SignedDuration::from_secs(then.cast_signed() - (last / 1_000_000_000).cast_signed());
        for hook in &mut self.hooks {
            hook.t_ns = hook.t_ns.checked_add_signed(i64::try_from(shift.as_nanos()).unwrap()).unwrap();
        }
        for (_, text) in &mut self.transcripts {
            *text = shifted(text, shift);
        }
        self
    }
}

/// A transcript with every time in it moved.
fn shifted(text: &str, by: SignedDuration) -> String {
    const MARK: &str = r#""timestamp":""#;
    let mut pieces = text.split(MARK);
    let mut moved = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (time, behind) = piece.split_once('"').unwrap();
        let time = time.parse::<Timestamp>().unwrap() + by;
        moved.push_str(&format!(r#"{MARK}{time}"{behind}"#));
    }
    moved
}
