//! Whether the programs that hooks start do their work: they are started, on a sample.

use super::super::agent_side::{AgentSide, is_program};
use super::Verdict;
use super::ground::{Ground, typed};
use crate::failure::Failure;
use serde::Deserialize;
use std::env;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tacho_spool::frame::Line;
use tacho_spool::lock::DrainLock;
use tacho_spool::read::segments;
use tacho_spool::state::State;

const HOOK: &str = "tacho-hook";
const TACHO: &str = "tacho";
const WHY: &str = "hooks run it, so nothing is recorded";

#[derive(Deserialize)]
struct Written {
    pv: String,
}

/// The programs of every plugin that is switched on.
pub(super) fn programs(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    for side in &ground.sides {
        for copy in side.plugins().into_iter().filter(|copy| copy.is_recorder && copy.is_enabled) {
            let Some(bin) = copy.folder.map(|folder| folder.join("bin")) else { continue };
            judge(side, &bin, &mut verdict);
        }
    }
    if verdict.findings.is_empty() && verdict.detail.is_empty() {
        verdict.note("none are installed");
    }
    verdict
}

fn judge(side: &AgentSide, bin: &Path, verdict: &mut Verdict) {
    let [hook, tacho] = [HOOK, TACHO].map(|name| bin.join(name));
    for program in [&hook, &tacho].into_iter().filter(|program| !is_program(program)) {
        let (path, remedy) = (
            program.display(),
            if program.exists() { format!("chmod 755 {}", typed(program)) } else { again(side) },
        );
        let what = if program.exists() {
            format!("{path} may not be started")
        } else {
            format!("{path} is missing")
        };
        verdict.find(what, WHY, remedy);
    }
    if !verdict.findings.is_empty() {
        return;
    }
    let own = env!("CARGO_PKG_VERSION");
    let versions = [(&hook, trial(side, &hook)), (&tacho, version(&tacho))];
    for (program, found) in versions {
        let path = program.display();
        match found {
            Ok(found) if found == own => {}
            Ok(found) => verdict.find(
                format!("{path} is version {found}, and this tacho is {own}"),
                "one may not understand what the other wrote",
                again(side),
            ),
            Err(failure) => {
                verdict.find(format!("{path} does not work: {}", failure.sentence()), WHY, again(side))
            }
        }
    }
    if verdict.findings.is_empty() {
        verdict.note(format!("{}, version {own}, tried on a sample", bin.display()));
    }
}

/// How to get the programs again; that takes a tacho with a hook beside it.
fn again(side: &AgentSide) -> String {
    let name = side.agent.name;
    let has_hook = env::current_exe().is_ok_and(|own| own.with_file_name(HOOK).is_file());
    if has_hook {
        return format!("tacho install {name}");
    }
    format!("cargo xtask plugin && target/plugin/{name}/bin/tacho install {name} (in the source checkout)")
}

/// Lets the hook record a sample in a place of its own, and returns the version that the record names.
fn trial(side: &AgentSide, hook: &Path) -> Result<String, Failure> {
    let place =
        tempfile::tempdir().map_err(|error| Failure::external("make a temporary directory", error))?;
    let state = State::open(place.path())?;
    // While somebody has the lock, the hook starts no drainer.
    let _lock = DrainLock::try_acquire(&state)?;
    let mut command = Command::new(hook);
    command.env_clear().env("TACHO_HOME", place.path()).current_dir(place.path());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| Failure::external("start it", error))?;
    if let Some(mut stdin) = child.stdin.take() {
        // What it did not read it does not record.
        let _ = stdin.write_all(side.setup().sample_payload.as_bytes());
    }
    child.wait()?;
    let written = segments(place.path())?.into_iter().find_map(|segment| std::fs::read(segment).ok());
    let written = written.unwrap_or_default();
    let record = written.split(|byte| *byte == b'\n').find_map(|line| match Line::judge(line) {
        Line::Record(open_object) => serde_json::from_slice::<Written>(&[open_object, b"}"].concat()).ok(),
        Line::Blank | Line::Damaged => None,
    });
    record
        .map(|record| record.pv)
        .ok_or_else(|| Failure::external("try it on a sample", "it recorded nothing"))
}

/// The version that a tacho says it is.
fn version(tacho: &Path) -> Result<String, Failure> {
    let said = Command::new(tacho).arg("--version").stdin(Stdio::null()).output();
    let said = said.map_err(|error| Failure::external("start it", error))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let version = said.split_whitespace().nth(1);
    version.map(str::to_owned).ok_or_else(|| Failure::external("ask for its version", "it says none"))
}
