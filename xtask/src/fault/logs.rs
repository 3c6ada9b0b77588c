//! Audit logs to try things on: of different sizes, with keys that changed, kept checkpoints and entries that were given up.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};
use tacho_audit::key_chain::{log_id, origin_of};
use tacho_audit::log::Log;
use tacho_audit::note::{SigningKey, VerifierKey};

/// So many keys follow each other at most.
pub(super) const KEYS_MAX: u8 = 5;

/// A source of numbers that are the same in every run (splitmix64).
pub(super) struct Luck(pub(super) u64);

impl Luck {
    /// A number below another one, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}

/// A log as it was when it was right.
pub(super) struct Original {
    pub(super) files: Vec<(PathBuf, Vec<u8>)>,
    pub(super) entries: Vec<Vec<u8>>,
    /// Every checkpoint, the newest last.
    pub(super) checkpoints: Vec<String>,
    /// The first entry that was not given up.
    pub(super) minimum: usize,
}

/// The name of the log, which its first key gives it.
fn origin() -> &'static str {
    static ORIGIN: LazyLock<String> = LazyLock::new(|| {
        let first = SigningKey::new("-", &[1; 32]);
        first.map_or_else(String::new, |first| origin_of(&first.verifier().public))
    });
    &ORIGIN
}

/// The keys that sign it, one after the other, by their numbers.
pub(super) fn key(number: u8) -> Result<SigningKey> {
    SigningKey::new(origin(), &[number; 32]).context("no key")
}

/// The key that a log asks for.
pub(super) fn key_for(wanted: Option<&VerifierKey>) -> Option<SigningKey> {
    static KNOWN: LazyLock<Vec<VerifierKey>> = LazyLock::new(|| {
        (1..=KEYS_MAX).filter_map(|number| Some(key(number).ok()?.verifier().clone())).collect()
    });
    let place = wanted.map_or(Some(0), |wanted| KNOWN.iter().position(|known| known == wanted))?;
    key(u8::try_from(place).ok()? + 1).ok()
}

/// An entry like ours.
pub(super) fn entry(seq: usize, text: &str) -> Vec<u8> {
    format!(r#"{{"log":"{}","seq":{seq},"tool":"{text}","v":1}}"#, log_id(origin())).into_bytes()
}

impl Original {
    /// Makes one in a folder.
    pub(super) fn make(folder: &Path, luck: &mut Luck) -> Result<Self> {
        let mut log = Log::new(folder);
        let (mut entries, mut checkpoints) = (Vec::new(), Vec::new());
        // One in five reaches beyond a full tile.
        let size = if luck.below(5) == 0 { 257 + luck.below(40) } else { 4 + luck.below(50) };
        let mut next_key = 2;
        while entries.len() < size {
            let batch = 1 + luck.below((size - entries.len()).min(60));
            let mut writer = log.write(key_for)?;
            let tools = ["Bash", "Read", "Edit"];
            let fresh: Vec<_> = (entries.len()..entries.len() + batch)
                .map(|seq| entry(seq, tools.get(luck.below(3)).unwrap_or(&"Write")))
                .collect();
            writer.append(&fresh)?;
            entries.extend(fresh);
            checkpoints.push(writer.checkpoint().to_owned());
            if luck.below(6) == 0 {
                writer.keep_checkpoint()?;
            }
            if next_key <= KEYS_MAX && luck.below(8) == 0 && entries.len() < size {
                writer.hand_on(key(next_key)?)?;
                next_key += 1;
            }
        }
        let minimum = if size > 256 && luck.below(4) == 0 { 256 } else { 0 };
        if minimum > 0 {
            log.write(key_for)?.prune(minimum as u64)?;
        }
        Ok(Self { files: files(folder)?, entries, checkpoints, minimum })
    }

    /// Puts it into another folder.
    pub(super) fn copy_to(&self, folder: &Path) -> Result<()> {
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(path, bytes)?;
        }
        Ok(())
    }
}

/// The files of a log that say something.
pub(super) fn files(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            let name = path.strip_prefix(folder)?.to_owned();
            if path.is_dir() {
                left.push(path);
            } else if !["lock", "fresh"].iter().any(|silent| name == Path::new(silent)) {
                found.push((name, fs::read(&path)?));
            }
        }
    }
    found.sort();
    Ok(found)
}
