//! What `tacho statusline` adds to a status line that is there already.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;

use super::hook::{Spread, spread};
use super::programs::{recording, time};
use crate::plugin;
use crate::workspace::Workspace;

/// How often each of them is started; they take turns, so that all see the same machine.
const ROUNDS: usize = 1_000;
/// Turns before the clock counts, so that every file is in memory.
const WARM_UP: usize = 50;
/// What the agent wrote in real runs of one session. Told in turn, the figures change each time.
const PAYLOADS: [&str; 2] =
    ["fixtures/status_line/before_the_first_answer.json", "fixtures/status_line/subscription.json"];

pub(super) struct Measured {
    /// The other command alone.
    pub(super) alone: Spread,
    /// Behind ours, which records figures each time.
    pub(super) recording: Spread,
    /// Behind ours, which was told the same before.
    pub(super) unchanged: Spread,
    pub(super) rounds: usize,
}

pub(super) fn measure(workspace: &Workspace, program: Option<&Path>) -> anyhow::Result<Measured> {
    let program = match program {
        Some(program) => program.to_owned(),
        None => plugin::build_static(workspace, "tacho")?,
    };
    let [changing, unchanged] = [TempDir::new(), TempDir::new()];
    let (changing, unchanged) = (
        changing.context("cannot create a state directory")?,
        unchanged.context("cannot create a state directory")?,
    );
    let payloads = PAYLOADS.map(|name| workspace.root.join(name));
    let mut times = [const { Vec::new() }; 3];
    for round in 0..WARM_UP + ROUNDS {
        let turns = payloads.get(round % payloads.len()).zip(payloads.first());
        let (next, same) = turns.context("there is a payload")?;
        let turns = [
            (alone(changing.path()), next),
            (behind_ours(&program, changing.path()), next),
            (behind_ours(&program, unchanged.path()), same),
        ];
        for ((mut command, payload), times) in turns.into_iter().zip(&mut times) {
            let taken = time(&mut command, payload)?;
            if round >= WARM_UP {
                times.push(taken);
            }
        }
    }
    let [alone, recording, unchanged] = times.map(spread);
    Ok(Measured { alone, recording, unchanged, rounds: ROUNDS })
}

fn alone(state: &Path) -> Command {
    let mut command = recording(Path::new("/bin/sh"), state);
    command.args(["-c", "true"]);
    command
}

fn behind_ours(program: &Path, state: &Path) -> Command {
    let mut command = recording(program, state);
    command.args(["statusline", "--then", "true"]).env("PATH", "/usr/bin:/bin");
    command
}

impl Measured {
    /// What ours adds while it records.
    pub(super) fn added(&self) -> Duration {
        self.recording.p50.saturating_sub(self.alone.p50)
    }
}
