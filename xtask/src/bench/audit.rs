//! What it takes to verify an audit log of many entries, beside `sha256sum` over the same bytes, and what a proof takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tacho_audit::key_chain::{log_id, origin_of};
use tacho_audit::log::Log;
use tacho_audit::note::SigningKey;
use tacho_audit::tiles::Tiles;
use tacho_audit::tlog_proof::EntryProof;

use crate::plugin;
use crate::workspace::{self, Workspace};

/// Entries that are appended together.
const BATCH: usize = 5_000;
/// Both verifications take turns so often.
const ROUNDS: usize = 3;
/// Proofs that are checked.
const PROOFS: usize = 500;

pub(super) struct Measured {
    pub(super) entries: usize,
    pub(super) bytes: u64,
    pub(super) verify: Duration,
    pub(super) sha256sum: Duration,
    pub(super) proof_bytes: usize,
    pub(super) proof: Duration,
}

pub(super) fn measure(workspace: &Workspace, entries: usize, program: Option<&Path>) -> Result<Measured> {
    let program = match program {
        Some(program) => program.to_owned(),
        None => plugin::build_static(workspace, "tacho")?,
    };
    let folder = tempfile::tempdir().context("cannot make a folder for a log")?;
    let log = folder.path().join("log");
    let key = fill(&log, entries)?;
    let files = files(&log)?;
    let bytes = files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    let (mut verify, mut sha256sum) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        sha256sum.push(timed(Command::new("sha256sum").args(&files))?);
        let mut command = Command::new(&program);
        verify.push(timed(command.args(["audit", "verify", "--log"]).arg(&log))?);
    }
    let (proof_bytes, proof) = proofs(&log, entries, &key)?;
    let [verify, sha256sum] = [verify, sha256sum].map(middle);
    Ok(Measured { entries, bytes, verify, sha256sum, proof_bytes, proof })
}

/// Makes a log of entries such as a tool call has.
fn fill(log: &Path, entries: usize) -> Result<SigningKey> {
    let secret = [7; 32];
    let named = SigningKey::new("-", &secret).context("no key")?;
    let origin = origin_of(&named.verifier().public);
    let key = || SigningKey::new(&origin, &secret);
    let mut open = Log::new(log);
    for first in (0..entries).step_by(BATCH) {
        let mut writer = open.write(|_| key())?;
        let batch: Vec<_> =
            (first..entries.min(first + BATCH)).map(|seq| entry(log_id(&origin), seq)).collect();
        writer.append(&batch)?;
    }
    key().context("no key")
}

/// As long as one of a recorded tool call.
fn entry(log: &str, seq: usize) -> Vec<u8> {
    let commitment = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5=";
    format!(
        r#"{{"about":"tool:{seq:016x}","agent":"an-agent-1","call":"toolu_01{seq:022}","config":"5df6e0e2761359d3","decider":"rule","input":"{commitment}","log":"{log}","mode":"default","model":"a-model-of-5-5","outcome":"ok","output":"{commitment}","sealed":"2026-11-28T22:43:30.512Z","seq":{seq},"session":"5f0c2f7e-54c7-4d5b-9a55-0d6f2f9a7c11","span_id":"{seq:016x}","time":"2026-11-28T22:43:29.123Z","tool":"Bash","trace_id":"{seq:032x}","turn":3,"type":"tool_call","user":"mzxw6ytboi4dqmrxgy2tcnbrgm","v":1}}"#
    )
    .into_bytes()
}

fn files(log: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut left = vec![log.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() { left.push(path) } else { found.push(path) }
        }
    }
    Ok(found)
}

fn timed(command: &mut Command) -> Result<Duration> {
    let began = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    let taken = began.elapsed();
    ensure!(status.success(), "{} ended with {status}", workspace::shown(command));
    Ok(taken)
}

/// How long the longest of many proofs is, and how long checking one takes, reading it included.
fn proofs(log: &Path, entries: usize, key: &SigningKey) -> Result<(usize, Duration)> {
    let checkpoint = fs::read_to_string(log.join("checkpoint"))?;
    let mut tiles = Tiles::new(log, entries as u64);
    let keys = [key.verifier().clone()];
    let (mut longest, mut times) = (0, Vec::new());
    for number in 0..PROOFS {
        let index = (number * 2_654_435_761 % entries) as u64;
        let proof = EntryProof {
            entry: tiles.entry(index)?,
            index,
            path: tiles.inclusion(index)?,
            checkpoint: checkpoint.clone(),
        };
        let text = proof.to_string();
        longest = longest.max(text.len());
        let began = Instant::now();
        let checked = EntryProof::parse(&text).map(|proof| proof.check(&keys));
        times.push(began.elapsed());
        ensure!(matches!(checked, Some(Ok(_))), "a proof does not hold");
    }
    Ok((longest, middle(times)))
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
