//! The CLI at a terminal of its own, in tmux: what a person types, and what he waits for before he types on.
//!
//! Must not wait for time to pass: each step waits for something that is seen, and fails where it never is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Finished, Run};
use crate::clock::unix_ns;
use crate::scenario::Act;

const POLL: Duration = Duration::from_millis(30);
/// How long a single thing is waited for.
const PATIENCE: Duration = Duration::from_secs(40);
/// When Enter is pressed again.
const REPEAT: Duration = Duration::from_secs(1);
/// How the CLI shows that it takes a prompt.
const PROMPT: &str = "❯";
/// Behind which text the screen shows what was typed; the end is enough, since long lines are broken.
const SEEN_LETTERS: usize = 12;

/// Whether the API was asked for a step, by the step's name.
pub type IsAsked<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// A tmux server of its own.
struct Terminal {
    socket: PathBuf,
}

impl Run {
    /// Runs the CLI at a terminal, and does there what a person would. `folder` is for the terminal's own files.
    pub fn finish_at_terminal(&self, acts: &[Act], folder: &Path, is_asked: IsAsked<'_>) -> Result<Finished> {
        know_everything_asked_first(&self.home, &self.project_dir)?;
        let terminal = Terminal { socket: folder.join("tmux") };
        let exit_file = folder.join("exit");
        let started_unix_ns = unix_ns();
        terminal.start(self, &exit_file)?;
        let played = terminal.wait("the prompt", || Ok(terminal.screen()?.contains(PROMPT))).and_then(|()| {
            acts.iter().try_for_each(|act| {
                let done = terminal.act(act, &self.project_dir, is_asked);
                done.with_context(|| {
                    format!("{act:?}, at a terminal that shows\n{}", terminal.screen_or_nothing())
                })
            })
        });
        let ended = played.and_then(|()| terminal.wait("the end", || Ok(exit_file.exists())));
        let stderr = terminal.screen_or_nothing();
        drop(terminal);
        ended?;
        let exit = fs::read_to_string(&exit_file).context("read how the CLI ended")?;
        let exit = exit.trim().parse().context("read how the CLI ended")?;
        Ok(Finished {
            exit: Some(exit),
            stdout: String::new(),
            stderr,
            started_unix_ns,
            ended_unix_ns: unix_ns(),
        })
    }
}

impl Terminal {
    fn start(&self, run: &Run, exit_file: &Path) -> Result<()> {
        let mut command = run.command_at_terminal();
        let program = command.get_program().to_owned();
        let words: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        // A shell notes how the CLI ended, which tmux does not tell.
        command.env("EXIT_FILE", exit_file);
        let mut tmux = self.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "160", "-y", "50"]);
        tmux.arg("-c").arg(&run.project_dir).args(["env", "-i"]);
        for (name, value) in command.get_envs() {
            let Some(value) = value else { continue };
            let mut pair = name.to_owned();
            pair.push("=");
            pair.push(value);
            tmux.arg(pair);
        }
        let noted = r#"program=$1; shift; "$program" "$@"; echo $? > "$EXIT_FILE.part"; mv "$EXIT_FILE.part" "$EXIT_FILE""#;
        tmux.args(["/bin/sh", "-c", noted, "sh"]).arg(program).args(words);
        succeeded(tmux.output().context("start tmux")?).map(|_| ())
    }

    fn act(&self, act: &Act, project: &Path, is_asked: IsAsked<'_>) -> Result<()> {
        match act {
            Act::Type(text) => {
                self.run(&["send-keys", "-l", text])?;
                let letters: Vec<char> = text.chars().collect();
                let end: String = letters.iter().skip(letters.len().saturating_sub(SEEN_LETTERS)).collect();
                self.wait("what was typed", || Ok(self.screen()?.contains(end.trim_start_matches('!'))))?;
                self.run(&["send-keys", "Enter"]).map(|_| ())
            }
            Act::Press(key) => self.run(&["send-keys", key]).map(|_| ()),
            Act::Confirm(text) => self.confirm(text),
            Act::Shown(text) => self.wait("a text", || Ok(self.screen()?.contains(text.as_str()))),
            Act::Gone(text) => self.wait("the end of a text", || Ok(!self.screen()?.contains(text.as_str()))),
            Act::Asked(step) => self.wait("a request", || Ok(is_asked(step))),
            Act::File(name) => self.wait("a file", || Ok(project.join(name).exists())),
        }
    }

    /// Presses Enter until the screen shows a text.
    fn confirm(&self, text: &str) -> Result<()> {
        let mut pressed: Option<Instant> = None;
        self.wait("what was to be confirmed", || {
            if pressed.is_none_or(|at| at.elapsed() > REPEAT) {
                self.run(&["send-keys", "Enter"])?;
                pressed = Some(Instant::now());
            }
            Ok(self.screen()?.contains(text))
        })
    }

    fn wait(&self, what: &str, mut is_there: impl FnMut() -> Result<bool>) -> Result<()> {
        let limit = Instant::now() + PATIENCE;
        while !is_there()? {
            if Instant::now() > limit {
                bail!("{what} did not come");
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn screen(&self) -> Result<String> {
        let output = self.run(&["capture-pane", "-p"])?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The screen for people; of a terminal that is gone, there is none.
    fn screen_or_nothing(&self) -> String {
        self.screen().unwrap_or_default()
    }

    fn run(&self, words: &[&str]) -> Result<Output> {
        succeeded(self.tmux(words).output().context("start tmux")?)
    }

    fn tmux(&self, words: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").stdin(Stdio::null());
        command.arg("-S").arg(&self.socket).args(words);
        command
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A server whose last session has ended is gone already.
        let _ = self.run(&["kill-server"]);
    }
}

fn succeeded(output: Output) -> Result<Output> {
    let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(output.status.success(), "tmux ended with {}: {complaint}", output.status);
    Ok(output)
}

/// Answers in the CLI's own files what it would ask before the first prompt.
fn know_everything_asked_first(home: &Path, project: &Path) -> Result<()> {
    let project = project.to_string_lossy();
    let answers = json!({
        "hasCompletedOnboarding": true,
        "theme": "dark",
        "customApiKeyResponses": { "approved": ["sk-ant-dummy"] },
        "projects": { project: { "hasTrustDialogAccepted": true } },
    });
    write_into(&home.join(".claude.json"), &answers)?;
    write_into(&home.join(".claude/settings.json"), &json!({ "skipDangerousModePermissionPrompt": true }))
}

/// Sets fields of a JSON file.
fn write_into(path: &Path, answers: &Value) -> Result<()> {
    let text = if path.exists() {
        fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?
    } else {
        "{}".to_owned()
    };
    let mut known: Value =
        serde_json::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
    let known_names = known.as_object_mut().with_context(|| format!("{} is no object", path.display()))?;
    known_names
        .extend(answers.as_object().into_iter().flatten().map(|(name, one)| (name.clone(), one.clone())));
    fs::write(path, known.to_string()).with_context(|| format!("write {}", path.display()))
}
