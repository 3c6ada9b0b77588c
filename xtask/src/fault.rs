//! `fault`: what must hold whatever goes wrong, tried many times over. `audit`: alterations of audit logs, and kills of their
//! writers.

mod alterations;
mod logs;
mod python;
mod rain;

use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::workspace::Workspace;
use alterations::KINDS;

const USAGE: &str = "usage: cargo xtask fault audit [--count N] [--seed N]";
/// A file system in memory.
const MEMORY: &str = "/dev/shm";
/// How many of each kind.
const COUNT: usize = 1000;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (what, rest) = words.split_first().context(USAGE)?;
    // What the rain falls on.
    if let ("victim", [log]) = (*what, rest) {
        return rain::write_forever(Path::new(log));
    }
    ensure!(*what == "audit", USAGE);
    let (mut count, mut seed) = (COUNT, 1);
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let number = words.next().context(USAGE)?;
        match *word {
            "--count" => count = number.parse().context(USAGE)?,
            "--seed" => seed = number.parse().context(USAGE)?,
            _ => bail!("`{word}` is not known; {USAGE}"),
        }
    }
    audit(count, seed)
}

/// Alters logs in every way, kills writers, and asks two verifiers that share no code.
fn audit(count: usize, seed: u64) -> Result<()> {
    let root = Workspace::load()?.root;
    // A kill leaves the same wherever it happens; where syncing costs nothing there is time for more of them.
    let memory = Path::new(MEMORY);
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.context("cannot make a folder for logs")?;
    let began = Instant::now();
    let place = Place { root: &root, folder: folder.path(), count, seed };
    let (altered, rained) = thread::scope(|scope| {
        let rain = scope.spawn(|| rain::fall(place));
        let altered: Result<Vec<_>> =
            KINDS.into_iter().map(|kind| alterations::try_all(kind, place)).collect();
        (altered, rain.join().unwrap_or_else(|_| Err(anyhow!("the rain stopped"))))
    });
    let (altered, rained) = (altered?, rained?);
    println!("| {count} each | told by `verify` | told by the independent verifier |\n|---|---|---|");
    for (kind, tried) in KINDS.iter().zip(&altered) {
        let ours = tried.iter().filter(|one| one.ours.is_some()).count();
        let theirs = tried.iter().filter(|one| one.theirs.is_some()).count();
        println!("| {} | {ours} | {theirs} |", kind.name);
    }
    let ours = rained.iter().filter(|one| one.ours.is_some()).count();
    let theirs = rained.iter().filter(|one| one.theirs.is_some()).count();
    println!("| logs of killed writers: false alarms | {ours} | {theirs} |");
    let entries: u64 = rained.iter().map(|one| one.entries).sum();
    println!(
        "\nLogs of killed writers hold {entries} entries; each went on. {:.1} s.",
        began.elapsed().as_secs_f64()
    );
    let missed: Vec<_> =
        altered.iter().flatten().filter(|one| one.ours.is_none() || one.theirs.is_none()).collect();
    ensure!(missed.is_empty(), "{} alterations were not told, the first: {}", missed.len(), first(&missed));
    ensure!(ours == 0 && theirs == 0, "{} false alarms", ours + theirs);
    Ok(())
}

/// Where logs are tried on, and how many.
#[derive(Clone, Copy)]
struct Place<'a> {
    root: &'a Path,
    folder: &'a Path,
    count: usize,
    seed: u64,
}

fn first<'a>(missed: &[&'a alterations::Tried]) -> &'a str {
    missed.first().map_or("", |one| &one.what)
}
