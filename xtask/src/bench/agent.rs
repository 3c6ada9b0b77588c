//! The agent, measured: how much longer its work takes with our plugin, and with one whose hooks do nothing.
//!
//! Sessions without a plugin, with idle hooks, with our hooks alone and with our module as well take turns within a round,
//! and only what they take in the same round is compared. This file counts; `stage` plays a session.

mod stage;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use tacho_testkit::claude::CURRENT;

use crate::workspace::Workspace;
use stage::{Stage, Variant};

/// Tool calls of a session, each in an answer of its own.
pub(super) const CALLS: usize = 40;
/// The orders in which the variants take turns, so that none gains by its place in a round or by the one before it: each
/// stands once in every place, and once behind each other one.
const ORDERS: [[Variant; 4]; 4] = [
    [Variant::Bare, Variant::Idle, Variant::Measuring, Variant::Recording],
    [Variant::Idle, Variant::Recording, Variant::Bare, Variant::Measuring],
    [Variant::Recording, Variant::Measuring, Variant::Idle, Variant::Bare],
    [Variant::Measuring, Variant::Bare, Variant::Recording, Variant::Idle],
];

pub(super) struct Measured {
    pub(super) rounds: Vec<Round>,
    /// How many hooks a session with a plugin runs, but for those at its end, of which the CLI does not tell.
    pub(super) hooks: usize,
    pub(super) version: &'static str,
}

/// The wall times of the CLI in one round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) bare: Duration,
    pub(super) idle: Duration,
    pub(super) recording: Duration,
    pub(super) measuring: Duration,
    /// A tool call in the middle of the last two.
    pub(super) recording_step: Duration,
    pub(super) measuring_step: Duration,
}

impl Round {
    /// What the plugin with idle hooks added, in ms.
    pub(super) fn added_by_idle(&self) -> f64 {
        milliseconds(self.idle) - milliseconds(self.bare)
    }

    /// What our hooks added, in ms.
    pub(super) fn added_by_recording(&self) -> f64 {
        milliseconds(self.recording) - milliseconds(self.bare)
    }

    /// What our plugin added, in ms.
    pub(super) fn added_by_measuring(&self) -> f64 {
        milliseconds(self.measuring) - milliseconds(self.bare)
    }

    /// What our module added to a tool call, in ms.
    pub(super) fn added_by_module(&self) -> f64 {
        milliseconds(self.measuring_step) - milliseconds(self.recording_step)
    }
}

/// How often each event ran a hook.
type Hooks = BTreeMap<String, usize>;

pub(super) fn measure(workspace: &Workspace, rounds: usize) -> Result<Measured> {
    let stage = Stage::set(workspace)?;
    // The first session in a home writes down what the others find.
    let (_, hooks) = play_round(&stage, ORDERS[0])?;
    let mut measured = Measured { rounds: Vec::new(), hooks: hooks.values().sum(), version: CURRENT.name };
    for (number, order) in (1..=rounds).zip(ORDERS.into_iter().cycle()) {
        let (round, ran) = play_round(&stage, order)?;
        ensure!(ran == hooks, "one round ran the hooks {hooks:?}, another {ran:?}");
        println!("round {number} of {rounds}: {round:.3?}");
        measured.rounds.push(round);
    }
    Ok(measured)
}

/// Plays one session of each variant, and holds against each other what hooks they ran.
fn play_round(stage: &Stage, order: [Variant; 4]) -> Result<(Round, Hooks)> {
    let mut round = Round::default();
    let (mut idle, mut recording, mut measuring) = (Hooks::new(), Hooks::new(), Hooks::new());
    for variant in order {
        let played = stage.play(variant)?;
        match variant {
            Variant::Bare => {
                round.bare = played.wall;
                ensure!(played.hooks.is_empty(), "without a plugin there ran {:?}", played.hooks);
            }
            Variant::Idle => (round.idle, idle) = (played.wall, played.hooks),
            Variant::Recording => {
                (round.recording, round.recording_step, recording) = (played.wall, played.step, played.hooks);
            }
            Variant::Measuring => {
                (round.measuring, round.measuring_step, measuring) = (played.wall, played.step, played.hooks);
            }
        }
    }
    ensure!(idle == recording, "`true` ran for {idle:?}, ours for {recording:?}");
    ensure!(idle == measuring, "`true` ran for {idle:?}, ours for {measuring:?}");
    for event in ["PreToolUse", "PostToolUse"] {
        let ran = idle.get(event).copied().unwrap_or(0);
        ensure!(ran == CALLS, "{CALLS} tool calls ran {ran} hooks for {event}");
    }
    Ok((round, idle))
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
