//! Importing, measured: a gigabyte of transcripts, beside two other programs that read the same for the same question.

mod corpus;
mod tools;

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::programs;
use crate::plugin;
use crate::workspace::Workspace;
use corpus::Corpus;
use tools::Tools;

/// How often everything is measured, in turn.
const ROUNDS: usize = 5;

/// The middle of several rounds each.
pub(super) struct Measured {
    pub(super) corpus: Corpus,
    pub(super) rounds: usize,
    /// Reading the files and nothing else.
    pub(super) cat: Duration,
    pub(super) ccusage: Duration,
    pub(super) ccost: Duration,
    pub(super) import: Duration,
    pub(super) peak_kib: u64,
    /// The slowest list, by what it is a list of.
    pub(super) cost: (&'static str, Duration),
    /// Importing again after one transcript grew.
    pub(super) again: Duration,
}

const LISTS: [&str; 8] = ["daily", "weekly", "monthly", "session", "project", "model", "agent", "tool"];

pub(super) fn measure(workspace: &Workspace, bytes: u64, program: Option<&Path>) -> Result<Measured> {
    let tacho = match program {
        Some(program) => program.to_owned(),
        None => plugin::build_static(workspace, "tacho")?,
    };
    let bench = Bench {
        tools: Tools::install(workspace)?,
        usage: programs::compile(workspace, "usage")?,
        tacho,
        folder: TempDir::new().context("cannot create a folder")?,
    };
    let corpus = corpus::write(&bench.transcripts(), bytes)?;
    let mut rounds: Vec<Round> = (0..ROUNDS).map(|_| bench.round()).collect::<Result<_>>()?;
    let lists = LISTS.map(|list| (list, middle(&mut rounds, |round| round.list(list))));
    Ok(Measured {
        corpus,
        rounds: ROUNDS,
        cat: middle(&mut rounds, |round| round.cat),
        ccusage: middle(&mut rounds, |round| round.ccusage),
        ccost: middle(&mut rounds, |round| round.ccost),
        import: middle(&mut rounds, |round| round.import),
        peak_kib: rounds.iter().map(|round| round.peak_kib).max().unwrap_or_default(),
        cost: lists.into_iter().max_by_key(|(_, taken)| *taken).context("no lists")?,
        again: middle(&mut rounds, |round| round.again),
    })
}

fn middle(rounds: &mut [Round], figure: impl Fn(&Round) -> Duration) -> Duration {
    rounds.sort_by_key(&figure);
    rounds.get(rounds.len() / 2).map(figure).unwrap_or_default()
}

struct Round {
    cat: Duration,
    ccusage: Duration,
    ccost: Duration,
    import: Duration,
    peak_kib: u64,
    lists: [Duration; LISTS.len()],
    again: Duration,
}

impl Round {
    fn list(&self, wanted: &str) -> Duration {
        let mut lists = LISTS.iter().zip(self.lists);
        lists.find(|(list, _)| **list == wanted).map(|(_, taken)| taken).unwrap_or_default()
    }
}

struct Bench {
    tools: Tools,
    usage: PathBuf,
    tacho: PathBuf,
    folder: TempDir,
}

impl Bench {
    fn transcripts(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    fn round(&self) -> Result<Round> {
        let state = self.folder.path().join("state");
        if state.exists() {
            fs::remove_dir_all(&state).context("cannot remove a state directory")?;
        }
        let cat = timed(
            Command::new("sh")
                .arg("-c")
                .arg("find \"$0\" -name '*.jsonl' -exec cat {} + > /dev/null")
                .arg(self.transcripts()),
        )?;
        let mut ccusage = self.alone(&self.tools.ccusage);
        let ccusage = timed(
            ccusage
                .args(["claude", "daily", "--json", "--offline"])
                .env("CLAUDE_CONFIG_DIR", self.transcripts()),
        )?;
        let mut ccost = self.alone(&self.tools.ccost);
        let ccost = timed(
            ccost
                .arg("--claude-dir")
                .arg(self.transcripts())
                .args(["--output", "json"])
                .current_dir(self.folder.path()),
        )?;
        let report = self.folder.path().join("usage");
        let import = timed(
            self.alone(&self.usage)
                .arg(&report)
                .arg(&self.tacho)
                .arg("import")
                .arg("--from")
                .arg(self.transcripts()),
        )?;
        let (peak_kib, _) = super::drain::read_usage(&report)?;
        let mut lists = [Duration::ZERO; LISTS.len()];
        for (list, taken) in LISTS.iter().zip(&mut lists) {
            *taken = timed(self.alone(&self.tacho).args(["cost", list, "--json"]))?;
        }
        self.grow()?;
        let again = timed(self.alone(&self.tacho).arg("import").arg("--from").arg(self.transcripts()))?;
        Ok(Round { cat, ccusage, ccost, import, peak_kib, lists, again })
    }

    /// A command that finds nothing of this machine's user.
    fn alone(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TACHO_HOME", self.folder.path().join("state"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Has one transcript grow by its own first row, as a new call.
    fn grow(&self) -> Result<()> {
        let projects = fs::read_dir(self.transcripts().join("projects")).context("no transcripts")?;
        let files =
            projects.flatten().filter_map(|project| fs::read_dir(project.path()).ok()).flatten().flatten();
        let mut files: Vec<PathBuf> = files
            .map(|file| file.path())
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
            .collect();
        files.sort();
        let path = files.first().context("no transcripts")?;
        let text = crate::workspace::read(path)?;
        let row = text.lines().find(|row| row.contains("\"type\":\"assistant\"")).context("no calls")?;
        let mut file = OpenOptions::new().append(true).open(path)?;
        writeln!(file, "{}", row.replace("msg_01", "msg_02"))?;
        Ok(())
    }
}

fn timed(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::from(File::create("/dev/null")?)).stderr(Stdio::null());
    let began = Instant::now();
    let status =
        command.status().with_context(|| format!("cannot start {}", crate::workspace::shown(command)))?;
    ensure!(status.success(), "{} ended with {status}", crate::workspace::shown(command));
    Ok(began.elapsed())
}
