//! The hook beside a drainer whose destination never answers, and beside one that has none.
//!
//! Both take turns, and the drainer whose turn it is not stands still: what one does must slow down its own hooks alone,
//! or the two would look the same whatever it did.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use tacho_spool::read::{read_from, segments};
use tacho_testkit::otlp::{Answer, Receiver};
use tacho_testkit::processes::{self, Process};
use tempfile::TempDir;

use super::hook::{self, Spread};
use super::programs::{recording, time};
use crate::plugin;
use crate::sweep::Sweep;
use crate::workspace::{self, Workspace};

/// How often each drainer has its turn: in all long enough that requests are given up and sent again.
const TURNS: usize = 400;
/// Hooks in a turn, half of them before a tool call and half behind it: so few that both drainers share what else the
/// machine does, so many that each gets to its work.
const HOOKS: usize = 10;
/// An agent has something to do between two hooks, and so has the drainer.
const PAUSE: Duration = Duration::from_millis(5);
/// How long the first request may take: a session settles within seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the receiver is looked at until it has that request.
const POLL: Duration = Duration::from_millis(50);

pub(super) struct Measured {
    /// Beside a drainer without a destination.
    pub(super) without: Spread,
    /// Beside one whose destination never answers.
    pub(super) silent: Spread,
    /// Hooks that were timed beside each of them.
    pub(super) hooks: usize,
    /// Requests that were never answered.
    pub(super) requests: usize,
}

/// A home in which hooks started a drainer.
struct Scene {
    hook: PathBuf,
    variables: Vec<(&'static str, String)>,
    /// Hooks that ran here.
    hooks: usize,
    /// Those of them that count.
    times: Vec<Duration>,
    // Before the folder, in which the drainer runs.
    _sweep: Sweep,
    folder: TempDir,
}

pub(super) fn measure(workspace: &Workspace) -> Result<Measured> {
    let hook = plugin::build()?.join("bin/tacho-hook");
    let receiver = Receiver::start()?;
    receiver.answer_when(|_| true, Answer::Silence);
    let recorded = workspace.root.join("fixtures/sessions/bash/hooks.jsonl");
    let mut without = Scene::set(&hook, Vec::new(), &recorded)?;
    let mut silent = Scene::set(&hook, vec![("TACHO_OTLP_ENDPOINT", receiver.url())], &recorded)?;
    await_request(&receiver)?;

    for turn in 0..TURNS {
        let [first, second] =
            if turn % 2 == 0 { [&mut without, &mut silent] } else { [&mut silent, &mut without] };
        first.take_turn(turn, second)?;
        second.take_turn(turn, first)?;
    }
    for scene in [&without, &silent] {
        let recorded = scene.recorded()?;
        ensure!(recorded == scene.hooks, "{recorded} of {} hooks were recorded", scene.hooks);
    }
    let requests = receiver.requests();
    ensure!(requests.iter().all(|request| request.answered.is_none()), "the receiver answered");
    let [without, silent] = [without, silent].map(|scene| hook::spread(scene.times));
    Ok(Measured { without, silent, hooks: TURNS * HOOKS, requests: requests.len() })
}

/// Waits until the receiver has something to leave unanswered.
fn await_request(receiver: &Receiver) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while receiver.requests().is_empty() {
        ensure!(Instant::now() < deadline, "the drainer sent nothing");
        thread::sleep(POLL);
    }
    Ok(())
}

impl Scene {
    /// Plays a session that is over, so that there is something to send.
    fn set(hook: &Path, variables: Vec<(&'static str, String)>, session: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Line {
            payload: Box<RawValue>,
        }
        let folder = TempDir::new().context("cannot create a state directory")?;
        fs::create_dir(folder.path().join("state")).context("cannot create a state directory")?;
        let sweep = Sweep::of(folder.path());
        let mut scene =
            Self { hook: hook.to_owned(), variables, hooks: 0, times: Vec::new(), _sweep: sweep, folder };
        for line in workspace::read(session)?.lines() {
            let line: Line = serde_json::from_str(line).with_context(|| session.display().to_string())?;
            scene.time(line.payload.get())?;
        }
        Ok(scene)
    }

    /// Runs the hooks of some tool calls, one behind the other, while the other scene stands still.
    fn take_turn(&mut self, turn: usize, other: &Self) -> Result<()> {
        ensure!(other.drainer()?.stop() && self.drainer()?.go_on(), "a drainer is gone");
        for number in 0..HOOKS {
            let event = if number % 2 == 0 { "PreToolUse" } else { "PostToolUse" };
            let call = format!("toolu_{:024}", turn * HOOKS + number / 2);
            let taken = self.time(&hook::payload_of(event, &call, 1_000))?;
            self.times.push(taken);
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn time(&mut self, payload: &str) -> Result<Duration> {
        let path = self.folder.path().join("payload.json");
        workspace::write(&path, payload)?;
        self.hooks += 1;
        time(&mut self.command(), &path)
    }

    fn command(&self) -> Command {
        let mut command = recording(&self.hook, &self.state());
        command
            .env("HOME", self.folder.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The drainer that runs here. Hooks that find none yet start one each; all but one go when they find the lock taken.
    fn drainer(&self) -> Result<Process> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let running = processes::with_environment("HOME", &self.folder.path().to_string_lossy());
            let mut drainers = running.into_iter().filter(|process| process.runs("tacho", "drain"));
            match (drainers.next(), drainers.next()) {
                (Some(drainer), None) => return Ok(drainer),
                (None, _) => bail!("no drainer runs"),
                (Some(_), Some(_)) => ensure!(Instant::now() < deadline, "more than one drainer runs"),
            }
            thread::sleep(POLL);
        }
    }

    /// How many records the spool has.
    fn recorded(&self) -> Result<usize> {
        let mut records = 0;
        for segment in segments(&self.state())? {
            let mut cursor = 0;
            loop {
                let chunk = read_from(&segment, cursor)?;
                records += chunk.records.len();
                cursor = chunk.cursor;
                if !chunk.more {
                    break;
                }
            }
        }
        Ok(records)
    }
}
