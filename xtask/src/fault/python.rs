//! The verifier that was written from the format's page alone, asked about many logs by one process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use tacho_audit::verify::Grade;

/// A running verifier. It answers in the order in which it is asked.
pub(super) struct Python {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Python {
    pub(super) fn start(root: &Path) -> Result<Self> {
        let mut command = Command::new("python3");
        command.arg(root.join("tools/verify_audit.py")).arg("--each");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start python3, which the independent verifier needs")?;
        let answers = BufReader::new(child.stdout.take().context("no answers")?);
        Ok(Self { questions: child.stdin.take(), answers, child })
    }

    /// Asks about a log, with checkpoints that others hold.
    pub(super) fn ask(&mut self, log: &Path, witnesses: &[PathBuf]) -> Result<()> {
        let paths = std::iter::once(log).chain(witnesses.iter().map(PathBuf::as_path));
        let line = paths.map(|path| path.display().to_string()).collect::<Vec<_>>().join("\t");
        let questions = self.questions.as_mut().context("nobody is asked any more")?;
        writeln!(questions, "{line}").context("the independent verifier has gone")
    }

    /// The next answer.
    pub(super) fn answer(&mut self) -> Result<Option<Grade>> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(match line.trim_end() {
            "intact" => None,
            "tampered" => Some(Grade::Tampered),
            "incomplete" => Some(Grade::Incomplete),
            other => bail!("the independent verifier said {other:?}"),
        })
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.questions = None;
        // It ends with its questions.
        let _ = self.child.wait();
    }
}
