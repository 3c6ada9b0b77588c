//! Whether the agent calls our hooks.

use super::super::agent_side::AgentSide;
use super::super::words;
use super::Verdict;
use super::ground::{Ground, modified, typed};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use tacho_agents::setup::{PluginCopy, Scope, SettingsOf};
use tacho_model::time::UnixNanos;

/// Transcripts are written after hooks; one that is so much younger had no hooks.
const GRACE_NS: u64 = 3600 * 1_000_000_000;
/// How deep transcripts of sessions lie below the directory of transcripts.
const TRANSCRIPT_DEPTH: usize = 2;

/// The agent's program, and whether it is old.
pub(super) fn program(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    for side in &ground.sides {
        let setup = side.setup();
        let Some(program) = side.program(None) else {
            let why = "hooks are called by it, and by nobody else";
            verdict.find(format!("{} is not on PATH", setup.program), why, setup.how_to_get);
            continue;
        };
        let Some(version) = side.version(&program) else {
            let what = format!("{} does not say its version", program.display());
            verdict.find(what, "an agent that does not start is not recorded", setup.how_to_get);
            continue;
        };
        if version < setup.version_min {
            let what = format!("{} {version} is older than {}", setup.program, setup.version_min);
            let why = "hooks of older versions were never tried";
            verdict.find(what, why, format!("{} update", setup.program));
        } else {
            verdict.note(format!("{} {version} ({})", setup.program, program.display()));
        }
        for (since, words) in setup.newer_words.iter().filter(|(since, _)| version < *since) {
            verdict.note(format!("versions before {since} may not say: {words}"));
        }
    }
    verdict
}

/// Whether the plugin is there and switched on.
pub(super) fn plugin(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    for side in &ground.sides {
        let copies: Vec<PluginCopy> = side.plugins().into_iter().filter(|copy| copy.is_recorder).collect();
        let why = "only sessions that are started with the plugin's folder are recorded";
        if let Some(on) = copies.iter().find(|copy| copy.is_enabled) {
            let folder = on.folder.as_ref().map(|folder| folder.display().to_string());
            verdict.note(format!("{}, hooks run from {}", on.id, folder.unwrap_or_default()));
        } else if let Some(off) = copies.first() {
            let scope = off.scopes.first().map_or(Scope::User, |(scope, _)| *scope);
            let words = (side.setup().words.enable)(scope);
            verdict.find(format!("{} is switched off", off.id), why, command(side, &words));
        } else {
            let remedy = format!("tacho install {}", side.agent.name);
            verdict.find(format!("{} has no plugin of ours", side.agent.name), why, remedy);
        }
    }
    verdict
}

/// Whether two plugins record the same.
pub(super) fn copies(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    for side in &ground.sides {
        let on: Vec<PluginCopy> = side.plugins().into_iter().filter(|copy| copy.is_enabled).collect();
        let (own, others): (Vec<&PluginCopy>, Vec<&PluginCopy>) =
            on.iter().filter(|copy| copy.is_recorder).partition(|copy| copy.id == side.setup().plugin);
        let spare = if own.is_empty() { others.get(1..).unwrap_or_default() } else { others.as_slice() };
        for copy in spare {
            let scope = copy.scopes.first().map_or(Scope::User, |(scope, _)| *scope);
            let words = (side.setup().words.uninstall)(scope);
            let meant = |word: &OsString| {
                if word == side.setup().plugin { copy.id.clone().into() } else { word.clone() }
            };
            let words: Vec<OsString> = words.iter().map(meant).collect();
            let what = format!("{} is switched on, too", copy.id);
            verdict.find(what, "every event is written twice, and costs twice", command(side, &words));
        }
        for copy in on.iter().filter(|copy| copy.is_other_recorder) {
            verdict.note(format!(
                "{} records too, to its own place; the two do not disturb each other",
                copy.id
            ));
        }
        if spare.is_empty() {
            verdict.note("one at most");
        }
    }
    verdict
}

/// Whether settings keep hooks from running.
pub(super) fn hooks(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    for side in &ground.sides {
        for file in side.settings() {
            let switches = (side.setup().switches)(&file.text);
            let path = typed(&file.path);
            let whose =
                if file.of == SettingsOf::Machine { " (ask whoever manages this machine)" } else { "" };
            if let Some(name) = switches.no_hooks {
                let what = format!("{name} is set in {path}");
                verdict.find(
                    what,
                    "no hook runs, so nothing is recorded",
                    format!("edit {path}: take out {name}{whose}"),
                );
            }
            if let Some(name) = switches.only_managed_hooks {
                let what = format!("{name} is set in {path}");
                let why = "only hooks run that the machine's own settings bring, and ours are not among them";
                verdict.find(what, why, format!("edit {path}: take out {name}{whose}"));
            }
        }
    }
    if verdict.findings.is_empty() {
        verdict.note("not switched off by any settings");
    }
    verdict
}

/// Whether the agent worked without being recorded.
pub(super) fn recording(ground: &Ground) -> Verdict {
    let last_record = ground.last_record();
    let mut verdict = match last_record {
        Some(at) => Verdict::fine(format!("the last event is of {}", words::time(at))),
        None => Verdict::fine("nothing was recorded yet; it begins with the next session"),
    };
    for side in &ground.sides {
        let transcripts = side.config_directory.join(side.setup().transcripts);
        let Some(worked) = newest_file(&transcripts, TRANSCRIPT_DEPTH) else { continue };
        let installed = fs::metadata(side.folder()).map_or(UnixNanos(0), |metadata| modified(&metadata));
        let known = last_record.unwrap_or(UnixNanos(0)).max(installed);
        if worked.0 > known.0.saturating_add(GRACE_NS) {
            let (name, worked) = (side.agent.name, words::time(worked));
            let what =
                format!("{name} worked at {worked}, and nothing was recorded since {}", words::time(known));
            verdict.find(what, "its hooks do not run", side.setup().how_to_reload);
        }
    }
    verdict
}

/// When the newest file was written, so deep below a directory.
fn newest_file(directory: &Path, depth: usize) -> Option<UnixNanos> {
    let entries = fs::read_dir(directory).ok()?.flatten();
    let newest = entries.filter_map(|entry| {
        let metadata = entry.metadata().ok()?;
        match (metadata.is_dir(), depth) {
            (true, 2..) => newest_file(&entry.path(), depth - 1),
            (false, 1) => Some(modified(&metadata)),
            (true | false, _) => None,
        }
    });
    newest.max()
}

fn command(side: &AgentSide, words: &[OsString]) -> String {
    let words = words.iter().map(|word| super::super::steps::quoted(word)).collect::<Vec<_>>().join(" ");
    format!("{} {words}", side.setup().program)
}
