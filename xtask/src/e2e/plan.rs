//! Which scenarios are played, how often, and by how many at a time; and what came of each run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use tacho_testkit::claude::{Version, install_terminal};
use tacho_testkit::scenario::{Scenario, Way, files_in, name_of};
use tacho_testkit::site::Site;

use super::install::Plugins;
use super::overnight::DayBefore;
use super::run::{Bench, Outcome, Protocol, version_of};
use crate::workspace::Workspace;

/// What is to be played.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Names of scenarios; none means all.
    pub(crate) scenarios: Vec<String>,
    /// In which ways each is recorded, as far as it can be; none means all.
    pub(crate) ways: Vec<Way>,
    /// How often each is played.
    pub(crate) runs: u32,
    /// How many runs are played at the same time.
    pub(crate) jobs: usize,
    pub(crate) kill_drainer: bool,
    /// Which folders of runs are left where they are.
    pub(crate) kept: Kept,
}

/// Folders of runs that are not taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Failed,
    All,
}

/// A run that is over.
pub(crate) struct PlayedRun {
    /// The scenario.
    pub(crate) name: String,
    /// How it was recorded.
    pub(crate) way: Way,
    /// Which run of it.
    pub(crate) number: u32,
    pub(crate) seconds: f64,
    pub(crate) outcome: Outcome,
    /// The run's folder, if it is still there.
    pub(crate) folder: Option<PathBuf>,
}

impl Plan {
    /// Every scenario once in every way.
    pub(crate) fn everything() -> Self {
        Self {
            scenarios: Vec::new(),
            ways: Vec::new(),
            runs: 1,
            jobs: 2,
            kill_drainer: false,
            kept: Kept::Failed,
        }
    }

    /// Plays all runs, several at a time, and tells of each as it ends.
    pub(crate) fn play(&self, tell: &(dyn Fn(&PlayedRun) + Sync)) -> Result<Vec<PlayedRun>> {
        let workspace = Workspace::load()?;
        let fixtures = workspace.root.join("fixtures/e2e");
        let mut scenarios = chosen(&fixtures, &self.scenarios)?;
        if self.kill_drainer {
            // What options name is known to the drainer that a hook started, and to nobody when that one is killed.
            scenarios
                .retain(|path| Scenario::load(path, &[]).is_ok_and(|scenario| scenario.options.is_empty()));
        }
        let folder = workspace.target_dir.join("e2e");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let runs = self.runs_of(&scenarios)?;
        let mut plugins = Plugins::assemble(&workspace, &folder, &versions_of(&runs))?;
        let any = |is: fn(&Scenario) -> bool| {
            scenarios.iter().filter_map(|path| Scenario::load(path, &[]).ok()).any(|one| is(&one))
        };
        if any(Scenario::needs_terminal) {
            install_terminal()?;
        }
        if any(Scenario::is_overnight) {
            plugins.day_before = Some(DayBefore::make(&workspace, &folder, &plugins.built)?);
        }
        let bench = Bench { fixtures, plugins, site: Site::start()?, kill_drainer: self.kill_drainer };
        // All scenarios once before any of them again: what is broken shows early.
        let planned = (1..=self.runs).flat_map(|number| runs.iter().map(move |run| (run, number)));
        let planned: Vec<_> = planned.collect();
        let (next, played) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || -> Result<()> {
            while let Some(((scenario, _, way), number)) = planned.get(next.fetch_add(1, Ordering::SeqCst)) {
                let run = self.play_one(&bench, (scenario, *way), &folder, *number)?;
                let mut played = played.lock().map_err(|_| anyhow!("another run panicked"))?;
                tell(&run);
                played.push(run);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs).map(|_| scope.spawn(work)).collect();
            let ended =
                workers.into_iter().map(|worker| worker.join().map_err(|_| anyhow!("a run panicked"))?);
            ended.collect::<Result<Vec<()>>>()
        })?;
        played.into_inner().map_err(|_| anyhow!("a run panicked"))
    }

    /// Each scenario with its version of the CLI, once for every way in which it can be recorded.
    fn runs_of<'a>(&self, scenarios: &'a [PathBuf]) -> Result<Vec<(&'a Path, &'static Version, Way)>> {
        let mut runs = Vec::new();
        for path in scenarios {
            let scenario = Scenario::load(path, &[])?;
            let version = version_of(&scenario)?;
            let ways = if self.ways.is_empty() { &Way::ALL[..] } else { &self.ways };
            // What the CLI exports while nobody listens is gone.
            let can_be = |way: &&Way| {
                scenario.can_be_recorded(**way, version) && !(self.kill_drainer && **way == Way::Native)
            };
            let ways = ways.iter().filter(can_be);
            runs.extend(ways.map(|way| (path.as_path(), version, *way)));
        }
        Ok(runs)
    }

    /// Plays one run, and keeps its folder if it failed.
    fn play_one(
        &self,
        bench: &Bench,
        (scenario, way): (&Path, Way),
        folder: &Path,
        number: u32,
    ) -> Result<PlayedRun> {
        let name = name_of(scenario)?;
        let run_folder = tempfile::Builder::new()
            .prefix(&format!("{name}-{}-{number}-", way.name()))
            .tempdir_in(folder)
            .with_context(|| format!("cannot create a folder in {}", folder.display()))?;
        let protocol = if number % 2 == 1 { Protocol::Protobuf } else { Protocol::Json };
        let begun = Instant::now();
        let outcome =
            bench.play(scenario, way, run_folder.path(), protocol).unwrap_or_else(Outcome::of_error);
        let seconds = begun.elapsed().as_secs_f64();
        let folder = if outcome.differences.is_empty() && self.kept == Kept::Failed {
            run_folder.close().with_context(|| format!("cannot remove the folder of {name} run {number}"))?;
            None
        } else {
            Some(run_folder.keep())
        };
        Ok(PlayedRun { name, way, number, seconds, outcome, folder })
    }
}

/// The versions of the CLI that the runs need, and the ways of recording that each is needed for.
fn versions_of(
    runs: &[(&Path, &'static Version, Way)],
) -> BTreeMap<&'static str, (&'static Version, BTreeSet<Way>)> {
    let mut versions = BTreeMap::new();
    for (_, version, way) in runs {
        let (_, ways) = versions.entry(version.name).or_insert_with(|| (*version, BTreeSet::new()));
        ways.insert(*way);
    }
    versions
}

/// The scenario files with these names, or all of them.
fn chosen(folder: &Path, names: &[String]) -> Result<Vec<PathBuf>> {
    let mut files = files_in(folder)?;
    for name in names {
        let exists = files.iter().any(|file| file.file_stem().is_some_and(|stem| stem == name.as_str()));
        ensure!(exists, "no scenario is called `{name}` in {}", folder.display());
    }
    files.retain(|file| {
        names.is_empty()
            || names.iter().any(|name| file.file_stem().is_some_and(|stem| stem == name.as_str()))
    });
    Ok(files)
}
