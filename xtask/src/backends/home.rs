//! A user's home in a temporary directory: the recorder's state, transcripts, a repository, and the real programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::answer;
use super::running::Running;
use crate::workspace::{self, Workspace, cargo};

/// The repository that sessions worked in.
const REMOTE: &str = "https://github.com/acme/shop.git";
const BRANCH: &str = "main";
/// Whose sessions they are.
const PERSON: &str = "[user]\n\tname = Ada Byron\n\temail = ada@example.com\n";
const TEAM: &str = "payments";

/// Built programs.
pub(super) struct Programs {
    tacho: PathBuf,
    hook: PathBuf,
}

impl Programs {
    pub(super) fn build(workspace: &Workspace) -> Result<Self> {
        workspace::run(cargo().args(["build", "--quiet", "--package", "tacho", "--package", "tacho-hook"]))?;
        let folder = workspace.target_dir.join("debug");
        Ok(Self { tacho: folder.join("tacho"), hook: folder.join("tacho-hook") })
    }
}

/// A home.
pub(crate) struct Home {
    directory: TempDir,
    tacho: PathBuf,
}

impl Home {
    /// A home in which nothing was recorded, whose owner wrote this configuration beside the team.
    pub(super) fn new(programs: &Programs, config: &str) -> Result<Self> {
        let home = Self { directory: TempDir::new()?, tacho: programs.tacho.clone() };
        workspace::write(
            &home.path().join(".config/tachograph/config.toml"),
            format!("team = {TEAM:?}\n{config}"),
        )?;
        workspace::write(&home.path().join(".gitconfig"), PERSON)?;
        let git = home.project().join(".git");
        workspace::write(&git.join("config"), format!("[remote \"origin\"]\n\turl = {REMOTE}\n"))?;
        workspace::write(&git.join("HEAD"), format!("ref: refs/heads/{BRANCH}\n"))?;
        for folder in ["objects", "refs/heads"] {
            fs::create_dir_all(git.join(folder))?;
        }
        // A hook without a tacho beside it starts no drainer: when it drains is up to the test.
        fs::copy(&programs.hook, home.hook()).context("cannot copy the hook")?;
        Ok(home)
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where its recorder keeps what it recorded.
    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    pub(super) fn project(&self) -> PathBuf {
        self.path().join("shop")
    }

    pub(super) fn hook(&self) -> PathBuf {
        self.path().join("tacho-hook")
    }

    pub(super) fn transcripts(&self) -> PathBuf {
        self.path().join(".claude/projects/-shop")
    }

    /// The program with these arguments, in this home and with an environment that holds nothing else.
    pub(super) fn tacho(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tacho);
        command.arg("--account-home").arg(self.path()).args(arguments).env_clear();
        command.env("HOME", self.path()).env("TACHO_HOME", self.state()).env("TZ", "UTC");
        command
    }

    /// What it answers as JSON.
    pub(super) fn json(&self, arguments: &[&str]) -> Result<Value> {
        Ok(serde_json::from_str(&workspace::output(&mut self.tacho(arguments))?)?)
    }

    /// Settles and delivers all that was recorded.
    pub(super) fn drain(&self) -> Result<()> {
        workspace::run(&mut self.tacho(&["drain", "--once"]))
    }

    /// What the agent's status line said.
    pub(super) fn tell_status(&self, figures: &Path) -> Result<()> {
        let input = fs::File::open(figures)?;
        let mut command = self.tacho(&["statusline"]);
        let status = command.stdin(input).stdout(Stdio::null()).status()?;
        ensure!(status.success(), "tacho statusline ended with {status}");
        Ok(())
    }

    /// `tacho serve` at this port.
    pub(super) fn serve(&self, port: u16) -> Result<Running> {
        let mut command = self.tacho(&["serve", "--port", &port.to_string()]);
        let serving = Running::start(&mut command, &self.path().join("serve.log"))?;
        serving.await_answer(port, "/metrics")?;
        Ok(serving)
    }

    /// How many sessions there are.
    pub(super) fn sessions(&self) -> Result<usize> {
        Ok(answer::list(&self.json(&["sessions", "--json"])?, "/sessions").len())
    }

    /// A figure of all that was used.
    pub(super) fn total(&self, name: &str) -> Result<f64> {
        let report = self.json(&["cost", "--json"])?;
        answer::number(&report, &format!("/totals/{name}"))
            .with_context(|| format!("the report has no {name}"))
    }

    /// All spans of all sessions, as `tacho show` has them.
    pub(super) fn spans(&self) -> Result<Vec<Value>> {
        let list = self.json(&["sessions", "--json"])?;
        let mut spans = Vec::new();
        for session in answer::list(&list, "/sessions") {
            let shown = self.json(&["show", answer::text(session, "/id"), "--json"])?;
            spans.extend_from_slice(answer::list(&shown, "/spans"));
        }
        Ok(spans)
    }
}
