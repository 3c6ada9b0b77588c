//! A user's home in a temporary directory: the recorder's state, the agent's transcripts, and the real binary.

use crate::fixture::Fixture;
use serde::Deserialize;
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use tacho_spool::append::{Destination, Durability, append};
use tacho_spool::state::State;
use tacho_spool::{frame, layout};
use tempfile::TempDir;

/// The boot and the machine that records seem to come from.
const BOOT: &str = "6a1c2f0e-9d43-4b53-8c1e-52f5a3a1b0c7";
const HOST: &[u8] = b"recorded";

/// A home.
pub struct Home {
    directory: TempDir,
}

/// What a command printed and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

#[derive(Deserialize)]
struct Keys {
    hook_event_name: String,
    session_id: String,
    tool_use_id: Option<String>,
    agent_id: Option<String>,
}

impl Home {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    /// A home in which these sessions were recorded and nothing was drained yet.
    pub fn with(fixtures: impl IntoIterator<Item = Fixture>) -> Self {
        let home = Self::new();
        for fixture in fixtures {
            home.record(fixture);
        }
        home
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// The owner's configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.directory.path().join(".config/tachograph/config.toml")
    }

    /// Writes the owner's configuration.
    pub fn configure(&self, config: &str) {
        fs::create_dir_all(self.config_file().parent().unwrap()).unwrap();
        fs::write(self.config_file(), config).unwrap();
    }

    pub fn store_file(&self) -> PathBuf {
        self.state().join("store.db")
    }

    pub fn transcripts(&self) -> PathBuf {
        self.directory.path().join(".claude/projects/-home-dev-project")
    }

    /// Puts a session where its agent and its hooks put it: transcripts into the agent's folder, calls into the spool.
    pub fn record(&self, fixture: Fixture) {
        self.record_as(fixture, "");
    }

    /// The same for an agent that was started in a project.
    pub fn record_in(&self, project: &Path, fixture: Fixture) {
        let variables = serde_json::json!({ "CLAUDE_PROJECT_DIR": project });
        self.record_as(fixture, &format!(r#","env":{variables}"#));
    }

    /// The same for an agent whose process is known.
    pub fn record_of(&self, fixture: Fixture, agent: &Child) {
        let stat = fs::read_to_string(format!("/proc/{}/stat", agent.id())).unwrap();
        let (_, behind_name) = stat.rsplit_once(')').unwrap();
        // Field 22 of proc_pid_stat(5), counted from 1; the first one behind the name is the third.
        let start_ticks = behind_name.split_ascii_whitespace().nth(19).unwrap();
        self.record_as(fixture, &format!(r#","apid":{},"ast":{start_ticks}"#, agent.id()));
    }

    /// The same for an agent that was started for a span and has one of its own.
    pub fn record_below(&self, parent: &str, own: &str, fixture: Fixture) {
        self.record_as(fixture, &format!(r#","env":{{"TRACEPARENT":"{own}"}},"tp":"{parent}""#));
    }

    fn record_as(&self, fixture: Fixture, process: &str) {
        let fixture = fixture.moved_to(&self.transcripts());
        for (path, text) in &fixture.transcripts {
            let path = self.transcripts().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let state = State::open(&self.state()).unwrap();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let boot = if process.contains("\"ast\"") { boot.trim() } else { BOOT };
        let host_directory = layout::host_directory(HOST, boot.as_bytes());
        for (number, hook) in fixture.hooks.iter().enumerate() {
            let to = Destination {
                host_directory: &host_directory,
                session: fixture.session.as_str(),
                unix_seconds: hook.t_ns / 1_000_000_000,
            };
            let circumstances = format!(
                r#"{{"v":1,"t":{},"b":{},"boot":"{boot}","pid":{},"ppid":99{process}"#,
                hook.t_ns,
                hook.t_ns % 1_000_000_000_000,
                1000 + number
            );
            let record = frame::seal(&open_object(circumstances, &hook.payload));
            append(&state, to, &record, Durability::Kernel).unwrap();
        }
    }

    /// The binary with these arguments, in this home and with an environment that holds nothing else.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tacho"));
        command.arg("--account-home").arg(self.directory.path()).args(arguments).env_clear();
        command.env("HOME", self.directory.path()).env("TACHO_HOME", self.state()).env("TZ", "UTC");
        // Whom the environment names gets spans alone, unless a test says otherwise.
        command.env("TACHO_OTLP_SIGNALS", "traces");
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Runs the binary to its end with these variables besides.
    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        Ran::from(self.command(arguments).envs(variables.iter().copied()).output().unwrap())
    }

    /// Runs the binary, which must succeed and say nothing on standard error; returns what it printed.
    #[track_caller]
    pub fn stdout_of(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "tacho {arguments:?}");
        ran.stdout
    }

    /// The same for a command that prints JSON.
    #[track_caller]
    pub fn json_of(&self, arguments: &[&str]) -> Json {
        serde_json::from_str(&self.stdout_of(arguments)).unwrap()
    }

    /// What the store keeps of everything that was said.
    pub fn observations(&self) -> Vec<String> {
        let store = tacho_store::Store::open_to_read(&self.store_file()).unwrap().unwrap();
        let mut bodies = Vec::new();
        for session in store.read().observed_sessions().unwrap() {
            let keep =
                |said: tacho_model::event::Observation| bodies.push(String::from_utf8(said.body).unwrap());
            store.read().each_observation(&session, keep).unwrap();
        }
        bodies
    }

    #[track_caller]
    pub fn drain(&self) {
        assert_eq!(self.stdout_of(&["drain", "--once"]), "");
    }

    /// Every report about everything that was recorded, one after the other.
    #[track_caller]
    pub fn reports(&self) -> Vec<String> {
        let sessions = self.stdout_of(&["sessions", "--json"]);
        let list: Json = serde_json::from_str(&sessions).unwrap();
        let ids = list["sessions"].as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap());
        let shown = ids.map(|id| self.stdout_of(&["show", id, "--json"]));
        shown.chain([sessions.clone()]).collect()
    }

    /// A text in which this home's place is `[home]`.
    pub fn without_place(&self, text: &str) -> String {
        text.replace(self.directory.path().to_str().unwrap(), "[home]")
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A record as the hook writes it (`docs/formats/spool.md`).
fn open_object(circumstances: String, payload: &str) -> Vec<u8> {
    let keys: Keys = serde_json::from_str(payload).unwrap();
    let mut record = circumstances;
    record.push_str(&format!(r#","pv":"0.1.0","ev":"{}","sid":"{}""#, keys.hook_event_name, keys.session_id));
    for (name, value) in [("tuid", keys.tool_use_id), ("aid", keys.agent_id)] {
        if let Some(value) = value {
            record.push_str(&format!(r#","{name}":"{value}""#));
        }
    }
    record.push_str(&format!(r#","raw":{payload}"#));
    record.into_bytes()
}
