//! A scenario of `fixtures/e2e/`: what the user asks, what the model answers, and what only a person can know of it.
//!
//! Whatever follows from the API's own record is computed by `compare`, and must not be written into a scenario.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::anthropic::{Script, ScriptBook, Step};
use crate::claude::Permission;

/// Stands in a scenario for the path of the run's project directory.
const PROJECT: &str = "${PROJECT}";

/// One scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The file's name without its ending; also the marker of the prompt.
    #[serde(skip)]
    pub name: String,
    /// What the scenario is for.
    pub description: String,
    /// What the user says; [`Scenario::marked_prompt`] adds the marker.
    pub prompt: String,
    /// Permission mode of the run.
    pub permission: Permission,
    /// What the model answers.
    pub script: Script,
    /// Further scripts by marker, such as that of a subagent.
    #[serde(default)]
    pub scripts: BTreeMap<String, Script>,
    /// Files of the project, path to content.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// What the API cannot know.
    pub expect: Expect,
}

/// What is expected of a run beside what the API served.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Number of turns.
    pub turns: usize,
    /// Outcome by the tool's name; a tool that is not named ends `ok`.
    #[serde(default)]
    pub tool_outcomes: BTreeMap<String, Outcome>,
    /// The types of the subagents, one entry for each.
    #[serde(default)]
    pub subagents: Vec<String>,
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The tool did its work.
    Ok,
    /// The tool ran and failed.
    Failed,
    /// The tool was not allowed to run.
    Denied,
    /// Somebody stopped the tool.
    Interrupted,
    /// Nobody knows.
    Unknown,
}

impl Scenario {
    /// Reads the scenario `path` for a run in `project_dir`.
    pub fn load(path: &Path, project_dir: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        let project = serde_json::to_string(&project_dir.to_string_lossy())?;
        let text = text.replace(PROJECT, project.trim_matches('"'));
        let mut scenario: Self =
            serde_json::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
        scenario.name = name_of(path)?;
        ensure!(!scenario.scripts.contains_key(&scenario.name), "two scripts are named {}", scenario.name);
        Ok(scenario)
    }

    /// The prompt with the marker that selects the script.
    pub fn marked_prompt(&self) -> String {
        format!("[[mock:{}]] {}", self.name, self.prompt)
    }

    /// All scripts of the scenario.
    pub fn script_book(&self) -> ScriptBook {
        let mut scenarios = self.scripts.clone();
        scenarios.insert(self.name.clone(), self.script.clone());
        ScriptBook { scenarios, default: Step::text("no scenario"), side_calls: Vec::new() }
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

impl Expect {
    /// The outcome that a call of the tool `name` has.
    pub fn outcome_of(&self, name: &str) -> Outcome {
        self.tool_outcomes.get(name).copied().unwrap_or(Outcome::Ok)
    }
}

impl Outcome {
    /// The outcome as an attribute says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
        }
    }
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
