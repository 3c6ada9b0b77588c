//! A scenario of `fixtures/e2e/`: who asks what, what the model answers, and what only a person can know of it.
//!
//! Whatever follows from the API's own record is computed by `compare`, and must not be written into a scenario.
//! CONTRIBUTING.md describes the file.

mod act;
mod expect;
mod unseen;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::anthropic::{Script, ScriptBook, Step};
use crate::claude::{Permission, Version};

pub use act::Act;
pub use expect::{End, Expect, Outcome};
pub use unseen::{Unseen, Way};

/// One scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// What the scenario is for.
    pub description: String,
    /// The version of the CLI; else the one that the plugin is built for.
    pub cli: Option<String>,
    /// Permission mode of all runs.
    #[serde(default = "bypass")]
    pub permission: Permission,
    /// How the plugin comes to the CLI.
    #[serde(default = "installed")]
    pub plugin: Vec<Loading>,
    /// Values for the plugin's options. Without any, variables name the receiver.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Variables of the CLI beside those that every run has; hooks see them, too.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Arguments of the CLI beside those that every run has.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// What hooks say that are the project's own; nothing else is asked of them.
    pub own_hooks_say: Option<String>,
    /// Files of the project, path to content.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The sessions, which run at the same time, forks behind all others.
    pub sessions: Vec<SessionPlan>,
    /// What the model answers, by the marker in the prompt.
    pub scripts: BTreeMap<String, Script>,
    /// What every request to the receiver must have.
    #[serde(default)]
    pub delivery: Delivery,
    /// What was served and is not recorded.
    #[serde(default)]
    pub unseen: Vec<Unseen>,
}

/// One session.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionPlan {
    /// What the user says: one run of the CLI each, all but the first of which resume the session. The marker
    /// `[[mock:NAME]]` in a prompt selects the script.
    #[serde(default)]
    pub prompts: Vec<String>,
    /// What a person does at a terminal, in one run of the CLI, instead of prompts.
    #[serde(default)]
    pub terminal: Vec<Act>,
    /// The number of the session at whose terminal this one begins by `/clear`, counted from 1.
    pub cleared: Option<usize>,
    /// The number of the session, counted from 1 and no fork itself, that it begins as a copy of when that has ended.
    pub forks: Option<usize>,
    /// Whether the recorder takes in and sends all it can before the session is resumed.
    #[serde(default)]
    pub drained: bool,
    /// Whether a day passes before the last of its prompts.
    #[serde(default)]
    pub overnight: bool,
    /// What the API cannot know.
    #[serde(default)]
    pub expect: Expect,
}

/// One way in which the plugin comes to the CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loading {
    /// From a marketplace, as users install it.
    Installed,
    /// By `--plugin-dir`. Beside an installed plugin of the same name, the CLI takes this one alone.
    Folder,
    /// By `--plugin-dir` under another name, so that its hooks run beside those of another copy.
    Twin,
}

/// What every request to the receiver must have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Attributes of the resource.
    pub resource: BTreeMap<String, String>,
}

impl Scenario {
    /// Reads the scenario `path`. Each `${NAME}` in it stands for the value of that name in `places`.
    pub fn load(path: &Path, places: &[(&str, &str)]) -> Result<Self> {
        let mut text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        for (name, value) in places {
            let quoted = serde_json::to_string(value)?;
            let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
            text = text.replace(&format!("${{{name}}}"), inside);
        }
        let mut scenario: Self =
            serde_json::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
        scenario.name = name_of(path)?;
        let ways = |session: &SessionPlan| {
            [!session.prompts.is_empty(), !session.terminal.is_empty(), session.cleared.is_some()]
        };
        ensure!(
            scenario.sessions.iter().all(|session| ways(session).into_iter().filter(|way| *way).count() == 1),
            "a session needs prompts, or a terminal, or one that it begins at, in {}",
            path.display()
        );
        ensure!(
            !scenario.is_overnight() || scenario.plugin == [Loading::Folder],
            "the plugin comes by its folder where a day passes, in {}",
            path.display()
        );
        let is_original = |number: usize| {
            let forked = number.checked_sub(1).and_then(|index| scenario.sessions.get(index));
            forked.is_some_and(|session| session.forks.is_none())
        };
        ensure!(
            scenario.sessions.iter().filter_map(|session| session.forks).all(is_original),
            "a session forks none of the others in {}",
            path.display()
        );
        Ok(scenario)
    }

    /// The scripts in the form that the API plays.
    pub fn script_book(&self) -> ScriptBook {
        let default = Step::text("no scenario");
        ScriptBook { scenarios: self.scripts.clone(), default, side_calls: Vec::new() }
    }

    /// How many copies of each hook the CLI runs.
    pub fn copies(&self) -> usize {
        let is_loaded = |loading: &Loading| self.plugin.contains(loading);
        usize::from(is_loaded(&Loading::Installed) || is_loaded(&Loading::Folder))
            + usize::from(is_loaded(&Loading::Twin))
    }

    /// Whether a signal ends a process of the CLI: a shell's word for that is above 128.
    fn is_killed(&self) -> bool {
        self.sessions.iter().any(|session| session.expect.exits.iter().any(|exit| *exit > 128))
    }

    /// Whether it can be recorded in this way by the plugin in this version of the CLI: what more than hooks there is, is
    /// switched on by an installation.
    pub fn can_be_recorded(&self, way: Way, cli: &Version) -> bool {
        let is_installed = self.plugin == [Loading::Installed];
        match way {
            Way::Baseline => true,
            Way::Mod => is_installed && cli.runs_modules,
            // What a CLI exports that is killed depends on when it is.
            Way::Native => is_installed && cli.exports_resumed && !self.is_killed(),
        }
    }

    /// The scenario as it went where the CLI wrote these transcripts.
    #[must_use]
    pub fn as_written(&self, transcripts: &str) -> Self {
        let mut written = self.clone();
        for session in &mut written.sessions {
            session.expect = std::mem::take(&mut session.expect).where_written(transcripts);
        }
        written
    }

    /// Whether a day passes in a session.
    pub fn is_overnight(&self) -> bool {
        self.sessions.iter().any(|session| session.overnight)
    }

    /// Whether a run needs a terminal.
    pub fn needs_terminal(&self) -> bool {
        self.sessions.iter().any(|session| !session.terminal.is_empty())
    }

    /// Whether whoever installed the plugin said nothing of where to send anything.
    pub fn is_local_at_first(&self) -> bool {
        self.plugin.contains(&Loading::Installed) && self.options.is_empty()
    }

    /// Creates the project's files in `project_dir`.
    pub fn write_files(&self, project_dir: &Path) -> Result<()> {
        for (name, content) in &self.files {
            let path = project_dir.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).with_context(|| format!("create {}", parent.display()))?;
            }
            fs::write(&path, content).with_context(|| format!("write {}", path.display()))?;
        }
        Ok(())
    }
}

impl SessionPlan {
    /// How many turns the session has: one for each prompt, unless the scenario says otherwise.
    pub fn turns(&self) -> usize {
        self.expect.turns.unwrap_or(self.prompts.len())
    }

    /// What a shell says of the end of the run with this prompt: its exit code, or 128 and the number of a signal.
    pub fn exit(&self, prompt: usize) -> i32 {
        self.expect.exits.get(prompt).copied().unwrap_or(0)
    }
}

fn bypass() -> Permission {
    Permission::Bypass
}

fn installed() -> Vec<Loading> {
    vec![Loading::Installed]
}

/// The scenario files of `dir`, in order of their names.
pub fn files_in(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.with_context(|| format!("list {}", dir.display()))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    Ok(paths)
}

/// The name of the scenario in the file `path`.
pub fn name_of(path: &Path) -> Result<String> {
    let stem = path.file_stem().with_context(|| format!("{} has no name", path.display()))?;
    Ok(stem.to_string_lossy().into_owned())
}
