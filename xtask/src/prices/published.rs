//! What published packages say of prices. They are downloaded by pip into the target folder, once a version, and only read.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde::Deserialize;
use tacho_model::time::Day;

use crate::workspace::{self, Workspace};

/// The packages, by the names that the package index and `prices/drift` have for them.
const PACKAGES: [(&str, &str); 2] = [("litellm", "1.109.1"), ("genai-prices", "0.2.3")];

/// Takes the facts out of both.
const EXTRACT: &str = include_str!("../../prices/extract.py");

/// One statement of a package.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Fact {
    pub(super) source: String,
    pub(super) model: String,
    /// A key of the list, with `over.` or `fast.` before those of long prompts and fast mode.
    pub(super) key: String,
    pub(super) value: String,
}

pub(super) fn facts(workspace: &Workspace, day: Day) -> anyhow::Result<Vec<Fact>> {
    let folder = workspace.tools_dir().join("prices");
    let mut wheels = Vec::new();
    for (name, version) in PACKAGES {
        wheels.push(wheel(&folder, name, version)?);
    }
    let script = folder.join("extract.py");
    workspace::write(&script, EXTRACT)?;
    let text = workspace::output(Command::new("python3").arg(script).args(wheels).arg(day.to_string()))?;
    serde_json::from_str(&text).context("cannot read what the packages say")
}

fn wheel(folder: &Path, name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let folder = folder.join(format!("{name}-{version}"));
    if let Some(found) = find_wheel(&folder) {
        return Ok(found);
    }
    let package = format!("{name}=={version}");
    let arguments = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest"];
    workspace::run(Command::new("python3").args(arguments).arg(&folder).arg(&package))?;
    find_wheel(&folder).with_context(|| format!("pip brought no wheel of {package}"))
}

fn find_wheel(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "whl"))
}
