//! Writers that are killed at any instant, and what they leave.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tacho_audit::log::Log;
use tacho_audit::verify::Grade;

use super::Place;
use super::alterations::told;
use super::logs::{KEYS_MAX, Luck, entry, key, key_for};
use super::python::Python;

/// How long a writer lives at most.
const LIFE_MICROS: usize = 20_000;

/// A log whose writer was killed, and what verifiers said of it.
pub(super) struct Rained {
    pub(super) ours: Option<Grade>,
    pub(super) theirs: Option<Grade>,
    pub(super) entries: u64,
}

/// Makes so many logs, the writer of each of which is killed once or more often.
pub(super) fn fall(place: Place<'_>) -> Result<Vec<Rained>> {
    let Place { root, folder, count, seed } = place;
    let mut python = Python::start(root)?;
    let mut luck = Luck(seed);
    let mut rained = Vec::new();
    for number in 0..count {
        let log = folder.join(format!("rain-{number}"));
        kill_once(&log, &mut luck)?;
        // One that was killed before it had begun the log has left none.
        while luck.below(4) == 0 || !log.join("checkpoint").exists() {
            kill_once(&log, &mut luck)?;
        }
        let left = told(&log, &[]);
        python.ask(&log, &[])?;
        let theirs = python.answer()?;
        let mut again = Log::new(&log);
        let mut writer = again.write(key_for)?;
        let entries = writer.size();
        writer.append(&[entry(usize::try_from(entries)?, "After")])?;
        drop(writer);
        let goes_on = told(&log, &[]);
        python.ask(&log, &[])?;
        rained.push(Rained { ours: left.or(goes_on), theirs: theirs.or(python.answer()?), entries });
        fs::remove_dir_all(&log)?;
    }
    Ok(rained)
}

fn kill_once(log: &Path, luck: &mut Luck) -> Result<()> {
    let mut victim = Command::new(env::current_exe()?);
    victim.args(["fault", "victim"]).arg(log).stdout(Stdio::piped());
    let mut victim = victim.spawn().context("cannot start a writer")?;
    // It says something once it is about to write.
    let mut said = victim.stdout.take().context("no writer")?;
    std::io::Read::read_exact(&mut said, &mut [0])?;
    thread::sleep(Duration::from_micros(luck.below(LIFE_MICROS) as u64));
    victim.kill()?;
    victim.wait()?;
    Ok(())
}

/// Appends batch after batch, and changes the key now and then, until somebody kills it.
pub(super) fn write_forever(log: &Path) -> Result<()> {
    println!("writing");
    let mut open = Log::new(log);
    let mut luck = Luck(u64::from(std::process::id()));
    loop {
        let mut writer = open.write(key_for)?;
        let first = usize::try_from(writer.size())?;
        let batch = 1 + luck.below(40);
        let entries = (first..first + batch).map(|seq| entry(seq, "Bash")).collect::<Vec<_>>();
        writer.append(&entries)?;
        match luck.below(8) {
            0 => writer.keep_checkpoint()?,
            1 => {
                let next = u8::try_from(writer.chain().links().count())? + 1;
                if next <= KEYS_MAX {
                    writer.hand_on(key(next)?)?;
                }
            }
            _ => {}
        }
    }
}
