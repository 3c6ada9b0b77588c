//! The hook, measured: how long the agent waits for it, and what it takes while it runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;

use super::programs::{Programs, printed, recording, time};
use super::silence;
use super::trace::{self, SystemCalls};
use crate::workspace::{Workspace, find_program};

/// How often each program is started; they take turns, so that all see the same machine.
const ROUNDS: usize = 2_000;
/// Turns before the clock counts, so that every file is in memory.
const WARM_UP: usize = 50;
const LARGE_PAYLOAD_BYTES: usize = 100_000_000;

pub(super) struct Measured {
    pub(super) nothing: Spread,
    pub(super) bare: Spread,
    pub(super) hook: Spread,
    pub(super) rounds: usize,
    pub(super) payload_bytes: usize,
    /// Absent where strace is not installed.
    pub(super) system_calls: Option<SystemCalls>,
    pub(super) file_bytes: u64,
    pub(super) peak_kib: u64,
    pub(super) large: Large,
    pub(super) silence: silence::Measured,
}

/// The hook on a payload of 100 MB.
pub(super) struct Large {
    pub(super) wall: Duration,
    pub(super) peak_kib: u64,
}

/// Where the times of one program lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) p50: Duration,
    pub(super) p95: Duration,
}

/// A fresh state directory whose drain lock is held, so that no hook starts a drainer.
struct Scene {
    folder: TempDir,
    _lock: File,
}

impl Scene {
    fn set() -> anyhow::Result<Self> {
        let folder = TempDir::new().context("cannot create a state directory")?;
        fs::create_dir(folder.path().join("state")).context("cannot create a state directory")?;
        let lock =
            File::create(folder.path().join("state/drain.lock")).context("cannot create the drain lock")?;
        lock.lock().context("cannot hold the drain lock")?;
        Ok(Self { folder, _lock: lock })
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.path().join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

pub(super) fn measure(workspace: &Workspace) -> anyhow::Result<Measured> {
    let programs = Programs::build(workspace)?;
    let scene = Scene::set()?;
    let state = scene.state();
    let text = payload(1_000);
    let small = scene.write("small.json", &text)?;
    let said = printed(&mut recording(&programs.hook, &state), &small)?;
    anyhow::ensure!(said.is_empty(), "the hook printed {said:?}; it must print nothing");

    let [nothing, bare, hook] = take_turns(&programs, &scene, &small)?;
    Ok(Measured {
        nothing,
        bare,
        hook,
        rounds: ROUNDS,
        payload_bytes: text.len(),
        system_calls: count_system_calls(&programs, &scene, &small)?,
        file_bytes: fs::metadata(&programs.hook).context("cannot look at the hook")?.len(),
        peak_kib: programs.peak_kib(&state, &small)?,
        large: measure_large(&programs)?,
        silence: silence::measure(workspace)?,
    })
}

/// Times all three programs, each once per round.
fn take_turns(programs: &Programs, scene: &Scene, payload: &Path) -> anyhow::Result<[Spread; 3]> {
    let state = scene.state();
    let mut times = [const { Vec::new() }; 3];
    for round in 0..WARM_UP + ROUNDS {
        let mut bare = recording(&programs.bare, &state);
        bare.arg(scene.folder.path().join("bare.log"));
        let turns = [recording(&programs.nothing, &state), bare, recording(&programs.hook, &state)];
        for (mut command, times) in turns.into_iter().zip(&mut times) {
            let taken = time(&mut command, payload)?;
            if round >= WARM_UP {
                times.push(taken);
            }
        }
    }
    Ok(times.map(spread))
}

pub(super) fn spread(mut times: Vec<Duration>) -> Spread {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    Spread { p50: at(50), p95: at(95) }
}

fn count_system_calls(
    programs: &Programs,
    scene: &Scene,
    payload: &Path,
) -> anyhow::Result<Option<SystemCalls>> {
    let Some(strace) = find_program("strace") else { return Ok(None) };
    let mut command = recording(&strace, &scene.state());
    command.stdin(File::open(payload).context("cannot open the payload")?);
    trace::count(&mut command, &programs.hook, &scene.folder.path().join("strace.log")).map(Some)
}

/// Each figure gets a state directory of its own, as the first payload of a session would.
fn measure_large(programs: &Programs) -> anyhow::Result<Large> {
    let (timed, weighed) = (Scene::set()?, Scene::set()?);
    let payload = timed.write("large.json", &payload(LARGE_PAYLOAD_BYTES))?;
    Ok(Large {
        wall: time(&mut recording(&programs.hook, &timed.state()), &payload)?,
        peak_kib: programs.peak_kib(&weighed.state(), &payload)?,
    })
}

/// What the agent sends before it writes a file of so many bytes.
fn payload(content_bytes: usize) -> String {
    payload_of("PreToolUse", "toolu_01A09q90qw90lq917835lq9x", content_bytes)
}

/// What the agent sends before or behind this call.
pub(super) fn payload_of(event: &str, call: &str, content_bytes: usize) -> String {
    let content = "fn main() {}  ".repeat(content_bytes.div_ceil(14));
    format!(
        r#"{{"session_id":"0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11","transcript_path":"/home/dev/.claude/projects/-home-dev-project/0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11.jsonl","cwd":"/home/dev/project","prompt_id":"5d1d7b52-0a4e-4b6e-8d0c-3f6f7a1f4f02","permission_mode":"default","effort":{{"level":"medium"}},"hook_event_name":"{event}","tool_name":"Write","tool_input":{{"file_path":"/home/dev/project/src/main.rs","content":"{content}"}},"tool_use_id":"{call}"}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_of_the_usual_size() {
        let text = payload(1_000);
        assert!((1_400..1_700).contains(&text.len()), "{}", text.len());
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn the_spread_is_taken_from_sorted_times() {
        let times = (0..100).rev().map(Duration::from_micros).collect();
        assert_eq!(spread(times), Spread { p50: Duration::from_micros(50), p95: Duration::from_micros(95) });
    }
}
