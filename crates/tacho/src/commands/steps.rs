//! What an installation does, step by step: done and told, or only told.

use crate::cli::Output;
use crate::failure::Failure;
use crate::terminal::{display_safe, print};
use serde::Serialize;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The steps so far.
#[derive(Debug)]
pub(super) struct Steps {
    output: Output,
    /// Whether nothing is done.
    is_dry: bool,
    taken: Vec<Step>,
}

/// One step.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    action: Action,
    object: String,
    outcome: Outcome,
}

/// What is done in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Write,
    Run,
    Link,
    Remove,
    Import,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Done,
    Unchanged,
    Planned,
}

/// A command of the agent's program.
#[derive(Debug)]
pub(super) struct AgentCommand<'a> {
    pub(super) program: &'a Path,
    pub(super) words: Vec<OsString>,
    /// Where it runs.
    pub(super) directory: Option<PathBuf>,
    /// What it reads, and how that is called: it may be secret.
    pub(super) input: Option<(String, String)>,
}

impl Steps {
    pub(super) const fn new(output: Output, is_dry: bool) -> Self {
        Self { output, is_dry, taken: Vec::new() }
    }

    /// Does something, unless nothing is done.
    pub(super) fn act(
        &mut self,
        action: Action,
        object: String,
        act: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if !self.is_dry {
            act()?;
        }
        let outcome = if self.is_dry { Outcome::Planned } else { Outcome::Done };
        self.tell(Step { action, object, outcome });
        Ok(())
    }

    /// Notes that something is as it should be.
    pub(super) fn leave(&mut self, action: Action, object: String) {
        self.tell(Step { action, object, outcome: Outcome::Unchanged });
    }

    /// Runs a command of the agent's program.
    pub(super) fn run(&mut self, command: AgentCommand<'_>) -> Result<(), Failure> {
        self.act(Action::Run, command.line(), || command.run())
    }

    fn tell(&mut self, step: Step) {
        if !self.output.json {
            print(&format!("{}\n", step.line()));
        }
        self.taken.push(step);
    }

    /// Whether nothing is done.
    pub(super) const fn is_dry(&self) -> bool {
        self.is_dry
    }

    /// Whether everything was as it should be.
    pub(super) fn changed_nothing(&self) -> bool {
        self.taken.iter().all(|step| step.outcome == Outcome::Unchanged)
    }

    pub(super) fn taken(&self) -> &[Step] {
        &self.taken
    }
}

impl Step {
    fn line(&self) -> String {
        let (past, present) = match self.action {
            Action::Write => ("wrote", "write"),
            Action::Run => ("ran", "run"),
            Action::Link => ("linked", "link"),
            Action::Import => ("imported", "import"),
            Action::Remove => ("removed", "remove"),
        };
        let done = match self.outcome {
            Outcome::Done => past.to_owned(),
            Outcome::Unchanged => "unchanged".to_owned(),
            Outcome::Planned => format!("would {present}"),
        };
        format!("{done:<12}  {}", display_safe(&self.object))
    }
}

impl AgentCommand<'_> {
    /// As one would type it.
    fn line(&self) -> String {
        let words = [self.program.as_os_str()].into_iter().chain(self.words.iter().map(OsString::as_os_str));
        let line = words.map(quoted).collect::<Vec<_>>().join(" ");
        let input =
            self.input.as_ref().map_or_else(String::new, |(name, _)| format!("  (standard input: {name})"));
        let directory = self.directory.as_ref();
        let directory = directory.map_or_else(String::new, |path| format!("  (in {})", path.display()));
        format!("{line}{input}{directory}")
    }

    fn run(&self) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::external(format!("run `{}`", self.line()), error);
        let mut command = Command::new(self.program);
        command.args(&self.words).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        let mut child = command.spawn().map_err(failed)?;
        if let (Some(mut stdin), Some((_, input))) = (child.stdin.take(), &self.input) {
            // A program that reads nothing says itself what it misses.
            let _ = stdin.write_all(input.as_bytes());
        }
        let ended = child.wait_with_output().map_err(failed)?;
        if ended.status.success() {
            return Ok(());
        }
        let said = [&ended.stdout, &ended.stderr].map(|said| display_lines(&String::from_utf8_lossy(said)));
        Err(Failure::external(format!("`{}` failed ({})", self.line(), ended.status), said.join(" ").trim()))
    }
}

/// What a program said, on one line.
fn display_lines(said: &str) -> String {
    said.lines().map(|line| display_safe(line.trim())).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-=@:+,%".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
