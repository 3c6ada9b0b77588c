//! The real CLI as a test bench: runs one prompt, or one of its commands, with nothing of the caller's environment.
//!
//! It must not reach a host other than loopback, nor see the user's home, key or configuration.

mod hooks;
mod install;
mod terminal;
mod version;

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;

use crate::clock::unix_ns;
use crate::unique::uuid;

pub use hooks::{HookRun, hook_runs};
pub use install::{install, install_terminal};
pub use terminal::IsAsked;
pub use version::{CURRENT, VERSIONS, Version};

/// What every CLI is given beside its home.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("PATH", "/usr/bin:/bin"),
    ("TERM", "xterm"),
    ("SHELL", "/bin/bash"),
    ("ANTHROPIC_API_KEY", "sk-ant-dummy"),
    // Nobody listens there; a run names its own.
    ("ANTHROPIC_BASE_URL", "http://127.0.0.1:1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    // Lets the CLI skip permissions as root, which a container is.
    ("IS_SANDBOX", "1"),
    ("CLAUDE_CODE_MAX_RETRIES", "2"),
];

/// Who answers when the CLI wants a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Everything is allowed.
    Bypass,
    /// The CLI's default mode: with nobody to ask, what needs a question is refused.
    Default,
}

/// How a run comes to its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// It begins the session.
    New,
    /// It goes on with the session, which is there.
    Resumed,
    /// It begins the session with all that was said in another one.
    Forked {
        /// The id of the other session.
        from: String,
    },
}

/// One run of the CLI in print mode.
#[derive(Debug, Clone)]
pub struct Run {
    /// The CLI's program.
    pub claude: PathBuf,
    /// The prompt.
    pub prompt: String,
    /// Plugins to load beside those that are installed.
    pub plugin_dirs: Vec<PathBuf>,
    /// The working directory.
    pub project_dir: PathBuf,
    /// The home directory; nobody's.
    pub home: PathBuf,
    /// Base URL of the scripted API.
    pub api_url: String,
    /// The session's id, see [`new_session_id`].
    pub session_id: String,
    /// How the run comes to the session.
    pub opening: Opening,
    /// Permission mode.
    pub permission: Permission,
    /// Variables beside those that every run has; hooks and tools see them.
    pub extra_env: Vec<(String, String)>,
    /// Arguments beside those that every run has.
    pub extra_args: Vec<String>,
    /// After this time the CLI and its process group are killed.
    pub timeout: Duration,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// What a shell says of its end: its exit code, or 128 and the number of the signal that killed it. `None` where
    /// the time was up.
    pub exit: Option<i32>,
    /// What it printed: one JSON message per line.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
    /// Just before the start.
    pub started_unix_ns: u64,
    /// Just after the end.
    pub ended_unix_ns: u64,
}

/// A fresh session id.
pub fn new_session_id() -> String {
    uuid()
}

impl Run {
    /// Runs the CLI to its end.
    pub fn finish(&self) -> Result<Finished> {
        // Files, not pipes: a process that outlives the CLI may keep them open.
        let mut stdout = tempfile::tempfile().context("create a file for stdout")?;
        let mut stderr = tempfile::tempfile().context("create a file for stderr")?;
        let started_unix_ns = unix_ns();
        let child = self
            .command()
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?)
            .spawn()
            .with_context(|| format!("start {}", self.claude.display()))?;
        let status = wait(child, self.timeout)?;
        let ended_unix_ns = unix_ns();
        let (stdout, stderr) = (read_back(&mut stdout)?, read_back(&mut stderr)?);
        let exit = status.and_then(|status| status.code().or_else(|| Some(128 + status.signal()?)));
        Ok(Finished { exit, stdout, stderr, started_unix_ns, ended_unix_ns })
    }

    fn command(&self) -> Command {
        let mut command = command(&self.claude, &self.home);
        command.args(["-p", &self.prompt]);
        self.add_to(&mut command);
        command.args(["--output-format", "stream-json", "--verbose", "--include-hook-events"]);
        command.process_group(0);
        command
    }

    /// The CLI as a person starts it.
    fn command_at_terminal(&self) -> Command {
        let mut command = command(&self.claude, &self.home);
        self.add_to(&mut command);
        command
    }

    /// What a run has in print mode and at a terminal.
    fn add_to(&self, command: &mut Command) {
        match &self.opening {
            Opening::New => command.args(["--session-id", &self.session_id]),
            Opening::Resumed => command.args(["--resume", &self.session_id]),
            Opening::Forked { from } => {
                command.args(["--resume", from, "--fork-session", "--session-id", &self.session_id])
            }
        };
        for plugin_dir in &self.plugin_dirs {
            command.arg("--plugin-dir").arg(plugin_dir);
        }
        if self.permission == Permission::Bypass {
            command.arg("--dangerously-skip-permissions");
        }
        command.args(&self.extra_args);
        command.env("ANTHROPIC_BASE_URL", &self.api_url);
        command.envs(self.extra_env.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.project_dir);
    }
}

/// The CLI at `program` in `home`, with an environment of its own and no way out of the machine.
pub fn command(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).envs(ENVIRONMENT).stdin(Stdio::null());
    command
}

/// Waits for the child; when the time is up, kills its process group and returns `None`.
fn wait(mut child: Child, timeout: Duration) -> Result<Option<ExitStatus>> {
    let group = Pid::from_child(&child);
    let (ending, end) = mpsc::channel();
    // Whoever takes the end waits for it below.
    thread::spawn(move || drop(ending.send(child.wait())));
    if let Ok(status) = end.recv_timeout(timeout) {
        return status.map(Some).context("wait for the CLI");
    }
    kill_process_group(group, Signal::KILL).context("kill the CLI's process group")?;
    end.recv().context("wait for the CLI's end")?.context("reap the CLI")?;
    Ok(None)
}

fn read_back(file: &mut File) -> Result<String> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
